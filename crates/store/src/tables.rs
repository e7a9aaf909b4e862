//! The tables that are derived from the journal: messages and marks, as Parquet.

use std::path::Path;

use crate::StoreError;
use crate::columns::{MarkTable, MessageTable};
use crate::files::names;
use crate::files::{self, MARKS, MESSAGES, Replace};
use crate::journal::Journal;
use crate::messages::Event;

/// Writes them; gives the names of those that were there, differ and were kept.
pub(crate) fn write(
    run: &Path,
    journal: &Journal,
    how: Replace,
) -> Result<Vec<&'static str>, StoreError> {
    let messages_path = run.join(MESSAGES);
    let marks_path = run.join(MARKS);
    let mut marks_kept = false;
    let messages_kept = files::replace(run, MESSAGES, how, |out| {
        let mut messages = MessageTable::new(out, &messages_path)?;
        if journal.told().marks == 0 {
            journal.for_each(&mut |event| match event {
                Event::Message(message) => messages.push(&message),
                Event::Mark(_) | Event::Finding(_) | Event::ClockRead { .. } => Ok(()),
            })?;
        } else {
            marks_kept = files::replace(run, MARKS, how, |out| {
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
    })?;
    Ok(names([(MESSAGES, messages_kept), (MARKS, marks_kept)]))
}
