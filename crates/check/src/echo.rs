//! Answers that must repeat the question.

use glomers_history::{History, Op, OpKind, Value};

use crate::{CheckResult, Checker, Context, Finding, Validity, words};

/// How many wrong answers a finding shows.
const SHOWN: usize = 5;

/// Judges echoes: an answer, whose body is the completion's value, holds under
/// `echo` what was sent. As in Jepsen an echo that fails is wrong, too, and one
/// whose end is unknown does not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Echo;

impl Checker for Echo {
    fn check(&self, history: &History, context: &Context) -> CheckResult {
        let ops = history.ops();
        let pairs = history.pairs();
        let mut judged = 0usize;
        let mut wrong: Vec<(&Op, &Op)> = Vec::new();
        for (at, op) in ops.iter().enumerate() {
            if op.kind != OpKind::Invoke || &*op.f != "echo" {
                continue;
            }
            let Some(end) = pairs[at].map(|end| &ops[end]) else {
                continue;
            };
            if end.kind == OpKind::Info || end.f != op.f {
                continue;
            }
            judged += 1;
            if end.value.get("echo").unwrap_or(&Value::Null) != &op.value {
                wrong.push((op, end));
            }
        }
        let errors = wrong.iter().map(|(op, end)| {
            Value::list([
                Value::string("Expected a message with :echo"),
                op.value.clone(),
                Value::string("But received"),
                end.value.clone(),
            ])
        });
        let compat = Validity::from_bool(wrong.is_empty());
        let mut result = CheckResult {
            compat,
            strict: compat,
            fields: vec![("errors", Value::list(errors))],
            ..CheckResult::default()
        };
        if judged == 0 {
            result.strict = Validity::Unknown;
            result
                .notes
                .push("Whether echoes are right cannot be said: none was answered.".to_owned());
        }
        if !wrong.is_empty() {
            result.findings.push(finding(context, &wrong, judged));
        }
        result
    }
}

fn finding(context: &Context, wrong: &[(&Op, &Op)], judged: usize) -> Finding {
    let were = if wrong.len() == 1 { "was" } else { "were" };
    let mut finding = Finding::new(
        "wrong-echo",
        format!(
            "{} of {} {were} wrong. An answer holds under echo exactly what was sent.",
            wrong.len(),
            words::count(judged, "answer")
        ),
    );
    for (op, end) in wrong.iter().take(SHOWN) {
        let got = match end.value.get("echo") {
            Some(value) if end.kind == OpKind::Ok => {
                format!("came back as {}", words::value(value))
            }
            None if end.kind == OpKind::Ok => {
                format!("came back without echo, in {}", words::value(&end.value))
            }
            _ => words::outcome(Some(end)),
        };
        finding.evidence.push(format!(
            "{}: {} {got}",
            words::operation(end, context),
            words::value(&op.value)
        ));
        words::point(&mut finding, end, context);
        words::point(&mut finding, op, context);
    }
    if wrong.len() > SHOWN {
        finding.evidence.push(format!("and {} more", wrong.len() - SHOWN));
    }
    finding
}
