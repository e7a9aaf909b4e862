//! Operations become a history; those without a number get one.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Fault;
use super::order::Order;
use crate::{History, Op, OpKind, Process, Time, Value};

/// The name of operations that have none: only histories of transactions omit
/// it, where all have the same.
const NAMELESS: &str = "txn";

/// Who did an operation, as it was written.
#[derive(Debug, Default)]
pub(super) enum Who {
    #[default]
    Nobody,
    Client(u32),
    Nemesis,
    Named(Value),
}

/// An operation as it was written.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) kind: OpKind,
    pub(super) f: Option<Arc<str>>,
    pub(super) process: Who,
    pub(super) time: Time,
    pub(super) value: Value,
    pub(super) error: Option<Value>,
    pub(super) is_final: bool,
    pub(super) rebalanced: Vec<Value>,
    /// Its number, if it says one.
    pub(super) index: Option<i64>,
    /// Where it begins in the text.
    pub(super) at: usize,
}

impl Default for Draft {
    fn default() -> Draft {
        Draft {
            kind: OpKind::Invoke,
            f: None,
            process: Who::Nobody,
            time: Time::ZERO,
            value: Value::Null,
            error: None,
            is_final: false,
            rebalanced: Vec::new(),
            index: None,
            at: 0,
        }
    }
}

#[derive(Default)]
pub(super) struct Builder<'a> {
    /// Who looks for contradictions, if anybody does.
    pub(super) order: Option<Order<'a>>,
    history: History,
    highest: Option<u32>,
    /// The operations that need a number, and their names if they have any.
    open: Vec<(usize, Option<Value>)>,
    nameless: Option<Arc<str>>,
}

impl Builder<'_> {
    pub(super) fn push(&mut self, draft: Draft) -> Result<(), Fault> {
        if let Some(order) = &mut self.order {
            order.check(&draft)?;
        }
        let process = match draft.process {
            Who::Client(number) => {
                self.highest = self.highest.max(Some(number));
                Process::Client(number)
            }
            Who::Nemesis => Process::Nemesis,
            Who::Nobody => self.later(None),
            Who::Named(name) => self.later(Some(name)),
        };
        let f = match draft.f {
            Some(f) => f,
            None => self.nameless.get_or_insert_with(|| Arc::from(NAMELESS)).clone(),
        };
        self.history.push(Op {
            index: 0,
            time: draft.time,
            process,
            kind: draft.kind,
            f,
            value: draft.value,
            error: draft.error,
            is_final: draft.is_final,
        });
        if !draft.rebalanced.is_empty() {
            self.history.note_rebalanced(draft.rebalanced);
        }
        Ok(())
    }

    /// The operations so far.
    pub(super) fn ops(&self) -> &[Op] {
        self.history.ops()
    }

    /// The number comes when all are known that are taken.
    fn later(&mut self, name: Option<Value>) -> Process {
        self.open.push((self.history.len(), name));
        Process::Client(0)
    }

    pub(super) fn finish(self) -> History {
        if self.open.is_empty() {
            return self.history;
        }
        let mut history = self.history;
        let ops = history.ops_mut();
        let mut numbers = Numbers { next: self.highest.map_or(0, |n| n.wrapping_add(1)) };
        let mut named: BTreeMap<Value, u32> = BTreeMap::new();
        // Begun and not ended: where, and by which number.
        let mut begun: BTreeMap<Arc<str>, Vec<(usize, u32)>> = BTreeMap::new();
        for (at, name) in self.open {
            let op = &ops[at];
            let number = if let Some(name) = name {
                *named.entry(name).or_insert_with(|| numbers.fresh())
            } else if op.kind == OpKind::Invoke {
                let number = numbers.fresh();
                begun.entry(op.f.clone()).or_default().push((at, number));
                number
            } else {
                let candidates = begun.get_mut(&op.f).filter(|list| !list.is_empty());
                candidates.map_or_else(
                    || numbers.fresh(),
                    |list| {
                        let same = list.iter().position(|(at, _)| ops[*at].value == op.value);
                        list.remove(same.unwrap_or(0)).1
                    },
                )
            };
            ops[at].process = Process::Client(number);
        }
        history
    }
}

struct Numbers {
    next: u32,
}

impl Numbers {
    fn fresh(&mut self) -> u32 {
        let number = self.next;
        self.next = number.wrapping_add(1);
        number
    }
}
