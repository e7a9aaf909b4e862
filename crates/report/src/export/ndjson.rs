//! One JSON object a line, with a vector clock: for programs, and for checking a trace
//! against a specification in TLA+.

use std::io::{self, Write};
use std::sync::Arc;

use glomers_history::OpKind;
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json, json};

use super::clock::{Clock, Clocks};
use super::{Events, What, fate};

/// Writes the events.
///
/// # Errors
/// As `out`.
pub fn write(events: &Events<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut clocks = Clocks::default();
    for event in &events.order {
        let mut line = Map::new();
        line.insert("time".to_owned(), event.time.into());
        let mut body = None;
        let clock: Option<&Clock> = match event.what {
            What::Sent(at) | What::Arrived(at) | What::Lost(at) => {
                let message = &events.messages[at];
                let (name, who) = match event.what {
                    What::Sent(_) => ("send", Some(&message.src)),
                    What::Arrived(_) => ("receive", Some(&message.dest)),
                    _ => ("lose", None),
                };
                line.insert("event".to_owned(), name.into());
                if let Some(who) = who {
                    line.insert("node".to_owned(), (**who).into());
                }
                line.insert("message".to_owned(), message.id.into());
                line.insert("src".to_owned(), (*message.src).into());
                line.insert("dest".to_owned(), (*message.dest).into());
                line.insert(
                    "type".to_owned(),
                    message.kind.as_deref().map_or(Json::Null, Json::from),
                );
                if name != "receive" {
                    line.insert("fate".to_owned(), fate(message).into());
                }
                if name == "send" {
                    body = Some(&*message.body);
                }
                match event.what {
                    What::Sent(_) => Some(clocks.send(&message.src, at)),
                    What::Arrived(_) => Some(clocks.receive(&message.dest, at)),
                    _ => None,
                }
            }
            What::Marked(at) => {
                let mark = &events.marks[at];
                line.insert("event".to_owned(), "mark".into());
                line.insert("node".to_owned(), (*mark.node).into());
                line.insert("label".to_owned(), (*mark.label).into());
                let value = serde_json::from_str(&mark.value).unwrap_or_else(|_| json!(mark.value));
                line.insert("value".to_owned(), value);
                Some(clocks.tick(&Arc::from(&*mark.node)))
            }
            What::Operation(at) => {
                let op = &events.history.ops()[at];
                let name = if op.kind == OpKind::Invoke { "invoke" } else { op.kind.name() };
                line.insert("event".to_owned(), name.into());
                line.insert("process".to_owned(), op.process.to_string().into());
                line.insert("node".to_owned(), events.asked(op).map_or(Json::Null, Json::from));
                line.insert("index".to_owned(), op.index.into());
                line.insert("f".to_owned(), (*op.f).into());
                let value = |value: &glomers_history::Value| {
                    serde_json::from_str::<Json>(&value.to_json()).unwrap_or(Json::Null)
                };
                line.insert("value".to_owned(), value(&op.value));
                if let Some(error) = &op.error {
                    line.insert("error".to_owned(), value(error));
                }
                None
            }
            What::FaultBegins(at) | What::FaultEnds(at) => {
                let fault = &events.faults[at];
                let begins = matches!(event.what, What::FaultBegins(_));
                let name = if begins { "fault-begins" } else { "fault-ends" };
                line.insert("event".to_owned(), name.into());
                line.insert("fault".to_owned(), at.into());
                line.insert("kind".to_owned(), (*fault.kind).into());
                line.insert("description".to_owned(), (*fault.description).into());
                None
            }
        };
        if let Some(clock) = clock {
            line.insert("clock".to_owned(), serde_json::to_value(clock).unwrap_or_default());
        }
        // The body as it was written: numbers of any size stay what they are.
        let mut text = serde_json::to_string(&line).expect("a line is always JSON");
        if let Some(body) = body {
            text.pop();
            match serde_json::from_str::<&RawValue>(body) {
                Ok(body) => text.push_str(&format!(",\"body\":{}}}", body.get())),
                // It is longer than the journal keeps.
                Err(_) => text.push_str(&format!(",\"body_cut\":{}}}", json!(body))),
            }
        }
        writeln!(out, "{text}")?;
    }
    Ok(())
}
