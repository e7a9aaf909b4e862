//! What a whole run amounts to.

use glomers_history::{History, Value};

use crate::{
    Answered, Availability, AvailabilityCheck, CheckResult, Checker, Context, Finding, Stats,
    Validity,
};

/// Findings of the engine that end a run; in Jepsen they end the test.
const FATAL: [&str; 2] = ["node-crashed", "init-failed"];

/// Whose verdict `:valid?` tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Standard {
    /// Ours.
    #[default]
    Strict,
    /// Jepsen's.
    JepsenCompat,
}

impl Standard {
    fn of(self, result: &CheckResult) -> Validity {
        match self {
            Standard::Strict => result.verdict(),
            Standard::JepsenCompat => result.compat,
        }
    }
}

/// How to judge.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JudgeOptions {
    /// How many operations must succeed.
    pub availability: Availability,
    /// What is needed to tell how many were answered while all was well; `None`:
    /// that is not told.
    pub answered: Option<Answered>,
    /// Kinds of operations that need not succeed.
    pub exempt_from_stats: Vec<String>,
    /// Whose verdict the results show first.
    pub standard: Standard,
}

/// The verdict on a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What Jepsen would say.
    pub compat: Validity,
    /// What we say.
    pub strict: Validity,
    /// The map of results, as Jepsen has it, then ours.
    pub results: Value,
    /// What is wrong, the worst first.
    pub findings: Vec<Finding>,
    /// What helps to read a verdict.
    pub notes: Vec<String>,
}

/// Judges a history by the checker of its workload and those that all workloads
/// share. `net` is the map of message counts that the results show; the findings
/// of the run itself come first.
pub fn judge(
    history: &History,
    context: &Context,
    workload: &dyn Checker,
    options: JudgeOptions,
    net: Value,
    run_findings: Vec<Finding>,
) -> Verdict {
    let answered = options.answered;
    let stats = Stats { exempt: options.exempt_from_stats, answered: answered.clone() };
    let availability = AvailabilityCheck { required: options.availability, answered };
    let fatal = run_findings.iter().any(|finding| FATAL.contains(&&*finding.name));
    let run = CheckResult {
        compat: Validity::from_bool(!fatal),
        strict: Validity::from_bool(run_findings.is_empty()),
        findings: run_findings,
        ..CheckResult::default()
    };
    let parts = vec![
        (Part::Hidden, run),
        (Part::Named("stats"), stats.check(history, context)),
        (Part::Named("availability"), availability.check(history, context)),
        (Part::Map("net", net), CheckResult::default()),
        (Part::Named("workload"), workload.check(history, context)),
    ];
    finish(parts, options.standard)
}

/// Merges the results of several checkers under their names into one map with
/// the worst verdict of all, as [`judge`] does.
pub fn compose(
    parts: impl IntoIterator<Item = (&'static str, CheckResult)>,
    standard: Standard,
) -> Verdict {
    let parts = parts.into_iter().map(|(name, result)| (Part::Named(name), result));
    finish(parts.collect(), standard)
}

/// How a part shows in the results.
enum Part {
    /// Not at all.
    Hidden,
    /// As the map of the checker's fields.
    Named(&'static str),
    /// As this map.
    Map(&'static str, Value),
}

fn finish(parts: Vec<(Part, CheckResult)>, standard: Standard) -> Verdict {
    let valid = || ("valid?", Value::Bool(true));
    let graph = || Value::record([valid()]);
    let perf = [("latency-graph", graph()), ("rate-graph", graph()), valid()];
    // These draw, in Jepsen, and are always content.
    let mut entries =
        vec![("perf", Value::record(perf)), ("timeline", graph()), ("exceptions", graph())];
    let (mut compat, mut strict) = (Validity::Valid, Validity::Valid);
    let (mut findings, mut notes) = (Vec::new(), Vec::new());
    for (part, result) in parts {
        compat = compat.max(result.compat);
        strict = strict.max(result.verdict());
        let validity = standard.of(&result).to_value();
        match part {
            Part::Hidden => {}
            Part::Named(name) => {
                let fields = [("valid?", validity)].into_iter().chain(result.fields);
                entries.push((name, Value::record(fields)));
            }
            Part::Map(name, map) => entries.push((name, with_validity(map, validity))),
        }
        findings.extend(result.findings);
        notes.extend(result.notes);
    }
    let shown = match standard {
        Standard::Strict => strict,
        Standard::JepsenCompat => compat,
    };
    let verdict = |validity: Validity| Value::record([("valid?", validity.to_value())]);
    entries.extend([
        ("findings", Value::list(findings.iter().map(finding_map))),
        ("jepsen-compat", verdict(compat)),
        ("strict", verdict(strict)),
        ("valid?", shown.to_value()),
    ]);
    Verdict { compat, strict, results: Value::record(entries), findings, notes }
}

/// The map with `valid?` at its end, if it has none.
fn with_validity(map: Value, validity: Value) -> Value {
    if map.get("valid?").is_some() {
        return map;
    }
    let pairs = match &map {
        Value::Map(pairs) => pairs.to_vec(),
        _ => Vec::new(),
    };
    let valid = (Value::keyword("valid?"), validity);
    Value::map(pairs.into_iter().chain([valid]))
}

fn finding_map(finding: &Finding) -> Value {
    let texts = finding.evidence.iter().map(Value::string);
    let operations = finding.operations.iter().map(|&index| Value::from(index));
    Value::record([
        ("name", Value::keyword(&finding.name)),
        ("summary", Value::string(&finding.summary)),
        ("evidence", Value::list(texts)),
        ("operations", Value::list(operations)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a user's checker might return that forgets its verdict.
    struct Forgetful;

    impl Checker for Forgetful {
        fn check(&self, _history: &History, _context: &Context) -> CheckResult {
            let findings = vec![Finding::new("lost", "A value was lost.")];
            CheckResult { findings, ..CheckResult::default() }
        }
    }

    #[test]
    fn a_finding_counts_whatever_the_verdict_beside_it_says() {
        let (history, context) = (History::new(), Context::default());
        let options = JudgeOptions::default;
        let verdict = judge(&history, &context, &Forgetful, options(), Value::Null, Vec::new());
        assert_eq!((verdict.compat, verdict.strict), (Validity::Valid, Validity::Invalid));
        let shown = |results: &Value| {
            let workload = results.get("workload").and_then(|map| map.get("valid?")).cloned();
            (workload, results.get("valid?").cloned())
        };
        let no = Some(Value::Bool(false));
        assert_eq!(shown(&verdict.results), (no.clone(), no.clone()));
        let parts = [("workload", Forgetful.check(&history, &context))];
        let composed = compose(parts, Standard::Strict);
        assert_eq!(composed.strict, Validity::Invalid);
        assert_eq!(shown(&composed.results), (no.clone(), no));
        let unknown = CheckResult { strict: Validity::Unknown, ..CheckResult::default() };
        assert_eq!(unknown.verdict(), Validity::Unknown);
        let found = CheckResult::of_findings([Finding::new("lost", "")]);
        assert_eq!((found.strict, found.verdict()), (Validity::Invalid, Validity::Invalid));
        assert_eq!(CheckResult::of_findings([]), CheckResult::default());
    }
}
