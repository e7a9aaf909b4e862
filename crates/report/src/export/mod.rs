//! A run for other tools: [`perfetto`], [`shiviz`], [`ndjson`].
//!
//! All three are made of the same events in the same order: those of [`Events`].

mod clock;
pub mod ndjson;
pub mod perfetto;
pub mod shiviz;

use glomers_history::{Context, History, Op, OpKind, Process, Time};
use glomers_store::{Event as Record, Fate, Mark, Message, Recovered, StoreError};

use crate::page::Fault;

/// A run, event by event.
#[derive(Debug)]
pub struct Events<'a> {
    context: &'a Context,
    history: &'a History,
    faults: &'a [Fault],
    origin: i64,
    messages: Vec<Message>,
    marks: Vec<Mark>,
    order: Vec<Event>,
}

/// When something happened, and what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Event {
    /// ns from the moment from which operations count.
    time: i64,
    what: What,
}

/// What happened: places in the lists of messages, marks, operations, faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    FaultBegins(usize),
    FaultEnds(usize),
    Sent(usize),
    /// One that was doubled arrives twice.
    Arrived(usize),
    Lost(usize),
    Marked(usize),
    Operation(usize),
}

impl<'a> Events<'a> {
    /// Reads a run. The context says which node an operation asked.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn read(
        recovered: &'a Recovered,
        context: &'a Context,
        faults: &'a [Fault],
    ) -> Result<Events<'a>, StoreError> {
        let (mut messages, mut marks) = (Vec::new(), Vec::new());
        recovered.for_each(|record| {
            match record {
                Record::Message(message) => messages.push(Message::from(message)),
                Record::Mark(mark) => marks.push(Mark::from(mark)),
                // Findings are in the results; a fault says where clocks are wrong.
                Record::Finding(_) | Record::ClockRead { .. } => {}
            }
            Ok(())
        })?;
        let origin = recovered.initialised_at().unwrap_or_default().0 as i64;
        let history = recovered.history();
        let order = Vec::new();
        let mut events = Events { context, history, faults, origin, messages, marks, order };
        events.put_in_order();
        Ok(events)
    }

    fn put_in_order(&mut self) {
        let moment = |time: Time| time.0 as i64 - self.origin;
        let mut order = Vec::with_capacity(2 * self.messages.len() + self.marks.len());
        let mut push = |time, what| order.push(Event { time, what });
        for (at, message) in self.messages.iter().enumerate() {
            push(moment(message.sent_at), What::Sent(at));
            for ending in &message.endings {
                let lost = ending.dropped.is_some();
                push(moment(ending.time), if lost { What::Lost(at) } else { What::Arrived(at) });
            }
        }
        for (at, mark) in self.marks.iter().enumerate() {
            push(moment(mark.time), What::Marked(at));
        }
        for (at, op) in self.history.ops().iter().enumerate() {
            if op.process != Process::Nemesis {
                push(op.time.0 as i64, What::Operation(at));
            }
        }
        for (at, fault) in self.faults.iter().enumerate() {
            push(fault.from.0 as i64, What::FaultBegins(at));
            if let Some(until) = fault.until {
                push(until.0 as i64, What::FaultEnds(at));
            }
        }
        let history = self.history;
        let messages = &self.messages;
        // Causes before effects at one moment; what makes a node send has a lower id.
        let rank = |what: What| match what {
            What::FaultBegins(at) | What::FaultEnds(at) => (0, at as u64, 0),
            What::Operation(at) if history.ops()[at].kind == OpKind::Invoke => (1, at as u64, 0),
            What::Sent(at) => (2, messages[at].id, 0),
            What::Arrived(at) | What::Lost(at) => (2, messages[at].id, 1),
            What::Marked(at) => (3, at as u64, 0),
            What::Operation(at) => (4, at as u64, 0),
        };
        order.sort_by_key(|event| (event.time, rank(event.what)));
        self.order = order;
    }

    /// The place of an operation's client among the clients.
    fn worker(&self, op: &Op) -> u32 {
        match op.process {
            Process::Client(process) => process % self.context.concurrency.max(1),
            Process::Nemesis => 0,
        }
    }

    /// The node that an operation asks.
    fn asked(&self, op: &Op) -> Option<&str> {
        self.context.node_of(op)
    }
}

/// What became of a message, in a word.
fn fate(message: &Message) -> &'static str {
    match message.fate {
        Fate::Delivered => "delivered",
        other => other.name(),
    }
}
