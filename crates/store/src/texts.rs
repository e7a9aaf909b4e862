//! A history as texts for people and Jepsen's tools: `history.edn` and `history.txt`.

use std::io::Write;
use std::path::Path;

use glomers_history::{History, List, Value, edn};

use crate::StoreError;
use crate::files::names;
use crate::files::{self, BUFFER, HISTORY_EDN, HISTORY_TEXT, Replace};
#[cfg(feature = "compression")]
use crate::files::{HISTORY_EDN_PACKED, HISTORY_TEXT_PACKED};
use crate::form::{Form, Lines};
#[cfg(feature = "compression")]
use crate::woven::Woven;

/// A history whose `history.edn` has about so many bytes is long: its texts are packed.
#[cfg(feature = "compression")]
const LONG: u64 = 8 << 20;

/// Writes both; gives the names of those that were there, differ and were kept.
pub(crate) fn write(
    run: &Path,
    history: &History,
    how: Replace,
) -> Result<Vec<&'static str>, StoreError> {
    // Texts that are there already stay in their form.
    #[cfg(feature = "compression")]
    if length(history) >= LONG && !run.join(HISTORY_EDN).exists() {
        let names = [HISTORY_EDN_PACKED, HISTORY_TEXT_PACKED];
        return write_as(run, history, how, names, Woven::default());
    }
    write_as(run, history, how, [HISTORY_EDN, HISTORY_TEXT], Plain::default())
}

/// About how many bytes the text of a history has.
#[cfg(feature = "compression")]
fn length(history: &History) -> u64 {
    fn of(value: &Value) -> u64 {
        match value {
            Value::String(text) | Value::Keyword(text) | Value::BigInt(text) => {
                2 + text.len() as u64
            }
            Value::List(list) => match list.as_values() {
                Some(values) => 2 + values.iter().map(of).sum::<u64>(),
                None => 5 * list.len() as u64,
            },
            Value::Map(pairs) => {
                2 + pairs.iter().map(|(key, value)| of(key) + of(value)).sum::<u64>()
            }
            Value::Set(elements) => 3 + elements.iter().map(of).sum::<u64>(),
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => 4,
        }
    }
    history.ops().iter().map(|op| 80 + of(&op.value)).sum()
}

fn write_as(
    run: &Path,
    history: &History,
    how: Replace,
    [edn_name, text_name]: [&'static str; 2],
    mut form: impl Form,
) -> Result<Vec<&'static str>, StoreError> {
    let paths = [run.join(edn_name), run.join(text_name)];
    let mut text_kept = false;
    let edn_kept = files::replace(run, edn_name, how, |edn_out| {
        text_kept = files::replace(run, text_name, how, |text_out| {
            let mut outs = [edn_out, text_out];
            let mut write = |form: &mut _, is_end: bool| {
                let ready = Form::ready(form, is_end);
                for ((out, path), bytes) in outs.iter_mut().zip(&paths).zip(ready) {
                    if is_end || bytes.len() >= BUFFER {
                        out.write_all(bytes).map_err(StoreError::at(path, "written"))?;
                        bytes.clear();
                    }
                }
                Ok(())
            };
            let mut lines = Lines::default();
            for op in history.ops() {
                lines.spell_around(op);
                let is_done = match &op.value {
                    Value::List(list) => form.push_list(list, &mut lines),
                    _ => false,
                };
                if !is_done {
                    lines.value.clear();
                    edn::write_value(&op.value, &mut lines.value);
                    form.push(&lines);
                }
                write(&mut form, false)?;
            }
            write(&mut form, true)
        })?;
        Ok(())
    })?;
    Ok(names([(edn_name, edn_kept), (text_name, text_kept)]))
}

/// As they are.
#[derive(Default)]
struct Plain([Vec<u8>; 2]);

impl Form for Plain {
    fn push(&mut self, lines: &Lines) {
        for ((out, before), after) in self.0.iter_mut().zip(&lines.before).zip(&lines.after) {
            for part in [before, &lines.value, after] {
                out.extend_from_slice(part.as_bytes());
            }
        }
    }

    fn push_list(&mut self, _: &List, _: &mut Lines) -> bool {
        false
    }

    fn ready(&mut self, _: bool) -> [&mut Vec<u8>; 2] {
        self.0.each_mut()
    }
}

#[cfg(all(test, feature = "compression"))]
mod tests {
    use std::fs::{self, File};

    use super::*;

    #[test]
    fn texts_of_a_long_history_are_packed() {
        let run = tempfile::tempdir().unwrap();
        let mut text = String::new();
        // A set of two nodes that grows; one loses what it had now and then.
        for number in 0..1500 {
            for node in 0..2 {
                let step = [1, 7919][node];
                let all = if node == 1 && number % 400 > 350 { 300 } else { number };
                let elements: Vec<String> =
                    (0..all).map(|i| (i * step % 9001).to_string()).collect();
                let list = elements.join(" ");
                text += &format!("{{:process {node}, :type :invoke, :f :read, :value nil}}\n");
                text += &format!("{{:process {node}, :type :ok, :f :read, :value [{list}]}}\n");
            }
        }
        let history = glomers_history::read(text.as_bytes()).unwrap();
        assert!(write(run.path(), &history, Replace::Always).unwrap().is_empty());
        assert!(!run.path().join(HISTORY_EDN).exists());
        let plain = tempfile::tempdir().unwrap();
        let plain_names = [HISTORY_EDN, HISTORY_TEXT];
        write_as(plain.path(), &history, Replace::Always, plain_names, Plain::default()).unwrap();
        for (packed, name) in [HISTORY_EDN_PACKED, HISTORY_TEXT_PACKED].into_iter().zip(plain_names)
        {
            let whole = fs::read(plain.path().join(name)).unwrap();
            let packed = File::open(run.path().join(packed)).unwrap();
            let length = packed.metadata().unwrap().len() as usize;
            assert!(whole.len() > 7_000_000 && length < whole.len() / 40, "{length}");
            assert!(zstd::decode_all(packed).unwrap() == whole, "{name}");
        }
        // Texts that are there stay in their form.
        write(plain.path(), &history, Replace::Always).unwrap();
        assert!(!plain.path().join(HISTORY_EDN_PACKED).exists());
    }
}
