//! Sets that only grow: what was added must be read, ever after.

mod cut;
mod explain;
mod findings;
mod killed;
mod marks;
mod outcome;
mod scan;
mod sweep;
mod went_back;

use glomers_history::{History, Value};

use crate::intern::NONE;
use crate::{CheckResult, Checker, Context, Validity};
use outcome::Outcomes;
use scan::Scan;

/// Judges sets that only grow: broadcast and g-set.
///
/// Compatible with Jepsen's `set-full` (not `linearizable?`): an element is
/// *lost* when a read that began after it was known lacks it and no read that
/// began later has it. Strictly also: elements that a read holds twice, that
/// nobody had added, whose adds had failed, that some final read lacks, and (where
/// that is asked) that a read lacks although an earlier one at the same node held
/// them. Time is linear in what changed between the reads of each worker, and in the
/// pieces that lists are stored in; at worst it is linear in what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetFull {
    /// The name of the operation that adds its value: `broadcast` or `add`.
    pub add: &'static str,
    /// The name of the operation whose value is the list of all elements.
    pub read: &'static str,
    /// Whether a node may not take back what it has shown: a read that lacks what
    /// an earlier one at the same node held is a finding then, else a note.
    pub monotonic_reads: bool,
}

impl SetFull {
    /// Of the broadcast workload.
    pub const BROADCAST: SetFull =
        SetFull { add: "broadcast", read: "read", monotonic_reads: true };
    /// Of the g-set workload.
    pub const G_SET: SetFull = SetFull { add: "add", read: "read", monotonic_reads: false };
}

impl Checker for SetFull {
    fn check(&self, history: &History, context: &Context) -> CheckResult {
        let mut scan = Scan::new(history, self);
        let outcomes = Outcomes::new(history, &scan);
        // Where Jepsen's checker throws, its verdict is unknown.
        let throws =
            scan.malformed.iter().any(|&at| history.ops()[at as usize].value != Value::Null);
        let compat = if throws { Validity::Unknown } else { outcomes.validity() };
        // What was on its way when the run was cut short is not lost for that.
        let is_open = context.is_cut_short && scan.first_final == NONE && outcomes.lost().len() > 0;
        let mut result = CheckResult {
            compat,
            fields: outcomes.fields(history, self),
            measured: outcomes.measured(),
            ..CheckResult::default()
        };
        if is_open {
            findings::report_but_lost(self, history, context, &mut scan, &mut result);
        } else {
            findings::report(self, history, context, &mut scan, &outcomes, &mut result);
        }
        went_back::report(self, history, context, &mut scan, &mut result);
        marks::report(context, &mut result);
        killed::report(history, context, &mut result);
        cut::report(self, history, context, &mut scan, &mut result);
        result.strict = match (result.findings.is_empty(), is_open) {
            (false, _) => Validity::Invalid,
            (true, true) => Validity::Unknown,
            (true, false) => compat,
        };
        if is_open {
            result.notes.push(explain::open(outcomes.lost().len()));
        } else if result.strict == Validity::Unknown {
            result.notes.push(explain::unknown(self, history, &scan));
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use glomers_history::{Op, OpKind, Process, Time};

    use super::*;

    #[test]
    fn what_may_be_on_its_way_when_a_run_is_cut_short_is_not_lost() {
        let op = |kind, f: &str, value, is_final| Op {
            index: 0,
            time: Time(1),
            process: Process::Client(0),
            kind,
            f: f.into(),
            value,
            error: None,
            is_final,
        };
        let judged = |is_final, is_cut_short| {
            let history: History = [
                op(OpKind::Invoke, "broadcast", Value::Int(1), false),
                op(OpKind::Ok, "broadcast", Value::Int(1), false),
                op(OpKind::Invoke, "read", Value::Null, is_final),
                op(OpKind::Ok, "read", Value::list([]), is_final),
            ]
            .into_iter()
            .collect();
            let context = Context { is_cut_short, ..Context::default() };
            let result = SetFull::BROADCAST.check(&history, &context);
            (result.compat, result.strict, result.notes.join(" "))
        };
        let (compat, strict, notes) = judged(false, true);
        assert_eq!((compat, strict), (Validity::Invalid, Validity::Unknown));
        assert!(notes.starts_with("1 value is lacking from later reads, but"), "{notes}");
        // After the recovery everything should have arrived.
        assert_eq!(judged(true, true).1, Validity::Invalid);
        assert_eq!(judged(false, false).1, Validity::Invalid);
    }
}
