//! What clients do: an operation's name and its value, in the words of its
//! workload.

use glomers_history::Value;
use glomers_workload::Word;

use super::line::{Line, Parsed};

/// Words that stand before the node that an operation asks.
pub(super) const BEFORE_NODE: [&str; 3] = ["to", "from", "at"];

/// Takes an operation: `write k 1`, `send k 1`, `add 3`, `read`. The workload says what
/// follows its name.
pub(super) fn operation(workload: &str, line: &mut Line<'_>) -> Parsed<(String, Value)> {
    let operations = glomers_workload::entry(workload).map_or(&[][..], |entry| entry.operations);
    let names: Vec<&str> = operations.iter().map(|operation| operation.name).collect();
    let f = line.one_of("operation", &names)?.to_owned();
    let facts = operations.iter().find(|operation| operation.name == f).expect("it is one of them");
    let mut values = Vec::new();
    for word in facts.words {
        match word {
            Word::Key => values.push(key(line)?),
            Word::Log => values.push(log(line)?),
            Word::Logs => {
                values.push(log(line)?);
                while has_argument(line) {
                    values.push(log(line)?);
                }
            }
            Word::Value(what) => values.push(value(line, what)?),
            Word::Maybe if has_argument(line) => values.push(value(line, "a value")?),
            Word::Maybe => {}
        }
    }
    Ok((f, (facts.value)(values)))
}

fn has_argument(line: &Line<'_>) -> bool {
    line.peek().is_some_and(|word| !BEFORE_NODE.contains(&word.text))
}

/// Takes a value, which is JSON.
fn value(line: &mut Line<'_>, what: &str) -> Parsed<Value> {
    let word = line.before(&BEFORE_NODE, what)?;
    Value::from_json(word.text).map_err(|error| {
        match glomers_workload::nearest(word.text, &BEFORE_NODE) {
            Some(_) => line.unknown(word, "word before a node", &BEFORE_NODE),
            None => line.error(word.column, format!("values are JSON: {error}")),
        }
    })
}

/// Takes a key, which is JSON or, without quotes, a string.
fn key(line: &mut Line<'_>) -> Parsed<Value> {
    let word = line.before(&BEFORE_NODE, "a key")?;
    Ok(Value::from_json(word.text).unwrap_or_else(|_| Value::string(word.text)))
}

/// Takes the name of a log, which is a string, quoted or not.
fn log(line: &mut Line<'_>) -> Parsed<Value> {
    let word = line.before(&BEFORE_NODE, "the key of a log")?;
    match Value::from_json(word.text) {
        Ok(Value::String(name)) => Ok(Value::String(name)),
        _ => Ok(Value::string(word.text)),
    }
}
