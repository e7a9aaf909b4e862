//! Operations that a checker does not know.

use glomers_history::{History, Op, OpKind};

use crate::{CheckResult, Checker, Context, Validity, words};

/// A checker that says that it cannot tell where a history has operations which it
/// does not know: what they did may be what is wrong, or make right what looks wrong.
pub struct Known {
    /// Who judges otherwise.
    pub checker: Box<dyn Checker>,
    /// The names of the operations that it knows.
    pub operations: &'static [&'static str],
}

impl Known {
    /// The first operation that is not known, unless it certainly did not happen.
    fn stranger<'a>(&self, history: &'a History) -> Option<&'a Op> {
        let ops = history.ops();
        let is_strange = |op: &Op| op.process.is_client() && !self.operations.contains(&&*op.f);
        let first = ops.iter().position(is_strange)?;
        let pairs = history.pairs();
        (first..ops.len()).map(|at| (at, &ops[at])).find_map(|(at, op)| {
            let failed = |op: &Op| op.kind == OpKind::Fail;
            let happened = !failed(op) && !pairs[at].is_some_and(|end| failed(&ops[end]));
            (is_strange(op) && happened).then_some(op)
        })
    }
}

impl Checker for Known {
    fn check(&self, history: &History, context: &Context) -> CheckResult {
        let Some(op) = self.stranger(history) else {
            return self.checker.check(history, context);
        };
        let note = format!(
            "Whether the history is right cannot be said: {} did something that is not known \
             here. The operations that are: {}.",
            words::operation(op, context),
            self.operations.join(", ")
        );
        CheckResult {
            compat: Validity::Unknown,
            strict: Validity::Unknown,
            notes: vec![note],
            ..CheckResult::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SetFull;

    #[test]
    fn what_is_not_known_leaves_the_verdict_open_unless_it_failed() {
        let checker = Known { checker: Box::new(SetFull::G_SET), operations: &["add", "read"] };
        let judged = |kind: &str, values: &str| {
            let text = format!(
                "{{:process 0 :type :invoke :f :add :value 1}}
                 {{:process 0 :type :ok :f :add :value 1}}
                 {{:process 0 :type :invoke :f :remove :value 1}}
                 {{:process 0 :type :{kind} :f :remove :value 1}}
                 {{:process :nemesis :type :info :f :kill}}
                 {{:process 1 :type :invoke :f :read}}
                 {{:process 1 :type :ok :f :read :value {values}}}"
            );
            let history = glomers_history::read(text.as_bytes()).unwrap();
            checker.check(&history, &Context::default())
        };
        for kind in ["ok", "info"] {
            let result = judged(kind, "[]");
            assert_eq!((result.compat, result.strict), (Validity::Unknown, Validity::Unknown));
            assert!(result.findings.is_empty());
            assert!(result.notes[0].contains("op 2, remove by process 0"), "{:?}", result.notes);
        }
        assert_eq!(judged("fail", "[1]").verdict(), Validity::Valid);
        assert_eq!(judged("fail", "[]").verdict(), Validity::Invalid);
    }
}
