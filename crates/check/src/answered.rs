//! How much is answered when all is well.

use glomers_history::{AnsweredCount, History, Op, OpKind, SECOND, Time, Value};
use glomers_protocol::ErrorCode;

/// How long nothing must have been broken before answers are expected again.
const RECOVERY: u64 = 5 * SECOND;

/// What is needed to tell which operations should have been answered, and which
/// were. A cluster may have no answers while something is broken, and needs a while
/// afterwards (at the beginning, too: it has no leader yet).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answered {
    /// Errors that answer an operation as well as a result does, as "there is no
    /// such key".
    pub errors: Vec<ErrorCode>,
    /// When something was broken: from and until, counted as operations are;
    /// `None`: to the end.
    pub faults: Vec<(Time, Option<Time>)>,
}

impl Answered {
    /// How many operations began while nothing was broken, nor had been in the 5 s
    /// before, and how many of them were answered.
    pub fn count(&self, history: &History) -> AnsweredCount {
        let mut count = AnsweredCount::default();
        self.each(history, |_, answerable, answered| {
            count.answerable += u64::from(answerable);
            count.answered += u64::from(answerable && answered);
        });
        count
    }

    /// Of the operations of a kind: how many began while nothing was broken, nor had
    /// been in the 5 s before; and how many of all were answered.
    pub(crate) fn count_of(&self, history: &History, f: &str) -> (u64, u64) {
        let mut count = (0, 0);
        self.each(history, |op, answerable, answered| {
            if *op.f == *f {
                count.0 += u64::from(answerable);
                count.1 += u64::from(answered);
            }
        });
        count
    }

    /// Tells of each operation whether it should have been answered, and whether it
    /// was.
    fn each(&self, history: &History, mut tell: impl FnMut(&Op, bool, bool)) {
        let broken = self.broken();
        let (ops, pairs) = (history.ops(), history.pairs());
        for (op, end) in ops.iter().zip(pairs) {
            if op.kind == OpKind::Invoke && op.process.is_client() {
                let answered = end.is_some_and(|end| self.is_answer(&ops[end]));
                tell(op, !is_within(&broken, op.time), answered);
            }
        }
    }

    fn is_answer(&self, end: &Op) -> bool {
        // Errors are a name, or a list of name and text.
        let name = |error: &Value| match error.as_list() {
            Some(list) => list.get(0).and_then(|name| name.as_str().map(str::to_owned)),
            None => error.as_str().map(str::to_owned),
        };
        let is_known = |name: String| self.errors.iter().any(|error| error.name() == name);
        end.kind == OpKind::Ok || end.error.as_ref().and_then(name).is_some_and(is_known)
    }

    /// When answers are not expected: apart from each other, in order, both ends
    /// included.
    fn broken(&self) -> Vec<(Time, Time)> {
        let end = |until: Option<Time>| until.unwrap_or(Time::MAX);
        let mut all: Vec<(Time, Time)> =
            self.faults.iter().map(|&(from, until)| (from, end(until))).collect();
        all.push((Time::ZERO, Time::ZERO));
        all.sort_unstable();
        let mut merged: Vec<(Time, Time)> = Vec::new();
        for (from, until) in all {
            let until = Time(until.0.saturating_add(RECOVERY));
            match merged.last_mut() {
                Some((_, last)) if from <= *last => *last = until.max(*last),
                _ => merged.push((from, until)),
            }
        }
        merged
    }
}

fn is_within(intervals: &[(Time, Time)], time: Time) -> bool {
    let after = intervals.partition_point(|&(from, _)| from <= time);
    after > 0 && time <= intervals[after - 1].1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(text: &str) -> History {
        let ops = text.lines().map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let error =
                words.get(3).map_or(String::new(), |name| format!(" :error [:{name} \"\"]"));
            format!(
                "{{:process {} :time {} :type :{} :f :read :value nil{error}}}\n",
                words[0],
                words[1].parse::<u64>().unwrap() * SECOND,
                words[2]
            )
        });
        glomers_history::read(ops.collect::<String>().as_bytes()).unwrap()
    }

    #[test]
    fn what_begins_more_than_5_s_after_the_last_fault_is_to_be_answered() {
        let at = |seconds: u64| Time(seconds * SECOND);
        let answered = Answered {
            errors: vec![ErrorCode::KEY_DOES_NOT_EXIST],
            faults: vec![(at(30), None), (at(10), Some(at(14))), (at(12), Some(at(13)))],
        };
        // In process 9 no answer counts: it asks at the beginning, during faults,
        // or less than 5 s after them.
        let text = "9 5 invoke\n9 5 ok\n9 10 invoke\n9 10 ok\n9 19 invoke\n9 19 info timeout\n\
                    0 6 invoke\n0 7 ok\n1 9 invoke\n1 16 fail key-does-not-exist\n\
                    2 20 invoke\n2 21 fail temporarily-unavailable\n3 29 invoke\n9 30 invoke\n9 40 ok";
        assert_eq!(answered.count(&history(text)), AnsweredCount { answerable: 4, answered: 2 });
        let count = answered.count(&history("9 30 invoke\n9 31 ok"));
        assert_eq!((count, count.fraction()), (AnsweredCount::default(), None));
    }
}
