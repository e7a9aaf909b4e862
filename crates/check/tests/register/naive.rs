//! Linearizability by its definition: is there an order? An independent second
//! opinion: shares no code with the checker.

use glomers_check::{Refusals, Register, RegisterModel};
use glomers_history::{History, Op, OpKind, Process, Value};

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Does {
    Reads(Value),
    NotHolds(Value),
    Writes(Value),
    Swaps(Value, Value),
    /// Swaps if it can, and else passes.
    Tries(Value, Value),
}

#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) does: Does,
    pub(crate) begin: usize,
    /// `usize::MAX` if it may take effect any time, or never.
    pub(crate) end: usize,
    /// Where it is told of.
    pub(crate) place: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rules {
    Jepsen,
    Strict,
}

fn two(value: &Value) -> Option<(Value, Value)> {
    let list: Vec<Value> = value.as_list()?.iter().collect();
    <[Value; 2]>::try_from(list).ok().map(|[a, b]| (a, b))
}

/// The operations on one key, of a history without nonsense.
pub(crate) fn events(
    spec: &Register,
    history: &History,
    key: Option<&Value>,
    rules: Rules,
) -> Vec<Event> {
    let ops = history.ops();
    let inner = |op: &Op| -> Option<Value> {
        match key {
            None => Some(op.value.clone()),
            Some(key) => two(&op.value).filter(|(k, _)| k == key).map(|(_, value)| value),
        }
    };
    let mut events = Vec::new();
    for (begin, invoke) in ops.iter().enumerate() {
        let Process::Client(_) = invoke.process else { continue };
        if invoke.kind != OpKind::Invoke {
            continue;
        }
        let Some(argument) = inner(invoke) else { continue };
        let next = (begin + 1..ops.len()).find(|&at| ops[at].process == invoke.process);
        let end = next.filter(|&at| ops[at].kind != OpKind::Invoke);
        let kind = end.map_or(OpKind::Info, |at| ops[at].kind);
        let mut event = Event {
            does: Does::Reads(Value::Null),
            begin,
            end: usize::MAX,
            place: end.unwrap_or(begin),
        };
        if let (OpKind::Ok | OpKind::Fail, Some(at)) = (kind, end) {
            event.end = at;
        }
        if kind == OpKind::Fail {
            let error = ops[event.place].error.as_ref();
            let error = error.map_or(Some("nothing"), |error| error.as_str());
            if spec.refusals == Refusals::Ignored || rules == Rules::Jepsen {
                continue;
            }
            event.does = match (&*invoke.f, error) {
                ("read" | "cas", Some("key-does-not-exist")) => Does::Reads(Value::Null),
                ("cas", Some("precondition-failed" | "nothing")) => {
                    let (from, to) = two(&argument).expect("two");
                    if from == Value::Null && error == Some("precondition-failed") {
                        continue;
                    }
                    match spec.refusals {
                        Refusals::Judged if from != to => Does::Tries(from, to),
                        _ => Does::NotHolds(from),
                    }
                }
                _ => continue,
            };
            events.push(event);
            continue;
        }
        event.does = match &*invoke.f {
            "read" => {
                if kind != OpKind::Ok {
                    continue;
                }
                let value = inner(&ops[event.place]).expect("the same key");
                if value == Value::Null && rules == Rules::Jepsen {
                    continue;
                }
                Does::Reads(value)
            }
            "write" => Does::Writes(argument),
            "cas" => {
                assert_eq!(spec.model, RegisterModel::CasRegister);
                let (from, to) = two(&argument).expect("two");
                Does::Swaps(from, to)
            }
            other => panic!("{other}"),
        };
        events.push(event);
    }
    events
}

/// Whether there is an order: tries them all.
pub(crate) fn linearizable(events: &[Event]) -> bool {
    fn rest(events: &[Event], done: &mut Vec<bool>, value: &Value) -> bool {
        let left = |at: usize, done: &[bool]| !done[at] && events[at].end != usize::MAX;
        let first_end = (0..events.len()).filter(|&at| left(at, done)).map(|at| events[at].end);
        let Some(first_end) = first_end.min() else {
            return true;
        };
        for at in 0..events.len() {
            if done[at] || events[at].begin > first_end {
                continue;
            }
            let next = match &events[at].does {
                Does::Reads(wanted) if wanted == value => value.clone(),
                Does::NotHolds(other) if other != value => value.clone(),
                Does::Writes(new) => new.clone(),
                Does::Swaps(from, to) if from == value => to.clone(),
                Does::Tries(from, to) if from == value => to.clone(),
                Does::Tries(..) => value.clone(),
                _ => continue,
            };
            done[at] = true;
            let found = rest(events, done, &next);
            done[at] = false;
            if found {
                return true;
            }
        }
        false
    }
    rest(events, &mut vec![false; events.len()], &Value::Null)
}

/// What happened before an entry of the history.
pub(crate) fn before(events: &[Event], place: usize) -> Vec<Event> {
    let begun = events.iter().filter(|event| event.begin < place).cloned();
    let open = begun.map(|event| Event {
        end: if event.end < place { event.end } else { usize::MAX },
        ..event
    });
    // What was read is not known before the end.
    open.filter(|event| {
        event.end != usize::MAX || !matches!(event.does, Does::Reads(_) | Does::NotHolds(_))
    })
    .collect()
}
