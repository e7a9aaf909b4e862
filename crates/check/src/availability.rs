//! Whether enough operations succeeded.

use glomers_history::{History, Op, OpKind, SECOND, Value, is_refused};

use crate::{Answered, CheckResult, Checker, Context, Finding, Validity, words};

/// From when on each operation must have an answer, where that is asked: at the beginning a
/// cluster has no leader yet.
const START: u64 = 5 * SECOND;

/// How many unsuccessful operations a finding shows.
const SHOWN: usize = 5;

/// How many operations must succeed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Availability {
    /// Any number will do.
    #[default]
    None,
    /// All of them.
    Total,
    /// Any number, but each that began after the first 5 s must have an answer, even if it is an
    /// error: for runs in which nothing is broken.
    Answered,
    /// This fraction of them at least, from 0 to 1.
    Fraction(f64),
}

/// Judges what fraction of the operations begun has succeeded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AvailabilityCheck {
    /// How many must.
    pub required: Availability,
    /// What is needed to tell how many were answered while all was well, which is
    /// then reported as well.
    pub answered: Option<Answered>,
}

impl Checker for AvailabilityCheck {
    fn check(&self, history: &History, context: &Context) -> CheckResult {
        let count = |kind: OpKind| {
            let of_kind = |op: &&Op| op.process.is_client() && op.kind == kind;
            history.ops().iter().filter(of_kind).count()
        };
        let (invoked, ok) = (count(OpKind::Invoke), count(OpKind::Ok));
        let fraction = match invoked {
            0 => 1.0,
            _ => ok as f64 / invoked as f64,
        };
        let suffices = |ok: usize| match self.required {
            Availability::None | Availability::Answered => true,
            Availability::Total => ok == invoked || invoked == 0,
            Availability::Fraction(required) => {
                required <= if invoked == 0 { 1.0 } else { ok as f64 / invoked as f64 }
            }
        };
        // A reply that was refused for its form is a fault of its own, told by the run.
        let refused = history.ops().iter().filter(|op| op.process.is_client() && is_refused(op));
        let valid = suffices(ok);
        let would_do = valid || suffices(ok + refused.count());
        let mut result = CheckResult {
            compat: Validity::from_bool(valid),
            strict: match (valid, would_do) {
                (true, _) => Validity::Valid,
                (false, true) => Validity::Unknown,
                (false, false) => Validity::Invalid,
            },
            fields: vec![("ok-fraction", Value::Float(single(fraction)))],
            ..CheckResult::default()
        };
        if let Some(answered) = &self.answered {
            let count = answered.count(history);
            result.measured.answered = Some(count);
            let fraction = count.fraction().map(single);
            result.fields.extend([
                ("answered-fraction", fraction.map_or(Value::Null, Value::Float)),
                ("answered-count", Value::from(count.answered)),
                ("answerable-count", Value::from(count.answerable)),
            ]);
        }
        if self.required == Availability::Answered {
            unanswered(history, context, &mut result);
        }
        if !would_do {
            let required = match self.required {
                Availability::Fraction(required) => format!("{:.3} % of them", required * 100.0),
                _ => "all".to_owned(),
            };
            result.findings.push(unavailable(
                history,
                context,
                format!(
                    "{ok} of {} succeeded ({:.3} %), but {required} must.",
                    words::count(invoked, "operation"),
                    fraction * 100.0
                ),
                |_, end| end.is_none_or(|end| end.kind != OpKind::Ok),
            ));
        }
        result
    }
}

/// Jepsen prints fractions of single precision: 0.67317075.
fn single(fraction: f64) -> f64 {
    (fraction as f32).to_string().parse().unwrap_or(fraction)
}

/// Whether a client got no answer before it lost its patience.
fn is_silent(begin: &Op, end: Option<&Op>) -> bool {
    let is_timeout = |end: &Op| match &end.error {
        Some(error) => error.as_str() == Some("net-timeout"),
        None => false,
    };
    begin.time.0 >= START && end.is_some_and(is_timeout)
}

/// Reports operations that had no answer: an error is one.
fn unanswered(history: &History, context: &Context, result: &mut CheckResult) {
    let (ops, pairs) = (history.ops(), history.pairs());
    let asked = ops.iter().zip(pairs).filter(|(op, _)| {
        op.process.is_client() && op.kind == OpKind::Invoke && op.time.0 >= START
    });
    let (mut all, mut silent) = (0, 0);
    for (op, end) in asked {
        all += 1;
        silent += usize::from(is_silent(op, end.map(|end| &ops[end])));
    }
    if silent > 0 {
        let count = words::count(all, "operation");
        let summary = format!(
            "{silent} of {count} that began after the first 5 s had no answer, though nothing was \
             broken."
        );
        result.strict = Validity::Invalid;
        result.findings.push(unavailable(history, context, summary, is_silent));
    }
}

fn unavailable(
    history: &History,
    context: &Context,
    summary: String,
    is_meant: fn(&Op, Option<&Op>) -> bool,
) -> Finding {
    let mut finding = Finding::new("unavailable", summary);
    let ops = history.ops();
    let pairs = history.pairs();
    let mut more = 0usize;
    for (at, op) in ops.iter().enumerate() {
        if !op.process.is_client() || op.kind != OpKind::Invoke {
            continue;
        }
        let end = pairs[at].map(|end| &ops[end]);
        if !is_meant(op, end) {
            continue;
        }
        if finding.evidence.len() == SHOWN {
            more += 1;
            continue;
        }
        finding.evidence.push(format!("{} {}", words::operation(op, context), words::outcome(end)));
        words::point(&mut finding, op, context);
    }
    if more > 0 {
        finding.evidence.push(format!("and {more} more"));
    }
    finding
}
