//! What a store's journal tells, as columns. The only place of the page that reads
//! records.

use std::ops::Range;

use glomers_history::Time;
use glomers_history::journal::Disturbance;
use glomers_store::{Event, Fate, MarkRef, MessageRef, Recovered, StoreError};
use rustc_hash::FxHashMap;

use super::bodies::Bodies;
use super::marks::Marks;
use super::names::Names;
use super::pack::{Differences, Packer, zigzag};

/// Messages and marks of a run.
#[derive(Debug)]
pub(super) struct Journal {
    origin: i64,
    /// Times, µs, near which bodies are kept whole.
    near: Vec<Range<i64>>,
    pub(super) names: Names,
    pub(super) kinds: Names,
    pub(super) fates: Names,
    pub(super) labels: Names,
    pub(super) bodies: Bodies,
    /// The messages that never arrived, for links to them.
    pub(super) dropped: Vec<u64>,
    messages: Messages,
    copies: Copies,
    marks: Marks,
    /// When messages arrived at each receiver, µs.
    arrivals: FxHashMap<u32, Vec<i64>>,
    /// The last time of all, µs.
    pub(super) last: i64,
}

#[derive(Debug, Default)]
struct Messages {
    id: Vec<u64>,
    sent: Vec<u64>,
    took: Vec<u64>,
    src: Vec<u64>,
    dest: Vec<u64>,
    kind: Vec<u64>,
    fate: Vec<u64>,
    harm: Vec<u64>,
    content: Vec<u64>,
    msg_id: Vec<u64>,
    reply: Vec<u64>,
    ids: Differences,
    times: Differences,
    last_msg_id: FxHashMap<u32, i64>,
    last_reply: FxHashMap<(u32, u32), i64>,
}

/// Second ends of messages that were doubled.
#[derive(Debug, Default)]
struct Copies {
    of: Vec<u64>,
    took: Vec<u64>,
    fate: Vec<u64>,
}

/// Whole µs; what is shown is no finer.
pub(super) fn micros(nanos: i64) -> i64 {
    nanos.div_euclid(1000)
}

fn bit(how: Disturbance) -> u64 {
    match how {
        Disturbance::Doubled => 1,
        Disturbance::Delayed => 2,
        Disturbance::SlowLink => 4,
        Disturbance::SlowNode => 8,
        Disturbance::Waited => 16,
    }
}

impl Journal {
    /// Reads a journal. The names of the nodes come first, in their order.
    pub(super) fn read(
        recovered: &Recovered,
        nodes: &[String],
        near: Vec<Range<i64>>,
    ) -> Result<Journal, StoreError> {
        let origin = recovered.initialised_at().unwrap_or_default().0 as i64;
        let mut journal = Journal { origin, near, ..Journal::empty(nodes) };
        recovered.for_each(|event| {
            match event {
                Event::Message(message) => journal.message(&message),
                Event::Mark(mark) => journal.mark(&mark),
                // The first is among the findings; the bar of a fault shows the second.
                Event::Finding(_) | Event::ClockRead { .. } => {}
            }
            Ok(())
        })?;
        Ok(journal)
    }

    /// Nothing but the names of nodes.
    pub(super) fn empty(nodes: &[String]) -> Journal {
        let mut names = Names::default();
        for node in nodes {
            names.place(node);
        }
        let mut fates = Names::default();
        // A page knows the first two by their places.
        for fate in [Fate::Delivered, Fate::InFlight] {
            fates.place(fate.name());
        }
        Journal {
            origin: 0,
            near: Vec::new(),
            names,
            kinds: Names::default(),
            fates,
            labels: Names::default(),
            bodies: Bodies::new(),
            dropped: Vec::new(),
            messages: Messages::default(),
            copies: Copies::default(),
            marks: Marks::default(),
            arrivals: FxHashMap::default(),
            last: 0,
        }
    }

