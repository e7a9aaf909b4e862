//! Workload kafka: logs by key, each message at an offset of its own, and
//! consumers that remember how far they are.

mod client;
mod commits;
mod finals;
mod seen;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use glomers_check::{Access, Checker};
use glomers_history::{Op, SECOND, Time, Value};
use glomers_protocol::shared_text;
use glomers_sim::draws::Draws;
use glomers_sim::{Client, ClusterSize, FinalEnd, NextOperation, Workload};

use crate::keys::Keys;
use client::KafkaClient;
use commits::Commits;
use finals::Finals;
use seen::{Key, Seen};

/// One operation in so many assigns other keys to its client.
const ASSIGN: u64 = 64;

/// One assignment in so many also takes all keys with messages that nobody has
/// polled yet.
const ASSIGN_UNPOLLED: u64 = 3;

/// One worker alone crashes once in so long at most; more workers in as much
/// less.
const CRASH_GAP: u64 = 60 * SECOND;

/// The workload: half of the operations send, half poll; now and then a client
/// is assigned other keys, or crashes.
#[derive(Debug)]
pub struct Kafka {
    keys: Keys,
    seen: Seen,
    concurrency: u32,
    /// When the next client crashes; `None`: soon, for the first time.
    crash_at: Option<Time>,
    finals: Finals,
    /// What clients have committed, for all of them.
    commits: Rc<RefCell<Commits>>,
}

impl Default for Kafka {
    fn default() -> Kafka {
        Kafka::new(Kafka::KEY_COUNT, Kafka::MAX_WRITES_PER_KEY)
    }
}

impl Kafka {
    /// How many keys are in use at a time, unless said otherwise.
    pub const KEY_COUNT: u32 = 10;
    /// How often a key is written, unless said otherwise.
    pub const MAX_WRITES_PER_KEY: u32 = 16;

    /// The workload with so many keys in use at a time (at least one), each
    /// written so often (at least once) before another takes its place.
    pub fn new(key_count: u32, max_writes_per_key: u32) -> Kafka {
        Kafka {
            keys: Keys::new(key_count.max(1), max_writes_per_key.max(1)),
            seen: Seen::default(),
            concurrency: 1,
            crash_at: None,
            finals: Finals::default(),
            commits: Rc::default(),
        }
    }

    /// Whether a client crashes now: one of the first, then one after each gap.
    fn crashes(&mut self, time: Time, draws: &mut Draws) -> bool {
        let is_due = match self.crash_at {
            None => draws.below(2) == 0,
            Some(at) => at <= time,
        };
        if is_due {
            let longest = CRASH_GAP / u64::from(self.concurrency);
            let gap = (draws.unit() * longest as f64) as u64;
            self.crash_at = Some(time + Duration::from_nanos(gap));
        }
        is_due
    }
}

fn key_of(number: i64) -> Key {
    Arc::from(number.to_string())
}

fn assign<'a>(keys: impl Iterator<Item = &'a Key>) -> NextOperation {
    let value = Value::list(keys.map(|key| Value::String(key.clone())));
    NextOperation { f: shared_text("assign"), value }
}

fn poll() -> NextOperation {
    let value = Value::list([Value::list([Value::keyword("poll")])]);
    NextOperation { f: shared_text("poll"), value }
}

fn crash() -> NextOperation {
    NextOperation { f: shared_text("crash"), value: Value::Null }
}

impl Workload for Kafka {
    fn name(&self) -> &str {
        "kafka"
    }

    fn begin(&mut self, size: ClusterSize) -> Result<(), String> {
        self.concurrency = size.concurrency;
        Ok(())
    }

    fn generate(&mut self, worker: u32, draws: &mut Draws) -> NextOperation {
        self.generate_at(Time::ZERO, worker, draws)
    }

    fn generate_at(&mut self, time: Time, _worker: u32, draws: &mut Draws) -> NextOperation {
        if self.crashes(time, draws) {
            return crash();
        }
        let (sends, slot) = (draws.below(2) == 0, self.keys.draw(draws));
        if draws.below(ASSIGN) == 0 {
            let key = key_of(self.keys.key(slot));
            let unpolled = draws.below(ASSIGN_UNPOLLED) == 0;
            let others = self.seen.unpolled().filter(|other| unpolled && **other != key);
            return assign(std::iter::once(&key).chain(others));
        }
        if !sends {
            return poll();
        }
        let (key, message) = self.keys.write(slot);
        let parts = [Value::keyword("send"), Value::String(key_of(key)), Value::Int(message)];
        let value = Value::list([Value::list(parts)]);
        NextOperation { f: shared_text("send"), value }
    }

    fn observe(&mut self, op: &Op) {
        self.seen.observe(op);
    }

    fn final_operation(&self) -> Option<NextOperation> {
        Some(crash())
    }

    fn next_final(
        &mut self,
        ended: &FinalEnd<'_>,
        draws: &mut Draws,
    ) -> Option<(Duration, NextOperation)> {
        self.finals.next(ended, self.seen.highest(), draws)
    }

    fn client(&self) -> Box<dyn Client> {
        Box::new(KafkaClient::new(self.commits.clone()))
    }

    fn is_idempotent(&self, f: &str) -> bool {
        f == "assign"
    }

    fn may_never_succeed(&self) -> &'static [&'static str] {
        &["crash"]
    }

    /// Sends, by key; which keys a poll will read is known at its end only.
    fn accesses(&self, op: &Op) -> Vec<Access> {
        let key = op.value.as_list().and_then(|pair| pair.get(0));
        match (&*op.f, key) {
            ("send", Some(key)) => vec![Access { key, is_write: true }],
            _ => Vec::new(),
        }
    }

    fn checker(&self) -> Box<dyn Checker> {
        Box::new(glomers_check::KafkaConsumers)
    }
}
