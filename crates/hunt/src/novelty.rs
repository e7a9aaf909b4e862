//! What a run did that other runs may not have done: read off what it left, so that it
//! costs little.

use std::collections::{BTreeMap, BTreeSet};

use glomers_history::{Op, OpKind, Process, Time};
use glomers_sim::{LOST_WRITES, Outcome};

/// How the labels begin of marks that say that something rare happened.
const SOMETIMES: &str = "sometimes:";

/// What a run did, in words that are the same from run to run: somebody began to lead
/// during an operation, a restart lost unsynced writes, an operation succeeded during a
/// fault, a node said `cx.mark("sometimes:…")`.
pub(crate) fn features(outcome: &Outcome) -> Vec<String> {
    let mut found = BTreeSet::new();
    let spans = spans(outcome);
    let mut leaders: BTreeSet<u32> = BTreeSet::new();
    for mark in &outcome.context.marks {
        let label = &*mark.label;
        if label.starts_with(SOMETIMES) {
            found.insert(label.to_owned());
        } else if label == LOST_WRITES {
            found.insert("restart with unsynced writes".to_owned());
        } else if label == "leader" && glomers_sim::leads(&mark.value) {
            // The first is no change.
            if leaders.insert(mark.node) && leaders.len() < 2 {
                continue;
            }
            for span in
                spans.iter().filter(|span| span.from <= mark.time && mark.time <= span.until)
            {
                found.insert(format!("leader change during {}", span.f));
            }
        }
    }
    // By kind of fault; of what all operations have done already no more is asked.
    let kinds: BTreeSet<&str> = spans.iter().filter(|span| span.ok).map(|span| span.f).collect();
    let mut during: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for fault in &outcome.faults {
        let done = during.entry(fault.kind).or_default();
        if done.len() == kinds.len() {
            continue;
        }
        let until = fault.until.unwrap_or(Time::MAX);
        let inside = |span: &&Span<'_>| span.ok && fault.from <= span.from && span.until <= until;
        done.extend(spans.iter().filter(inside).map(|span| span.f));
    }
    for (kind, done) in during {
        found.extend(done.into_iter().map(|f| format!("{f} succeeds during {kind}")));
    }
    found.into_iter().collect()
}

/// An operation from its beginning to its end.
struct Span<'a> {
    f: &'a str,
    from: Time,
    until: Time,
    ok: bool,
}

fn spans(outcome: &Outcome) -> Vec<Span<'_>> {
    let mut open: BTreeMap<u32, &Op> = BTreeMap::new();
    let mut spans = Vec::new();
    for op in outcome.history.ops() {
        let Process::Client(process) = op.process else { continue };
        if op.kind == OpKind::Invoke {
            open.insert(process, op);
        } else if let Some(begin) = open.remove(&process) {
            let ok = op.kind == OpKind::Ok;
            spans.push(Span { f: &begin.f, from: begin.time, until: op.time, ok });
        }
    }
    spans
}
