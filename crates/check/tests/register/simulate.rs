//! Histories of registers that are atomic: an operation takes effect at a random
//! moment between its beginning and its end, an indeterminate one perhaps later,
//! perhaps never.

use std::sync::Arc;

use glomers_history::{History, Op, OpKind, Process, Time, Value};

use crate::random::Random;

/// What to simulate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// How many operations in all.
    pub(crate) operations: usize,
    /// How many keys; 0 for a register without key.
    pub(crate) keys: u32,
    /// How many processes on each key.
    pub(crate) processes: u32,
    /// How many values; 0 for one of its own for each write.
    pub(crate) values: u64,
    /// Of six operations how many read and how many write; the others are `cas`.
    pub(crate) mix: (u64, u64),
    /// How many indeterminate operations on a key at most.
    pub(crate) infos: u32,
    /// One operation in how many is indeterminate, until then.
    pub(crate) info_in: u64,
}

#[derive(Clone)]
enum State {
    Idle,
    Begun(u64, Value),
    Done(OpKind, u64, Value, Option<&'static str>),
}

struct Worker {
    process: u32,
    key: u32,
    state: State,
}

const READ: u64 = 0;
const WRITE: u64 = 1;
const CAS: u64 = 2;

struct Simulation {
    random: Random,
    shape: Shape,
    names: [Arc<str>; 3],
    registers: Vec<Value>,
    infos: Vec<u32>,
    fresh: i64,
    /// Indeterminate operations that may still take effect.
    late: Vec<(u32, u64, Value)>,
    history: History,
}

pub(crate) fn simulate(seed: u64, shape: Shape) -> History {
    let keys = shape.keys.max(1) as usize;
    let mut simulation = Simulation {
        random: Random(seed),
        shape,
        names: ["read".into(), "write".into(), "cas".into()],
        registers: vec![Value::Null; keys],
        infos: vec![0; keys],
        fresh: 0,
        late: Vec::new(),
        history: History::new(),
    };
    simulation.run();
    simulation.history
}

impl Simulation {
    fn run(&mut self) {
        let workers = self.shape.processes * self.shape.keys.max(1);
        let mut all: Vec<Worker> = (0..workers)
            .map(|process| Worker {
                process,
                key: process / self.shape.processes,
                state: State::Idle,
            })
            .collect();
        let mut begun = 0;
        let mut open = 0;
        while begun < self.shape.operations || open > 0 {
            let at = self.random.below(u64::from(workers)) as usize;
            let worker = &mut all[at];
            let key = worker.key;
            if !self.late.is_empty() && self.random.one_in(8) {
                let place = self.random.below(self.late.len() as u64) as usize;
                let (key, f, value) = self.late.swap_remove(place);
                self.apply(key, f, &value);
            }
            worker.state = match worker.state.clone() {
                State::Idle => {
                    if begun == self.shape.operations {
                        continue;
                    }
                    begun += 1;
                    open += 1;
                    let (f, value) = self.draw();
                    self.push(worker.process, key, OpKind::Invoke, f, value.clone(), None);
                    State::Begun(f, value)
                }
                State::Begun(f, value) => self.go_on(key, f, value),
                State::Done(kind, f, value, error) => {
                    self.push(worker.process, key, kind, f, value, error);
                    if kind == OpKind::Info {
                        worker.process += workers;
                    }
                    open -= 1;
                    State::Idle
                }
            };
        }
    }

    /// An operation takes effect, or nobody will know whether it does.
    fn go_on(&mut self, key: u32, f: u64, value: Value) -> State {
        let may = self.infos[key as usize] < self.shape.infos && f != READ;
        if !may || !self.random.one_in(self.shape.info_in) {
            let (result, error) = self.apply(key, f, &value);
            let kind = if error.is_some() { OpKind::Fail } else { OpKind::Ok };
            return State::Done(kind, f, result, error);
        }
        self.infos[key as usize] += 1;
        if !self.random.one_in(3) {
            self.late.push((key, f, value.clone()));
        }
        State::Done(OpKind::Info, f, value, None)
    }

    fn value(&mut self) -> Value {
        if self.shape.values == 0 {
            self.fresh += 1;
            return Value::Int(self.fresh);
        }
        Value::Int(self.random.below(self.shape.values) as i64)
    }

    fn draw(&mut self) -> (u64, Value) {
        let (reads, writes) = self.shape.mix;
        let drawn = self.random.below(6);
        if drawn < reads {
            (READ, Value::Null)
        } else if drawn < reads + writes {
            (WRITE, self.value())
        } else {
            (CAS, Value::list([self.value(), self.value()]))
        }
    }

    /// Lets an operation take effect: its result, and why it failed if it did.
    fn apply(&mut self, key: u32, f: u64, value: &Value) -> (Value, Option<&'static str>) {
        let register = &mut self.registers[key as usize];
        match f {
            READ => return (register.clone(), None),
            WRITE => *register = value.clone(),
            _ => {
                let list = value.as_list().expect("a list");
                if *register == Value::Null {
                    return (value.clone(), Some("key-does-not-exist"));
                }
                if list.get(0).as_ref() != Some(register) {
                    return (value.clone(), Some("precondition-failed"));
                }
                *register = list.get(1).expect("two");
            }
        }
        (value.clone(), None)
    }

    fn push(
        &mut self,
        process: u32,
        key: u32,
        kind: OpKind,
        f: u64,
        value: Value,
        error: Option<&str>,
    ) {
        let value = if self.shape.keys > 0 {
            Value::list([Value::Int(i64::from(key)), value])
        } else {
            value
        };
        self.history.push(Op {
            index: 0,
            time: Time(self.history.len() as u64 * 1_000_000),
            process: Process::Client(process),
            kind,
            f: self.names[f as usize].clone(),
            value,
            error: error.map(Value::keyword),
            is_final: false,
        });
    }
}
