//! Large histories of transactions that a store made: one after the other, each
//! between its beginning and its end.

use std::collections::VecDeque;
use std::sync::Arc;

use glomers_history::{History, Op, OpKind, Process, Time, Value};

use glomers_protocol::GrowingList;

use super::random::Random;

/// What a history looks like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// Lists or registers.
    pub(crate) lists: bool,
    /// How many transactions.
    pub(crate) txns: usize,
    /// How many micro-operations each has: from and to.
    pub(crate) length: (u64, u64),
    /// How many keys there are at once; each is replaced after so many writes.
    pub(crate) keys: usize,
    pub(crate) writes: u32,
    /// Whether the first keys are used more than others: the k-th as 1 to k.
    pub(crate) zipf: bool,
    /// How many sessions.
    pub(crate) sessions: usize,
    /// By how many versions a read may be behind.
    pub(crate) behind: u64,
    /// Of how many values each that is written is one; 0 if all are new.
    pub(crate) values: u32,
}

impl Shape {
    /// Transactions of 1 to 4 micro-operations on 10,000 keys.
    pub(crate) fn usual(lists: bool, txns: usize) -> Shape {
        Shape {
            lists,
            txns,
            length: (1, 4),
            keys: 10_000,
            writes: 128,
            zipf: false,
            sessions: 20,
            behind: 0,
            values: 0,
        }
    }
}

/// The value of one key.
#[derive(Default)]
struct Slot {
    key: i64,
    writes: u32,
    list: GrowingList,
    /// The last values, the newest at the end.
    last: VecDeque<Value>,
}

/// A session: nothing, a transaction that has begun, or one that has taken effect.
enum Session {
    Idle,
    Begun(Vec<(bool, usize)>),
    Done(Value),
}

pub(crate) struct Simulation {
    shape: Shape,
    random: Random,
    slots: Vec<Slot>,
    next_key: i64,
    /// Sums of weights, if slots have several.
    weights: Vec<u64>,
    names: [Value; 2],
    f: Arc<str>,
    pub(crate) history: History,
}

pub(crate) fn simulate(seed: u64, shape: Shape) -> History {
    let mut simulation = Simulation::new(seed, shape);
    simulation.run(shape.txns);
    simulation.history
}

impl Simulation {
    pub(crate) fn new(seed: u64, shape: Shape) -> Simulation {
        let slots = (0..shape.keys).map(|key| Slot { key: key as i64, ..Slot::default() });
        let mut sum = 0;
        let weights = (1..=shape.keys as u64).map(|rank| {
            sum += (1 << 32) / rank;
            sum
        });
        Simulation {
            shape,
            random: Random(seed),
            slots: slots.collect(),
            next_key: shape.keys as i64,
            weights: if shape.zipf { weights.collect() } else { Vec::new() },
            names: [Value::keyword("r"), Value::keyword(if shape.lists { "append" } else { "w" })],
            f: "txn".into(),
            history: History::new(),
        }
    }

    /// Goes on for so many transactions.
    pub(crate) fn run(&mut self, txns: usize) {
        let mut sessions: Vec<Session> = (0..self.shape.sessions).map(|_| Session::Idle).collect();
        let (mut begun, mut ended) = (0, 0);
        while ended < txns {
            let at = self.random.below(sessions.len() as u64) as usize;
            let state = std::mem::replace(&mut sessions[at], Session::Idle);
            sessions[at] = match state {
                Session::Idle if begun == txns => Session::Idle,
                Session::Idle => {
                    begun += 1;
                    let plan = self.plan();
                    self.push(at, OpKind::Invoke, self.asked(&plan));
                    Session::Begun(plan)
                }
                Session::Begun(plan) => Session::Done(self.execute(&plan)),
                Session::Done(value) => {
                    ended += 1;
                    self.push(at, OpKind::Ok, value);
                    Session::Idle
                }
            };
        }
    }

    pub(crate) fn push(&mut self, process: usize, kind: OpKind, value: Value) {
        let time = self.history.len() as u64 * 10_000;
        self.history.push(Op {
            index: 0,
            time: Time(time),
            process: Process::Client(process as u32),
            kind,
            f: self.f.clone(),
            value,
            error: None,
            is_final: false,
        });
    }

    fn plan(&mut self) -> Vec<(bool, usize)> {
        let (from, to) = self.shape.length;
        let length = from + self.random.below(to - from + 1);
        (0..length).map(|_| (self.random.one_in(2), self.slot())).collect()
    }

    fn slot(&mut self) -> usize {
        match self.weights.last() {
            None => self.random.below(self.slots.len() as u64) as usize,
            Some(&sum) => {
                let drawn = self.random.below(sum);
                self.weights.partition_point(|&weight| weight <= drawn)
            }
        }
    }

    /// A transaction as its invocation has it: what it will read and write is only
    /// known when it takes effect, so keys and values here are those of then, if no
    /// other comes between.
    fn asked(&self, plan: &[(bool, usize)]) -> Value {
        Value::list(plan.iter().map(|&(is_write, slot)| {
            let slot = &self.slots[slot];
            let value = if is_write { Value::Int(i64::from(slot.writes) + 1) } else { Value::Null };
            Value::list([self.names[usize::from(is_write)].clone(), Value::Int(slot.key), value])
        }))
    }

    fn execute(&mut self, plan: &[(bool, usize)]) -> Value {
        let mut parts = Vec::with_capacity(plan.len());
        let mut written: Vec<usize> = Vec::new();
        for &(is_write, at) in plan {
            let behind = if self.shape.behind == 0 || written.contains(&at) {
                0
            } else {
                self.random.below(self.shape.behind + 1) as usize
            };
            let slot = &mut self.slots[at];
            let value = if is_write {
                slot.writes += 1;
                written.push(at);
                let value = match self.shape.values {
                    0 => slot.writes,
                    values => slot.writes % values,
                };
                let value = Value::Int(i64::from(value));
                if self.shape.lists {
                    slot.list.push(value.clone());
                } else {
                    slot.last.push_back(value.clone());
                    if slot.last.len() > 1 + self.shape.behind as usize {
                        slot.last.pop_front();
                    }
                }
                value
            } else if self.shape.lists {
                let list = slot.list.to_list();
                let length = list.len().saturating_sub(behind);
                match (length, behind) {
                    (0, _) => Value::Null,
                    (_, 0) => Value::List(list),
                    _ => Value::list(list.iter().take(length)),
                }
            } else {
                let place = slot.last.len().checked_sub(1 + behind);
                place.and_then(|place| slot.last.get(place).cloned()).unwrap_or(Value::Null)
            };
            let name = self.names[usize::from(is_write)].clone();
            parts.push(Value::list([name, Value::Int(slot.key), value]));
        }
        for at in written {
            if self.slots[at].writes >= self.shape.writes {
                self.slots[at] = Slot { key: self.next_key, ..Slot::default() };
                self.next_key += 1;
            }
        }
        Value::list(parts)
    }

    /// An extra transaction, told as a whole: micro-operations as a list of write or
    /// read, key and value.
    pub(crate) fn extra(&mut self, process: usize, parts: &[(bool, &str, Value)]) {
        let value = |is_known: bool| {
            Value::list(parts.iter().map(|(is_write, key, value)| {
                let value = if is_known || *is_write { value.clone() } else { Value::Null };
                let name = self.names[usize::from(*is_write)].clone();
                Value::list([name, Value::string(key), value])
            }))
        };
        let (asked, got) = (value(false), value(true));
        self.push(process, OpKind::Invoke, asked);
        self.push(process, OpKind::Ok, got);
    }
}
