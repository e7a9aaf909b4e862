//! Small histories of transactions.

use glomers_history::{History, Op, OpKind, Process, Time, Value, edn};

/// What a key holds: the elements of a list, or at most one value.
pub(crate) type Held = Vec<u8>;

/// A micro-operation: a write of a value, or a read of what was held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mop {
    Write(usize, u8),
    Read(usize, Held),
}

impl Mop {
    pub(crate) fn key(&self) -> usize {
        match self {
            Mop::Write(key, _) | Mop::Read(key, _) => *key,
        }
    }
}

/// A transaction: it begins and ends at moments, all of them different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Txn {
    pub(crate) process: u32,
    pub(crate) begin: usize,
    pub(crate) end: usize,
    pub(crate) kind: OpKind,
    pub(crate) mops: Vec<Mop>,
}

/// A history, of lists or of registers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Small {
    pub(crate) lists: bool,
    pub(crate) txns: Vec<Txn>,
}

/// How many keys there are at most.
pub(crate) const KEYS: usize = 3;

impl Small {
    /// What a key holds after a write.
    pub(crate) fn write(&self, held: &mut Held, value: u8) {
        if !self.lists {
            held.clear();
        }
        held.push(value);
    }

    /// Whether a transaction reads what it wrote.
    pub(crate) fn reads_own(&self) -> bool {
        self.txns.iter().any(|txn| {
            txn.mops.iter().enumerate().any(|(at, mop)| {
                let is_own = |other: &Mop| matches!(other, Mop::Write(key, _) if *key == mop.key());
                matches!(mop, Mop::Read(..)) && txn.mops[..at].iter().any(is_own)
            })
        })
    }

    pub(crate) fn history(&self) -> History {
        let mut entries: Vec<(usize, Op)> = Vec::new();
        for txn in &self.txns {
            let value = |is_known: bool| {
                Value::list(txn.mops.iter().map(|mop| match mop {
                    Mop::Write(key, value) => {
                        let f = if self.lists { "append" } else { "w" };
                        let value = Value::Int(i64::from(*value));
                        Value::list([Value::keyword(f), Value::Int(*key as i64), value])
                    }
                    Mop::Read(key, held) => {
                        let numbers: Vec<i64> = held.iter().map(|&v| i64::from(v)).collect();
                        let value = match (is_known && !held.is_empty(), self.lists) {
                            (false, _) => Value::Null,
                            (true, true) => Value::integers(&numbers),
                            (true, false) => Value::Int(numbers[0]),
                        };
                        Value::list([Value::keyword("r"), Value::Int(*key as i64), value])
                    }
                }))
            };
            for (at, kind) in [(txn.begin, OpKind::Invoke), (txn.end, txn.kind)] {
                let op = Op {
                    index: 0,
                    time: Time(at as u64 * 1_000_000),
                    process: Process::Client(txn.process),
                    kind,
                    f: "txn".into(),
                    value: value(kind == OpKind::Ok),
                    error: None,
                    is_final: false,
                };
                entries.push((at, op));
            }
        }
        entries.sort_by_key(|(at, _)| *at);
        entries.into_iter().map(|(_, op)| op).collect()
    }

    pub(crate) fn dump(&self) -> String {
        let mut text = String::new();
        for op in self.history().ops() {
            edn::write_op(op, &mut text);
        }
        text
    }
}
