//! Nodes that are closures, a workload that asks, and an observer that keeps all.

use std::rc::Rc;
use std::sync::Arc;

use glomers_history::journal::{Disturbance, DropReason};
use glomers_history::{
    CheckResult, Checker, Context, Event, Finding, History, MILLISECOND, Observer, Op, OpKind,
    SECOND, Time, Value,
};
use glomers_node::{Cx, Input, Message, NodeId, Payload, Process};
use glomers_sim::draws::Draws;
use glomers_sim::{
    Chooser, Client, Fault, FaultEvent, FaultList, InProcessHost, ListedOperation, NextOperation,
    NodeProgram, Operations, Outcome, Plan, Rate, ServiceTime, Step, SteppedHost, Wire, Workload,
    run_virtual,
};
use serde::{Deserialize, Serialize};

/// What clients ask.
#[derive(Serialize, Deserialize, Clone, Message)]
#[message(reply = AskOk)]
pub(crate) struct Ask {
    pub(crate) what: Value,
}

/// The answer.
#[derive(Serialize, Deserialize, Clone, Message)]
pub(crate) struct AskOk {}

/// What nodes tell each other.
#[derive(Serialize, Deserialize, Clone, Message)]
pub(crate) struct Tell {
    pub(crate) what: u64,
}

struct Closure<F>(F);

impl<F: FnMut(Input, &mut Cx)> Process for Closure<F> {
    fn handle(&mut self, input: Input, cx: &mut Cx) {
        (self.0)(input, cx);
    }
}

/// A node that is a closure.
pub(crate) fn node(f: impl FnMut(Input, &mut Cx) + 'static) -> Box<dyn Process> {
    Box::new(Closure(f))
}

/// A node that answers every [`Ask`].
pub(crate) fn polite() -> Box<dyn Process> {
    node(|input, cx| {
        answer(&input, cx);
    })
}

/// Answers an [`Ask`]; what it asks.
pub(crate) fn answer(input: &Input, cx: &mut Cx) -> Option<Value> {
    let Input::Message(message) = input else {
        return None;
    };
    let ask: Ask = message.payload.decode().ok()?;
    cx.reply(message, AskOk {});
    Some(ask.what)
}

pub(crate) fn name(place: u32) -> NodeId {
    NodeId::from(format!("n{place}"))
}

/// Generates `ask 0`, `ask 1`, …; `peek` is idempotent.
#[derive(Default)]
pub(crate) struct Asking {
    pub(crate) next: i64,
    pub(crate) with_final: bool,
    pub(crate) keeps_client: bool,
}

fn ask(value: Value) -> NextOperation {
    NextOperation { f: Arc::from("ask"), value }
}

impl Workload for Asking {
    fn name(&self) -> &str {
        "asking"
    }
    fn generate(&mut self, _worker: u32, _draws: &mut Draws) -> NextOperation {
        self.next += 1;
        ask(Value::Int(self.next - 1))
    }
    fn final_operation(&self) -> Option<NextOperation> {
        self.with_final.then(|| ask(Value::Null))
    }
    fn client(&self) -> Box<dyn Client> {
        Box::new(Asker)
    }
    fn is_idempotent(&self, f: &str) -> bool {
        f == "peek"
    }
    fn keeps_client(&self) -> bool {
        self.keeps_client
    }
    fn checker(&self) -> Box<dyn Checker> {
        Box::new(Content)
    }
}

struct Asker;

impl Client for Asker {
    fn invoke(&mut self, op: &Op) -> Step {
        Step::Request(Arc::new(Ask { what: op.value.clone() }))
    }
    fn reply(&mut self, reply: &Payload) -> Step {
        match reply.decode::<AskOk>() {
            Ok(_) if reply.header().kind() == "ask_ok" => Step::Done,
            Ok(_) => Step::BadReply(format!("it is of type {:?}", reply.header().kind())),
            Err(error) => Step::BadReply(error.to_string()),
        }
    }
}

