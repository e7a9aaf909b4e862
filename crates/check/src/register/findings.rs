//! What is wrong with registers, in words.

use glomers_history::{History, Value};

use super::explain::Explanation;
use super::operation::Layer;
use crate::{Context, Finding, words};

/// One finding of each kind, about the register where it showed first.
pub(super) fn findings(
    history: &History,
    context: &Context,
    mut failures: Vec<Explanation>,
    mut blame: impl FnMut(&mut Explanation),
) -> Vec<Finding> {
    failures.sort_by_key(|failure| failure.stuck);
    let kinds = ["not-linearizable", "null-read", "wrong-refusal"];
    let of_kind = |kind: &str| {
        let mut all = failures.iter_mut().filter(|failure| failure.finding == kind);
        let first = all.next()?;
        blame(first);
        let rest: Vec<&Explanation> = all.map(|other| &*other).collect();
        Some(finding(history, context, first, &rest))
    };
    kinds.into_iter().filter_map(of_kind).collect()
}

fn finding(
    history: &History,
    context: &Context,
    first: &Explanation,
    rest: &[&Explanation],
) -> Finding {
    let named = |place: u64| history.ops().get(place as usize);
    let name = |place: u64| {
        named(place).map(|op| format!("op {}, a {},", op.index, op.f)).unwrap_or_default()
    };
    // Who said what is not true, if that is known.
    let liar = first.untrue.or_else(|| first.states_it.then_some(first.stuck));
    let (said, name) = (liar.map(name), name(first.stuck));
    let subject = first.subject();
    let summary = match (first.finding, said) {
        ("null-read", Some(name)) => format!(
            "On {subject} {name} read null although there was a value. Null says that there is \
             none, and a value never goes away."
        ),
        ("wrong-refusal", Some(name)) => format!(
            "On {subject} {name} was refused although nothing stood in its way. A refusal is true \
             at some moment between the beginning and the end of its operation."
        ),
        ("null-read", None) => format!(
            "On {subject} {name} fits no order with the reads of null before it. Null says that \
             there is no value, and a value never goes away."
        ),
        ("wrong-refusal", None) => format!(
            "On {subject} {name} fits no order with the refusals before it. A refusal is true at \
             some moment between the beginning and the end of its operation."
        ),
        _ => format!(
            "On {subject} {name} fits no order. Each operation takes effect at one moment between \
             its beginning and its end, and a read returns what the last change left."
        ),
    };
    let mut finding = Finding::new(first.finding, summary);
    let tell = |place: u64| first.tell(history, context, place);
    if let Some(untrue) = first.untrue {
        finding.evidence.push(format!("{}; without that there would be an order", tell(untrue)));
    }
    let stuck = format!("{}; {}", tell(first.stuck), first.states_in_words());
    finding.evidence.push(match first.untrue.filter(|_| first.layer == Layer::Excused) {
        Some(_) => {
            format!("had it taken effect and then been refused, this would be wrong: {stuck}")
        }
        None => stuck,
    });
    if let Some(previous) = first.previous_ok {
        finding.evidence.push(format!("the answer before it: {}", tell(previous)));
    }
    finding.evidence.extend(first.source_in_words(history, context));
    for &place in first.concurrent.iter().rev().take(3) {
        finding.evidence.push(format!("at the same time: {}", tell(place)));
    }
    if first.concurrent.len() > 3 {
        let more = words::count(first.concurrent.len() - 3, "operation");
        finding.evidence.push(format!("at the same time: {more} more"));
    }
    if !rest.is_empty() {
        let keys: Vec<&Value> = rest.iter().filter_map(|other| other.key.as_ref()).collect();
        let s = if keys.len() == 1 { "" } else { "s" };
        let keys = words::values(keys.into_iter());
        finding.evidence.push(format!("the same on key{s} {keys}"));
    }
    let places =
        [first.untrue, Some(first.stuck), first.previous_ok, first.failed_writer.or(first.writer)];
    for op in places.into_iter().flatten().filter_map(named) {
        words::point(&mut finding, op, context);
    }
    finding
}
