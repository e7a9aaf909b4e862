//! How many operations succeeded.

use std::collections::BTreeMap;

use glomers_history::{History, Op, OpKind, Value, is_refused};

use crate::{Answered, CheckResult, Checker, Context, Finding, OperationCounts, Validity, words};

/// How many unsuccessful operations a finding shows.
const SHOWN: usize = 3;

/// Counts ends of operations; every kind of operation must have succeeded once
/// at least.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// Kinds of operations that need not succeed.
    pub exempt: Vec<String>,
    /// What is needed to tell whether a kind that never succeeded could have: to
    /// Jepsen that does not matter.
    pub answered: Option<Answered>,
}

#[derive(Default)]
struct Counts {
    ends: OperationCounts,
    /// Whether a reply was refused for its form: the run says so, and what it would
    /// have said is not known.
    refused: bool,
}

impl Checker for Stats {
    fn check(&self, history: &History, context: &Context) -> CheckResult {
        let mut all = OperationCounts::default();
        let mut kinds: BTreeMap<&str, Counts> = BTreeMap::new();
        for op in history.ops() {
            if op.process.is_client() && op.kind != OpKind::Invoke {
                all.add(op.kind);
                let counts = kinds.entry(&op.f).or_default();
                counts.ends.add(op.kind);
                counts.refused |= is_refused(op);
            }
        }
        let mut result = CheckResult::default();
        for (f, counts) in &kinds {
            if counts.ends.ok > 0 || self.exempt.iter().any(|exempt| exempt == f) {
                continue;
            }
            result.compat = Validity::Invalid;
            if counts.refused {
                result.strict = result.strict.max(Validity::Unknown);
                continue;
            }
            if context.is_cut_short {
                // What was asked had no time to succeed.
                result.strict = result.strict.max(Validity::Unknown);
                result.notes.push(format!("No {f} succeeded before the run was interrupted."));
                continue;
            }
            let count = self.answered.as_ref().map(|answered| answered.count_of(history, f));
            match count {
                // Each was refused for a reason, as a cas may be that finds another value.
                Some((_, 1..)) => result.notes.push(format!(
                    "No {f} succeeded, but some were refused with an error that is an answer, \
                     as is right now and then; to Jepsen the run is invalid."
                )),
                Some((0, 0)) => {
                    result.strict = result.strict.max(Validity::Unknown);
                    result.notes.push(format!(
                        "No {f} succeeded, but each began while something was broken, or soon \
                         after; to Jepsen the run is invalid."
                    ));
                }
                _ => result.findings.push(never_ok(history, context, f, counts.ends)),
            }
        }
        result.strict = result.verdict();
        let by_f = kinds.iter().map(|(f, counts)| {
            let valid = [("valid?", Value::Bool(counts.ends.ok > 0))];
            (*f, Value::record(valid.into_iter().chain(counts.ends.fields())))
        });
        let by_f = Value::record(by_f);
        result.fields.extend(all.fields());
        result.fields.push(("by-f", by_f));
        result.measured.operations = Some(all);
        result
    }
}

fn never_ok(history: &History, context: &Context, f: &str, counts: OperationCounts) -> Finding {
    let mut finding = Finding::new(
        "never-ok",
        format!(
            "No {f} was ever answered: {} tried, 0 ok, {} failed, {} unknown. Each kind of \
             operation must succeed once at least.",
            counts.total(),
            counts.fail,
            counts.info
        ),
    );
    let ends = |op: &&Op| op.process.is_client() && op.kind != OpKind::Invoke && *op.f == *f;
    for op in history.ops().iter().filter(ends).take(SHOWN) {
        finding.evidence.push(format!(
            "{} {}",
            words::operation(op, context),
            words::outcome(Some(op))
        ));
        words::point(&mut finding, op, context);
    }
    finding
}

#[cfg(test)]
mod tests {
    use glomers_history::Time;
    use glomers_protocol::ErrorCode;

    use super::*;

    #[test]
    fn a_kind_that_never_succeeded_is_wrong_only_if_it_could_have() {
        let judged = |begin: u64, error: &str, faults: &[(u64, u64)]| {
            let (begin, end) = (begin * 1_000_000_000, begin * 1_000_000_000 + 1);
            let text = format!(
                "{{:process 0 :time {begin} :type :invoke :f :cas :value [0 [1 2]]}}
                 {{:process 0 :time {end} :type :fail :f :cas :value [0 [1 2]] :error [:{error} \"\"]}}"
            );
            let history = glomers_history::read(text.as_bytes()).unwrap();
            let second = |at: u64| Time(at * 1_000_000_000);
            let faults = faults.iter().map(|&(from, to)| (second(from), Some(second(to))));
            let errors = vec![ErrorCode::PRECONDITION_FAILED];
            let answered = Some(Answered { errors, faults: faults.collect() });
            let stats = Stats { exempt: Vec::new(), answered };
            let result = stats.check(&history, &Context::default());
            assert_eq!(result.compat, Validity::Invalid);
            (result.strict, result.findings.len(), result.notes.len())
        };
        let (valid, unknown, invalid) =
            ((Validity::Valid, 0, 1), (Validity::Unknown, 0, 1), (Validity::Invalid, 1, 0));
        assert_eq!(judged(20, "precondition-failed", &[]), valid);
        assert_eq!(judged(20, "temporarily-unavailable", &[]), invalid);
        assert_eq!(judged(20, "temporarily-unavailable", &[(3, 10)]), invalid);
        assert_eq!(judged(20, "temporarily-unavailable", &[(3, 22)]), unknown);
        assert_eq!(judged(20, "temporarily-unavailable", &[(3, 18)]), unknown);
    }
}
