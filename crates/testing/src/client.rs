//! Clients as closures, for tests without a workload.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Display;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::Duration;

use glomers_check::{CheckResult, Checker, Context};
use glomers_history::{Finding, History, Op, OpKind, Time, Value};
use glomers_node::{Body, ErrorCode, NodeId, Payload, Request, RpcError};
use glomers_sim::draws::Draws;
use glomers_sim::{Client, Failure, ListedOperation, NextOperation, SetupRequest, Step, Workload};

use crate::invariant::text_of;

/// The operation that a client closure is.
const CLIENT: &str = "client";
/// The finding where a test itself says that something is wrong.
pub(crate) const ASSERTION_FAILED: &str = "assertion-failed";

type Task = Pin<Box<dyn Future<Output = Result<(), String>>>>;
pub(crate) type ClientClosure = Box<dyn FnOnce(ClientCx) -> Task>;

/// What the closure of a client may return: nothing, or a `Result` whose error fails the
/// test; one that never ends fails it, too.
pub trait ClientOutcome {
    /// The error in words, if there is one.
    ///
    /// # Errors
    /// If the closure gave one.
    fn outcome(self) -> Result<(), String>;
}

impl ClientOutcome for () {
    fn outcome(self) -> Result<(), String> {
        Ok(())
    }
}

impl<E: Display> ClientOutcome for Result<(), E> {
    fn outcome(self) -> Result<(), String> {
        self.map_err(|error| error.to_string())
    }
}

/// The type `!` of what never ends, which has no name of its own in stable Rust.
type Never = <fn() -> ! as sealed::Returns>::Output;

#[expect(unnameable_types, reason = "nobody has to name it")]
mod sealed {
    pub trait Returns {
        type Output;
    }

    impl<T> Returns for fn() -> T {
        type Output = T;
    }
}

impl ClientOutcome for Never {
    fn outcome(self) -> Result<(), String> {
        self
    }
}

pub(crate) fn closure<T: ClientOutcome>(
    client: impl AsyncFnOnce(ClientCx) -> T + 'static,
) -> ClientClosure {
    Box::new(|cx| Box::pin(async move { client(cx).await.outcome() }))
}

/// What the closure of a client can know and do.
///
/// A client does one thing at a time: what it asks while it waits for something else is
/// sent when that has come.
#[derive(Clone)]
pub struct ClientCx {
    desk: Rc<Desk>,
}

/// Where a client's closure and the engine meet.
struct Desk {
    nodes: Vec<NodeId>,
    now: Cell<Time>,
    last: Cell<u64>,
    /// What the closure wants and nobody has begun yet, by numbers.
    wants: RefCell<VecDeque<(u64, Want)>>,
    /// What came of the rest.
    answers: RefCell<BTreeMap<u64, Answer>>,
    /// What is wrong with a reply.
    bad_reply: RefCell<Option<String>>,
}

enum Want {
    Ask { node: u32, body: Arc<dyn Body>, timeout: Option<Duration> },
    SleepUntil(Time),
}

enum Answer {
    Reply(Payload),
    Failed(Failure),
    Slept,
}

impl ClientCx {
    /// The names of the nodes.
    pub fn nodes(&self) -> &[NodeId] {
        &self.desk.nodes
    }

    /// The present moment, counted as operations are.
    pub fn now(&self) -> Time {
        self.desk.now.get()
    }

    /// Asks a node, given by its place, and waits for the reply:
    /// `cx.rpc(0, Read {}).await?`. Clients sit beside their nodes: their messages take no
    /// time and are not lost. An error reply is an `Err`, and so is none within 5 s
    /// ([`ErrorCode::TIMEOUT`]).
    pub fn rpc<M: Request>(&self, node: u32, message: M) -> ClientCall<M> {
        let (desk, body) = (self.desk.clone(), Arc::new(message));
        ClientCall { desk, node, body, timeout: None, number: None, message: PhantomData }
    }

    /// Waits.
    pub fn sleep(&self, length: Duration) -> ClientSleep {
        ClientSleep { desk: self.desk.clone(), until: self.now() + length, number: None }
    }
}

impl Desk {
    fn want(&self, want: Want) -> u64 {
        let number = self.last.get() + 1;
        self.last.set(number);
        self.wants.borrow_mut().push_back((number, want));
        number
    }

