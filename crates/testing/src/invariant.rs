//! What must hold whenever a node has made a mark.

use glomers_history::{Finding, Mark, Node, Time, Value};

/// What nodes have said of themselves so far, with `cx.mark(label, value)`.
#[derive(Debug, Default)]
pub struct Cluster {
    now: Time,
    nodes: Vec<String>,
    marks: Vec<Mark>,
}

impl Cluster {
    /// The present moment, counted from the beginning of the run.
    pub fn now(&self) -> Time {
        self.now
    }

    /// The names of the nodes.
    pub fn nodes(&self) -> &[String] {
        &self.nodes
    }

    /// All marks with this label, in order of time; times count from the
    /// beginning of the run.
    pub fn marks<'a>(&'a self, label: &'a str) -> impl Iterator<Item = &'a Mark> {
        self.marks.iter().filter(move |mark| &*mark.label == label)
    }

    /// The last value that a node, given by its place, marked with this label.
    pub fn latest(&self, node: u32, label: &str) -> Option<&Value> {
        let mut marks = self.marks.iter().rev();
        marks.find(|mark| mark.node == node && &*mark.label == label).map(|mark| &mark.value)
    }

    /// The mark that was just made.
    pub fn newest(&self) -> Option<&Mark> {
        self.marks.last()
    }
}

pub(crate) type Invariant = Box<dyn FnMut(&Cluster) -> Result<(), String>>;

/// Tests invariants after every mark and keeps the first violation of each.
pub(crate) struct InvariantObserver {
    cluster: Cluster,
    invariants: Vec<Option<Invariant>>,
    pub(crate) findings: Vec<Finding>,
    /// When all nodes were initialised: findings count from here, as operations do.
    pub(crate) origin: Time,
}

impl InvariantObserver {
    pub(crate) fn new(nodes: Vec<String>, invariants: Vec<Invariant>) -> InvariantObserver {
        InvariantObserver {
            cluster: Cluster { nodes, ..Cluster::default() },
            invariants: invariants.into_iter().map(Some).collect(),
            findings: Vec::new(),
            origin: Time::ZERO,
        }
    }

    /// A node marked something: which invariants are violated now and were not before.
    pub(crate) fn violated(
        &mut self,
        time: Time,
        node: Node<'_>,
        label: &str,
        value: &Value,
    ) -> &[Finding] {
        let before = self.findings.len();
        if self.invariants.is_empty() {
            return &[];
        }
        self.cluster.now = time;
        let mark = Mark { time, node: node.place, label: label.into(), value: value.clone() };
        self.cluster.marks.push(mark);
        for (number, slot) in (1..).zip(&mut self.invariants) {
            let Some(invariant) = slot else { continue };
            if let Err(reason) = invariant(&self.cluster) {
                self.findings.push(Finding {
                    name: "invariant-violated".into(),
                    summary: format!("Invariant number {number} does not hold: {reason}"),
                    evidence: vec![format!(
                        "after {} marked {label} = {value}, {time} after the start",
                        node.name
                    )],
                    operations: Vec::new(),
                    node: Some(node.name.to_owned()),
                    time: Some(Time(time.0.saturating_sub(self.origin.0))),
                    circle: Vec::new(),
                });
                *slot = None;
            }
        }
        &self.findings[before..]
    }
}
