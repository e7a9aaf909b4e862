//! Who leads: nodes say so with the mark `leader`.

use glomers_history::{History, Mark, Process, Time, Value};

/// The mark by which nodes say that they lead, or no longer.
pub(crate) const LEADER: &str = "leader";

/// Whether a mark of this value says that its node leads.
pub fn leads(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false))
}

/// Times of leadership, from the marks. One ends with a mark that says so, or
/// with the life of the node.
pub(super) struct Leaders<'a>(Vec<(&'a str, Time, Time)>);

impl<'a> Leaders<'a> {
    pub(super) fn new(history: &History, names: &'a [String], marks: &[Mark]) -> Leaders<'a> {
        let mut times: Vec<(&str, Time, Time)> = Vec::new();
        let mut open: Vec<Option<Time>> = vec![None; names.len()];
        let mut close = |node: usize, at: Time, open: &mut Vec<Option<Time>>| {
            if let Some(since) = open.get_mut(node).and_then(Option::take) {
                times.push((names[node].as_str(), since, at));
            }
        };
        let is_kill = |op: &&glomers_history::Op| {
            op.process == Process::Nemesis && &*op.f == "kill" && matches!(op.value, Value::Map(_))
        };
        let mut kills = history.ops().iter().filter(is_kill).peekable();
        for mark in marks.iter().filter(|mark| &*mark.label == LEADER) {
            while let Some(kill) = kills.next_if(|kill| kill.time <= mark.time) {
                for node in killed(names, &kill.value) {
                    close(node, kill.time, &mut open);
                }
            }
            let node = mark.node as usize;
            if leads(&mark.value) {
                if let Some(since) = open.get_mut(node) {
                    since.get_or_insert(mark.time);
                }
            } else {
                close(node, mark.time, &mut open);
            }
        }
        for kill in kills {
            for node in killed(names, &kill.value) {
                close(node, kill.time, &mut open);
            }
        }
        for node in 0..names.len() {
            close(node, Time::MAX, &mut open);
        }
        Leaders(times)
    }

    /// The nodes that lead at a moment; who is killed at it still does.
    pub(super) fn at(&self, time: Time) -> impl Iterator<Item = &'a str> + '_ {
        let during = move |(_, from, until): &&(&str, Time, Time)| *from <= time && time <= *until;
        self.0.iter().filter(during).map(|(node, _, _)| *node)
    }
}

fn killed<'a>(names: &'a [String], value: &'a Value) -> impl Iterator<Item = usize> + 'a {
    let nodes = names.iter().enumerate();
    nodes.filter(move |(_, name)| value.get(name).is_some()).map(|(place, _)| place)
}
