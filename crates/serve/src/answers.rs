//! Pages and files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use axum::extract::{Path as Address, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use glomers_report::page;
use glomers_report::tables::{Cell, Document, Section, Table};

use crate::{Shared, list, paths};

/// A page with its policy.
pub(crate) fn html(text: String) -> Response {
    let policy = format!("{}; frame-ancestors 'none'", page::policy());
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(text)).into_response()
}

/// Says that something is not there, or why not.
pub(crate) fn said(status: StatusCode, text: impl Into<String>) -> Response {
    let mut text = text.into();
    text.push('\n');
    (status, text).into_response()
}

pub(crate) async fn nothing() -> Response {
    said(StatusCode::NOT_FOUND, "There is nothing here; the runs are listed at /.")
}

/// Does what takes a while where it holds nobody up.
pub(crate) async fn apart(work: impl FnOnce() -> Response + Send + 'static) -> Response {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| {
        said(
            StatusCode::INTERNAL_SERVER_ERROR,
            "This went wrong; the terminal of the server says how.",
        )
    })
}

pub(crate) async fn list(State(shared): State<Arc<Shared>>) -> Response {
    apart(move || html(list::page(&shared.root, &shared.verdicts))).await
}

pub(crate) async fn report(
    State(shared): State<Arc<Shared>>,
    Address((workload, run)): Address<(String, String)>,
) -> Response {
    apart(move || {
        let Some(folder) = paths::run(&shared.root, &workload, &run) else { return no_run() };
        let bodies = format!("/run/{}/{}/bodies", list::encoded(&workload), list::encoded(&run));
        match shared.reports.report(&folder, &bodies) {
            Ok(text) => html(text),
            Err(error) => said(StatusCode::UNPROCESSABLE_ENTITY, error),
        }
    })
    .await
}

pub(crate) fn no_run() -> Response {
    said(StatusCode::NOT_FOUND, "There is no such run; all runs are listed at /.")
}

pub(crate) async fn side_by_side(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    apart(move || {
        let folder = |key: &str| {
            let (workload, run) = query.get(key)?.trim_matches('/').split_once('/')?;
            paths::run(&shared.root, workload, run)
        };
        let (Some(left), Some(right)) = (folder("a"), folder("b")) else {
            return said(
                StatusCode::NOT_FOUND,
                "Name two runs, as in /compare?a=broadcast/RUN&b=broadcast/RUN; they are listed at /.",
            );
        };
        match shared.reports.side_by_side(&left, &right) {
            Ok(text) => html(text),
            Err(error) => said(StatusCode::UNPROCESSABLE_ENTITY, error),
        }
    })
    .await
}

pub(crate) async fn files(
    State(shared): State<Arc<Shared>>,
    Address((workload, run)): Address<(String, String)>,
) -> Response {
    apart(move || {
        let Some(folder) = paths::run(&shared.root, &workload, &run) else { return no_run() };
        let mut rows = Vec::new();
        walk(&folder, &folder, &mut rows);
        rows.sort_by(|a, b| a[0].text.cmp(&b[0].text));
        let columns = vec!["file".to_owned(), "bytes".to_owned()];
        html(
            Document {
                title: format!("Files of {workload}/{run}"),
                sections: vec![Section {
                    title: "Files".to_owned(),
                    table: Some(Table { columns, rows }),
                    ..Section::default()
                }],
                ..Document::default()
            }
            .to_html(),
        )
    })
    .await
}

/// All files below a folder; links are left out.
fn walk(top: &Path, folder: &Path, rows: &mut Vec<Vec<Cell>>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(data) = entry.metadata() else { continue };
        let path = entry.path();
        if data.is_dir() {
            walk(top, &path, rows);
        } else if data.is_file() {
            let Some(name) = path.strip_prefix(top).ok().and_then(Path::to_str) else { continue };
            let parts: Vec<String> = name.split('/').map(list::encoded).collect();
            let size = data.len();
            rows.push(vec![
                Cell::text(name).link(format!("./{}", parts.join("/"))),
                Cell::number(size.to_string(), size as f64),
            ]);
        }
    }
}

pub(crate) async fn file(
    State(shared): State<Arc<Shared>>,
    Address((workload, run, file)): Address<(String, String, String)>,
) -> Response {
    apart(move || {
        let Some(folder) = paths::run(&shared.root, &workload, &run) else { return no_run() };
        let found = paths::within(&folder, Path::new(&file)).filter(|path| path.is_file());
        let Some(bytes) = found.and_then(|path| fs::read(path).ok()) else {
            return said(StatusCode::NOT_FOUND, "There is no such file.");
        };
        // Never as a page: whatever is in it, it is shown as text, or saved.
        let is_text = std::str::from_utf8(&bytes).is_ok();
        let kind = if is_text { "text/plain; charset=utf-8" } else { "application/octet-stream" };
        ([(header::CONTENT_TYPE, kind)], bytes).into_response()
    })
    .await
}
