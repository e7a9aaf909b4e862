//! Which errors stand for themselves, and which only follow from others.

use glomers_history::{History, OpKind, is_refused};
use rustc_hash::FxHashMap;

use super::actual::Actual;
use super::errors::Errors;
use super::orders::Orders;
use super::parse::Parsed;
use super::reached::Reached;
use crate::places::NONE;

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

/// How many messages seem to be missing, and may be kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Hidden {
    /// A poll may have held them whose reply was refused for its form.
    pub(super) refused: usize,
    /// No poll came as far.
    pub(super) unreached: usize,
}

/// How many messages are said to be missing that may be kept, and
/// the errors without those, and without what only follows from messages that are
/// at several offsets.
pub(super) fn only(
    errors: Errors,
    history: &History,
    parsed: &Parsed,
    orders: &Orders,
    reached: &Reached<'_>,
) -> (Hidden, Errors) {
    let mut errors = errors;
    let missing = errors.lost.len() + errors.unseen.len();
    if missing > 0 {
        let refused = Refused::new(history, parsed);
        errors.lost.retain(|&id| !refused.may_have(id));
        errors.unseen.retain(|&id| !refused.may_have(id));
    }
    let refused = missing - errors.lost.len() - errors.unseen.len();
    errors.unseen.retain(|&id| reached.should_have(id));
    let unreached = missing - refused - errors.lost.len() - errors.unseen.len();
    let hidden = Hidden { refused, unreached };
    if !errors.duplicates.is_empty() {
        errors.steps = Actual { history, parsed, orders }.steps(&errors.steps);
    }
    (hidden, errors)
}
