//! Mistakes in what a node writes that explain all that seems wrong with its logs.

use std::collections::BTreeMap;

use glomers_history::{History, Op, OpKind, Value};
use rustc_hash::{FxHashMap, FxHashSet};

use super::parse::Parsed;
use super::transactions::Message;
use crate::places::NONE;
use crate::retyped::Retyped;
use crate::{Context, Finding, words};

/// How many messages must show a mistake before it is one.
const ENOUGH: usize = 8;

/// How many pairs of a finding are shown.
const SHOWN: usize = 3;

/// What sends say: by key, then by message, the offset and the place in the
/// history.
type Sent = FxHashMap<String, FxHashMap<Value, (i64, u64)>>;

/// A pair that a poll got: the poll, the key, and what stands where the offset and
/// the message should.
type Pair<'a> = (&'a Op, String, i64, Value);

/// A key as a text, whether it is a string, a keyword or a number.
fn name(key: &Value) -> String {
    key.as_str().map_or_else(|| key.to_json(), str::to_owned)
}

/// The parts of answered operations.
fn parts(history: &History) -> impl Iterator<Item = (&Op, Value)> {
    let ops = history.ops().iter().filter(|op| {
        op.kind == OpKind::Ok && op.process.is_client() && matches!(&*op.f, "send" | "poll" | "txn")
    });
    ops.flat_map(|op| {
        let parts = op.value.as_list().into_iter().flat_map(|parts| parts.iter());
        parts.map(move |part| (op, part))
    })
}

fn sent(history: &History) -> Sent {
    let mut sent = Sent::default();
    for (op, part) in parts(history) {
        let taken = part.as_list().and_then(|part| {
            let (key, pair) = (part.get(1)?, part.get(2)?);
            let pair = pair.as_list()?;
            Some((name(&key), pair.get(0)?.as_int()?, pair.get(1)?))
        });
        if let Some((key, offset, message)) = taken {
            sent.entry(key).or_default().insert(message, (offset, op.index));
        }
    }
    sent
}

fn polled(history: &History) -> Vec<Pair<'_>> {
    let mut polled = Vec::new();
    for (op, part) in parts(history) {
        let Some(Value::Map(got)) = part.as_list().and_then(|part| part.get(1)) else { continue };
        for (key, log) in got.iter() {
            for pair in log.as_list().into_iter().flat_map(|log| log.iter()) {
                let taken = pair.as_list().and_then(|pair| Some((pair.get(0)?, pair.get(1)?)));
                let Some((Value::Int(offset), message)) = taken else { continue };
                polled.push((op, name(key), offset, message));
            }
        }
    }
    polled
}

/// Pairs that one mistake explains.
#[derive(Default)]
struct Explained<'a> {
    /// Those that are shown, each with the send of its message.
    shown: Vec<(&'a Pair<'a>, u64)>,
    pairs: usize,
    messages: FxHashSet<(&'a str, &'a Value)>,
}

impl<'a> Explained<'a> {
    fn add(&mut self, pair: &'a Pair<'a>, send: u64) {
        self.pairs += 1;
        self.messages.insert((&pair.1, &pair.3));
        if self.shown.len() < SHOWN {
            self.shown.push((pair, send));
        }
    }
}

/// The finding if message and offset of nearly all pairs in polls are swapped, or
/// if all offsets differ by the same number from those that sends were given.
pub(super) fn of_offsets(history: &History, context: &Context) -> Option<Finding> {
    let (sent, polled) = (sent(history), polled(history));
    let mut swapped = Explained::default();
    let mut shifted: BTreeMap<i64, Explained<'_>> = BTreeMap::new();
    for pair in &polled {
        let (_, key, offset, message) = pair;
        let Some(of_key) = sent.get(key) else { continue };
        if let (Value::Int(second), Some(&(at, send))) = (message, of_key.get(&Value::Int(*offset)))
            && *second == at
            && second != offset
        {
            swapped.add(pair, send);
        }
        if let Some(&(at, send)) = of_key.get(message) {
            shifted.entry(offset.saturating_sub(at)).or_default().add(pair, send);
        }
    }
    let right = shifted.remove(&0).unwrap_or_default();
    let is_the_rule = |explained: &Explained<'_>| {
        explained.messages.len() >= ENOUGH
            && explained.pairs * 4 >= polled.len() * 3
            && right.pairs * 4 <= explained.pairs
    };
    let (by, shift) = shifted.into_iter().max_by_key(|(_, explained)| explained.pairs).unzip();
    let shift = shift.unwrap_or_default();
    if is_the_rule(&swapped) && swapped.pairs >= shift.pairs {
        let summary = format!(
            "In {} of {} pairs that polls got, message and offset are swapped. A poll answers \
             with pairs [offset, message].",
            swapped.pairs,
            polled.len()
        );
        return Some(tell(Finding::new("swapped-pairs", summary), history, context, &swapped));
    }
    let by = by.filter(|_| is_the_rule(&shift))?;
    let summary = format!(
        "In {} of {} pairs that polls got, the offset is {} {} the one that send_ok named. A \
         message has one offset, in the answer to its send and in every poll.",
        shift.pairs,
        polled.len(),
        by.unsigned_abs(),
        if by > 0 { "above" } else { "below" },
    );
    Some(tell(Finding::new("shifted-offsets", summary), history, context, &shift))
}

