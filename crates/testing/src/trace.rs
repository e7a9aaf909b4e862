//! What happened in a run of a test, remembered.

use std::fmt::Write as _;

use glomers_history::journal::{Disturbance, DropReason};
use glomers_history::{
    Ended, Endpoint, Event, Finding, Message, Node, Observer, Op, StopReason, Time, Value, edn,
};
use glomers_node::{EXPOSED, Payload};
use glomers_protocol::printable;

/// Remembers a run, and tells it again, or writes it as text, if somebody asks: every
/// message, mark, log line and operation, in order.
#[derive(Default)]
pub struct Trace {
    entries: Vec<(Time, Entry)>,
    /// By their network ids, which count from 0.
    messages: Vec<Sent>,
    names: Names,
}

/// The names of all that sent or received something, or are nodes. Each stands here once: a
/// run of many messages would have as many copies.
#[derive(Default)]
struct Names {
    nodes: Vec<Box<str>>,
    clients: Vec<Box<str>>,
    services: Vec<Box<str>>,
}

impl Names {
    fn slot(&mut self, end: Endpoint) -> &mut Box<str> {
        let (names, place) = match end {
            Endpoint::Node(place) => (&mut self.nodes, place as usize),
            Endpoint::Client(place) => (&mut self.clients, place as usize),
            Endpoint::Service(place) => (&mut self.services, place as usize),
        };
        if names.len() <= place {
            names.resize_with(place + 1, Box::default);
        }
        &mut names[place]
    }

    fn keep(&mut self, end: Endpoint, name: &str) {
        let slot = self.slot(end);
        if **slot != *name {
            *slot = name.into();
        }
    }

    fn of(&self, end: Endpoint) -> &str {
        let (names, place) = match end {
            Endpoint::Node(place) => (&self.nodes, place),
            Endpoint::Client(place) => (&self.clients, place),
            Endpoint::Service(place) => (&self.services, place),
        };
        names.get(place as usize).map_or("", |name| name)
    }
}

struct Sent {
    src: Endpoint,
    dest: Endpoint,
    key: u64,
    payload: Payload,
}

/// A node, by its place.
type Who = u32;

/// An [`Event`]; messages by their ids. Small, as there are many: what is rare or large
/// stands elsewhere.
enum Entry {
    Initialised,
    MainBegan,
    Operation(Box<Op>),
    Sent(u64),
    Received(u64),
    Dropped(u64, DropReason),
    Disturbed(u64, Disturbance),
    Marked { node: Who, mark: Box<(Box<str>, Value)> },
    ClockRead(Who),
    Started { node: Who, incarnation: u32 },
    Stopped { node: Who, why: StopReason },
    Found(Box<Finding>),
    Logged { node: Who, line: Box<str> },
    Ended(Ended),
}

