//! Which system calls stop for the tracer.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

/// When a call stops.
#[derive(Debug, Clone, Copy)]
pub(crate) enum When {
    /// Always.
    Always,
    /// If the argument with this place has this value.
    Is(u8, u32),
    /// If the argument with this place has another value.
    IsAbove(u8, u32),
}

/// The program for the kernel: these calls stop, all others go through.
pub(crate) fn compile(calls: &[(i64, &[When])]) -> Result<BpfProgram, String> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for (call, conditions) in calls {
        let mut list = Vec::new();
        for when in *conditions {
            let (place, operator, value) = match *when {
                // No condition at all: every call.
                When::Always => {
                    list.clear();
                    break;
                }
                When::Is(place, value) => (place, SeccompCmpOp::Eq, value),
                When::IsAbove(place, value) => (place, SeccompCmpOp::Gt, value),
            };
            let condition =
                SeccompCondition::new(place, SeccompCmpArgLen::Dword, operator, value.into())
                    .map_err(|error| error.to_string())?;
            list.push(SeccompRule::new(vec![condition]).map_err(|error| error.to_string())?);
        }
        rules.insert(*call, list);
    }
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Allow,
        SeccompAction::Trace(0),
        TargetArch::x86_64,
    );
    filter.and_then(BpfProgram::try_from).map_err(|error| error.to_string())
}
