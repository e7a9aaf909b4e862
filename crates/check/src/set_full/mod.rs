//! Sets that only grow: what was added must be read, ever after.

mod cut;
mod explain;
mod findings;
mod killed;
mod marks;
mod outcome;
mod scan;

use glomers_history::{History, Value};

use crate::{CheckResult, Checker, Context, Validity};
use outcome::Outcomes;
use scan::Scan;

/// Judges sets that only grow: broadcast and g-set.
///
/// Compatible with Jepsen's `set-full` (not `linearizable?`): an element is
/// *lost* when a read that began after it was known lacks it and no read that
/// began later has it. Strictly also: elements that a read holds twice, that
/// nobody had added, whose adds had failed, and that some final read lacks. Time
/// and memory are linear in what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetFull {
    /// The name of the operation that adds its value: `broadcast` or `add`.
    pub add: &'static str,
    /// The name of the operation whose value is the list of all elements.
    pub read: &'static str,
}

impl SetFull {
    /// Of the broadcast workload.
    pub const BROADCAST: SetFull = SetFull { add: "broadcast", read: "read" };
    /// Of the g-set workload.
    pub const G_SET: SetFull = SetFull { add: "add", read: "read" };
}

impl Checker for SetFull {
    fn check(&self, history: &History, context: &Context) -> CheckResult {
        let mut scan = Scan::new(history, self);
        let outcomes = Outcomes::new(history, &scan);
        // Where Jepsen's checker throws, its verdict is unknown.
        let throws =
            scan.malformed.iter().any(|&at| history.ops()[at as usize].value != Value::Null);
        let compat = if throws { Validity::Unknown } else { outcomes.validity() };
        let mut result = CheckResult {
            compat,
            fields: outcomes.fields(history, self),
            ..CheckResult::default()
        };
        findings::report(self, history, context, &mut scan, &outcomes, &mut result);
        marks::report(context, &mut result);
        killed::report(history, context, &mut result);
        cut::report(self, history, context, &mut scan, &mut result);
        result.strict = if result.findings.is_empty() { compat } else { Validity::Invalid };
        if result.strict == Validity::Unknown {
            result.notes.push(explain::unknown(self, history, &scan));
        }
        result
    }
}
