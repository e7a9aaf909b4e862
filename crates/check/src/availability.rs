//! Whether enough operations succeeded.

use glomers_history::{History, Op, OpKind, Value};

use crate::refused::is_refused;
use crate::{Answered, CheckResult, Checker, Context, Finding, Validity, words};

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
    /// This fraction of them at least, from 0 to 1.
    Fraction(f64),
}

/// Judges what fraction of the operations begun has succeeded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AvailabilityCheck {
    /// How many must.
    pub required: Availability,
    /// What is needed to tell how many were answered while all was well, which is
    /// then told beside.
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
            Availability::None => true,
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
            let fraction = count.fraction().map(single);
            result.fields.extend([
                ("answered-fraction", fraction.map_or(Value::Null, Value::Float)),
                ("answered-count", Value::from(count.answered)),
                ("answerable-count", Value::from(count.answerable)),
            ]);
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
            ));
        }
        result
    }
}

/// Jepsen prints fractions of single precision: 0.67317075.
fn single(fraction: f64) -> f64 {
    (fraction as f32).to_string().parse().unwrap_or(fraction)
}

fn unavailable(history: &History, context: &Context, summary: String) -> Finding {
    let mut finding = Finding::new("unavailable", summary);
    let ops = history.ops();
    let pairs = history.pairs();
    let mut more = 0usize;
    for (at, op) in ops.iter().enumerate() {
        if !op.process.is_client() || op.kind != OpKind::Invoke {
            continue;
        }
        let end = pairs[at].map(|end| &ops[end]);
        if end.is_some_and(|end| end.kind == OpKind::Ok) {
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
