//! The time that a cluster is owed before something may be called missing.
//!
//! That a value is lost or missing is read off the operations at the end, which come when
//! all faults are over and the cluster had time to recover. A right node fails such a
//! test, too, if it is asked earlier; so that time is not cut away.

use glomers_sim::{Operations, Plan};

use super::windows::windows;
use crate::signature::Signature;

/// Findings that say that something has not arrived by the end.
const MISSING: [&str; 4] = ["lost", "missing-at-end", "unseen", "wrong-final-count"];

/// How long the cluster is left alone before the operations at the end, ns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Recovery(u64);

impl Recovery {
    /// What a Plan gives, if that matters to this finding and there are operations at the
    /// end.
    pub(crate) fn of(plan: &Plan, wanted: &Signature) -> Option<Recovery> {
        if !MISSING.contains(&&*wanted.name) {
            return None;
        }
        let (last, first) = bounds(plan)?;
        Some(Recovery(first.saturating_sub(last).min(plan.recovery)))
    }

    /// Whether a Plan gives as much: all faults end, and nothing happens for so long.
    pub(crate) fn is_given_by(self, plan: &Plan) -> bool {
        let is_over = windows(&plan.faults).iter().all(|window| window.until.is_some());
        is_over && bounds(plan).is_some_and(|(last, first)| last.saturating_add(self.0) <= first)
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
