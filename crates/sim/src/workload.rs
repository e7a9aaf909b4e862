//! What a workload is: operations, clients, and who judges.

use std::sync::Arc;
use std::time::Duration;

use glomers_history::{Access, Checker, Op, Time, Value};
use glomers_node::{Body, ErrorCode, NodeId, Payload, RpcError};

use crate::draws::Draws;

/// What clients ask of a cluster, and how the answers are judged.
///
/// Public, so that a team can test its own message types: nothing here knows
/// the standard workloads.
pub trait Workload {
    /// The name: a folder of the store, a word on the command line.
    fn name(&self) -> &str;

    /// Requests to nodes before operations begin; all must be answered.
    fn setup(&self, nodes: &[NodeId]) -> Vec<SetupRequest> {
        let _ = nodes;
        Vec::new()
    }

    /// How large the cluster is that operations will be generated for. Called
    /// before all else; not called when operations come from a list.
    ///
    /// # Errors
    /// If the workload cannot work with that; says why, and what it needs.
    fn begin(&mut self, size: ClusterSize) -> Result<(), String> {
        let _ = size;
        Ok(())
    }

    /// The next operation of a worker. `draws` is the worker's own stream.
    fn generate(&mut self, worker: u32, draws: &mut Draws) -> NextOperation;

    /// As [`Workload::generate`], which it calls unless a workload says
    /// otherwise, for those whose operations depend on the time (counted as
    /// operations are).
    fn generate_at(&mut self, time: Time, worker: u32, draws: &mut Draws) -> NextOperation {
        let _ = time;
        self.generate(worker, draws)
    }

    /// A client's operation began or ended. For workloads whose later operations
    /// depend on what came of the earlier ones.
    fn observe(&mut self, op: &Op) {
        let _ = op;
    }

    /// What every worker does first at the end, after the cluster had time to
    /// recover; `None`: nothing.
    fn final_operation(&self) -> Option<NextOperation> {
        None
    }

    /// What a worker does after a final operation, and how long after its end;
    /// `None`: it is done.
    fn next_final(
        &mut self,
        ended: &FinalEnd<'_>,
        draws: &mut Draws,
    ) -> Option<(Duration, NextOperation)> {
        let _ = (ended, draws);
        None
    }

    /// A new client, for a new process.
    fn client(&self) -> Box<dyn Client>;

    /// Whether an operation may be tried again without harm. An error or
    /// time-out then means that it failed, not that nobody knows.
    fn is_idempotent(&self, f: &str) -> bool {
        let _ = f;
        false
    }

    /// Whether Maelstrom's clients take every error, also one that says that nothing
    /// happened, for one of which nobody knows. Jepsen's verdict rests on that.
    fn jepsen_trusts_no_error(&self) -> bool {
        false
    }

    /// Whether a worker keeps its client after an operation that nobody knows
    /// the outcome of.
    fn keeps_client(&self) -> bool {
        false
    }

    /// How long a client waits for a reply.
    fn rpc_timeout(&self, mean_latency: Duration) -> Duration {
        let _ = mean_latency;
        Duration::from_secs(5)
    }

    /// Operations that may be without any success.
    fn may_never_succeed(&self) -> &'static [&'static str] {
        &[]
    }

    /// Errors that answer an operation as well as a result does, as "there is no
    /// such key". If there are any, results tell which share of the operations was
    /// answered while nothing was broken.
    fn errors_that_answer(&self) -> &'static [ErrorCode] {
        &[]
    }

    /// What an operation does with which keys, from its invocation. One object, which
    /// `read` reads and all else changes, unless a workload says otherwise.
    fn accesses(&self, op: &Op) -> Vec<Access> {
        vec![Access { key: Value::Null, is_write: &*op.f != "read" }]
    }

    /// Whether a test says little unless operations that change a key overlap.
    fn needs_contention(&self) -> bool {
        false
    }

    /// Whether the checker looks into messages that were lost, that came to a node
    /// that was down, or that waited at one that was paused, as it does into those that
    /// partitions cut ([`Context::cut`](glomers_history::Context::cut)). They cost memory.
    fn looks_into_kept_messages(&self) -> bool {
        false
    }

    /// Who judges the history.
    fn checker(&self) -> Box<dyn Checker>;
}

/// How large a cluster is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClusterSize {
    /// How many nodes.
    pub nodes: u32,
    /// How many workers; worker w talks to node w mod nodes. The process of a
    /// worker is always its number modulo this.
    pub concurrency: u32,
}

/// The end of a final operation.
#[derive(Debug)]
pub struct FinalEnd<'a> {
    /// Whose it was.
    pub worker: u32,
    /// How it ended.
    pub op: &'a Op,
    /// How long ago final operations began.
    pub elapsed: Duration,
}

/// A request to a node before operations begin.
pub struct SetupRequest {
    /// Which node, by its place in the list.
    pub node: u32,
    /// What it is asked. Shared where all are asked the same.
    pub body: Arc<dyn Body>,
    /// Says what is wrong with a reply.
    pub validate: fn(&Payload) -> Result<(), String>,
}

/// An operation that is to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextOperation {
    /// Its name.
    pub f: Arc<str>,
    /// Its argument.
    pub value: Value,
}

/// The state machine of one client process: turns operations into requests, and
/// replies into results.
pub trait Client {
    /// What time it is, counted as operations are: told before each of the others, for
    /// clients that want to know.
    fn at(&mut self, now: Time) {
        let _ = now;
    }

    /// An operation begins.
    fn invoke(&mut self, op: &Op) -> Step;

    /// The reply to the last request came. Error replies and time-outs do not
    /// come here, but to [`Client::failed`].
    fn reply(&mut self, reply: &Payload) -> Step;

    /// The time is over that [`Step::Wait`] was to take.
    fn woken(&mut self) -> Step {
        Step::Done
    }

    /// The last request got an error or no reply in time. `None`: the usual
    /// rule (see [`Failure`]).
    fn failed(&mut self, failure: &Failure) -> Option<Step> {
        let _ = failure;
        None
    }
}

/// Why a request has no result. By the usual rule a definite error, and any
/// failure of an idempotent operation, means that the operation `fail`ed; else
/// it is `info`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// No reply in time.
    Timeout,
    /// An error reply.
    Error(RpcError),
}

/// What a client does next.
#[non_exhaustive]
pub enum Step {
    /// Sends a request to its node, and waits.
    Request(Arc<dyn Body>),
    /// Sends a request to a node of its choice, and waits.
    RequestTo {
        /// The node, by its place.
        node: u32,
        /// What it is asked.
        body: Arc<dyn Body>,
        /// How long it waits for the reply; `None`: as ever.
        timeout: Option<Duration>,
    },
    /// Does nothing for so long; [`Client::woken`] then says how it goes on.
    Wait(Duration),
    /// The operation happened, with this result.
    Ok(Value),
    /// The operation happened; its result is its argument.
    Done,
    /// The same, but something in the answer cannot be: the history carries what
    /// along as the operation's error, and the checker says what it means.
    DoneBut(Value),
    /// It did not happen, for this reason.
    Fail(Value),
    /// Nobody knows, for this reason.
    Info(Value),
    /// The client gives itself up, as the operation asks: nobody knows what it
    /// did, and there is no more to say.
    Crashed,
    /// The reply has not the form that it must have; says what is wrong. The
    /// operation is `info` and the node is blamed.
    BadReply(String),
}
