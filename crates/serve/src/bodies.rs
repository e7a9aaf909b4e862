//! Bodies of messages, as whole as the journal has them.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path as Address, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use glomers_store::{Event, Recovered};
use serde_json::json;

use crate::answers::{apart, no_run, said};
use crate::{Shared, paths};

/// The most messages that a search names.
const MOST: usize = 100_000;

/// The ids of the messages whose bodies hold a text, whatever the case of its letters.
pub(crate) async fn search(
    State(shared): State<Arc<Shared>>,
    Address((workload, run)): Address<(String, String)>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    apart(move || {
        let Some(folder) = paths::run(&shared.root, &workload, &run) else { return no_run() };
        let wanted = query.get("q").map(|text| text.to_lowercase()).unwrap_or_default();
        if wanted.is_empty() {
            return said(StatusCode::BAD_REQUEST, "Say what is looked for, as in ?q=words.");
        }
        let mut ids = Vec::new();
        let found = Recovered::journal_only(&folder).and_then(|recovered| {
            recovered.for_each(|event| {
                if let Event::Message(message) = event
                    && ids.len() < MOST
                    && holds(message.body, &wanted)
                {
                    ids.push(message.id);
                }
                Ok(())
            })
        });
        match found {
            Ok(()) => {
                let text = json!({ "ids": ids }).to_string();
                ([(header::CONTENT_TYPE, "application/json")], text).into_response()
            }
            Err(error) => said(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
        }
    })
    .await
}

/// Whether a text holds another, which is in lower case.
fn holds(text: &str, wanted: &str) -> bool {
    if !text.is_ascii() || !wanted.is_ascii() {
        return text.to_lowercase().contains(wanted);
    }
    let (text, wanted) = (text.as_bytes(), wanted.as_bytes());
    let first = wanted[0];
    text.len() >= wanted.len()
        && (0..=text.len() - wanted.len()).any(|at| {
            text[at].to_ascii_lowercase() == first
                && text[at..at + wanted.len()].eq_ignore_ascii_case(wanted)
        })
}

/// One body.
pub(crate) async fn one(
    State(shared): State<Arc<Shared>>,
    Address((workload, run, id)): Address<(String, String, u64)>,
) -> Response {
    apart(move || {
        let Some(folder) = paths::run(&shared.root, &workload, &run) else { return no_run() };
        let mut body = None;
        let found = Recovered::journal_only(&folder).and_then(|recovered| {
            recovered.for_each(|event| {
                if let Event::Message(message) = event
                    && message.id == id
                {
                    body = Some(message.body.to_owned());
                }
                Ok(())
            })
        });
        match (found, body) {
            (Ok(()), Some(body)) => {
                ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response()
            }
            (Ok(()), None) => said(StatusCode::NOT_FOUND, "There is no such message."),
            (Err(error), _) => said(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
        }
    })
    .await
}
