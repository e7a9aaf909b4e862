//! The files that are derived from the two streams.

use std::path::Path;

use glomers_history::{History, Value, edn};

use crate::StoreError;
use crate::files::{
    self, BUFFER, HISTORY_EDN, HISTORY_EDN_PACKED, HISTORY_TEXT, HISTORY_TEXT_PACKED, RESULTS_EDN,
    RESULTS_JSON, Replace,
};
use crate::journal::Journal;
use crate::sink::Sink;

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

/// A `history.jsonl` of so many bytes is long: reads of growing sets or lists repeat what
/// they have, so its texts are mostly repetitions.
const LONG: u64 = 32 << 20;

fn write_history(
    run: &Path,
    history: &History,
    how: Replace,
) -> Result<Vec<&'static str>, StoreError> {
    let length = std::fs::metadata(run.join(files::HISTORY)).map_or(0, |data| data.len());
    let form = Form::of(run, length >= LONG);
    let [edn_name, text_name] = match form {
        Form::Plain => [HISTORY_EDN, HISTORY_TEXT],
        Form::Packed => [HISTORY_EDN_PACKED, HISTORY_TEXT_PACKED],
    };
    let (edn_path, text_path) = (run.join(edn_name), run.join(text_name));
    let mut text_kept = false;
    let edn_kept = files::replace(run, edn_name, how, |edn_out| {
        text_kept = files::replace(run, text_name, how, |text_out| {
            let failed = StoreError::at(&edn_path, "written");
            let mut edn_out = Sink::new(form == Form::Packed, edn_out).map_err(failed)?;
            let failed = StoreError::at(&text_path, "written");
            let mut text_out = Sink::new(form == Form::Packed, text_out).map_err(failed)?;
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
            write(&mut edn, &mut text)?;
            edn_out.finish().map_err(StoreError::at(&edn_path, "written"))?;
            text_out.finish().map_err(StoreError::at(&text_path, "written"))
        })?;
        Ok(())
    })?;
    Ok(names([(edn_name, edn_kept), (text_name, text_kept)]))
}

/// How the texts of a history are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    /// As zstd, which `glomers check` reads, too.
    Packed,
}

impl Form {
    /// Texts that are there already stay in their form.
    fn of(run: &Path, is_long: bool) -> Form {
        let is_there = run.join(HISTORY_EDN).exists();
        if cfg!(feature = "compression") && is_long && !is_there {
            Form::Packed
        } else {
            Form::Plain
        }
    }
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

#[cfg(all(test, feature = "compression"))]
mod tests {
    use std::fs::{self, File};

    use super::*;

    #[test]
    fn texts_of_a_long_history_are_packed() {
        let run = tempfile::tempdir().unwrap();
        let line = "{:process 0, :type :ok, :f :read, :value [1 2 3]}\n";
        let history = glomers_history::read(line.repeat(5).as_bytes()).unwrap();
        write_history(run.path(), &history, Replace::Always).unwrap();
        let plain = fs::read(run.path().join(HISTORY_EDN)).unwrap();
        fs::remove_file(run.path().join(HISTORY_EDN)).unwrap();
        // Only its length counts.
        let stream = File::create(run.path().join(files::HISTORY)).unwrap();
        stream.set_len(LONG).unwrap();
        write_history(run.path(), &history, Replace::Always).unwrap();
        let packed = File::open(run.path().join(HISTORY_EDN_PACKED)).unwrap();
        assert_eq!(zstd::decode_all(packed).unwrap(), plain);
        assert!(run.path().join(HISTORY_TEXT_PACKED).exists());
        assert!(!run.path().join(HISTORY_EDN).exists());
    }
}
