//! Driving one node by hand, for its unit tests.

use std::time::Duration;

use glomers_history::Time;
use glomers_protocol::rpc::init::{Init, InitOk};
use glomers_protocol::{Header, Message, NodeId, Payload, Request, RpcError, Value};

use crate::disk::MemoryDisk;
use crate::effect::Effect;
use crate::node::IntoProcess;
use crate::runtime::{Identity, Runtime, WallClock};

/// One node without a cluster. The test is its network and its clock: it hands
/// in messages, lets time pass, and gets what the node sends.
///
/// ```
/// use std::time::Duration;
/// use glomers_node::testing::TestNode;
/// use glomers_node::{Message, Node};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, Clone, Message)]
/// #[message(reply = PingOk)]
/// struct Ping {}
/// #[derive(Serialize, Deserialize, Clone, Message)]
/// struct PingOk {
///     late: bool,
/// }
///
/// let node = Node::<()>::new().on(async |cx, Ping {}| {
///     let second = Duration::from_secs(1);
///     let answered = cx.rpc(&cx.peers()[1], Ping {}).timeout(second).await.is_ok();
///     Ok(PingOk { late: !answered })
/// });
/// let mut node = TestNode::start(node, "n1", &["n1", "n2"]);
///
/// let sent = node.request_from("c1", 7, Ping {});
/// assert_eq!(sent[0].dest, "n2"); // The node asks its peer first …
/// let sent = node.advance(Duration::from_secs(1)); // … which does not answer.
/// assert!(sent[0].reply_to(7).unwrap().body::<PingOk>().late);
/// ```
pub struct TestNode {
    runtime: Runtime,
    disk: MemoryDisk,
    syncs_by_hand: bool,
    now: Time,
    next_msg_id: u64,
    logs: Vec<String>,
    marks: Vec<(String, Value)>,
}

/// A message that the node sent.
#[derive(Debug, Clone)]
pub struct Sent {
    /// To whom.
    pub dest: NodeId,
    /// What.
    pub payload: Payload,
}

impl Sent {
    /// The reserved fields of the body.
    pub fn header(&self) -> Header {
        self.payload.header()
    }

    /// Whether the body has the type `M`.
    pub fn is<M: Message>(&self) -> bool {
        self.header().kind() == M::TYPE
    }

    /// The message, if it is a reply to the request with this `msg_id`.
    pub fn reply_to(&self, msg_id: u64) -> Option<&Sent> {
        (self.header().in_reply_to == Some(msg_id)).then_some(self)
    }

    /// The body.
    ///
    /// # Panics
    /// If it has another type.
    pub fn body<M: Message>(&self) -> M {
        assert!(
            self.is::<M>(),
            "a message of type {:?} was expected, but this is {:?}",
            M::TYPE,
            self.payload
        );
        self.payload.decode().unwrap_or_else(|error| panic!("{error}: {:?}", self.payload))
    }

    /// The body as JSON text.
    pub fn json(&self) -> String {
        self.payload.to_json().get().to_owned()
    }
}

impl TestNode {
    /// A node that has not been initialised, at time 0, in its first
    /// incarnation, with the randomness of seed 0.
    pub fn new(node: impl IntoProcess) -> TestNode {
        let identity = Identity { seed: 0, incarnation: Some(0) };
        TestNode::with_identity(node, identity)
    }

    /// As [`TestNode::new`], with another seed or incarnation.
    pub fn with_identity(node: impl IntoProcess, identity: Identity) -> TestNode {
        TestNode::with_disk(node, identity, MemoryDisk::new())
    }

    /// As [`TestNode::with_identity`], on a disk on which others may have left
    /// something.
    pub fn with_disk(node: impl IntoProcess, identity: Identity, disk: MemoryDisk) -> TestNode {
        let runtime = Runtime::new(node.into_process(), identity, Time::ZERO);
        TestNode {
            runtime: runtime.with_disk(Box::new(disk.clone())),
            disk,
            syncs_by_hand: false,
            now: Time::ZERO,
            next_msg_id: 1 << 20,
            logs: Vec::new(),
            marks: Vec::new(),
        }
    }

    /// A node that is initialised; what it sends at its start is dropped.
    pub fn start(node: impl IntoProcess, id: &str, peers: &[&str]) -> TestNode {
        let mut node = TestNode::new(node);
        node.init(id, peers);
        node
    }

    /// Initialises the node. Gives what it sends, without the `init_ok`.
    ///
    /// # Panics
    /// If the node does not answer with `init_ok`.
    pub fn init(&mut self, id: &str, peers: &[&str]) -> Vec<Sent> {
        let init =
            Init { node_id: NodeId::new(id), node_ids: peers.iter().map(NodeId::new).collect() };
        let mut sent = self.request_from("c0", 1, init);
        let answer = sent
            .iter()
            .position(|sent| sent.dest == "c0" && sent.is::<InitOk>())
            .expect("a node answers init with init_ok");
        sent.remove(answer);
        sent
    }

