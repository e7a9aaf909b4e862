//! What is known of a cluster while it runs.

use std::collections::BTreeMap;

use glomers_history::{Event, Mark, Time, Value};
use glomers_node::EXPOSED;

/// What nodes have said of themselves so far: values of their state, with
/// `cx.expose(name, value)`, and observations, with `cx.mark(label, value)`.
#[derive(Debug, Default)]
pub struct Cluster {
    now: Time,
    nodes: Vec<String>,
    is_up: Vec<bool>,
    exposed: Vec<BTreeMap<String, Value>>,
    marks: BTreeMap<String, Vec<Mark>>,
    /// The label of the mark that was just made.
    newest: Option<String>,
}

impl Cluster {
    pub(crate) fn new(nodes: Vec<String>) -> Cluster {
        let count = nodes.len();
        Cluster {
            nodes,
            is_up: vec![false; count],
            exposed: vec![BTreeMap::new(); count],
            ..Cluster::default()
        }
    }

    /// The present moment, counted from the beginning of the run.
    pub fn now(&self) -> Time {
        self.now
    }

    /// The names of the nodes.
    pub fn nodes(&self) -> &[String] {
        &self.nodes
    }

    /// Whether a node, given by its place, runs at present: it was started, and neither
    /// killed nor has it crashed since.
    pub fn is_up(&self, node: u32) -> bool {
        self.is_up.get(node as usize).copied().unwrap_or_default()
    }

    /// What a node, given by its place, exposes under this name at present; `None` if it has
    /// exposed nothing there since its start, or does not run.
    pub fn exposed(&self, node: u32, name: &str) -> Option<&Value> {
        self.exposed.get(node as usize)?.get(name)
    }

    /// What all nodes expose under this name at present, each with its place; nodes that
    /// expose nothing there are left out.
    pub fn exposed_by_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (u32, &'a Value)> {
        let nodes = (0..).zip(&self.exposed);
        nodes.filter_map(move |(node, values)| Some((node, values.get(name)?)))
    }

    /// All marks with this label, in order of time; times count from the
    /// beginning of the run.
    pub fn marks<'a>(&'a self, label: &str) -> impl ExactSizeIterator<Item = &'a Mark> {
        self.marks.get(label).map_or(&[][..], Vec::as_slice).iter()
    }

    /// The last value that a node, given by its place, marked with this label.
    pub fn latest(&self, node: u32, label: &str) -> Option<&Value> {
        let marks = self.marks.get(label)?;
        marks.iter().rev().find(|mark| mark.node == node).map(|mark| &mark.value)
    }

    /// The mark that was just made, where the present event is a mark. An invariant that
    /// counts looks at this, as it is asked at other events, too.
    pub fn newest(&self) -> Option<&Mark> {
        self.marks.get(self.newest.as_ref()?)?.last()
    }

    /// Follows the run.
    pub(crate) fn see(&mut self, time: Time, event: &Event<'_>) {
        (self.now, self.newest) = (time, None);
        match *event {
            Event::Started { node, .. } => self.is_up[node.place as usize] = true,
            Event::Stopped { node, .. } => {
                self.is_up[node.place as usize] = false;
                self.exposed[node.place as usize].clear();
            }
            Event::Marked { node, label: EXPOSED, value: Value::Map(pairs) } => {
                let shown = &mut self.exposed[node.place as usize];
                for (name, value) in &**pairs {
                    let name = name.as_str().unwrap_or_default().to_owned();
                    shown.insert(name, value.clone());
                }
            }
            Event::Marked { node, label, value } => {
                let mark =
                    Mark { time, node: node.place, label: label.into(), value: value.clone() };
                match self.marks.get_mut(label) {
                    Some(marks) => marks.push(mark),
                    None => drop(self.marks.insert(label.to_owned(), vec![mark])),
                }
                self.newest = Some(label.to_owned());
            }
            _ => {}
        }
    }
}
