//! What a run could have shown: operations that meet, and reads that could have
//! been stale.

use std::collections::{BTreeMap, VecDeque};

use glomers_history::{History, Op, OpKind, Process, Value};

use crate::{Access, Context};

/// How much a run exposes its cluster to mistakes. Where these are 0, a wrong
/// cluster would have passed, too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exposure {
    /// The most operations that were under way at once.
    pub overlap: u64,
    /// Keys with two operations under way at once, one of which may change it.
    pub contended_keys: u64,
    /// Keys with two operations under way at once, both of which may change it.
    pub keys_with_rival_writers: u64,
    /// Reads that were answered after a change of the same key had been
    /// acknowledged, the last of these at another node: a node that lags behind
    /// would have answered them wrongly.
    pub reads_that_could_be_stale: u64,
    /// Reads that were answered.
    pub reads: u64,
}

/// An operation under way.
struct Open<'a> {
    accesses: Vec<Access>,
    /// For each access whether the last acknowledged change was at another node.
    could_be_stale: bool,
    node: Option<&'a str>,
}

/// How many operations under way access a key: large clusters have tens of thousands at
/// once, so none looks at all others.
#[derive(Default)]
struct Accesses {
    all: u64,
    writes: u64,
}

impl Exposure {
    /// Looks through a history. `accesses` says what an operation does, from its
    /// invocation.
    pub fn of(
        history: &History,
        context: &Context,
        accesses: impl Fn(&Op) -> Vec<Access>,
    ) -> Exposure {
        let mut exposure = Exposure::default();
        // Those of a process in the order in which they began.
        let mut open: BTreeMap<Process, VecDeque<Open<'_>>> = BTreeMap::new();
        let mut under_way = 0;
        let mut accessed: BTreeMap<Value, Accesses> = BTreeMap::new();
        // For each key whether two that may change it met.
        let mut contended: BTreeMap<Value, bool> = BTreeMap::new();
        // Where the last acknowledged change of each key was asked for.
        let mut changed: BTreeMap<Value, Option<&str>> = BTreeMap::new();
        for op in history.ops().iter().filter(|op| op.process.is_client()) {
            if op.kind == OpKind::Invoke {
                let node = context.node_of(op);
                let accesses = accesses(op);
                for access in &accesses {
                    let Some(others) = accessed.get(&access.key) else { continue };
                    if access.is_write || others.writes > 0 {
                        let rivals = access.is_write && others.writes > 0;
                        *contended.entry(access.key.clone()).or_default() |= rivals;
                    }
                }
                for access in &accesses {
                    let of_key = accessed.entry(access.key.clone()).or_default();
                    of_key.all += 1;
                    of_key.writes += u64::from(access.is_write);
                }
                let could_be_stale = accesses.iter().any(|access| {
                    !access.is_write && changed.get(&access.key).is_some_and(|at| *at != node)
                });
                let of_process = open.entry(op.process).or_default();
                of_process.push_back(Open { accesses, could_be_stale, node });
                under_way += 1;
                exposure.overlap = exposure.overlap.max(under_way);
                continue;
            }
            let Some(ended) = open.get_mut(&op.process).and_then(VecDeque::pop_front) else {
                continue;
            };
            under_way -= 1;
            for access in &ended.accesses {
                if let Some(of_key) = accessed.get_mut(&access.key) {
                    of_key.all -= 1;
                    of_key.writes -= u64::from(access.is_write);
                    if of_key.all == 0 {
                        accessed.remove(&access.key);
                    }
                }
            }
            if op.kind != OpKind::Ok {
                continue;
            }
            if ended.accesses.iter().any(|access| !access.is_write) {
                exposure.reads += 1;
                exposure.reads_that_could_be_stale += u64::from(ended.could_be_stale);
            }
            for access in ended.accesses.into_iter().filter(|access| access.is_write) {
                changed.insert(access.key, ended.node);
            }
        }
        exposure.contended_keys = contended.len() as u64;
        exposure.keys_with_rival_writers =
            contended.values().filter(|rivals| **rivals).count() as u64;
        exposure
    }

    /// As results show it.
    pub fn to_value(self) -> Value {
        Value::record([
            ("overlap", Value::from(self.overlap)),
            ("contended-keys", Value::from(self.contended_keys)),
            ("keys-with-rival-writers", Value::from(self.keys_with_rival_writers)),
            ("reads", Value::from(self.reads)),
            ("reads-that-could-be-stale", Value::from(self.reads_that_could_be_stale)),
        ])
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use glomers_history::Time;

    use super::*;

    /// `i0 w`: process 0 begins a write; `o0`: it ends well; `f0`: it fails.
    fn exposure(text: &str) -> Exposure {
        let mut history = History::new();
        let mut last = BTreeMap::new();
        for word in text.split_whitespace() {
            let process: u32 = word[1..2].parse().unwrap();
            let kind = match &word[..1] {
                "i" => OpKind::Invoke,
                "o" => OpKind::Ok,
                _ => OpKind::Fail,
            };
            if kind == OpKind::Invoke {
                last.insert(process, word[2..].to_owned());
            }
            history.push(Op {
                index: 0,
                time: Time::ZERO,
                process: Process::Client(process),
                kind,
                f: Arc::from(last[&process].as_str()),
                value: Value::Null,
                error: None,
                is_final: false,
            });
        }
        let nodes = vec!["n0".to_owned(), "n1".to_owned()];
        let context = Context { nodes, concurrency: 4, ..Context::default() };
        Exposure::of(&history, &context, |op| {
            vec![Access { key: Value::Null, is_write: &*op.f == "w" }]
        })
    }

    #[test]
    fn counts_what_meets_and_what_could_be_stale() {
        let told = exposure("i0w o0 i0r o0 i1r o1");
        assert_eq!((told.overlap, told.contended_keys), (1, 0));
        // The first read is at the node of the write.
        assert_eq!((told.reads, told.reads_that_could_be_stale), (2, 1));
        let told = exposure("i0r i1r o0 o1");
        assert_eq!((told.overlap, told.contended_keys), (2, 0));
        let told = exposure("i0w i1r o1 o0");
        assert_eq!((told.contended_keys, told.keys_with_rival_writers), (1, 0));
        let told = exposure("i0w i1w o1 o0");
        assert_eq!((told.contended_keys, told.keys_with_rival_writers), (1, 1));
        // Not acknowledged, so not to be seen.
        assert_eq!(exposure("i0w f0 i1r o1").reads_that_could_be_stale, 0);
    }
}
