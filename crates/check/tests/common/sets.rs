//! Random histories of sets, the same of the same seed.

use glomers_history::{History, Op, OpKind, Process, Value};

use crate::entry::op;
use crate::random::Random;

/// Up to eight operations of three processes on the values 0 to 3, ending in any
/// way, some read twice, some never; times mostly ascend. In some of them nodes are
/// killed.
pub(crate) fn set_history(random: &mut Random) -> History {
    let mut history = History::new();
    let mut open: Vec<Option<Op>> = vec![None; 3];
    let (chaos, kills) = (random.one_in(4), random.one_in(4));
    let steps = 2 + random.below(15);
    let mut time = 0;
    for step in 0..steps {
        time += random.below(3_000_000);
        let now = if chaos { random.below(20_000_000) } else { time };
        if kills && random.one_in(5) {
            let name = Value::string(format!("n{}", random.below(3)));
            history.push(kill(now, Value::list([name.clone()])));
            history.push(kill(now, Value::map([(name, Value::keyword("killed"))])));
        }
        let process = random.below(3) as u32;
        let begun = open[process as usize].take();
        let begun = match begun {
            // Begins twice.
            Some(_) if chaos && random.one_in(5) => None,
            // Ends without having begun.
            None if chaos && random.one_in(5) => Some(random_invoke(random, now, process, false)),
            begun => begun,
        };
        let Some(begun) = begun else {
            let is_final = step > steps / 2 && random.one_in(2);
            let invoke = random_invoke(random, now, process, is_final);
            open[process as usize] = Some(invoke.clone());
            history.push(invoke);
            continue;
        };
        let kind = match random.below(8) {
            0 => OpKind::Fail,
            1 => OpKind::Info,
            _ => OpKind::Ok,
        };
        let value = match (&*begun.f, kind) {
            ("read", OpKind::Ok) => random_read(random, chaos),
            _ => begun.value.clone(),
        };
        history.push(op(now, process, kind, &begun.f, value, begun.is_final));
    }
    history
}

fn kill(time: u64, value: Value) -> Op {
    Op { process: Process::Nemesis, ..op(time, 0, OpKind::Info, "kill", value, false) }
}

fn random_invoke(random: &mut Random, time: u64, process: u32, is_final: bool) -> Op {
    if random.one_in(2) && !is_final {
        let value = Value::Int(random.below(4) as i64);
        op(time, process, OpKind::Invoke, "broadcast", value, false)
    } else {
        op(time, process, OpKind::Invoke, "read", Value::Null, is_final)
    }
}

fn random_read(random: &mut Random, chaos: bool) -> Value {
    if chaos && random.one_in(12) {
        return match random.below(3) {
            0 => Value::Null,
            1 => Value::Int(7),
            _ => Value::set([Value::Int(1), Value::Int(2)]),
        };
    }
    let bits = random.next();
    let mut elements: Vec<i64> = (0..4).filter(|i| bits >> i & 1 == 1).collect();
    if random.one_in(6) {
        elements.push(random.below(4) as i64);
    }
    if chaos && random.one_in(6) {
        elements.push(-5);
    }
    Value::integers(&elements)
}
