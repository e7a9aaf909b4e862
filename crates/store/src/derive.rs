//! The files that are derived from the two streams.

use std::io::Write as _;
use std::path::Path;

use glomers_history::{History, Value, edn};

use crate::StoreError;
use crate::columns::{MarkTable, MessageTable};
use crate::files::{
    self, BUFFER, HISTORY_EDN, HISTORY_TEXT, MARKS, MESSAGES, RESULTS_EDN, RESULTS_JSON,
};
use crate::messages::{Event, Journal};

/// The version of the keys in `results.json`.
const SCHEMA_VERSION: i64 = 1;

/// Writes all files that follow from a history and a journal.
pub(crate) fn write_all(
    run: &Path,
    history: &History,
    journal: &Journal,
) -> Result<(), StoreError> {
    write_history(run, history)?;
    write_tables(run, journal)
}

fn write_history(run: &Path, history: &History) -> Result<(), StoreError> {
    let edn_path = run.join(HISTORY_EDN);
    let text_path = run.join(HISTORY_TEXT);
    files::replace(run, HISTORY_EDN, |edn_out| {
        files::replace(run, HISTORY_TEXT, |text_out| {
            let mut edn = String::with_capacity(2 * BUFFER);
            let mut text = String::with_capacity(2 * BUFFER);
            let mut write = |edn: &mut String, text: &mut String| {
                edn_out.write_all(edn.as_bytes()).map_err(StoreError::at(&edn_path, "written"))?;
                text_out
                    .write_all(text.as_bytes())
                    .map_err(StoreError::at(&text_path, "written"))?;
                edn.clear();
                text.clear();
                Ok(())
            };
            for op in history.ops() {
                edn::write_op_both(op, &mut edn, &mut text);
                if edn.len() >= BUFFER {
                    write(&mut edn, &mut text)?;
                }
            }
            write(&mut edn, &mut text)
        })
    })
}

fn write_tables(run: &Path, journal: &Journal) -> Result<(), StoreError> {
    let messages_path = run.join(MESSAGES);
    let marks_path = run.join(MARKS);
    files::replace(run, MESSAGES, |out| {
        let mut messages = MessageTable::new(out, &messages_path)?;
        if journal.marks == 0 {
            journal.for_each(&mut |event| match event {
                Event::Message(message) => messages.push(&message),
                Event::Mark(_) | Event::Finding(_) | Event::ClockRead { .. } => Ok(()),
            })?;
        } else {
            files::replace(run, MARKS, |out| {
                let mut marks = MarkTable::new(out, &marks_path)?;
                journal.for_each(&mut |event| match event {
                    Event::Message(message) => messages.push(&message),
                    Event::Mark(mark) => marks.push(&mark),
                    Event::Finding(_) | Event::ClockRead { .. } => Ok(()),
                })?;
                marks.finish()
            })?;
        }
        messages.finish()
    })
}

/// Writes the results twice: as Jepsen does, and for other tools.
pub(crate) fn write_results(run: &Path, results: &Value) -> Result<(), StoreError> {
    let mut text = edn::pretty(results);
    text.push('\n');
    files::replace_with(run, RESULTS_EDN, text.as_bytes())?;

    let version = (Value::keyword("schema_version"), Value::Int(SCHEMA_VERSION));
    let versioned = match results {
        Value::Map(pairs) => Value::map(std::iter::once(version).chain(pairs.iter().cloned())),
        other => Value::map([version, (Value::keyword("results"), other.clone())]),
    };
    let mut json = serde_json::to_vec_pretty(&versioned).expect("a value is always JSON");
    json.push(b'\n');
    files::replace_with(run, RESULTS_JSON, &json)
}
