//! Operations: what clients and the nemesis did.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::{Time, Value};

/// Who did an operation: a client process, or the nemesis, which makes faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Process {
    /// A client process. After an indeterminate operation a worker goes on as a
    /// new process, its number higher by the concurrency.
    Client(u32),
    /// The process that makes faults.
    Nemesis,
}

impl Process {
    /// Whether it is a client.
    pub fn is_client(self) -> bool {
        matches!(self, Process::Client(_))
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Process::Client(number) => write!(f, "{number}"),
            Process::Nemesis => f.write_str("nemesis"),
        }
    }
}

/// Where an operation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OpKind {
    /// It begins.
    Invoke,
    /// It happened.
    Ok,
    /// It did not happen and never will.
    Fail,
    /// Nobody knows whether it happened, or will.
    Info,
}

impl OpKind {
    /// `invoke`, `ok`, `fail` or `info`.
    pub fn name(self) -> &'static str {
        match self {
            OpKind::Invoke => "invoke",
            OpKind::Ok => "ok",
            OpKind::Fail => "fail",
            OpKind::Info => "info",
        }
    }
}

/// One entry of a history: the beginning or the end of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Op {
    /// Its place in the history.
    pub index: u64,
    /// When, counted from when all nodes were initialised.
    pub time: Time,
    /// Who.
    pub process: Process,
    /// Beginning, or which kind of end.
    pub kind: OpKind,
    /// The operation's name: `read`, `broadcast`, `start-partition`.
    pub f: Arc<str>,
    /// Its argument or result.
    pub value: Value,
    /// Why it failed or is indeterminate; of one that happened, what in the answer
    /// cannot be.
    pub error: Option<Value>,
    /// Whether it is one of the last reads, made after the cluster had time to
    /// recover.
    pub is_final: bool,
}

/// What happened, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    ops: Vec<Op>,
    /// By index. Few operations have any.
    rebalanced: BTreeMap<u64, Box<[Value]>>,
}

impl History {
    /// A history without operations.
    pub fn new() -> History {
        History::default()
    }

    /// Appends an entry; its index is set to its place.
    pub fn push(&mut self, mut op: Op) -> &Op {
        op.index = self.ops.len() as u64;
        self.ops.push(op);
        self.ops.last().expect("just pushed")
    }

    /// All entries.
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// All entries, for who gives them what they lack.
    pub(crate) fn ops_mut(&mut self) -> &mut [Op] {
        &mut self.ops
    }

    /// Notes that keys changed hands between consumers during the entry appended last.
    pub fn note_rebalanced(&mut self, keys: impl IntoIterator<Item = Value>) {
        if let Some(op) = self.ops.last() {
            self.rebalanced.insert(op.index, keys.into_iter().collect());
        }
    }

    /// The keys that changed hands between consumers during this entry: the
    /// `:rebalance-log` of Jepsen's kafka workload.
    pub fn rebalanced(&self, index: u64) -> &[Value] {
        self.rebalanced.get(&index).map_or(&[], |keys| keys)
    }

    /// How many entries.
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// For each entry the place of the other end of its operation: of an
    /// `invoke` its completion, if any, and the other way round. Entries of the
    /// nemesis have none.
    pub fn pairs(&self) -> Vec<Option<usize>> {
        let mut open: BTreeMap<u32, usize> = BTreeMap::new();
        let mut pairs = vec![None; self.ops.len()];
        for (at, op) in self.ops.iter().enumerate() {
            let Process::Client(process) = op.process else {
                continue;
            };
            if op.kind == OpKind::Invoke {
                open.insert(process, at);
            } else if let Some(invoke) = open.remove(&process) {
                pairs[invoke] = Some(at);
                pairs[at] = Some(invoke);
            }
        }
        pairs
    }
}

impl FromIterator<Op> for History {
    fn from_iter<I: IntoIterator<Item = Op>>(ops: I) -> History {
        let mut history = History::new();
        for op in ops {
            history.push(op);
        }
        history
    }
}