struct Content;

impl Checker for Content {
    fn check(&self, _history: &History, _context: &Context) -> CheckResult {
        CheckResult::default()
    }
}

/// A plan without operations, latency, service time or faults, for one second.
pub(crate) fn plan(seed: u64, nodes: u32) -> Plan {
    let program = NodeProgram::Embedded { name: "test".into(), arguments: Vec::new() };
    let mut plan = Plan::new(seed, program, "asking");
    plan.set_node_count(nodes);
    plan.concurrency = nodes;
    plan.rate = Rate::PerSecond(0.0);
    plan.time_limit = SECOND;
    plan.service_time = ServiceTime::Off;
    plan
}

/// `ask` with the value `worker` at a time in ms; worker w asks node w.
pub(crate) fn asks(list: impl IntoIterator<Item = (u64, u32)>) -> Operations {
    let operation = |(ms, worker): (u64, u32)| ListedOperation {
        at: ms * MILLISECOND,
        worker,
        node: None,
        f: "ask".into(),
        value: Value::Int(worker.into()),
        number: Some(ms),
        is_final: false,
    };
    Operations::Listed(list.into_iter().map(operation).collect())
}

pub(crate) fn at(ms: u64, fault: impl Into<Fault>) -> Written {
    Written { ms, fault: fault.into(), begins: true }
}

/// The fault ends that was written so.
pub(crate) fn over(ms: u64, fault: impl Into<Fault>) -> Written {
    Written { ms, fault: fault.into(), begins: false }
}

/// A fault that begins or ends.
#[derive(Clone)]
pub(crate) struct Written {
    ms: u64,
    fault: Fault,
    begins: bool,
}

/// The faults of a Plan.
pub(crate) fn faults(written: impl IntoIterator<Item = Written>) -> Vec<FaultEvent> {
    let mut list = FaultList::default();
    for Written { ms, fault, begins } in written {
        let at = ms * MILLISECOND;
        if begins {
            list.begin(at, fault);
        } else {
            list.end(at, |on| *on == fault);
        }
    }
    list.into_events()
}

/// A message as the observer saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) sent: Time,
    pub(crate) src: String,
    pub(crate) dest: String,
    pub(crate) body: String,
    pub(crate) received: Option<Time>,
    pub(crate) dropped: Option<(Time, DropReason)>,
    /// When its copy came, if a fault made one.
    pub(crate) again: Option<Time>,
    pub(crate) disturbances: Vec<Disturbance>,
}

impl Seen {
    pub(crate) fn is_between_nodes(&self) -> bool {
        !self.src.starts_with('c') && !self.dest.starts_with('c')
    }
}

/// Everything that an observer can see.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Watch {
    pub(crate) messages: Vec<Seen>,
    /// Time, node, label, value.
    pub(crate) marks: Vec<(Time, String, String, Value)>,
    /// The times of all events, in the order in which they were seen.
    pub(crate) times: Vec<Time>,
}

impl Observer for Watch {
    fn event(&mut self, time: Time, event: &Event<'_>) {
        match *event {
            Event::Sent { message, src, dest } => {
                assert_eq!(message.id as usize, self.messages.len());
                self.messages.push(Seen {
                    sent: time,
                    src: src.to_owned(),
                    dest: dest.to_owned(),
                    body: message.payload.to_json().get().to_owned(),
                    received: None,
                    dropped: None,
                    again: None,
                    disturbances: Vec::new(),
                });
            }
            Event::Received(message) => self.received(time, message.id),
            Event::Disturbed(message, how) => {
                self.messages[message.id as usize].disturbances.push(how);
            }
            Event::Dropped(message, reason) => {
                let message = &mut self.messages[message.id as usize];
                assert_eq!((message.received, message.dropped), (None, None));
                message.dropped = Some((time, reason));
            }
            Event::Marked { node, label, value } => {
                let (node, label) = (node.name.to_owned(), label.to_owned());
                self.marks.push((time, node, label, value.clone()));
            }
            _ => return,
        }
        self.times.push(time);
    }
}

