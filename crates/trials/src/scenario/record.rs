//! What a run looked like, remembered for outputs.

use glomers_history::journal::{Disturbance, DropReason};
use glomers_history::{Event, Observer, Time, edn};

/// How a message ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Received,
    Dropped(DropReason),
}

/// A message; times count from the beginning of the run.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) time: Time,
    pub(super) src: Box<str>,
    pub(super) dest: Box<str>,
    pub(super) body: String,
    pub(super) end: Option<(Time, End)>,
    /// The end of its copy, if a fault made one.
    pub(super) copy_end: Option<(Time, End)>,
    pub(super) disturbances: Vec<(Time, Disturbance)>,
}

/// The number of a client's name.
fn client_number(name: &str) -> Option<u32> {
    name.strip_prefix('c')?.parse().ok()
}

impl Sent {
    /// The number of the client at one of its ends, if one is there.
    pub(super) fn client(&self) -> Option<u32> {
        client_number(&self.src).or_else(|| client_number(&self.dest))
    }
}

/// Something a node said of itself: time, node, text.
pub(super) type Note = (Time, Box<str>, String);

/// All that an observer sees but operations, which the outcome has.
#[derive(Debug, Default)]
pub(super) struct Recording {
    /// By their network ids, which count from 0.
    pub(super) messages: Vec<Sent>,
    pub(super) marks: Vec<Note>,
    pub(super) logs: Vec<Note>,
}

impl Recording {
    /// When the main phase began: when the last client that belongs to the start
    /// of the cluster had its first answer. Each node has two of those, for `init` and
    /// for the set-up. (A node that is started again answers the same client.)
    pub(super) fn main_start(&self, nodes: u32) -> Time {
        let mut answered = vec![false; 2 * nodes as usize];
        let is_first = |message: &&Sent| {
            let client = client_number(&message.dest).and_then(|n| answered.get_mut(n as usize));
            client.is_some_and(|answered| !std::mem::replace(answered, true))
        };
        let answers = self.messages.iter().filter(is_first);
        let times = answers.filter_map(|message| message.end.map(|(time, _)| time));
        times.max().unwrap_or_default()
    }

    fn end(&mut self, id: u64, time: Time, end: End) {
        if let Some(message) = self.messages.get_mut(id as usize) {
            match message.end {
                None => message.end = Some((time, end)),
                Some(_) => message.copy_end = Some((time, end)),
            }
        }
    }
}

impl Observer for Recording {
    fn event(&mut self, time: Time, event: &Event<'_>) {
        match *event {
            Event::Sent { message, src, dest } => {
                debug_assert_eq!(message.id as usize, self.messages.len(), "ids count from 0");
                self.messages.push(Sent {
                    time,
                    src: src.into(),
                    dest: dest.into(),
                    body: message.payload.to_json().get().to_owned(),
                    end: None,
                    copy_end: None,
                    disturbances: Vec::new(),
                });
            }
            Event::Received(message) => self.end(message.id, time, End::Received),
            Event::Dropped(message, reason) => self.end(message.id, time, End::Dropped(reason)),
            Event::Disturbed(message, how) => {
                if let Some(message) = self.messages.get_mut(message.id as usize) {
                    message.disturbances.push((time, how));
                }
            }
            Event::Marked { node, label, value } => {
                let text = format!("{label} {}", edn::to_string(value));
                self.marks.push((time, node.name.into(), text));
            }
            Event::Logged { node, line } => {
                self.logs.push((time, node.name.into(), line.to_owned()));
            }
            _ => {}
        }
    }
}
