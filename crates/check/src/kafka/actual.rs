//! Which steps are wrong by the offsets that their operations named.
//!
//! In the order of a key, as Jepsen's checker has it, a message stands at one
//! place, the last. One that was found at several offsets is a fault of its own; a
//! poll that goes from one offset to the next is none, whichever of them that is.

use glomers_history::{History, Value};

use super::orders::Orders;
use super::parse::Parsed;
use super::sessions::{Step, Steps};
use super::{key_value, same_key};

/// The two offsets of a step: in the operations that it is about, not in the order.
type Offsets = (i64, i64);

/// Looks steps up in a history.
#[derive(Clone, Copy)]
pub(super) struct Actual<'a> {
    pub(super) history: &'a History,
    pub(super) parsed: &'a Parsed,
    pub(super) orders: &'a Orders,
}

impl Actual<'_> {
    /// The steps without those that are right by their own offsets.
    pub(super) fn steps(&self, steps: &Steps) -> Steps {
        let polled = |steps: &[Step]| self.wrong(steps, Self::polled);
        let sent = |steps: &[Step]| self.wrong(steps, Self::sent);
        Steps {
            poll_skip: polled(&steps.poll_skip),
            nonmonotonic_poll: polled(&steps.nonmonotonic_poll),
            poll_skip_after_empty: polled(&steps.poll_skip_after_empty),
            nonmonotonic_poll_after_empty: polled(&steps.nonmonotonic_poll_after_empty),
            int_poll_skip: polled(&steps.int_poll_skip),
            int_nonmonotonic_poll: polled(&steps.int_nonmonotonic_poll),
            nonmonotonic_send: sent(&steps.nonmonotonic_send),
            int_nonmonotonic_send: sent(&steps.int_nonmonotonic_send),
            int_send_skip: steps.int_send_skip.clone(),
        }
    }

    /// The offsets of a wrong step, if they are not those where its messages stand
    /// in the order.
    pub(super) fn offsets(&self, step: &Step, sends: bool) -> Option<Offsets> {
        let all = if sends { self.sent(step) } else { self.polled(step) };
        let wrong = |offsets: &Offsets| self.is_wrong(step, *offsets);
        all.into_iter().find(wrong).filter(|_| self.is_unclear(step))
    }

    fn wrong(&self, steps: &[Step], all: fn(&Self, &Step) -> Vec<Offsets>) -> Vec<Step> {
        let is_wrong = |step: &&Step| {
            if !self.is_unclear(step) {
                return true;
            }
            let all = all(self, step);
            all.is_empty() || all.into_iter().any(|offsets| self.is_wrong(step, offsets))
        };
        steps.iter().filter(is_wrong).copied().collect()
    }

    /// Whether one of the messages stands at several places.
    fn is_unclear(&self, step: &Step) -> bool {
        [step.from, step.to].iter().any(|&id| self.orders.positions[id as usize].places > 1)
    }

    /// Whether a step is wrong, and in the same way, from one offset to another.
    fn is_wrong(&self, step: &Step, (from, to): Offsets) -> bool {
        let offsets = &self.orders.logs[step.key as usize].offsets;
        let place = |offset| offsets.partition_point(|&other| other < offset) as i64;
        let delta = place(to) - place(from);
        if step.delta > 1 { delta > 1 } else { delta < 1 }
    }

    /// The offsets of a step between polls; several, if one poll makes it again.
    fn polled(&self, step: &Step) -> Vec<Offsets> {
        let (after, value) = (self.pairs(step.after, step.key), |id| self.value(id));
        let (from, to) = (value(step.from), value(step.to));
        if step.before == step.after {
            let same = |two: &&[(i64, Value)]| two[0].1 == *from && two[1].1 == *to;
            return after.windows(2).filter(same).map(|two| (two[0].0, two[1].0)).collect();
        }
        let before = self.pairs(step.before, step.key);
        let (last, first) = (before.last(), after.first());
        last.zip(first).map(|(last, first)| (last.0, first.0)).into_iter().collect()
    }

    /// The same between sends, where nodes named the offsets.
    fn sent(&self, step: &Step) -> Vec<Offsets> {
        let sends = |number: u32| {
            let sends = self.parsed.sends_of(&self.parsed.transactions[number as usize]);
            sends.iter().filter(|send| send.key == step.key)
        };
        let ends = if step.before == step.after {
            let sends: Vec<_> = sends(step.after).collect();
            let same = |two: &&[&super::transactions::Send]| {
                two[0].message == step.from && two[1].message == step.to
            };
            let steps = sends.windows(2).filter(same);
            steps.map(|two| (two[0].offset, two[1].offset)).collect()
        } else {
            let (last, first) = (sends(step.before).next_back(), sends(step.after).next());
            vec![(last.and_then(|send| send.offset), first.and_then(|send| send.offset))]
        };
        ends.into_iter().filter_map(|(from, to)| from.zip(to)).collect()
    }

    fn value(&self, id: u32) -> &Value {
        &self.parsed.messages[id as usize].value
    }

    /// What a transaction polled of a key, as the history has it.
    fn pairs(&self, number: u32, key: u32) -> Vec<(i64, Value)> {
        let place = self.parsed.transactions[number as usize].place();
        let Some(op) = self.history.ops().get(place as usize) else { return Vec::new() };
        let key = key_value(self.parsed, key);
        let mut pairs = Vec::new();
        for part in op.value.as_list().into_iter().flat_map(|list| list.iter()) {
            let got = part.as_list().and_then(|part| part.get(1));
            let Some(Value::Map(got)) = got else { continue };
            for (_, log) in got.iter().filter(|(name, _)| same_key(name, key)) {
                let log = log.as_list().into_iter().flat_map(|log| log.iter());
                pairs.extend(log.filter_map(|pair| {
                    let pair = pair.as_list()?;
                    Some((pair.get(0)?.as_int()?, pair.get(1)?))
                }));
            }
        }
        pairs
    }
}