    pub(super) fn has_messages(&self) -> bool {
        !self.messages.id.is_empty()
    }

    fn moment(&self, time: Time) -> i64 {
        time.0 as i64 - self.origin
    }

    fn message(&mut self, message: &MessageRef<'_>) {
        let sent = micros(self.moment(message.sent_at));
        let end = message.received_at.or(message.dropped_at).map(|time| self.moment(time));
        let until = end.map_or(sent, micros);
        self.last = self.last.max(until);
        let src = self.names.place(message.src);
        let dest = self.names.place(message.dest);
        let is_near = self.near.iter().any(|near| near.start <= until && sent < near.end);
        let parts = self.bodies.take(message.body, message.body_length, is_near);
        let kind = self.kinds.place(message.kind.unwrap_or_default());
        let fate = self.fates.place(message.fate.name());
        let columns = &mut self.messages;
        columns.id.push(columns.ids.next(message.id as i64));
        columns.sent.push(columns.times.next(sent));
        // 0: it has no end.
        let took = |end: i64| (end - sent).max(0) as u64 + 1;
        columns.took.push(end.map_or(0, |_| took(until)));
        columns.src.push(src.into());
        columns.dest.push(dest.into());
        columns.kind.push(kind.into());
        columns.fate.push(fate.into());
        let harm = message.disturbances.iter().fold(0, |bits, harm| bits | bit(harm.how));
        columns.harm.push(harm);
        columns.content.push(parts.content.into());
        // Ids mostly go up by one: of a sender, and of those it answers to another.
        let last = columns.last_msg_id.entry(src).or_default();
        columns.msg_id.push(since(last, parts.msg_id));
        let last = columns.last_reply.entry((src, dest)).or_default();
        columns.reply.push(since(last, parts.in_reply_to));
        if let (Fate::Delivered, Some(_)) = (message.fate, end) {
            self.arrivals.entry(dest).or_default().push(until.max(sent));
        }
        if let (Fate::Dropped(_), Some(_)) = (message.fate, end) {
            self.dropped.push(message.id);
        }
        let place = self.messages.id.len() as u64 - 1;
        for ending in message.endings.iter().filter(|_| message.endings.len() > 1).skip(1) {
            let end = micros(self.moment(ending.time));
            let fate = ending.dropped.map_or("delivered", |reason| reason.name());
            self.copies.of.push(place);
            self.copies.took.push(took(end));
            self.copies.fate.push(self.fates.place(fate).into());
        }
    }

    fn mark(&mut self, mark: &MarkRef<'_>) {
        let time = micros(self.moment(mark.time));
        self.last = self.last.max(time);
        let node = self.names.place(mark.node);
        let label = self.labels.place(mark.label);
        self.marks.take(time, node, label, &super::shortened(mark.value));
    }

    /// Packs all columns.
    pub(super) fn pack(&self, packer: &mut Packer) {
        let messages = &self.messages;
        for (name, column) in [
            ("m.id", &messages.id),
            ("m.sent", &messages.sent),
            ("m.took", &messages.took),
            ("m.src", &messages.src),
            ("m.dest", &messages.dest),
            ("m.kind", &messages.kind),
            ("m.fate", &messages.fate),
            ("m.harm", &messages.harm),
            ("m.content", &messages.content),
            ("m.msg_id", &messages.msg_id),
            ("m.reply", &messages.reply),
            ("c.of", &self.copies.of),
            ("c.took", &self.copies.took),
            ("c.fate", &self.copies.fate),
        ] {
            packer.numbers(name, column);
        }
        packer.texts("contents", self.bodies.texts());
        self.marks.pack(&self.arrivals, packer);
    }
}

/// How far an id is from the one that was to be expected, so that 1 is as expected;
/// 0: there is none.
fn since(last: &mut i64, id: Option<i64>) -> u64 {
    let Some(id) = id else { return 0 };
    let expected = *last + 1;
    *last = id;
    zigzag(id - expected) + 1
}
