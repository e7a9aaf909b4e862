//! Entries of histories.

use glomers_history::{Op, OpKind, Process, Time, Value};

/// An entry without an error; `time` in ns.
pub(crate) fn op(
    time: u64,
    process: u32,
    kind: OpKind,
    f: &str,
    value: Value,
    is_final: bool,
) -> Op {
    Op {
        index: 0,
        time: Time(time),
        process: Process::Client(process),
        kind,
        f: f.into(),
        value,
        error: None,
        is_final,
    }
}
