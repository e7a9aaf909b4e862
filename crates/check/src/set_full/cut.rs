//! Messages that faults swallowed, and whether that mattered.

use std::collections::BTreeMap;

use glomers_history::{History, Value};

use super::SetFull;
use super::scan::{Read, Scan};
use crate::{CheckResult, Context, CutMessage, words};

/// The keys of a body that hold the one value it carries: of broadcast, of g-set.
const CARRIED: [&str; 2] = ["message", "element"];

fn carried(body: &Value) -> Option<&Value> {
    CARRIED.iter().find_map(|key| body.get(key))
}

/// Adds what was cut, by type, and how many of the values that were cut on their
/// way their receivers had in the end all the same.
pub(super) fn report(
    spec: &SetFull,
    history: &History,
    context: &Context,
    scan: &mut Scan,
    result: &mut CheckResult,
) {
    let faults = history.ops().iter().any(|op| !op.process.is_client());
    if !faults && context.cut.is_empty() {
        return;
    }
    let mut types: BTreeMap<&str, u64> = BTreeMap::new();
    let mut carriers: BTreeMap<u32, Vec<&CutMessage>> = BTreeMap::new();
    for message in &context.cut {
        let name = message.body.get("type").and_then(Value::as_str);
        *types.entry(name.unwrap_or("unknown")).or_default() += 1;
        if carried(&message.body).is_some() {
            carriers.entry(message.dest).or_default().push(message);
        }
    }
    let mut tally = Tally::default();
    for (&dest, messages) in &carriers {
        tally.count(history, context, scan, dest, messages);
    }
    let types = types.iter().map(|(name, count)| (*name, Value::from(*count)));
    result.fields.extend([
        ("cut-messages", Value::record(types)),
        ("cut-value-count", Value::from(tally.carried as u64)),
        ("cut-value-arrived-count", Value::from(tally.arrived as u64)),
        ("cut-value-missing-count", Value::from(tally.missing as u64)),
    ]);
    result.notes.push(tally.sentence(spec));
}

/// Messages that carried one value, by whether the receiver had it at the end.
#[derive(Default)]
struct Tally {
    carried: usize,
    arrived: usize,
    missing: usize,
    unknown: usize,
}

impl Tally {
    fn count(
        &mut self,
        history: &History,
        context: &Context,
        scan: &mut Scan,
        dest: u32,
        messages: &[&CutMessage],
    ) {
        self.carried += messages.len();
        let reads: Vec<Read> = scan
            .reads
            .iter()
            .copied()
            .filter(|read| read.is_final)
            .filter(|read| {
                let op = &history.ops()[read.complete as usize];
                context.node_index_of(op.process) == Some(dest as usize)
            })
            .collect();
        if reads.is_empty() {
            self.unknown += messages.len();
            return;
        }
        scan.stamp_reads(history, &reads);
        for message in messages {
            let value = carried(&message.body).unwrap_or(&Value::Null);
            if scan.is_stamped(scan.interner.find(value)) {
                self.arrived += 1;
            } else {
                self.missing += 1;
            }
        }
    }

    fn sentence(&self, spec: &SetFull) -> String {
        let noun = if spec.add == "add" { "set" } else { spec.add };
        if self.carried == 0 {
            return format!("No message that carries a {noun} value was cut.");
        }
        let those = if self.carried == 1 { "that value" } else { "those values" };
        let cut = format!(
            "The faults cut {} that carried {}",
            words::count(self.carried, "message"),
            if self.carried == 1 { format!("a {noun} value") } else { format!("{noun} values") }
        );
        if self.arrived == self.carried {
            let receivers = if self.carried == 1 { "its receiver" } else { "every receiver" };
            return format!(
                "{cut}; {receivers} got {those} another way (by another link, or by a retry), \
                 so nothing was lost by that."
            );
        }
        let mut text = format!("{cut}: {} got through another way", self.arrived);
        if self.missing > 0 {
            text.push_str(&format!(
                ", {} had not reached the receiver by its final read",
                self.missing
            ));
        }
        if self.unknown > 0 {
            text.push_str(&format!(
                ", of {} it cannot be said, as no final read of the receiver was answered",
                self.unknown
            ));
        }
        text.push('.');
        text
    }
}

/// The message that should have brought a value to a node, if one was cut: the
/// last one, for the node would have had the value by it at the latest.
pub(super) fn culprit(context: &Context, dest: usize, value: &Value) -> Option<String> {
    let message = context.cut.iter().rev().find(|message| {
        message.dest as usize == dest
            && match &message.body {
                Value::Map(pairs) => pairs.iter().any(|(key, field)| {
                    let is_carried = key.as_str().is_some_and(|key| CARRIED.contains(&key));
                    is_carried && field == value || holds(field, value)
                }),
                _ => false,
            }
    })?;
    Some(format!(
        "the message that should have brought {} to {} was cut at {} ({} → {})",
        words::value(value),
        context.node_name(message.dest),
        message.time,
        context.node_name(message.src),
        context.node_name(message.dest),
    ))
}

fn holds(list: &Value, value: &Value) -> bool {
    match list {
        Value::List(list) => match (list.as_small(), value) {
            (Some(small), Value::Int(i)) => {
                u32::try_from(*i).is_ok_and(|wanted| small.iter().any(|one| one == wanted))
            }
            (Some(_), _) => false,
            (None, _) => list.iter().any(|element| element == *value),
        },
        Value::Set(elements) => elements.contains(value),
        _ => false,
    }
}
