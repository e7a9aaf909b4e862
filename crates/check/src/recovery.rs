//! Whether the cluster serves again once all faults are over.

use std::collections::BTreeMap;
use std::time::Duration;

use glomers_history::{History, Op, OpKind, Time, was_served};

use crate::{Context, Finding, words};

/// How many operations a finding shows.
const SHOWN: usize = 5;

/// What a node did with the operations that it was asked since faults were over.
#[derive(Default)]
struct Service<'a> {
    /// When the first began that it served.
    served: Option<Time>,
    /// Those before that: invocation and end.
    unserved: Vec<(&'a Op, &'a Op)>,
}

impl Service<'_> {
    /// Whether it is known not to have served from some time in the second half of
    /// the bound, `asked`, to its end, `limit`, though it was asked. What failed
    /// earlier says nothing: a single message may be lost without any fault.
    fn is_late(&self, asked: Time, limit: Time) -> bool {
        let is_down_at_the_end = self.unserved.iter().any(|(_, end)| end.time >= limit);
        let was_down_before = || {
            let mut in_time = self.unserved.iter().filter(|(begin, _)| begin.time <= limit);
            in_time.any(|(_, end)| end.time >= asked)
        };
        match self.served {
            Some(served) => served > limit && is_down_at_the_end && was_down_before(),
            None => is_down_at_the_end,
        }
    }
}

/// How many operations in a row must be unserved for that to be no chance, where this share
/// of messages is lost all the time: an operation may take six messages.
fn telling(loss: f64) -> usize {
    let lost = 1.0 - (1.0 - loss.clamp(0.0, 1.0)).powi(6);
    match lost {
        0.0 => 1,
        1.0 => usize::MAX,
        lost => (1e-6_f64.ln() / lost.ln()).ceil() as usize,
    }
}