fn tell(
    mut finding: Finding,
    history: &History,
    context: &Context,
    explained: &Explained<'_>,
) -> Finding {
    for &((op, key, first, second), send) in &explained.shown {
        words::point(&mut finding, op, context);
        finding.evidence.push(format!(
            "{} got [{first},{}] of key {}",
            words::operation(op, context),
            words::value(second),
            words::value(&Value::string(key)),
        ));
        let Some(send) = history.ops().get(send as usize) else { continue };
        let pair = send.value.as_list().and_then(|parts| parts.get(0)?.as_list()?.get(2));
        let Some(pair) = pair.as_ref().and_then(Value::as_list) else { continue };
        finding.evidence.push(format!(
            "  {} sent message {} and was given offset {}",
            words::operation(send, context),
            pair.get(1).as_ref().map(words::value).unwrap_or_default(),
            pair.get(0).as_ref().map(words::value).unwrap_or_default(),
        ));
    }
    finding
}

/// The finding if messages that are numbers came back as floats or strings, and the
/// history as it would be if they had not.
pub(super) fn of_types(
    history: &History,
    context: &Context,
    parsed: &Parsed,
) -> Option<(Finding, History)> {
    let is_phantom = |message: &Message| message.read && message.writer == NONE;
    if !parsed.messages.iter().any(is_phantom) {
        return None;
    }
    let mut known: FxHashMap<String, FxHashSet<&Value>> = FxHashMap::default();
    for message in parsed.messages.iter().filter(|message| message.writer != NONE) {
        let key = name(super::key_value(parsed, message.key));
        known.entry(key).or_default().insert(&message.value);
    }
    let mut retyped = Retyped::default();
    let mut mended = History::new();
    for op in history.ops() {
        let mut op = op.clone();
        if matches!(&*op.f, "poll" | "txn") {
            let mut mend_one = |key: &str, message: &Value| {
                let of_key = known.get(key)?;
                retyped.mend(&op, key, message, |value| of_key.contains(value))
            };
            if let Some(value) = mend(&op.value, &mut mend_one) {
                op.value = value;
            }
        }
        let index = op.index;
        mended.push(op);
        if !history.rebalanced(index).is_empty() {
            mended.note_rebalanced(history.rebalanced(index).iter().cloned());
        }
    }
    Some((retyped.finding(context)?, mended))
}

/// A poll with the right messages for those that changed; `None` if none did.
fn mend(value: &Value, right: &mut dyn FnMut(&str, &Value) -> Option<Value>) -> Option<Value> {
    let mut changes = false;
    let mut mend_pair = |key: &str, pair: Value| {
        let parts = pair.as_list().and_then(|pair| Some((pair.get(0)?, pair.get(1)?)));
        let Some((offset, message)) = parts else { return pair };
        let Some(message) = right(key, &message) else { return pair };
        changes = true;
        Value::list([offset, message])
    };
    let parts: Vec<Value> = value
        .as_list()?
        .iter()
        .map(|part| {
            let Some(list) = part.as_list() else { return part };
            let (Some(f), Some(Value::Map(got))) = (list.get(0), list.get(1)) else { return part };
            let logs: Vec<(Value, Value)> = got
                .iter()
                .map(|(key, log)| {
                    let Some(pairs) = log.as_list() else { return (key.clone(), log.clone()) };
                    let owner = name(key);
                    let pairs = pairs.iter().map(|pair| mend_pair(&owner, pair));
                    (key.clone(), Value::list(pairs.collect::<Vec<_>>()))
                })
                .collect();
            Value::list([f, Value::map(logs)])
        })
        .collect();
    changes.then(|| Value::list(parts))
}
