//! The files that are derived from the two streams.

use std::io::Write as _;
use std::path::Path;

use glomers_history::{History, Value, edn};

use crate::StoreError;
use crate::files::{self, BUFFER, HISTORY_EDN, HISTORY_TEXT, RESULTS_EDN, RESULTS_JSON, Replace};
use crate::journal::Journal;

/// The version of the keys in `results.json`.
const SCHEMA_VERSION: i64 = 1;

/// Writes all files that follow from a history and a journal; gives the names of
/// those that were there, differ and were kept.
pub(crate) fn write_all(
    run: &Path,
    history: &History,
    journal: &Journal,
    how: Replace,
) -> Result<Vec<&'static str>, StoreError> {
    let mut kept = write_history(run, history, how)?;
    #[cfg(feature = "parquet")]
    kept.extend(crate::tables::write(run, journal, how)?);
    #[cfg(not(feature = "parquet"))]
    let _ = (journal, &mut kept);
    Ok(kept)
}

/// The names whose files were kept.
pub(crate) fn names<const N: usize>(kept: [(&'static str, bool); N]) -> Vec<&'static str> {
    kept.into_iter().filter(|(_, is_kept)| *is_kept).map(|(name, _)| name).collect()
}

fn write_history(
    run: &Path,
    history: &History,
    how: Replace,
) -> Result<Vec<&'static str>, StoreError> {
    let edn_path = run.join(HISTORY_EDN);
    let text_path = run.join(HISTORY_TEXT);
    let mut text_kept = false;
    let edn_kept = files::replace(run, HISTORY_EDN, how, |edn_out| {
        text_kept = files::replace(run, HISTORY_TEXT, how, |text_out| {
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
        })?;
        Ok(())
    })?;
    Ok(names([(HISTORY_EDN, edn_kept), (HISTORY_TEXT, text_kept)]))
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
    Ok(names([(RESULTS_EDN, edn_kept), (RESULTS_JSON, json_kept)]))
}