/// Judges whether every node that was asked something after `healed`, when the
/// last fault was over, served something that it was asked within `bound` of
/// that. Who was not asked in the second half of the bound, or not again, has to
/// serve later, but not at once. `loss` is the share of messages that are lost all the time,
/// 0 to 1: then a node must leave many more operations without an answer.
pub fn unavailable_after_heal(
    history: &History,
    context: &Context,
    healed: Time,
    bound: Duration,
    loss: f64,
) -> Option<Finding> {
    let mut services: BTreeMap<&str, Service<'_>> = BTreeMap::new();
    let ops = history.ops();
    for (begin, end) in ops.iter().zip(history.pairs()) {
        let Some(end) = end.map(|end| &ops[end]) else { continue };
        if begin.kind != OpKind::Invoke || begin.time < healed {
            continue;
        }
        let Some(node) = context.node_of(begin) else { continue };
        let service = services.entry(node).or_default();
        match was_served(end) {
            Some(true) => service.served = service.served.or(Some(begin.time)),
            Some(false) if service.served.is_none() => service.unserved.push((begin, end)),
            _ => {}
        }
    }
    let (asked, limit) = (healed + bound / 2, healed + bound);
    let late: Vec<(&str, Service<'_>)> = services
        .into_iter()
        .filter(|(_, service)| service.unserved.len() >= telling(loss))
        .filter(|(_, service)| service.is_late(asked, limit))
        .collect();
    if late.is_empty() {
        return None;
    }
    let names: Vec<&str> = late.iter().map(|(node, _)| *node).collect();
    let names = names.join(", ");
    let summary = format!(
        "All faults were over at {healed}, but {} later {} had served nothing: {names}. After \
         the faults every node must serve again; --recovery-bound says how soon.",
        seconds(bound),
        if late.len() == 1 { "a node" } else { "nodes" },
    );
    let mut finding = Finding::new("unavailable-after-heal", summary);
    for (node, service) in &late {
        let when = match service.served {
            Some(served) => format!("first served what was asked at {served}"),
            None => "has served nothing since".to_owned(),
        };
        let count = words::count(service.unserved.len(), "operation");
        finding.evidence.push(format!("{node} {when}; {count} before that had no answer:"));
        for (begin, end) in service.unserved.iter().take(SHOWN / late.len().min(SHOWN)) {
            let (what, how) = (words::operation(begin, context), words::outcome(Some(end)));
            finding.evidence.push(format!("  {what} {how}"));
            words::point(&mut finding, begin, context);
        }
    }
    Some(finding)
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use glomers_history::{Process, SECOND, Value};

    use super::*;

    /// Operations of process 0 at n0: begin and end in seconds, and the error.
    fn judged(ops: &[(u64, u64, Option<&str>)]) -> Option<Finding> {
        judged_with_loss(ops, 0.0)
    }

    fn judged_with_loss(ops: &[(u64, u64, Option<&str>)], loss: f64) -> Option<Finding> {
        let op = |at: u64, kind: OpKind, error: Option<&str>| Op {
            index: 0,
            time: Time(at * SECOND),
            process: Process::Client(0),
            kind,
            f: Arc::from("read"),
            value: Value::Null,
            error: error.map(Value::keyword),
            is_final: false,
        };
        let mut history = History::new();
        for &(begin, end, error) in ops {
            history.push(op(begin, OpKind::Invoke, None));
            let kind = if error.is_some() { OpKind::Fail } else { OpKind::Ok };
            history.push(op(end, kind, error));
        }
        let context =
            Context { nodes: vec!["n0".to_owned()], concurrency: 1, ..Context::default() };
        let (healed, bound) = (Time(20 * SECOND), Duration::from_secs(10));
        unavailable_after_heal(&history, &context, healed, bound, loss)
    }

    #[test]
    fn who_serves_in_time_or_was_not_asked_is_content() {
        let down = Some("net-timeout");
        assert_eq!(judged(&[]), None);
        assert_eq!(judged(&[(5, 10, down)]), None);
        assert_eq!(judged(&[(20, 25, down), (25, 26, None)]), None);
        // Asked late for the first time.
        assert_eq!(judged(&[(35, 36, None)]), None);
        // A refusal is an answer.
        assert_eq!(judged(&[(31, 32, Some("precondition-failed"))]), None);
        // It may still have come in time.
        assert_eq!(judged(&[(21, 26, down)]), None);
        // One message was lost soon after the heal, and nothing asked for long.
        assert_eq!(judged(&[(20, 24, down), (35, 36, None)]), None);
        assert_eq!(judged(&[(20, 24, down), (35, 40, down), (40, 41, None)]), None);
        // It serves the first thing after the bound.
        assert_eq!(judged(&[(28, 29, down), (31, 32, None)]), None);
        // It serves, though not always.
        assert_eq!(judged(&[(21, 22, None), (32, 37, down)]), None);
    }

    /// Found by hunts for the right `rw-register` under a loss of 20 %.
    #[test]
    fn where_messages_are_lost_all_the_time_a_few_operations_prove_nothing() {
        let unserved = |count: u64| -> Vec<(u64, u64, Option<&str>)> {
            (0..count).map(|number| (21, 26 + 6 * (number / 30), Some("net-timeout"))).collect()
        };
        assert!(judged_with_loss(&unserved(2), 0.0).is_none());
        assert!(judged_with_loss(&unserved(40), 0.0).is_some());
        assert!(judged_with_loss(&unserved(40), 0.2).is_none());
        assert!(judged_with_loss(&unserved(60), 0.2).is_some());
        assert!(judged_with_loss(&unserved(60), 1.0).is_none());
    }

    #[test]
    fn who_serves_too_late_or_never_is_named() {
        let down = Some("net-timeout");
        let never = judged(&[(21, 26, down), (26, 31, down)]).unwrap();
        assert_eq!(
            never.render(),
            [
                "unavailable-after-heal: All faults were over at 20.000 s, but 10 s later a node \
                 had served nothing: n0. After the faults every node must serve again; \
                 --recovery-bound says how soon.",
                "  n0 has served nothing since; 2 operations before that had no answer:",
                "    op 0, read at n0, 21.000 s failed (net-timeout)",
                "    op 2, read at n0, 26.000 s failed (net-timeout)",
            ]
        );
        let late = judged(&[(25, 30, down), (31, 32, None)]).unwrap();
        assert!(late.evidence[0].starts_with("n0 first served what was asked at 31.000 s"));
        let early = [(28, 29, down), (31, 32, down), (33, 34, None)];
        assert!(judged(&early).is_some());
        assert!(judged(&[(31, 32, Some("temporarily-unavailable"))]).is_some());
    }
}