    /// Hands in a message that wants no reply. Gives what the node sends at once.
    pub fn send_from<M: Message>(&mut self, src: &str, message: M) -> Vec<Sent> {
        self.deliver(src, Payload::new(message))
    }

    /// Hands in a request. Gives what the node sends at once.
    pub fn request_from<M: Message>(&mut self, src: &str, msg_id: u64, message: M) -> Vec<Sent> {
        self.deliver(src, Payload::typed(message, Some(msg_id), None))
    }

    /// Hands in the reply to a request that the node sent. Gives what the node
    /// sends at once.
    pub fn reply<M: Message>(&mut self, request: &Sent, message: M) -> Vec<Sent> {
        let msg_id = request.header().msg_id;
        let src = request.dest.clone();
        self.deliver(&src, Payload::typed(message, None, msg_id))
    }

    /// Hands in a request from a client that the node answers at once, and gives
    /// the answer. Other messages that the node sends are dropped.
    ///
    /// # Errors
    /// The node's error, if it answers with one.
    ///
    /// # Panics
    /// If the node does not answer at once, or with a body of another type.
    pub fn call<M: Request>(&mut self, message: M) -> Result<M::Reply, RpcError> {
        let msg_id = self.next_msg_id;
        self.next_msg_id += 1;
        let sent = self.request_from("c1", msg_id, message);
        let reply = sent
            .iter()
            .find_map(|sent| sent.reply_to(msg_id))
            .unwrap_or_else(|| panic!("{:?} was not answered at once: {sent:?}", M::TYPE));
        if reply.is::<RpcError>() {
            return Err(reply.body());
        }
        Ok(reply.body())
    }

    /// Hands in a body as JSON text, as if it came over a pipe.
    ///
    /// # Panics
    /// If the text is not JSON.
    pub fn json_from(&mut self, src: &str, body: &str) -> Vec<Sent> {
        let payload = Payload::from_json(body).expect("the body must be JSON");
        self.deliver(src, payload)
    }

    /// Hands in any body.
    pub fn deliver(&mut self, src: &str, payload: Payload) -> Vec<Sent> {
        let wall_clock = self.wall_clock();
        self.runtime.message(self.now, wall_clock, NodeId::new(src), payload);
        self.drain()
    }

    /// Lets time pass and fires each timer at its time. Gives what the node
    /// sends meanwhile.
    pub fn advance(&mut self, duration: Duration) -> Vec<Sent> {
        let end = self.now + duration;
        while let Some(due) = self.runtime.next_wake().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            let wall_clock = self.wall_clock();
            self.runtime.wake(self.now, wall_clock);
        }
        self.now = end;
        self.drain()
    }

    /// From now on syncs of the disk are not done at once, but by
    /// [`TestNode::sync`].
    pub fn sync_by_hand(&mut self) {
        self.syncs_by_hand = true;
    }

    /// Does the syncs that the node has asked for. Gives what it sends then.
    pub fn sync(&mut self) -> Vec<Sent> {
        self.carry_out_syncs();
        self.drain()
    }

    fn carry_out_syncs(&mut self) {
        let wall_clock = self.wall_clock();
        while self.disk.has_syncs() {
            for sync in self.disk.take_syncs() {
                self.disk.complete(sync);
                self.runtime.synced(self.now, wall_clock, sync);
            }
        }
    }

    /// The node's disk.
    pub fn disk(&self) -> &MemoryDisk {
        &self.disk
    }

    /// The time since the node was made.
    pub fn now(&self) -> Time {
        self.now
    }

    /// When the node wants to be woken; `None` if it is idle.
    pub fn next_wake(&self) -> Option<Time> {
        self.runtime.next_wake()
    }

    /// Takes the lines that the node has logged.
    pub fn take_logs(&mut self) -> Vec<String> {
        std::mem::take(&mut self.logs)
    }

    /// Takes the marks that the node has set.
    pub fn take_marks(&mut self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.marks)
    }

    fn wall_clock(&self) -> WallClock {
        WallClock(self.now.nanos())
    }

    fn drain(&mut self) -> Vec<Sent> {
        if !self.syncs_by_hand {
            self.carry_out_syncs();
        }
        let mut all = Vec::new();
        for effect in self.runtime.effects().drain(..) {
            match effect {
                Effect::Send { dest, payload } => all.push(Sent { dest, payload }),
                Effect::Mark { label, value } => self.marks.push((label.into_owned(), value)),
                Effect::Log(line) => self.logs.push(line),
            }
        }
        all
    }
}
