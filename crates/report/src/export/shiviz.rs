//! The log format of ShiViz: two lines an event, `HOST {"HOST":1}` and the event in words.
//!
//! Its rules for clocks hold: the clock of a host has an entry of its own, which goes up
//! by one with each event and begins at 1; no entry of another is beyond what that one
//! has counted.

use std::io::{self, Write};
use std::sync::Arc;

use glomers_history::OpKind;
use glomers_protocol::printable;
use rustc_hash::FxHashMap;

use super::clock::{Clock, Clocks};
use super::{Events, What};

/// The expression that ShiViz needs to read it.
pub const EXPRESSION: &str = r"(?<host>\S*) (?<clock>{.*})\n(?<event>.*)";

/// How much of a body is shown.
const SHOWN: usize = 200;

/// Writes the log.
///
/// # Errors
/// As `out`.
pub fn write(events: &Events<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut clocks = Clocks::default();
    let mut hosts = Hosts::default();
    let mut ends: FxHashMap<usize, usize> = FxHashMap::default();
    for event in &events.order {
        match event.what {
            What::Sent(at) => {
                let message = &events.messages[at];
                ends.insert(at, message.endings.len());
                let name = hosts.of(&message.src);
                let text = words("sends", &message.dest, "to", message);
                entry(out, &name, clocks.send(&name, at), &text)?;
            }
            What::Arrived(at) => {
                let message = &events.messages[at];
                let name = hosts.of(&message.dest);
                let text = words("gets", &message.src, "from", message);
                entry(out, &name, clocks.receive(&name, at), &text)?;
                end(&mut ends, &mut clocks, at);
            }
            // It is an event of nobody; that it never arrives can be seen.
            What::Lost(at) => end(&mut ends, &mut clocks, at),
            What::Marked(at) => {
                let mark = &events.marks[at];
                let name = hosts.of(&mark.node);
                let text = format!("mark {} {}", printable(&mark.label), short(&mark.value));
                entry(out, &name, clocks.tick(&name), &text)?;
            }
            What::Operation(at) => {
                let op = &events.history.ops()[at];
                let name = hosts.of(&format!("client-{}", events.worker(op)));
                let does = if op.kind == OpKind::Invoke { "invokes" } else { op.kind.name() };
                let value = short(&op.value.to_json());
                let text = format!("op {} {does} {} {value}", op.index, printable(&op.f));
                entry(out, &name, clocks.tick(&name), &text)?;
            }
            // No host has faults as events of its own.
            What::FaultBegins(_) | What::FaultEnds(_) => {}
        }
    }
    Ok(())
}

fn end(ends: &mut FxHashMap<usize, usize>, clocks: &mut Clocks, at: usize) {
    if let Some(left) = ends.get_mut(&at) {
        *left = left.saturating_sub(1);
        if *left == 0 {
            ends.remove(&at);
            clocks.forget(at);
        }
    }
}

fn words(does: &str, other: &str, to: &str, message: &glomers_store::Message) -> String {
    let kind = printable(message.kind.as_deref().unwrap_or("(no type)")).into_owned();
    format!(
        "{does} {kind} {to} {} (message {}): {}",
        printable(other),
        message.id,
        short(&message.body)
    )
}

fn short(text: &str) -> String {
    printable(&crate::page::cut(text, SHOWN)).into_owned()
}

fn entry(out: &mut dyn Write, name: &str, clock: &Clock, text: &str) -> io::Result<()> {
    let clock = serde_json::to_string(clock).expect("a clock is always JSON");
    writeln!(out, "{name} {clock}\n{text}")
}

/// Names as ShiViz takes them: without blanks, and each its own.
#[derive(Debug, Default)]
struct Hosts(FxHashMap<Box<str>, Arc<str>>);

impl Hosts {
    fn of(&mut self, name: &str) -> Arc<str> {
        if let Some(host) = self.0.get(name) {
            return host.clone();
        }
        let is_plain = |c: char| !c.is_whitespace() && !matches!(c, '{' | '}');
        let plain: String =
            printable(name).chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
        let mut host = if plain.is_empty() { "_".to_owned() } else { plain };
        while self.0.values().any(|other| **other == *host) {
            host.push('_');
        }
        let host: Arc<str> = host.into();
        self.0.insert(name.into(), host.clone());
        host
    }
}
