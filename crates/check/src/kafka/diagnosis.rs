//! Mistakes in what a node writes that explain all that seems wrong with its logs.

use std::collections::BTreeMap;

use glomers_history::{History, Op, OpKind, Value};
use rustc_hash::{FxHashMap, FxHashSet};

use super::parse::Parsed;
use super::places::NONE;
use crate::{Context, Finding, retyped, words};

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
    let is_sent = |id: usize| parsed.messages[id].writer != NONE;
    let integers: FxHashSet<(u32, &Value)> = (0..parsed.messages.len())
        .filter(|&id| is_sent(id))
        .map(|id| (parsed.messages[id].key, &parsed.messages[id].value))
        .collect();
    // The strangers of each key, and what they are.
    let mut strangers: FxHashMap<(String, &Value), Value> = FxHashMap::default();
    let mut first = None;
    for (id, message) in parsed.messages.iter().enumerate() {
        if is_sent(id) || !message.read {
            continue;
        }
        let Some((integer, what)) = retyped::integer(&message.value) else { continue };
        if integers.contains(&(message.key, &integer)) {
            first.get_or_insert((message, integer.clone(), what));
            let key = name(super::key_value(parsed, message.key));
            strangers.insert((key, &message.value), integer);
        }
    }
    let (message, integer, what) = first?;
    let became = match strangers.len() {
        1 => format!("a {}", what.trim_end_matches('s')),
        _ => what.to_owned(),
    };
    let summary = format!(
        "{} came back as {became}: {} for {}. A message comes back as it was sent; all else is \
         judged as if it had.",
        words::count(strangers.len(), "number"),
        words::value(&message.value),
        words::value(&integer),
    );
    let mut finding = Finding::new("changed-type", summary);
    let mut mended = History::new();
    for op in history.ops() {
        let mut op = op.clone();
        if matches!(&*op.f, "poll" | "txn")
            && let Some(value) = mend(&op.value, &strangers)
        {
            if finding.evidence.len() < SHOWN {
                let operation = words::operation(&op, context);
                finding.evidence.push(format!("{operation} got numbers as {what}"));
            }
            if finding.operations.len() < SHOWN {
                words::point(&mut finding, &op, context);
            }
            op.value = value;
        }
        let index = op.index;
        mended.push(op);
        if !history.rebalanced(index).is_empty() {
            mended.note_rebalanced(history.rebalanced(index).iter().cloned());
        }
    }
    Some((finding, mended))
}

/// A poll with integers again for what they became; `None` if nothing changes.
fn mend(value: &Value, strangers: &FxHashMap<(String, &Value), Value>) -> Option<Value> {
    let mut changes = false;
    let parts = value.as_list()?.iter().map(|part| {
        let Some(list) = part.as_list() else { return part };
        let (Some(f), Some(Value::Map(got))) = (list.get(0), list.get(1)) else { return part };
        let logs: Vec<(Value, Value)> = got
            .iter()
            .map(|(key, log)| {
                let Some(pairs) = log.as_list() else { return (key.clone(), log.clone()) };
                let pairs = pairs.iter().map(|pair| {
                    let parts = pair.as_list().and_then(|pair| Some((pair.get(0)?, pair.get(1)?)));
                    let Some((offset, message)) = parts else { return pair };
                    let Some(integer) = strangers.get(&(name(key), &message)) else { return pair };
                    changes = true;
                    Value::list([offset, integer.clone()])
                });
                (key.clone(), Value::list(pairs.collect::<Vec<_>>()))
            })
            .collect();
        Value::list([f, Value::map(logs)])
    });
    let mended = Value::list(parts.collect::<Vec<_>>());
    changes.then_some(mended)
}
