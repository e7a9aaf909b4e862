//! Messages that faults kept from their receivers, and whether that mattered.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use glomers_history::{History, Value};
use glomers_protocol::Payload;

use super::SetFull;
use super::scan::{Read, Scan};
use crate::intern::NONE;
use crate::{CheckResult, Context, CutMessage, Kept, words};

/// What every body may have, and what says nothing of what it carries.
const PROTOCOL: [&str; 3] = ["type", "msg_id", "in_reply_to"];

/// Hands over all that a body holds under any key, at any depth, and the keys of
/// what it holds: some write sets as objects, with their elements as keys.
fn each_held(body: &Value, each: &mut dyn FnMut(&Value)) {
    let Value::Map(pairs) = body else { return };
    let of_protocol = |key: &Value| key.as_str().is_some_and(|key| PROTOCOL.contains(&key));
    for (_, value) in pairs.iter().filter(|(key, _)| !of_protocol(key)) {
        each_inside(value, each);
    }
}

fn each_inside(value: &Value, each: &mut dyn FnMut(&Value)) {
    each(value);
    match value {
        Value::List(list) => match list.as_small() {
            Some(small) => small.iter().for_each(|small| each(&Value::Int(i64::from(small)))),
            None => list.iter().for_each(|element| each_inside(&element, each)),
        },
        Value::Set(elements) => elements.iter().for_each(|element| each_inside(element, each)),
        Value::Map(pairs) => {
            for (key, value) in pairs.iter() {
                match key.as_str().map(str::parse) {
                    Some(Ok(integer)) => each(&Value::Int(integer)),
                    _ => each(key),
                }
                each_inside(value, each);
            }
        }
        _ => {}
    }
}