impl Trace {
    /// The run as text, one event a line, whatever nodes write.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for (time, entry) in &self.entries {
            // Writing to a String cannot fail.
            let _ = match entry {
                Entry::Operation(op) => {
                    edn::write_op(op, &mut text);
                    Ok(())
                }
                Entry::Sent(id) => {
                    let Sent { src, dest, payload, .. } = &self.messages[*id as usize];
                    let (src, dest) = (self.names.of(*src), self.names.of(*dest));
                    let body = format!("{payload:?}");
                    let (dest, body) = (printable(dest), printable(&body));
                    writeln!(text, "{:>12} #{id} {src} → {dest} {body}", time.0)
                }
                Entry::Received(id) => writeln!(text, "{:>12} #{id} delivered", time.0),
                Entry::Dropped(id, reason) => {
                    writeln!(text, "{:>12} #{id} {}", time.0, reason.name())
                }
                Entry::Disturbed(id, how) => {
                    writeln!(text, "{:>12} #{id} fault: {}", time.0, how.name())
                }
                Entry::Marked { node, mark } => {
                    let (label, value) = &**mark;
                    let (node, value) = (self.node(*node).name, value.to_string());
                    let value = printable(&value);
                    match **label == *EXPOSED {
                        true => writeln!(text, "{:>12} {node} exposes {value}", time.0),
                        false => {
                            let label = printable(label);
                            writeln!(text, "{:>12} {node} marks {label} = {value}", time.0)
                        }
                    }
                }
                Entry::Logged { node, line } => {
                    let node = self.node(*node).name;
                    writeln!(text, "{:>12} {node} logs: {}", time.0, printable(line))
                }
                Entry::Initialised
                | Entry::MainBegan
                | Entry::ClockRead(_)
                | Entry::Started { .. }
                | Entry::Stopped { .. }
                | Entry::Found(_)
                | Entry::Ended(_) => Ok(()),
            };
        }
        text
    }

    /// Tells somebody else all that happened.
    pub(crate) fn play(&self, observer: &mut dyn Observer) {
        for (time, entry) in &self.entries {
            observer.event(*time, &self.event(entry));
        }
    }

    fn message(&self, id: u64) -> Message<'_> {
        let Sent { src, dest, key, payload } = &self.messages[id as usize];
        Message { id, src: *src, dest: *dest, key: *key, payload }
    }

    fn node(&self, place: Who) -> Node<'_> {
        Node { place, name: self.names.of(Endpoint::Node(place)) }
    }

    fn event<'a>(&'a self, entry: &'a Entry) -> Event<'a> {
        let node = |place: &Who| self.node(*place);
        match entry {
            Entry::Initialised => Event::Initialised,
            Entry::MainBegan => Event::MainBegan,
            Entry::Operation(op) => Event::Operation(op),
            Entry::Sent(id) => {
                let message = self.message(*id);
                let (src, dest) = (self.names.of(message.src), self.names.of(message.dest));
                Event::Sent { message, src, dest }
            }
            Entry::Received(id) => Event::Received(self.message(*id)),
            Entry::Dropped(id, reason) => Event::Dropped(self.message(*id), *reason),
            Entry::Disturbed(id, how) => Event::Disturbed(self.message(*id), *how),
            Entry::Marked { node: who, mark } => {
                let (label, value) = &**mark;
                Event::Marked { node: node(who), label, value }
            }
            Entry::ClockRead(who) => Event::ClockRead(node(who)),
            Entry::Started { node: who, incarnation } => {
                Event::Started { node: node(who), incarnation: *incarnation }
            }
            Entry::Stopped { node: who, why } => Event::Stopped { node: node(who), why: *why },
            Entry::Found(finding) => Event::Found(finding),
            Entry::Logged { node: who, line } => Event::Logged { node: node(who), line },
            Entry::Ended(how) => Event::Ended(*how),
        }
    }
}

impl Observer for Trace {
    fn event(&mut self, time: Time, event: &Event<'_>) {
        let names = &mut self.names;
        let mut who = |node: Node<'_>| {
            names.keep(Endpoint::Node(node.place), node.name);
            node.place
        };
        let entry = match *event {
            Event::Initialised => Entry::Initialised,
            Event::MainBegan => Entry::MainBegan,
            Event::Operation(op) => Entry::Operation(Box::new(op.clone())),
            Event::Sent { message, src, dest } => {
                debug_assert_eq!(message.id as usize, self.messages.len(), "ids count from 0");
                let payload = message.payload.clone();
                let Message { id, src: from, dest: to, key, .. } = message;
                self.names.keep(from, src);
                self.names.keep(to, dest);
                self.messages.push(Sent { src: from, dest: to, key, payload });
                Entry::Sent(id)
            }
            Event::Received(message) => Entry::Received(message.id),
            Event::Dropped(message, reason) => Entry::Dropped(message.id, reason),
            Event::Disturbed(message, how) => Entry::Disturbed(message.id, how),
            Event::Marked { node, label, value } => {
                Entry::Marked { node: who(node), mark: Box::new((label.into(), value.clone())) }
            }
            Event::ClockRead(node) => Entry::ClockRead(who(node)),
            Event::Started { node, incarnation } => Entry::Started { node: who(node), incarnation },
            Event::Stopped { node, why } => Entry::Stopped { node: who(node), why },
            Event::Found(finding) => Entry::Found(Box::new(finding.clone())),
            Event::Logged { node, line } => Entry::Logged { node: who(node), line: line.into() },
            Event::Ended(how) => Entry::Ended(how),
            Event::Tick => return,
        };
        self.entries.push((time, entry));
    }
}
