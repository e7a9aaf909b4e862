//! Faults of a Plan that never began.

use std::collections::BTreeMap;

use glomers_history::{History, Process, SECOND};

use crate::plan::Plan;

/// The faults of a Plan that never began, a sentence for each: those that were to
/// begin after the end of all operations.
pub(crate) fn never_began(plan: &Plan, history: &History) -> Vec<String> {
    let mut said: BTreeMap<&str, usize> = BTreeMap::new();
    for op in history.ops().iter().filter(|op| op.process == Process::Nemesis) {
        *said.entry(&op.f).or_default() += 1;
    }
    let seconds = |nanos: u64| nanos as f64 / SECOND as f64;
    let mut never = Vec::new();
    for event in &plan.faults {
        let Some(begins) = event.fault().map(|fault| fault.words().begin) else { continue };
        // The nemesis says each twice.
        if let Some(left @ 2..) = said.get_mut(begins) {
            *left -= 2;
            continue;
        }
        never.push(format!(
            "the {} at {} s never began: operations ended at {} s",
            begins.strip_prefix("start-").unwrap_or(begins),
            seconds(event.at),
            seconds(plan.time_limit)
        ));
    }
    never
}
