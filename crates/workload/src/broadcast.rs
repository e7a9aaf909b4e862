//! Workload broadcast: a value given to one node reaches all.

use std::sync::Arc;

use glomers_check::{Checker, SetFull};
use glomers_history::{Op, Value};
use glomers_protocol::rpc::broadcast::{
    BROADCAST_OK, Broadcast as BroadcastRequest, BroadcastOk, READ_OK, Read, ReadOk, TOPOLOGY_OK,
    Topology as TopologyRequest, TopologyOk,
};
use glomers_protocol::{Body, List, NodeId, Payload, shared_text};
use glomers_sim::draws::Draws;
use glomers_sim::{Client, NextOperation, SetupRequest, Step, Workload};

use crate::reply::{Checked, checked, has_form, list};
use crate::topology::Topology;

/// The workload: half of the operations broadcast 0, 1, 2, …, half read.
#[derive(Debug, Default)]
pub struct Broadcast {
    topology: Topology,
    next_value: i64,
}

impl Broadcast {
    /// The workload with a topology.
    pub fn new(topology: Topology) -> Broadcast {
        Broadcast { topology, next_value: 0 }
    }
}

impl Workload for Broadcast {
    fn name(&self) -> &str {
        "broadcast"
    }

    fn setup(&self, nodes: &[NodeId]) -> Vec<SetupRequest> {
        let topology = Arc::new(self.topology.map(nodes));
        let body: Arc<dyn Body> = Arc::new(TopologyRequest { topology });
        (0..nodes.len() as u32)
            .map(|node| SetupRequest {
                node,
                body: body.clone(),
                validate: |reply| has_form::<TopologyOk>(reply, &TOPOLOGY_OK),
            })
            .collect()
    }

    fn generate(&mut self, _worker: u32, draws: &mut Draws) -> NextOperation {
        if draws.below(2) == 0 {
            let value = Value::Int(self.next_value);
            self.next_value += 1;
            NextOperation { f: shared_text("broadcast"), value }
        } else {
            NextOperation { f: shared_text("read"), value: Value::Null }
        }
    }

    fn final_operation(&self) -> Option<NextOperation> {
        Some(NextOperation { f: shared_text("read"), value: Value::Null })
    }

    fn client(&self) -> Box<dyn Client> {
        Box::new(BroadcastClient { reads: false, last_read: List::from_integers(&[]) })
    }

    fn is_idempotent(&self, f: &str) -> bool {
        f == "read"
    }

    fn looks_into_kept_messages(&self) -> bool {
        true
    }

    fn checker(&self) -> Box<dyn Checker> {
        Box::new(SetFull::BROADCAST)
    }
}

struct BroadcastClient {
    reads: bool,
    /// The last read that came as text; the next shares its memory where it is
    /// the same.
    last_read: List,
}

impl Client for BroadcastClient {
    fn invoke(&mut self, op: &Op) -> Step {
        self.reads = &*op.f == "read";
        if self.reads {
            Step::Request(Arc::new(Read {}))
        } else {
            Step::Request(Arc::new(BroadcastRequest { message: op.value.clone() }))
        }
    }

    fn reply(&mut self, reply: &Payload) -> Step {
        if self.reads {
            return match checked::<ReadOk>(reply, &READ_OK) {
                Ok(Checked::Typed(reply)) => Step::Ok(Value::List(reply.messages.clone())),
                Ok(Checked::Json(body)) => {
                    self.last_read = list(&body, "messages").sharing(&self.last_read);
                    Step::Ok(Value::List(self.last_read.clone()))
                }
                Err(what) => Step::BadReply(what),
            };
        }
        match has_form::<BroadcastOk>(reply, &BROADCAST_OK) {
            Ok(()) => Step::Done,
            Err(what) => Step::BadReply(what),
        }
    }
}
