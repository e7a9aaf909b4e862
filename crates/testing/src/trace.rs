//! What happened in a run of a test, as text.

use std::fmt::Write as _;

use glomers_history::journal::{Disturbance, DropReason};
use glomers_history::{Observer, Op, Time, Value, edn};
use glomers_node::Payload;
use glomers_protocol::printable;

/// Remembers a run and writes it as text if somebody asks: every message, mark,
/// log line and operation, in order.
#[derive(Default)]
pub struct Trace {
    entries: Vec<Entry>,
}

enum Entry {
    Operation(Op),
    Sent { time: Time, id: u64, src: Box<str>, dest: Box<str>, payload: Payload },
    Received { time: Time, id: u64 },
    Dropped { time: Time, id: u64, reason: DropReason },
    Disturbed { time: Time, id: u64, how: Disturbance },
    Marked { time: Time, node: Box<str>, label: Box<str>, value: Value },
    Logged { time: Time, node: Box<str>, line: Box<str> },
    Initialised { time: Time },
    ClockRead { time: Time, node: Box<str> },
    Found { time: Time, node: Box<str>, name: Box<str>, summary: Box<str>, evidence: Vec<String> },
}

impl Trace {
    /// The run as text, one event a line, whatever nodes write.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for entry in &self.entries {
            // Writing to a String cannot fail.
            let _ = match entry {
                Entry::Operation(op) => {
                    edn::write_op(op, &mut text);
                    Ok(())
                }
                Entry::Sent { time, id, src, dest, payload } => {
                    let (dest, body) = (printable(dest), format!("{payload:?}"));
                    let body = printable(&body);
                    writeln!(text, "{:>12} #{id} {src} → {dest} {body}", time.0)
                }
                Entry::Received { time, id } => writeln!(text, "{:>12} #{id} delivered", time.0),
                Entry::Dropped { time, id, reason } => {
                    writeln!(text, "{:>12} #{id} {}", time.0, reason.name())
                }
                Entry::Disturbed { time, id, how } => {
                    writeln!(text, "{:>12} #{id} fault: {}", time.0, how.name())
                }
                Entry::Marked { time, node, label, value } => {
                    let value = value.to_string();
                    let (label, value) = (printable(label), printable(&value));
                    writeln!(text, "{:>12} {node} marks {label} = {value}", time.0)
                }
                Entry::Logged { time, node, line } => {
                    writeln!(text, "{:>12} {node} logs: {}", time.0, printable(line))
                }
                Entry::Initialised { .. } | Entry::ClockRead { .. } | Entry::Found { .. } => Ok(()),
            };
        }
        text
    }

    /// Tells somebody else all that happened.
    pub(crate) fn play(&self, observer: &mut dyn Observer) {
        for entry in &self.entries {
            match entry {
                Entry::Operation(op) => observer.operation(op),
                Entry::Sent { time, id, src, dest, payload } => {
                    observer.sent(*time, *id, src, dest, payload);
                }
                Entry::Received { time, id } => observer.received(*time, *id),
                Entry::Dropped { time, id, reason } => observer.dropped(*time, *id, *reason),
                Entry::Disturbed { time, id, how } => observer.disturbed(*time, *id, *how),
                Entry::Marked { time, node, label, value } => {
                    observer.marked(*time, node, label, value);
                }
                Entry::Logged { time, node, line } => observer.logged(*time, node, line),
                Entry::Initialised { time } => observer.initialised(*time),
                Entry::ClockRead { time, node } => observer.clock_read(*time, node),
                Entry::Found { time, node, name, summary, evidence } => {
                    observer.found(*time, node, name, summary, evidence);
                }
            }
        }
    }
}

impl Observer for Trace {
    fn operation(&mut self, op: &Op) {
        self.entries.push(Entry::Operation(op.clone()));
    }

    fn sent(&mut self, time: Time, id: u64, src: &str, dest: &str, payload: &Payload) {
        let (src, dest, payload) = (src.into(), dest.into(), payload.clone());
        self.entries.push(Entry::Sent { time, id, src, dest, payload });
    }

    fn received(&mut self, time: Time, id: u64) {
        self.entries.push(Entry::Received { time, id });
    }

    fn dropped(&mut self, time: Time, id: u64, reason: DropReason) {
        self.entries.push(Entry::Dropped { time, id, reason });
    }

    fn disturbed(&mut self, time: Time, id: u64, how: Disturbance) {
        self.entries.push(Entry::Disturbed { time, id, how });
    }

    fn marked(&mut self, time: Time, node: &str, label: &str, value: &Value) {
        let (node, label, value) = (node.into(), label.into(), value.clone());
        self.entries.push(Entry::Marked { time, node, label, value });
    }

    fn logged(&mut self, time: Time, node: &str, line: &str) {
        self.entries.push(Entry::Logged { time, node: node.into(), line: line.into() });
    }
    fn initialised(&mut self, time: Time) {
        self.entries.push(Entry::Initialised { time });
    }

    fn clock_read(&mut self, time: Time, node: &str) {
        self.entries.push(Entry::ClockRead { time, node: node.into() });
    }

    fn found(&mut self, time: Time, node: &str, name: &str, summary: &str, evidence: &[String]) {
        let (node, name, summary) = (node.into(), name.into(), summary.into());
        self.entries.push(Entry::Found { time, node, name, summary, evidence: evidence.to_vec() });
    }
}
