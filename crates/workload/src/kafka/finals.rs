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

/// The mean pause between polls, ns.
const PAUSE: u64 = SECOND / 5;

/// The end of a run: each worker crashes, assigns all keys to its new client,
/// which begins at offset 0, and polls until it has seen of each key the highest
/// offset that anybody saw.
#[derive(Debug, Default)]
pub(super) struct Finals {
    /// How far each worker's present client is.
    reached: BTreeMap<u32, BTreeMap<Key, i64>>,
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
        if is_late && (op.kind != OpKind::Ok || &*op.f == "assign") {
            return None;
        }
        if op.kind == OpKind::Info {
            // Whatever it was, the worker has a new client now, without keys.
            self.reached.insert(ended.worker, BTreeMap::new());
            let pause = if &*op.f == "crash" { Duration::ZERO } else { pause };
            return Some((pause, assign(highest.keys())));
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
        if highest.iter().all(is_there) || (is_late && !gets_on) {
            return None;
        }
        Some((pause, poll()))
    }
}
