//! Which errors stand for themselves, and which only follow from others.

use glomers_history::{History, OpKind};
use rustc_hash::FxHashMap;

use super::actual::Actual;
use super::errors::Errors;
use super::orders::Orders;
use super::parse::Parsed;
use crate::places::NONE;
use crate::refused::is_refused;

/// Polls whose replies were refused for their form: nobody knows what they held.
struct Refused<'a> {
    parsed: &'a Parsed,
    /// By key where the last such poll ended.
    of_keys: FxHashMap<u32, u32>,
    /// The same of polls that may have held anything.
    of_all: Option<u32>,
}

impl<'a> Refused<'a> {
    fn new(history: &History, parsed: &'a Parsed) -> Refused<'a> {
        let mut refused = Refused { parsed, of_keys: FxHashMap::default(), of_all: None };
        let mut assigned: FxHashMap<u32, &[u32]> = FxHashMap::default();
        for transaction in &parsed.transactions {
            if let Some(keys) = &transaction.assigns {
                assigned.insert(transaction.process, keys);
                continue;
            }
            let op = (transaction.kind == OpKind::Info).then_some(transaction.end as usize);
            let Some(op) = op.and_then(|end| history.ops().get(end)) else { continue };
            if &*op.f == "send" || !is_refused(op) {
                continue;
            }
            let end = transaction.end;
            match assigned.get(&transaction.process).filter(|_| !parsed.subscribes) {
                Some(keys) => refused.of_keys.extend(keys.iter().map(|&key| (key, end))),
                None => refused.of_all = Some(end),
            }
        }
        refused
    }

    /// Whether one of them may have held a message: it ended after a send of it
    /// began.
    fn may_have(&self, id: u32) -> bool {
        let message = &self.parsed.messages[id as usize];
        let begin = match self.parsed.transactions.get(message.writer as usize) {
            Some(writer) if !message.sent_again && writer.begin != NONE => writer.begin,
            _ => 0,
        };
        let last = self.of_keys.get(&message.key).copied().max(self.of_all);
        last.is_some_and(|end| begin < end)
    }
}

/// How many messages are said to be missing that a refused poll may have held, and
/// the errors without those, and without what only follows from messages that are
/// at several offsets.
pub(super) fn only(
    errors: Errors,
    history: &History,
    parsed: &Parsed,
    orders: &Orders,
) -> (usize, Errors) {
    let mut errors = errors;
    let missing = errors.lost.len() + errors.unseen.len();
    if missing > 0 {
        let refused = Refused::new(history, parsed);
        errors.lost.retain(|&id| !refused.may_have(id));
        errors.unseen.retain(|&id| !refused.may_have(id));
    }
    let hidden = missing - errors.lost.len() - errors.unseen.len();
    if !errors.duplicates.is_empty() {
        errors.steps = Actual { history, parsed, orders }.steps(&errors.steps);
    }
    (hidden, errors)
}