impl Watch {
    fn received(&mut self, time: Time, id: u64) {
        let message = &mut self.messages[id as usize];
        let is_doubled = message.disturbances.contains(&Disturbance::Doubled);
        if is_doubled && (message.received.is_some() || message.dropped.is_some()) {
            assert_eq!(message.again, None);
            message.again = Some(time);
            return;
        }
        assert_eq!((message.received, message.dropped), (None, None));
        message.received = Some(time);
    }
}

pub(crate) struct Ran {
    pub(crate) outcome: Outcome,
    pub(crate) watch: Watch,
}

impl Ran {
    pub(crate) fn ops(&self) -> &[Op] {
        self.outcome.history.ops()
    }

    /// Those that a kind of entry of clients has, in order.
    pub(crate) fn ops_of(&self, kind: OpKind) -> Vec<&Op> {
        let ops = self.ops().iter();
        ops.filter(|op| op.kind == kind && op.process.is_client()).collect()
    }

    pub(crate) fn between_nodes(&self) -> Vec<&Seen> {
        let messages = self.watch.messages.iter();
        messages.filter(|message| message.is_between_nodes()).collect()
    }

    /// How many messages were dropped for a reason.
    pub(crate) fn dropped(&self, reason: DropReason) -> usize {
        let messages = self.watch.messages.iter();
        messages.filter(|seen| seen.dropped.is_some_and(|(_, why)| why == reason)).count()
    }

    pub(crate) fn findings(&self) -> Vec<&Finding> {
        self.outcome.findings.iter().collect()
    }

    /// Time in ms and value of the marks of a label.
    pub(crate) fn marks(&self, label: &str) -> Vec<(u64, String, Value)> {
        let marks = self.watch.marks.iter();
        marks
            .filter(|(_, _, of, _)| of == label)
            .map(|(time, node, _, value)| (time.0 / MILLISECOND, node.clone(), value.clone()))
            .collect()
    }
}

pub(crate) type Factory = Rc<dyn Fn(u32) -> Box<dyn Process>>;

/// Runs nodes made by a closure.
pub(crate) fn run(plan: &Plan, make: impl Fn(u32) -> Box<dyn Process> + 'static) -> Ran {
    run_with(plan, make, Asking::default, || None)
}

pub(crate) fn run_with(
    plan: &Plan,
    make: impl Fn(u32) -> Box<dyn Process> + 'static,
    workload: impl Fn() -> Asking,
    chooser: impl Fn() -> Option<Box<dyn Chooser>>,
) -> Ran {
    let make: Factory = Rc::new(make);
    let host = |plan: &Plan| -> Box<dyn SteppedHost> {
        let make = make.clone();
        let factory = Box::new(move |place| Ok(make(place)));
        Box::new(InProcessHost::new(plan, factory))
    };
    run_host(plan, host, workload, chooser)
}

pub(crate) fn run_host(
    plan: &Plan,
    host: impl Fn(&Plan) -> Box<dyn SteppedHost>,
    workload: impl Fn() -> Asking,
    chooser: impl Fn() -> Option<Box<dyn Chooser>>,
) -> Ran {
    let once = |wire| {
        let plan = Plan { wire, ..plan.clone() };
        let mut watch = Watch::default();
        let mut host = host(&plan);
        let outcome = run_virtual(&plan, &mut workload(), &mut *host, &mut watch, chooser());
        let outcome = outcome.unwrap();
        Ran { outcome, watch }
    };
    let (typed, json) = (once(Wire::Typed), once(Wire::Json));
    assert_eq!(typed.outcome.history, json.outcome.history);
    assert_eq!(typed.outcome.findings, json.outcome.findings);
    assert_eq!(typed.watch, json.watch);
    typed
}
