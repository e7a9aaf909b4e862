//! What takes too much: an answer all the same, and it names the budget.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use glomers_check::{Budget, Checker, Context, Method, Register, Stop, Validity};
use glomers_history::{History, Op, OpKind, Process, Time, Value};

use crate::simulate::{Shape, simulate};

fn shape(infos: u32) -> Shape {
    Shape { operations: 300, keys: 0, processes: 20, values: 5, mix: (3, 1), infos, info_in: 4 }
}

fn push(history: &mut History, process: u32, kind: OpKind, f: &str, value: Value) {
    history.push(Op {
        index: 0,
        time: Time(0),
        process: Process::Client(process),
        kind,
        f: f.into(),
        value,
        error: None,
        is_final: false,
    });
}

#[test]
fn a_small_budget_never_makes_a_verdict_wrong() {
    let mut unknown = 0;
    for seed in 0..60 {
        let history = simulate(seed, shape(20));
        for method in [Method::Auto, Method::Frontier, Method::Search] {
            let budget = Budget { steps: 3_000, memory: 64 << 10 };
            let spec = Register { method, budget, ..Register::CAS_REGISTER };
            let result = spec.check(&history, &Context::default());
            assert_ne!(result.compat, Validity::Invalid);
            assert_ne!(result.strict, Validity::Invalid);
            if result.strict == Validity::Unknown {
                unknown += 1;
                let note = result.notes.first().expect("a reason");
                assert!(note.contains("the search took more than"), "{note}");
            }
        }
    }
    assert!(unknown > 10, "{unknown}");
}

#[test]
fn many_operations_at_once_and_many_kinds_of_indeterminate_ones() {
    // Sets of several words; and then more than fit, which the plain search takes.
    for (processes, expected) in
        [(100, Validity::Valid), (900, Validity::Valid), (1100, Validity::Valid)]
    {
        let mut history = History::new();
        for process in 0..processes {
            let value = Value::Int(i64::from(process % 7));
            push(&mut history, process, OpKind::Invoke, "write", value);
        }
        for process in 0..processes {
            let value = Value::Int(i64::from(process % 7));
            push(&mut history, process, OpKind::Ok, "write", value);
        }
        push(&mut history, 0, OpKind::Invoke, "read", Value::Null);
        push(&mut history, 0, OpKind::Ok, "read", Value::Int(3));
        let result = Register::CAS_REGISTER.check(&history, &Context::default());
        assert_eq!(result.compat, expected, "{processes} {:?}", result.notes);
    }
    for (kinds, expected) in
        [(100, Validity::Valid), (450, Validity::Valid), (700, Validity::Valid)]
    {
        let mut history = History::new();
        for kind in 0..kinds {
            let value = Value::integers(&[kind, kind + 1]);
            push(&mut history, kind as u32, OpKind::Invoke, "cas", value.clone());
            push(&mut history, kind as u32, OpKind::Info, "cas", value);
        }
        push(&mut history, 9_999, OpKind::Invoke, "write", Value::Int(0));
        push(&mut history, 9_999, OpKind::Ok, "write", Value::Int(0));
        push(&mut history, 9_999, OpKind::Invoke, "read", Value::Null);
        push(&mut history, 9_999, OpKind::Ok, "read", Value::Int(kinds));
        let result = Register::CAS_REGISTER.check(&history, &Context::default());
        assert_eq!(result.compat, expected, "{kinds} {:?}", result.notes);
    }
}

/// Found by fuzzing: ways that had been tried before cost nothing, so that the
/// search went on for minutes on a budget of milliseconds.
#[test]
fn what_was_tried_before_is_paid_for_too() {
    let mut history = History::new();
    // Without a beginning of their own they may all have begun first.
    for value in 5..22 {
        push(&mut history, 3, OpKind::Ok, "write", Value::Int(value));
    }
    for (process, from, to) in [(1, 5, 30), (0, 30, 31), (2, 30, 32)] {
        push(&mut history, process, OpKind::Ok, "cas", Value::integers(&[from, to]));
    }
    let budget = Budget { steps: 50_000, ..Budget::DEFAULT };
    let spec = Register { method: Method::Search, budget, ..Register::CAS_REGISTER };
    assert_eq!(spec.check(&history, &Context::default()).compat, Validity::Unknown);
}

