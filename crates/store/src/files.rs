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
/// Both, of a long history.
pub(crate) const HISTORY_EDN_PACKED: &str = "history.edn.zst";
#[cfg(feature = "compression")]
pub(crate) const HISTORY_TEXT_PACKED: &str = "history.txt.zst";
#[cfg(feature = "parquet")]
pub(crate) const MESSAGES: &str = "messages.parquet";
#[cfg(feature = "parquet")]
pub(crate) const MARKS: &str = "marks.parquet";
pub(crate) const RESULTS_EDN: &str = "results.edn";
pub(crate) const RESULTS_JSON: &str = "results.json";
pub(crate) const RUN: &str = "run.json";
pub(crate) const RUN_LOG: &str = "run.log";
pub(crate) const NODE_LOGS: &str = "node-logs";

/// How many bytes gather before they are written.
pub(crate) const BUFFER: usize = 64 * 1024;

/// What becomes of a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replace {
    /// It is replaced.
    Always,
    /// It is kept: what would replace it is made of less.
    IfMissing,
}

/// Makes the file `name` in `directory`, in one step: whoever looks sees the old
/// file, none, or the whole new one. `true` if there was another, which is kept.
pub(crate) fn replace(
    directory: &Path,
    name: &str,
    how: Replace,
    fill: impl FnOnce(&mut BufWriter<File>) -> Result<(), StoreError>,
) -> Result<bool, StoreError> {
    let path = directory.join(name);
    let part = directory.join(format!(".{name}.part"));
    let result = (|| {
        // What is left of an earlier attempt, or a link that a stranger put there.
        let _ = fs::remove_file(&part);
        let file = File::options().write(true).create_new(true).open(&part);
        let file = file.map_err(StoreError::at(&path, "created"))?;
        let mut out = BufWriter::with_capacity(BUFFER, file);
        fill(&mut out)?;
        out.flush().map_err(StoreError::at(&path, "written"))?;
        if how == Replace::IfMissing && fs::symlink_metadata(&path).is_ok() {
            let differs = fs::read(&path).ok() != fs::read(&part).ok();
            fs::remove_file(&part).map_err(StoreError::at(&part, "removed"))?;
            return Ok(differs);
        }
        fs::rename(&part, &path).map_err(StoreError::at(&path, "created"))?;
        Ok(false)
    })();
    if result.is_err() {
        // Only half a file is lost; the error says why.
        let _ = fs::remove_file(&part);
    }
    result
}

/// As [`replace`], with bytes that are there already.
pub(crate) fn replace_with(
    directory: &Path,
    name: &str,
    bytes: &[u8],
    how: Replace,
) -> Result<bool, StoreError> {
    replace(directory, name, how, |out| {
        out.write_all(bytes).map_err(StoreError::at(&directory.join(name), "written"))
    })
}

/// The names whose files were kept.
pub(crate) fn names<const N: usize>(kept: [(&'static str, bool); N]) -> Vec<&'static str> {
    kept.into_iter().filter(|(_, is_kept)| *is_kept).map(|(name, _)| name).collect()
}