    fn answer(&self, number: u64) -> Option<Answer> {
        self.answers.borrow_mut().remove(&number)
    }
}

/// A request of a client; made by [`ClientCx::rpc`].
#[must_use = "nothing is sent until this is awaited"]
pub struct ClientCall<M> {
    desk: Rc<Desk>,
    node: u32,
    body: Arc<dyn Body>,
    timeout: Option<Duration>,
    number: Option<u64>,
    message: PhantomData<fn(M)>,
}

impl<M> ClientCall<M> {
    /// How long it waits for the reply; 5 s unless set.
    pub fn timeout(mut self, timeout: Duration) -> ClientCall<M> {
        self.timeout = Some(timeout);
        self
    }
}

impl<M: Request> Future for ClientCall<M> {
    type Output = Result<M::Reply, RpcError>;

    fn poll(mut self: Pin<&mut Self>, _: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let Some(number) = self.number else {
            let count = self.desk.nodes.len();
            let (node, timeout) = (self.node, self.timeout);
            assert!((node as usize) < count, "it asks node number {node} of {count}");
            let want = Want::Ask { node, body: self.body.clone(), timeout };
            self.number = Some(self.desk.want(want));
            return Poll::Pending;
        };
        match self.desk.answer(number) {
            Some(Answer::Reply(reply)) => match reply.decode::<M::Reply>() {
                Ok(reply) => Poll::Ready(Ok(reply)),
                Err(error) => {
                    // That is the node's fault and ends the client.
                    *self.desk.bad_reply.borrow_mut() = Some(error.to_string());
                    Poll::Pending
                }
            },
            Some(Answer::Failed(Failure::Error(error))) => Poll::Ready(Err(error)),
            Some(_) => {
                let name = &self.desk.nodes[self.node as usize];
                let text = format!("{name} did not answer {:?} in time", self.body.kind());
                Poll::Ready(Err(RpcError::new(ErrorCode::TIMEOUT, text)))
            }
            None => Poll::Pending,
        }
    }
}

/// A client that waits; made by [`ClientCx::sleep`].
#[must_use = "nobody waits until this is awaited"]
pub struct ClientSleep {
    desk: Rc<Desk>,
    until: Time,
    number: Option<u64>,
}

impl Future for ClientSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut TaskContext<'_>) -> Poll<()> {
        let Some(number) = self.number else {
            self.number = Some(self.desk.want(Want::SleepUntil(self.until)));
            return Poll::Pending;
        };
        match self.desk.answer(number) {
            Some(_) => Poll::Ready(()),
            None => Poll::Pending,
        }
    }
}

/// The workload of a test whose clients are closures: each is one operation, the first
/// of its worker.
pub(crate) struct Clients {
    closures: Rc<RefCell<Vec<Option<ClientClosure>>>>,
    nodes: Vec<NodeId>,
    limit: Time,
}

impl Clients {
    pub(crate) fn new(closures: Vec<ClientClosure>, plan: &glomers_sim::Plan) -> Clients {
        let closures = closures.into_iter().map(Some).collect();
        Clients {
            closures: Rc::new(RefCell::new(closures)),
            nodes: plan.nodes.iter().map(NodeId::new).collect(),
            limit: Time(plan.time_limit),
        }
    }

    /// What the Plan says of so many closures.
    pub(crate) fn operations(count: u32) -> Vec<ListedOperation> {
        let one = |number: u32| ListedOperation {
            at: 0,
            worker: number,
            node: None,
            f: CLIENT.to_owned(),
            value: Value::Int(number.into()),
            number: None,
            is_final: false,
        };
        (0..count).map(one).collect()
    }
}

impl Workload for Clients {
    fn name(&self) -> &str {
        "clients"
    }

    fn setup(&self, _nodes: &[NodeId]) -> Vec<SetupRequest> {
        Vec::new()
    }

    fn generate(&mut self, _worker: u32, _draws: &mut Draws) -> NextOperation {
        NextOperation { f: CLIENT.into(), value: Value::Null }
    }

    fn client(&self) -> Box<dyn Client> {
        let desk = Desk {
            nodes: self.nodes.clone(),
            now: Cell::new(Time::ZERO),
            last: Cell::new(0),
            wants: RefCell::default(),
            answers: RefCell::default(),
            bad_reply: RefCell::default(),
        };
        let (closures, limit) = (self.closures.clone(), self.limit);
        Box::new(Machine { closures, desk: Rc::new(desk), task: None, waits_for: 0, limit })
    }

