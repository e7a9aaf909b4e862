//! The files that are derived from the two streams.

use std::path::Path;

use glomers_history::{History, Value, edn};

use crate::StoreError;
use crate::files::{self, RESULTS_EDN, RESULTS_JSON, Replace};
use crate::journal::Journal;
use crate::texts;

/// The version of the keys in `results.json`.
const SCHEMA_VERSION: i64 = 1;

/// From so many messages on the tables are worth a thread of their own.
#[cfg(feature = "parquet")]
const MANY: u64 = 20_000;

/// Writes all files that follow from a history and a journal; gives the names of
/// those that were there, differ and were kept.
pub(crate) fn write_all(
    run: &Path,
    history: &History,
    journal: &Journal,
    how: Replace,
) -> Result<Vec<&'static str>, StoreError> {
    #[cfg(feature = "parquet")]
    if journal.told().messages >= MANY {
        // Neither needs the other, and who waits for both has another core.
        return std::thread::scope(|scope| {
            let texts = scope.spawn(|| texts::write(run, history, how));
            let tables = crate::tables::write(run, journal, how);
            let texts = texts.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            Ok([texts?, tables?].concat())
        });
    }
    let kept = texts::write(run, history, how)?;
    #[cfg(feature = "parquet")]
    let kept = [kept, crate::tables::write(run, journal, how)?].concat();
    #[cfg(not(feature = "parquet"))]
    let _ = journal;
    Ok(kept)
}

/// Writes the results twice: as Jepsen does, and for other tools. Gives the names
/// of the files that were there, differ and were kept.
pub(crate) fn write_results(
    run: &Path,
    results: &Value,
    how: Replace,
) -> Result<Vec<&'static str>, StoreError> {
    let mut text = edn::pretty(results);
    text.push('\n');
    let edn_kept = files::replace_with(run, RESULTS_EDN, text.as_bytes(), how)?;

    let version = (Value::keyword("schema_version"), Value::Int(SCHEMA_VERSION));
    let versioned = match results {
        Value::Map(pairs) => Value::map(std::iter::once(version).chain(pairs.iter().cloned())),
        other => Value::map([version, (Value::keyword("results"), other.clone())]),
    };
    let mut json = serde_json::to_vec_pretty(&versioned).expect("a value is always JSON");
    json.push(b'\n');
    let json_kept = files::replace_with(run, RESULTS_JSON, &json, how)?;
    Ok(files::names([(RESULTS_EDN, edn_kept), (RESULTS_JSON, json_kept)]))
}
