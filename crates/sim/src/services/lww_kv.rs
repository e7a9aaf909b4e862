//! The service `lww-kv`: registers that may lose writes.

use std::collections::BTreeMap;

use glomers_history::Value;

use super::request::{Answer, Request};
use crate::draws::Draws;

/// When a value was written: Lamport time, then the replica.
type Stamp = (u64, usize);

/// `lww-kv`: two replicas that merge now and then; of two values of a key the one
/// with the later stamp wins, so of concurrent writes one is lost.
#[derive(Debug, Default)]
pub(super) struct LwwKv {
    replicas: [Replica; 2],
}

#[derive(Debug, Default, Clone)]
struct Replica {
    clock: u64,
    values: BTreeMap<Value, (Stamp, Value)>,
}

impl LwwKv {
    pub(super) fn answer(&mut self, request: &Request, draws: &mut Draws) -> Answer {
        let mut replica = || draws.below(2) as usize;
        let (from, to, at) = (replica(), replica(), replica());
        if from != to {
            let source = self.replicas[from].clone();
            self.replicas[to].merge(source);
        }
        let state = &mut self.replicas[at];
        // cas takes no create_if_not_exists here, as in Maelstrom.
        let request = match request {
            Request::Cas { key, from, to, .. } => &Request::Cas {
                key: key.clone(),
                from: from.clone(),
                to: to.clone(),
                create_if_not_exists: false,
            },
            other => other,
        };
        let old = state.values.get(request.key()).map(|(_, value)| value);
        let (answer, new) = request.apply(old);
        // A write of the same value is a write, with a stamp of its own.
        let written = match (&answer, request) {
            (Answer::Written, Request::Write(_, value)) => Some(value.clone()),
            _ => new,
        };
        if let Some(value) = written {
            state.clock += 1;
            let stamp = (state.clock, at);
            state.values.insert(request.key().clone(), (stamp, value));
        }
        answer
    }
}

impl Replica {
    fn merge(&mut self, other: Replica) {
        self.clock = self.clock.max(other.clock);
        for (key, (stamp, value)) in other.values {
            match self.values.get(&key) {
                Some((mine, _)) if *mine >= stamp => {}
                _ => {
                    self.values.insert(key, (stamp, value));
                }
            }
        }
    }
}
