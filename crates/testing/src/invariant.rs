//! What must hold at every event.

use std::panic::{AssertUnwindSafe, catch_unwind};

use glomers_history::{Event, Finding, Node, Time};
use glomers_node::EXPOSED;

use crate::cluster::Cluster;

pub(crate) type Invariant = Box<dyn FnMut(&Cluster) -> Result<(), String>>;

/// Asks invariants at every event and keeps the first violation of each.
pub(crate) struct InvariantObserver {
    pub(crate) cluster: Cluster,
    invariants: Vec<Option<Invariant>>,
    pub(crate) findings: Vec<Finding>,
    /// When all nodes were initialised: findings count from here, as operations do.
    origin: Time,
    /// Whether anybody looks at the cluster.
    is_watched: bool,
}

impl InvariantObserver {
    pub(crate) fn new(
        nodes: Vec<String>,
        invariants: Vec<Invariant>,
        is_watched: bool,
    ) -> InvariantObserver {
        InvariantObserver {
            cluster: Cluster::new(nodes),
            is_watched: is_watched || !invariants.is_empty(),
            invariants: invariants.into_iter().map(Some).collect(),
            findings: Vec::new(),
            origin: Time::ZERO,
        }
    }

    /// Something happened: which invariants are violated now and were not before.
    pub(crate) fn see(&mut self, time: Time, event: &Event<'_>) -> &[Finding] {
        let before = self.findings.len();
        if !self.is_watched || matches!(event, Event::Tick) {
            return &[];
        }
        if matches!(event, Event::Initialised) {
            self.origin = time;
        }
        self.cluster.see(time, event);
        for (number, slot) in (1..).zip(&mut self.invariants) {
            let Some(invariant) = slot else { continue };
            let asked = catch_unwind(AssertUnwindSafe(|| invariant(&self.cluster)));
            let summary = match asked {
                Ok(Ok(())) => continue,
                Ok(Err(reason)) => format!("Invariant number {number} does not hold: {reason}"),
                Err(panic) => format!("Invariant number {number} panicked: {}", text_of(&*panic)),
            };
            let (node, what) = words(event);
            let mut finding = Finding::new("invariant-violated", summary);
            finding.evidence = vec![format!("{what}, {time} after the start")];
            finding.node = node.map(|node| node.name.to_owned());
            finding.time = Some(Time(time.0.saturating_sub(self.origin.0)));
            self.findings.push(finding);
            *slot = None;
        }
        &self.findings[before..]
    }

    /// What a test itself says of its run.
    pub(crate) fn add(&mut self, mut finding: Finding) -> Finding {
        finding.time = Some(Time(self.cluster.now().0.saturating_sub(self.origin.0)));
        self.findings.push(finding.clone());
        finding
    }
}

/// What a panic says.
pub(crate) fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    text.unwrap_or_else(|| "a panic without words".to_owned())
}

/// What has just happened, and to which node.
fn words<'a>(event: &Event<'a>) -> (Option<Node<'a>>, String) {
    match *event {
        Event::Marked { node, label: EXPOSED, value } => {
            (Some(node), format!("after {} exposed {value}", node.name))
        }
        Event::Marked { node, label, value } => {
            (Some(node), format!("after {} marked {label} = {value}", node.name))
        }
        Event::Started { node, .. } => (Some(node), format!("after {} was started", node.name)),
        Event::Stopped { node, .. } => (Some(node), format!("after {} has ended", node.name)),
        Event::Logged { node, .. } => (Some(node), format!("after {} logged", node.name)),
        Event::ClockRead(node) => (Some(node), format!("after {} read its clock", node.name)),
        Event::Sent { message, src, dest } => {
            let kind = message.payload.header().kind().to_owned();
            (None, format!("after {src} sent {kind} to {dest}, message #{}", message.id))
        }
        Event::Received(message) => (None, format!("after message #{} was delivered", message.id)),
        Event::Dropped(message, why) => {
            (None, format!("after message #{} was dropped: {}", message.id, why.name()))
        }
        Event::Disturbed(message, how) => {
            (None, format!("after a fault met message #{}: {}", message.id, how.name()))
        }
        Event::Operation(op) => (None, format!("at operation {} ({})", op.index, op.f)),
        Event::Initialised => (None, "after all nodes were initialised".to_owned()),
        Event::MainBegan => (None, "when operations began".to_owned()),
        Event::Found(finding) => (None, format!("after the finding {}", finding.name)),
        Event::Ended(_) => (None, "at the end".to_owned()),
        Event::Tick => (None, String::new()),
    }
}
