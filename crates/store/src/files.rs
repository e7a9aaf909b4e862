//! The names of a run's files, and how a whole file is written.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::StoreError;

pub(crate) const HISTORY: &str = "history.jsonl";
pub(crate) const JOURNAL: &str = "journal.bin";
pub(crate) const REPLAY: &str = "replay.json";
pub(crate) const HISTORY_EDN: &str = "history.edn";
pub(crate) const HISTORY_TEXT: &str = "history.txt";
pub(crate) const MESSAGES: &str = "messages.parquet";
pub(crate) const MARKS: &str = "marks.parquet";
pub(crate) const RESULTS_EDN: &str = "results.edn";
pub(crate) const RESULTS_JSON: &str = "results.json";
pub(crate) const RUN: &str = "run.json";
pub(crate) const RUN_LOG: &str = "run.log";
pub(crate) const NODE_LOGS: &str = "node-logs";

/// How many bytes gather before they are written.
pub(crate) const BUFFER: usize = 64 * 1024;

/// Makes the file `name` in `directory`, in one step: whoever looks sees the old
/// file, none, or the whole new one.
pub(crate) fn replace<T>(
    directory: &Path,
    name: &str,
    fill: impl FnOnce(&mut BufWriter<File>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let path = directory.join(name);
    let part = directory.join(format!(".{name}.part"));
    let result = (|| {
        let file = File::create(&part).map_err(StoreError::at(&path, "created"))?;
        let mut out = BufWriter::with_capacity(BUFFER, file);
        let value = fill(&mut out)?;
        out.flush().map_err(StoreError::at(&path, "written"))?;
        fs::rename(&part, &path).map_err(StoreError::at(&path, "created"))?;
        Ok(value)
    })();
    if result.is_err() {
        // Only half a file is lost; the error says why.
        let _ = fs::remove_file(&part);
    }
    result
}

/// As [`replace`], with bytes that are there already.
pub(crate) fn replace_with(directory: &Path, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
    replace(directory, name, |out| {
        out.write_all(bytes).map_err(StoreError::at(&directory.join(name), "written"))
    })
}
