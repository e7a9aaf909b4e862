//! What checkers may know of a run beside its history.

use std::collections::BTreeMap;

use glomers_protocol::Payload;

use crate::journal::DropReason;
use crate::{Mark, Op, Process, Stop, Time, Value};

/// What kept a message from its receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kept {
    /// A partition cut its link.
    Cut,
    /// It was lost on its way.
    Lost,
    /// Its receiver was not running, or was killed before it took the message.
    Down,
    /// Its receiver was paused, and took it only afterwards.
    Paused,
}

impl Kept {
    /// What kept a message from its receiver that was dropped for this reason, if a
    /// fault or the network's own loss did.
    pub fn by(reason: DropReason) -> Option<Kept> {
        match reason {
            DropReason::Partition => Some(Kept::Cut),
            DropReason::NodeDown => Some(Kept::Down),
            DropReason::Loss | DropReason::Fault | DropReason::Override => Some(Kept::Lost),
            DropReason::ClientGone => None,
        }
    }
}

/// A message that a fault kept from its receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutMessage {
    /// When, counted as operations are.
    pub time: Time,
    /// Its network id: [`Context::body`] has what it says.
    pub id: u64,
    /// The sender, by its place in [`Context::nodes`]; services come after the
    /// nodes, in the order of [`Context::services`].
    pub src: u32,
    /// The receiver, likewise.
    pub dest: u32,
    /// What kept it from its receiver.
    pub how: Kept,
}

/// A service that nodes can ask, and how often they did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its name: `seq-kv`.
    pub name: String,
    /// How many requests of nodes reached it.
    pub requests: u64,
}

/// What a checker may know besides the history.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// The names of the nodes. The operations of process p went to node
    /// (p mod `concurrency`) mod (number of nodes).
    pub nodes: Vec<String>,
    /// How many workers there were; 0 if unknown.
    pub concurrency: u32,
    /// What nodes noted about themselves, in order of time.
    pub marks: Vec<Mark>,
    /// What faults kept from its receivers, in order of time. Only where a workload
    /// asks for it.
    pub cut: Vec<CutMessage>,
    /// The bodies of these messages by their network ids, as they were sent: nobody
    /// reads them unless a checker looks.
    pub bodies: BTreeMap<u64, Payload>,
    /// The services that nodes can ask.
    pub services: Vec<Service>,
    /// Operations that asked another node than that of their process, by the index of
    /// their invocation and that of their completion: the node's place in
    /// [`Context::nodes`].
    pub asked: BTreeMap<u64, u32>,
    /// Whether the history ends before its time: what was on its way then had no
    /// chance to arrive.
    pub is_cut_short: bool,
    /// When long searches are to be given up.
    pub stop: Stop,
}

impl Context {
    /// What a message said; [`Value::Null`] if that is not known or was no JSON.
    pub fn body(&self, message: &CutMessage) -> Value {
        let body = self.bodies.get(&message.id).map(|payload| payload.to_json());
        body.and_then(|text| Value::from_json(text.get()).ok()).unwrap_or(Value::Null)
    }

    /// The name of the node that an operation asked, if known.
    pub fn node_of(&self, op: &Op) -> Option<&str> {
        self.nodes.get(self.node_index_of(op)?).map(String::as_str)
    }

    /// The place in [`Context::nodes`] of the node that an operation asked: that of its
    /// process, unless it was listed with another.
    pub fn node_index_of(&self, op: &Op) -> Option<usize> {
        let Process::Client(process) = op.process else {
            return None;
        };
        if let Some(&place) = self.asked.get(&op.index) {
            return Some(place as usize);
        }
        let worker = process.checked_rem(self.concurrency)? as usize;
        worker.checked_rem(self.nodes.len())
    }

    /// The name of the node at a place in [`Context::nodes`], or of the service
    /// behind them.
    pub fn node_name(&self, index: u32) -> &str {
        let index = index as usize;
        match (self.nodes.get(index), index.checked_sub(self.nodes.len())) {
            (Some(name), _) => name,
            (None, Some(place)) => {
                self.services.get(place).map_or("an unknown node", |service| &service.name)
            }
            (None, None) => "an unknown node",
        }
    }

    /// Whether nodes asked the service of this name.
    pub fn uses(&self, service: &str) -> bool {
        self.services.iter().any(|one| one.name == service && one.requests > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_that_asked_another_node_than_its_worker_has_that_node() {
        let text = "{:process 0, :type :invoke, :f :read, :value nil}\n\
                    {:process 0, :type :ok, :f :read, :value 1}\n\
                    {:process 2, :type :invoke, :f :read, :value nil}\n\
                    {:process :nemesis, :type :info, :f :kill, :value nil}\n";
        let history = crate::read(text.as_bytes()).unwrap();
        let context = Context {
            nodes: vec!["n0".to_owned(), "n1".to_owned()],
            concurrency: 2,
            asked: [(0, 1), (1, 1)].into(),
            ..Context::default()
        };
        let nodes: Vec<_> = history.ops().iter().map(|op| context.node_of(op)).collect();
        assert_eq!(nodes, [Some("n1"), Some("n1"), Some("n0"), None]);
    }
}