/// The elements that a body carries, each once.
fn carried(scan: &Scan, body: &Value) -> Vec<u32> {
    let mut ids = Vec::new();
    each_held(body, &mut |value| {
        let id = scan.interner.find(value);
        if id != NONE && scan.elements[id as usize].first_added != NONE {
            ids.push(id);
        }
    });
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Whether both ends of a message are nodes.
fn is_between_nodes(context: &Context, message: &CutMessage) -> bool {
    (message.src.max(message.dest) as usize) < context.nodes.len()
}

/// Adds what was kept from its receivers, by type, and how many of those that
/// carried values did not matter, as their receivers had the values in the end all
/// the same.
pub(super) fn report(
    spec: &SetFull,
    history: &History,
    context: &Context,
    scan: &mut Scan,
    result: &mut CheckResult,
) {
    if context.nodes.is_empty() {
        // A history without its run: nobody knows what became of messages.
        return;
    }
    let faults = history.ops().iter().any(|op| !op.process.is_client());
    if !faults && context.cut.is_empty() {
        return;
    }
    let mut types: BTreeMap<Rc<str>, u64> = BTreeMap::new();
    let mut carriers: BTreeMap<u32, Vec<Carrier>> = BTreeMap::new();
    let mut bodies = Bodies::default();
    for message in &context.cut {
        let Body { kind, values } = bodies.read(context, message, scan);
        match types.get_mut(&**kind) {
            Some(count) => *count += 1,
            None => drop(types.insert(kind.clone(), 1)),
        }
        if is_between_nodes(context, message) && !values.is_empty() {
            let carrier = Carrier { values: values.clone(), how: message.how };
            carriers.entry(message.dest).or_default().push(carrier);
        }
    }
    let mut tally = Tally::default();
    for (&dest, messages) in &carriers {
        tally.count(history, context, scan, dest, messages);
    }
    let types = types.iter().map(|(name, count)| (&**name, Value::from(*count)));
    result.fields.extend([
        ("cut-messages", Value::record(types)),
        ("cut-value-count", Value::from(tally.carried() as u64)),
        ("cut-value-arrived-count", Value::from(tally.arrived as u64)),
        ("cut-value-missing-count", Value::from(tally.missing as u64)),
    ]);
    result.notes.push(tally.sentence(spec));
}

/// What the body of a message says.
struct Body {
    kind: Rc<str>,
    /// The elements that it carries.
    values: Rc<[u32]>,
}

/// Bodies that were read. A node that gets no answer sends the same again and again, and
/// all of these messages share one body.
#[derive(Default)]
struct Bodies {
    /// By where they are in memory, which stays so while the context is there.
    shared: BTreeMap<*const (), Body>,
    other: Option<Body>,
}

impl Bodies {
    fn read(&mut self, context: &Context, message: &CutMessage, scan: &Scan) -> &Body {
        let read = || {
            let body = context.body(message);
            let kind = body.get("type").and_then(Value::as_str).unwrap_or("unknown");
            Body { kind: Rc::from(kind), values: Rc::from(carried(scan, &body)) }
        };
        match context.bodies.get(&message.id) {
            Some(Payload::Typed { body, .. }) => {
                self.shared.entry(Arc::as_ptr(body).cast()).or_insert_with(read)
            }
            _ => self.other.insert(read()),
        }
    }
}

/// A message that carried values, and what kept it from its receiver.
struct Carrier {
    values: Rc<[u32]>,
    how: Kept,
}

/// Messages that carried values, by what kept them from their receivers and by
/// whether the receiver had the values at the end.
#[derive(Default)]
struct Tally {
    kept: BTreeMap<Kept, usize>,
    arrived: usize,
    missing: usize,
    unknown: usize,
}

impl Tally {
    fn carried(&self) -> usize {
        self.kept.values().sum()
    }

    fn count(
        &mut self,
        history: &History,
        context: &Context,
        scan: &mut Scan,
        dest: u32,
        messages: &[Carrier],
    ) {
        for message in messages {
            *self.kept.entry(message.how).or_default() += 1;
        }
        let reads: Vec<Read> = scan
            .reads
            .iter()
            .copied()
            .filter(|read| read.is_final)
            .filter(|read| {
                let op = &history.ops()[read.complete as usize];
                context.node_index_of(op) == Some(dest as usize)
            })
            .collect();
        if reads.is_empty() {
            self.unknown += messages.len();
            return;
        }
        scan.stamp_reads(history, &reads);
        for message in messages {
            if message.values.iter().all(|&id| scan.is_stamped(id)) {
                self.arrived += 1;
            } else {
                self.missing += 1;
            }
        }
    }

    fn sentence(&self, spec: &SetFull) -> String {
        let noun = if spec.add == "add" { "set" } else { spec.add };
        let carried = self.carried();
        if carried == 0 {
            return format!(
                "No message that carries a {noun} value was cut or lost, or sent to a node that \
                 was down or paused."
            );
        }
        let those = if carried == 1 { "what it carried" } else { "what they carried" };
        let told = format!(
            "The faults {} {} that carried {}{}",
            if self.is_all_cut() { "cut" } else { "kept" },
            words::count(carried, "message"),
            if carried == 1 { format!("a {noun} value") } else { format!("{noun} values") },
            self.ways(),
        );
        let way = match self.kept.contains_key(&Kept::Paused) {
            true => "all the same (later, by another link, or by a retry)",
            false => "another way (by another link, or by a retry)",
        };
        if self.arrived == carried {
            let receivers = if carried == 1 { "its receiver" } else { "every receiver" };
            return format!("{told}; {receivers} got {those} {way}, so nothing was lost by that.");
        }
        let short = way.split(" (").next().unwrap_or(way);
        let mut text = format!("{told}: {} got through {short}", self.arrived);
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

    fn is_all_cut(&self) -> bool {
        self.kept.keys().all(|how| *how == Kept::Cut)
    }

    /// From whom, and how: nothing if partitions did it all.
    fn ways(&self) -> String {
        if self.is_all_cut() {
            return String::new();
        }
        let receivers = if self.carried() == 1 { "its receiver" } else { "their receivers" };
        let ways = self.kept.iter().map(|(how, count)| {
            let how = match how {
                Kept::Cut => "cut",
                Kept::Lost => "lost",
                Kept::Down => "sent to a node that was down",
                Kept::Paused => "held up by a pause",
            };
            format!("{count} {how}")
        });
        format!(" from {receivers} ({})", ways.collect::<Vec<String>>().join(", "))
    }
}

/// The message that should have brought a value to a node, if a fault kept it from
/// the node for good: the last one, for the node would have had the value by it at
/// the latest.
pub(super) fn culprit(context: &Context, dest: usize, value: &Value) -> Option<String> {
    let message = context.cut.iter().rev().find(|message| {
        message.dest as usize == dest
            && message.how != Kept::Paused
            && is_between_nodes(context, message)
            && holds(&context.body(message), value)
    })?;
    let (src, dest) = (context.node_name(message.src), context.node_name(message.dest));
    let what = format!("the message that should have brought {} to {dest}", words::value(value));
    let time = message.time;
    // As `glomers trace --around "message 17"` takes it.
    let which = format!("(message {}, {src} → {dest})", message.id);
    Some(match message.how {
        Kept::Cut | Kept::Paused => format!("{what} was cut at {time} {which}"),
        Kept::Lost => format!("{what} was lost at {time} {which}"),
        Kept::Down => format!("{what} came when {dest} was down, at {time} {which}"),
    })
}

fn holds(body: &Value, wanted: &Value) -> bool {
    let mut holds = false;
    each_held(body, &mut |value| holds |= value == wanted);
    holds
}
