//! How a run of logs ends: all that was sent is read once more.

use std::collections::BTreeMap;
use std::time::Duration;

use glomers_history::{OpKind, SECOND};
use glomers_sim::draws::Draws;
use glomers_sim::{FinalEnd, NextOperation};

use super::seen::{Key, polled, raise};
use super::{assign, poll};

/// How long a worker tries to poll all there is, if it does not get on.
const MOST: Duration = Duration::from_secs(10);

/// The same if each poll has something new, as of a node that gives a message at a
/// time.
const MOST_IF_IT_GETS_ON: Duration = Duration::from_secs(60);

/// The same while polls get no answer, as of a node that cannot read all logs in the time that
/// a client waits: it is asked for fewer of them.
const MOST_IF_IT_IS_SLOW: Duration = Duration::from_secs(25);

/// By so much fewer keys are polled after a poll without an answer.
const FEWER: usize = 4;

/// The mean pause between polls, ns.
const PAUSE: u64 = SECOND / 5;

/// The end of a run: each worker crashes, assigns all keys to its new client,
/// which begins at offset 0, and polls until it has seen of each key the highest
/// offset that anybody saw. Where a poll of all keys gets no answer in time, it polls fewer
/// at once, one part of the keys after the other.
#[derive(Debug, Default)]
pub(super) struct Finals {
    /// How far each worker's present client is.
    reached: BTreeMap<u32, BTreeMap<Key, i64>>,
    /// How many keys each worker polls at once, if not all, and which part it is at.
    parts: BTreeMap<u32, Part>,
}

/// Some of the keys.
#[derive(Debug, Clone, Copy, Default)]
struct Part {
    from: usize,
    count: usize,
}

/// The keys that a part has.
fn keys_of(highest: &BTreeMap<Key, i64>, part: Option<Part>) -> impl Iterator<Item = (&Key, &i64)> {
    let part = part.unwrap_or(Part { from: 0, count: highest.len() });
    highest.iter().skip(part.from).take(part.count)
}

impl Finals {
    pub(super) fn next(
        &mut self,
        ended: &FinalEnd<'_>,
        highest: &BTreeMap<Key, i64>,
        draws: &mut Draws,
    ) -> Option<(Duration, NextOperation)> {
        let pause = Duration::from_nanos((draws.unit() * (2 * PAUSE) as f64) as u64);
        let op = ended.op;
        let end = ended.elapsed + pause;
        if end > MOST_IF_IT_GETS_ON || highest.is_empty() {
            return None;
        }
        let is_late = end > MOST;
        let is_slow = op.kind == OpKind::Info && &*op.f == "poll";
        let part = self.parts.get(&ended.worker).copied();
        if is_slow {
            let count = part.map_or(highest.len(), |part| part.count);
            if end > MOST_IF_IT_IS_SLOW || count <= 1 && is_late {
                return None;
            }
            let from = part.map_or(0, |part| part.from);
            self.parts.insert(ended.worker, Part { from, count: count.div_ceil(FEWER) });
        } else if is_late && part.is_none() && (op.kind != OpKind::Ok || &*op.f == "assign") {
            return None;
        }
        let part = self.parts.get(&ended.worker).copied();
        if op.kind == OpKind::Info {
            // Whatever it was, the worker has a new client now, without keys.
            self.reached.insert(ended.worker, BTreeMap::new());
            let pause = if &*op.f == "crash" { Duration::ZERO } else { pause };
            return Some((pause, assign(keys_of(highest, part).map(|(key, _)| key))));
        }
        if &*op.f == "assign" {
            return Some((Duration::ZERO, poll()));
        }
        let reached = self.reached.entry(ended.worker).or_default();
        let mut gets_on = false;
        if op.kind == OpKind::Ok {
            for (key, offset) in polled(op) {
                gets_on |= raise(reached, &key, offset);
            }
        }
        let is_there = |(key, highest): (&Key, &i64)| reached.get(key) >= Some(highest);
        let is_done = keys_of(highest, part).all(is_there);
        if is_done || (is_late && !gets_on) {
            let mut part = part?;
            // On to the next part, also from one that does not get on.
            part.from += part.count;
            self.parts.insert(ended.worker, part);
            let mut next = keys_of(highest, Some(part)).map(|(key, _)| key).peekable();
            next.peek()?;
            return Some((Duration::ZERO, assign(next)));
        }
        Some((pause, poll()))
    }
}