#[test]
fn a_search_that_nobody_waits_for_is_given_up() {
    let mut history = History::new();
    for value in 5..22 {
        push(&mut history, 3, OpKind::Ok, "write", Value::Int(value));
    }
    for (process, from, to) in [(1, 5, 30), (0, 30, 31), (2, 30, 32)] {
        push(&mut history, process, OpKind::Ok, "cas", Value::integers(&[from, to]));
    }
    for method in [Method::Search, Method::Frontier, Method::Plain, Method::Auto] {
        let spec = Register { method, budget: Budget::millions(10_000), ..Register::CAS_REGISTER };
        let asked = Arc::new(AtomicU32::new(0));
        let count = asked.clone();
        let stop = Stop::when(move || count.fetch_add(1, Ordering::Relaxed) > 0);
        let context = Context { stop: stop.clone(), ..Context::default() };
        let result = spec.check(&history, &context);
        if !stop.has_stopped() {
            // It was done before.
            assert_eq!(result.strict, Validity::Invalid, "{method:?}");
            continue;
        }
        assert_eq!((result.compat, result.strict), (Validity::Unknown, Validity::Unknown));
        assert!(result.notes[0].contains("the search was stopped"), "{:?}", result.notes);
        assert!(asked.load(Ordering::Relaxed) > 1);
    }
}

/// Open operations of many kinds, more than the search can follow.
fn open(kinds: i64) -> History {
    let mut history = History::new();
    for kind in 0..kinds {
        let value = Value::integers(&[kind % 40, kind / 40]);
        push(&mut history, kind as u32, OpKind::Invoke, "cas", value.clone());
        push(&mut history, kind as u32, OpKind::Info, "cas", value);
    }
    for round in 0..40 {
        push(&mut history, 9_999, OpKind::Invoke, "write", Value::Int(round));
        push(&mut history, 9_999, OpKind::Ok, "write", Value::Int(round));
    }
    history
}

#[test]
fn a_value_out_of_nothing_is_found_where_the_search_has_to_stop() {
    let budget = Budget { steps: 2_000, ..Budget::DEFAULT };
    let spec = Register { budget, ..Register::CAS_REGISTER };
    let judge = |ends: &[(OpKind, &str, Value)]| {
        let mut history = open(700);
        for (kind, f, value) in ends {
            push(&mut history, 10_000, *kind, f, value.clone());
        }
        spec.check(&history, &Context::default())
    };
    let read = |value| [(OpKind::Invoke, "read", Value::Null), (OpKind::Ok, "read", value)];
    let later = [(OpKind::Invoke, "write", Value::Int(77)), (OpKind::Ok, "write", Value::Int(77))];
    let refused = |ends: &[(OpKind, &str, Value)]| {
        let result = judge(ends);
        assert_eq!((result.compat, result.strict), (Validity::Invalid, Validity::Invalid));
        let text = result.findings[0].to_string();
        assert!(text.contains("nothing that had begun by then"), "{text}");
    };
    refused(&read(Value::Int(77)));
    refused(&[read(Value::Int(77)), later.clone()].concat());
    let cas = Value::integers(&[77, 1]);
    refused(&[(OpKind::Invoke, "cas", cas.clone()), (OpKind::Ok, "cas", cas)]);
    // A change to it from a value that is out of nothing, too, makes it no better.
    let cas = Value::integers(&[78, 77]);
    let open = [(OpKind::Invoke, "cas", cas.clone()), (OpKind::Info, "cas", cas)];
    assert_eq!(
        judge(&[open.to_vec(), read(Value::Int(77)).to_vec()].concat()).compat,
        Validity::Invalid
    );
    // What may be there is no more wrong than before.
    assert_ne!(judge(&read(Value::Int(3))).compat, Validity::Invalid);
    assert_ne!(judge(&[later, read(Value::Int(77))].concat()).compat, Validity::Invalid);
}
