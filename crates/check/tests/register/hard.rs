//! What takes too much: an answer all the same, and it names the budget.

use glomers_check::{Budget, Checker, Context, Method, Register, Validity};
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
    // Sets of several words; and then more than fit.
    for (processes, expected) in
        [(100, Validity::Valid), (900, Validity::Valid), (1100, Validity::Unknown)]
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
        [(100, Validity::Valid), (450, Validity::Valid), (700, Validity::Unknown)]
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
    for _ in 0..17 {
        push(&mut history, 3, OpKind::Ok, "write", Value::Int(5));
    }
    for (process, from, to) in [(1, 5, 6), (0, 1, 1), (2, 4, 0)] {
        push(&mut history, process, OpKind::Ok, "cas", Value::integers(&[from, to]));
    }
    let budget = Budget { steps: 50_000, ..Budget::DEFAULT };
    let spec = Register { method: Method::Search, budget, ..Register::CAS_REGISTER };
    assert_eq!(spec.check(&history, &Context::default()).compat, Validity::Unknown);
}
