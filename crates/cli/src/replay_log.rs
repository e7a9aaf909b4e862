//! What is shown of a run while it is replayed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use glomers_history::{Event, Observer, Time, Value};
use glomers_protocol::printable;
use glomers_sim::Snapshot;

use crate::out;
use crate::summary::counted;

/// The most values of one label that are shown.
const MOST_VALUES: usize = 20;
/// The longest body that is shown.
const LONGEST: usize = 100;

/// Keeps what nodes mark, and prints what they log with the message that made
/// them do it.
pub(crate) struct Watch {
    prints: bool,
    /// For each node what it marked, by label.
    marks: BTreeMap<String, BTreeMap<String, Vec<Value>>>,
    origin: Option<Time>,
    /// Messages under way: for whom they are, and what.
    sent: BTreeMap<u64, (String, String)>,
    /// What each node got last, and when.
    last: BTreeMap<String, (Time, String)>,
    /// Lines from before operations count.
    early: Vec<(Time, String)>,
}

impl Watch {
    pub(crate) fn new(nodes: &[String], prints: bool) -> Watch {
        let marks = nodes.iter().map(|node| (node.clone(), BTreeMap::new()));
        Watch {
            prints,
            marks: marks.collect(),
            origin: None,
            sent: BTreeMap::new(),
            last: BTreeMap::new(),
            early: Vec::new(),
        }
    }

    /// What there is at the moment at which the run was stopped.
    pub(crate) fn describe(&self, snapshot: &Snapshot) -> String {
        let mut text = match snapshot.is_over {
            true => {
                format!("The run ended at {}, before that moment. At its end:\n", snapshot.time)
            }
            false => format!("At {}:\n", snapshot.time),
        };
        for node in &snapshot.nodes {
            let life = node.incarnation;
            let state = match (node.is_up, node.is_paused) {
                (false, _) => "down".to_owned(),
                (true, true) => format!("paused, incarnation {life}"),
                (true, false) => format!("runs, incarnation {life}"),
            };
            let _ = writeln!(text, "\n{} {state}", node.name);
            for (label, values) in self.marks.get(&node.name).into_iter().flatten() {
                let left_out = values.len().saturating_sub(MOST_VALUES);
                let shown = values[left_out..].iter().map(ToString::to_string);
                let dots = if left_out > 0 { "… " } else { "" };
                let shown = shown.collect::<Vec<String>>().join(" ");
                let (label, shown) = (printable(label), printable(&shown));
                let _ = writeln!(text, "  marked {label} ({}): {dots}{shown}", values.len());
            }
            let mut times = |what: &str, times: &[Time]| {
                if !times.is_empty() {
                    let times: Vec<String> = times.iter().map(ToString::to_string).collect();
                    let _ = writeln!(text, "  {what} {}", times.join(", "));
                }
            };
            times("timers due at", &node.timers);
            times("syncs done at", &node.syncs);
        }
        let count = counted(snapshot.messages.len() as u64, "message");
        let _ = writeln!(text, "\n{count} under way");
        for message in &snapshot.messages {
            let when = match message.due <= snapshot.time {
                true => "waits at its receiver".to_owned(),
                false => format!("due at {}", message.due),
            };
            let _ = writeln!(
                text,
                "  #{} {} → {} {}, {when}  {}",
                message.id,
                message.src,
                message.dest,
                printable(&message.kind),
                printable(&cut(&message.body))
            );
        }
        text
    }

    fn print(&self, time: Time, line: &str) {
        let origin = self.origin.unwrap_or_default();
        let nanos = time.0 as i64 - origin.0 as i64;
        out::line(format_args!("{:>14.6} s {}", nanos as f64 / 1e9, printable(line)));
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl Watch {
    fn logged(&mut self, time: Time, node: &str, line: &str) {
        if !self.prints {
            return;
        }
        let cause = match self.last.get(node) {
            Some((at, words)) if *at == time => words,
            _ => "by itself",
        };
        let line = format!("{node} [{cause}] {line}");
        match self.origin {
            Some(_) => self.print(time, &line),
            None => self.early.push((time, line)),
        }
    }
}

impl Observer for Watch {
    fn event(&mut self, time: Time, event: &Event<'_>) {
        match *event {
            Event::Initialised => {
                self.origin = Some(time);
                for (time, line) in std::mem::take(&mut self.early) {
                    self.print(time, &line);
                }
            }
            Event::Sent { message, src, dest } if self.prints && self.marks.contains_key(dest) => {
                let words =
                    format!("#{} {} from {src}", message.id, message.payload.header().kind());
                self.sent.insert(message.id, (dest.to_owned(), words));
            }
            Event::Received(message) => {
                if let Some((dest, words)) = self.sent.remove(&message.id) {
                    self.last.insert(dest, (time, words));
                }
            }
            Event::Dropped(message, _) => {
                self.sent.remove(&message.id);
            }
            Event::Marked { node, label, value } => {
                if let Some(marks) = self.marks.get_mut(node.name) {
                    marks.entry(label.to_owned()).or_default().push(value.clone());
                }
            }
            Event::Logged { node, line } => self.logged(time, node.name, line),
            _ => {}
        }
    }
}