    fn may_never_succeed(&self) -> &'static [&'static str] {
        &[CLIENT]
    }

    fn checker(&self) -> Box<dyn Checker> {
        Box::new(Assertions)
    }
}

struct Machine {
    closures: Rc<RefCell<Vec<Option<ClientClosure>>>>,
    desk: Rc<Desk>,
    task: Option<Task>,
    /// The number of what it waits for.
    waits_for: u64,
    /// When it must be done.
    limit: Time,
}

impl Machine {
    fn answered(&mut self, answer: Answer) -> Step {
        self.desk.answers.borrow_mut().insert(self.waits_for, answer);
        self.go_on()
    }

    fn go_on(&mut self) -> Step {
        let Some(task) = &mut self.task else { return Step::Done };
        let mut context = TaskContext::from_waker(Waker::noop());
        let polled = catch_unwind(AssertUnwindSafe(|| task.as_mut().poll(&mut context)));
        let failed = |text: String| {
            Step::Fail(Value::list([Value::keyword(ASSERTION_FAILED), Value::string(text)]))
        };
        let step = match polled {
            Ok(Poll::Pending) => match self.next_want() {
                Ok(step) => return step,
                Err(step) => step.unwrap_or_else(failed),
            },
            Ok(Poll::Ready(Ok(()))) => Step::Done,
            Ok(Poll::Ready(Err(error))) => failed(error),
            Err(panic) => failed(text_of(&*panic)),
        };
        self.task = None;
        step
    }

    /// What a closure that waits wants next, or how it ends instead.
    fn next_want(&mut self) -> Result<Step, Result<Step, String>> {
        if let Some(what) = self.desk.bad_reply.take() {
            return Err(Ok(Step::BadReply(what)));
        }
        let now = self.desk.now.get();
        if now >= self.limit {
            return Err(Err("it had not ended when the run did; run_for says how long".to_owned()));
        }
        let Some((number, want)) = self.desk.wants.borrow_mut().pop_front() else {
            let text = "it waits for something that neither cx.rpc nor cx.sleep gives";
            return Err(Err(text.to_owned()));
        };
        self.waits_for = number;
        Ok(match want {
            Want::Ask { node, body, timeout } => Step::RequestTo { node, body, timeout },
            Want::SleepUntil(until) => Step::Wait(until.min(self.limit).since(now)),
        })
    }
}

impl Client for Machine {
    fn at(&mut self, now: Time) {
        self.desk.now.set(now);
    }

    fn invoke(&mut self, op: &Op) -> Step {
        let number = op.value.as_int().and_then(|number| usize::try_from(number).ok());
        let mut closures = self.closures.borrow_mut();
        let closure = number.and_then(|number| closures.get_mut(number)?.take());
        drop(closures);
        let Some(closure) = closure else {
            return Step::Fail(Value::keyword("no-such-client"));
        };
        self.task = Some(closure(ClientCx { desk: self.desk.clone() }));
        self.go_on()
    }

    fn reply(&mut self, reply: &Payload) -> Step {
        self.answered(Answer::Reply(reply.clone()))
    }

    fn woken(&mut self) -> Step {
        self.answered(Answer::Slept)
    }

    fn failed(&mut self, failure: &Failure) -> Option<Step> {
        Some(self.answered(Answer::Failed(failure.clone())))
    }
}

/// What clients say of the run themselves.
struct Assertions;

impl Checker for Assertions {
    fn check(&self, history: &History, _context: &Context) -> CheckResult {
        let failed = history.ops().iter().filter(|op| op.kind == OpKind::Fail);
        let finding = |op: &Op| {
            let error = op.error.as_ref()?.as_list()?;
            let is_ours = error.get(0)?.as_str() == Some(ASSERTION_FAILED);
            let text = error.get(1).filter(|_| is_ours)?.as_str()?.to_owned();
            let summary = format!("Client {}: {text}", op.value);
            let mut finding = Finding::new(ASSERTION_FAILED, summary);
            finding.operations = vec![op.index];
            finding.time = Some(op.time);
            Some(finding)
        };
        CheckResult::of_findings(failed.filter_map(finding))
    }
}
