//! What is known of the logs while a run goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use glomers_history::{Op, OpKind, Value};

/// A key as operations have it: a string.
pub(super) type Key = Arc<str>;

/// What clients have seen of the logs so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The highest offset of each key that anybody sent to or polled.
    highest: BTreeMap<Key, i64>,
    /// The highest offset of each key that anybody polled.
    polled: BTreeMap<Key, i64>,
    /// Keys with offsets that nobody has polled yet.
    unpolled: BTreeSet<Key>,
}

impl Seen {
    pub(super) fn observe(&mut self, op: &Op) {
        if op.kind != OpKind::Ok {
            return;
        }
        if let Some((key, offset)) = sent(op) {
            raise(&mut self.highest, &key, offset);
            if self.polled.get(&key).is_none_or(|polled| *polled < offset) {
                self.unpolled.insert(key);
            }
        }
        for (key, offset) in polled(op) {
            raise(&mut self.highest, &key, offset);
            raise(&mut self.polled, &key, offset);
            if self.highest[&key] <= self.polled[&key] {
                self.unpolled.remove(&key);
            }
        }
    }

    /// All keys with their highest offsets.
    pub(super) fn highest(&self) -> &BTreeMap<Key, i64> {
        &self.highest
    }

    /// The keys with offsets that nobody has polled yet.
    pub(super) fn unpolled(&self) -> impl Iterator<Item = &Key> {
        self.unpolled.iter()
    }
}

/// Makes the entry of a key at least so high; whether it was not.
pub(super) fn raise(offsets: &mut BTreeMap<Key, i64>, key: &Key, offset: i64) -> bool {
    match offsets.get_mut(key) {
        Some(highest) if *highest >= offset => false,
        Some(highest) => {
            *highest = offset;
            true
        }
        None => {
            offsets.insert(key.clone(), offset);
            true
        }
    }
}

/// The parts of an operation's only micro-operation after its name.
pub(super) fn parts(op: &Op) -> Option<(Value, Value)> {
    let list = op.value.as_list()?.get(0)?;
    let list = list.as_list()?;
    Some((list.get(1)?, list.get(2).unwrap_or(Value::Null)))
}

/// The key and offset of an ok `[[:send key [offset message]]]`.
fn sent(op: &Op) -> Option<(Key, i64)> {
    let (key, sent) = parts(op).filter(|_| &*op.f == "send")?;
    Some((Arc::from(key.as_str()?), sent.as_list()?.get(0)?.as_int()?))
}

/// The keys of an ok `[[:poll {key [[offset message] …]}]]`, each with its
/// highest offset.
pub(super) fn polled(op: &Op) -> Vec<(Key, i64)> {
    let Some((Value::Map(logs), _)) = parts(op).filter(|_| &*op.f == "poll") else {
        return Vec::new();
    };
    let offset = |pair: Value| pair.as_list()?.get(0)?.as_int();
    let highest = |(key, log): &(Value, Value)| {
        let highest = log.as_list()?.iter().filter_map(offset).max()?;
        Some((Arc::from(key.as_str()?), highest))
    };
    logs.iter().filter_map(highest).collect()
}
