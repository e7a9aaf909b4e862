use std::collections::{BTreeMap, VecDeque};

use glomers_history::Value;
use rustc_hash::FxHashMap;

use super::request::{Answer, Request};
use crate::draws::Draws;
use glomers_history::Endpoint;

/// How many states are remembered.
const STATES: u64 = 32;

/// `seq-kv`: sequentially consistent. All changes happen in one order, and each
/// sender sees states in that order, but what it sees may be old: a request that
/// changes nothing is answered from a state drawn between the last that its
/// sender saw and the newest.
#[derive(Debug, Default)]
pub(super) struct SeqKv {
    newest: BTreeMap<Value, Value>,
    /// The number of the newest state.
    version: u64,
    /// The last changes, each with the number of the state that it led to, the
    /// key, and the value that the key had before.
    changes: VecDeque<(u64, Value, Option<Value>)>,
    seen: FxHashMap<Endpoint, u64>,
}

impl SeqKv {
    pub(super) fn answer(
        &mut self,
        sender: Endpoint,
        request: &Request,
        draws: &mut Draws,
    ) -> Answer {
        let oldest = self.version.saturating_sub(STATES - 1);
        let seen = self.seen.get(&sender).copied().unwrap_or(0).max(oldest);
        let version = seen + draws.below(self.version - seen + 1);
        let (answer, new) = request.apply(self.at(version, request.key()));
        if new.is_none() {
            self.seen.insert(sender, version);
            return answer;
        }
        let (answer, new) = request.apply(self.newest.get(request.key()));
        if let Some(new) = new {
            self.version += 1;
            let old = self.newest.insert(request.key().clone(), new);
            self.changes.push_back((self.version, request.key().clone(), old));
            if self.changes.len() as u64 >= STATES {
                self.changes.pop_front();
            }
        }
        self.seen.insert(sender, self.version);
        answer
    }

    /// The value of a key in a state that is remembered: what it had before the
    /// first later change of it.
    fn at(&self, version: u64, key: &Value) -> Option<&Value> {
        let later = self.changes.iter().find(|(to, changed, _)| *to > version && changed == key);
        match later {
            Some((_, _, before)) => before.as_ref(),
            None => self.newest.get(key),
        }
    }

    /// The number of the newest state, and of the last that a sender saw.
    #[cfg(test)]
    pub(super) fn versions(&self, sender: Endpoint) -> (u64, u64) {
        (self.version, self.seen.get(&sender).copied().unwrap_or(0))
    }
}
