use glomers_check::{CheckResult, Checker, Context, Validity};
use glomers_history::History;

/// Stands where a checker will be: knows nothing.
pub(crate) struct Pending;

impl Checker for Pending {
    fn check(&self, _history: &History, _context: &Context) -> CheckResult {
        CheckResult {
            compat: Validity::Unknown,
            strict: Validity::Unknown,
            notes: vec!["This workload has no checker yet.".to_owned()],
            ..CheckResult::default()
        }
    }
}
