//! The time that a cluster is owed before something may be called missing.
//!
//! That a value is lost or missing is read off the operations at the end, which come when
//! all faults are over and the cluster had time to recover. A right node fails such a
//! test, too, if it is asked earlier; so that time is not cut away. What a team's own
//! checker concludes from the operations at the end nobody knows here, so they keep their
//! time whatever was found, or go.

use glomers_sim::{Operations, Plan};

use super::windows::windows;
use crate::signature::Signature;

/// Findings that say that something has not arrived by the end.
const MISSING: [&str; 4] = ["lost", "missing-at-end", "unseen", "wrong-final-count"];

/// How long the cluster is left alone before the operations at the end, ns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Recovery {
    time: u64,
    /// Whether there must be operations at the end.
    needs_end: bool,
}

impl Recovery {
    /// What a Plan gives, if there are operations at the end.
    pub(crate) fn of(plan: &Plan, wanted: &Signature) -> Option<Recovery> {
        let (last, first) = bounds(plan)?;
        let time = first.saturating_sub(last).min(plan.recovery);
        Some(Recovery { time, needs_end: MISSING.contains(&&*wanted.name) })
    }

    /// Whether a Plan gives as much: all faults end, and nothing happens for so long.
    pub(crate) fn is_given_by(self, plan: &Plan) -> bool {
        let Some((last, first)) = bounds(plan) else { return !self.needs_end };
        let is_over = windows(&plan.faults).iter().all(|window| window.until.is_some());
        is_over && last.saturating_add(self.time) <= first
    }
}

/// When the last thing happens before the operations at the end, and when the first of
/// these begins, ns from the beginning of the main phase; `None` if there are none.
pub(crate) fn bounds(plan: &Plan) -> Option<(u64, u64)> {
    let Operations::Listed(list) = &plan.operations else { return None };
    let first = list.iter().filter(|one| one.is_final).map(|one| one.at).min()?;
    let others = list.iter().filter(|one| !one.is_final).map(|one| one.at);
    let last = others.chain(plan.faults.iter().map(|event| event.at)).max();
    Some((last.unwrap_or_default(), first))
}

#[cfg(test)]
mod tests {
    use glomers_history::{SECOND, Value};
    use glomers_sim::{ListedOperation, NodeProgram};

    use super::*;

    fn plan(times: &[(u64, bool)]) -> Plan {
        let program = NodeProgram::Embedded { name: "flood".to_owned(), arguments: Vec::new() };
        let listed = times.iter().map(|&(at, is_final)| ListedOperation {
            at,
            worker: 0,
            node: None,
            f: if is_final { "read" } else { "broadcast" }.to_owned(),
            value: Value::Null,
            number: None,
            is_final,
        });
        Plan::builder(1, program, "broadcast").operations(listed.collect()).build().unwrap()
    }

    #[test]
    fn operations_at_the_end_keep_their_time_or_go_whatever_was_found() {
        let whole = plan(&[(1, false), (20 * SECOND, true)]);
        for (name, may_go) in [("lost", false), ("not-the-highest", true)] {
            let wanted =
                Signature { name: name.to_owned(), object: "run".to_owned(), shape: String::new() };
            let recovery = Recovery::of(&whole, &wanted).unwrap();
            assert!(recovery.is_given_by(&whole));
            assert!(!recovery.is_given_by(&plan(&[(1, false), (2, true)])), "{name}");
            assert_eq!(recovery.is_given_by(&plan(&[(1, false)])), may_go, "{name}");
        }
    }
}
