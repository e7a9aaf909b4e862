//! A cluster under test, from its settings to its verdict.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

use glomers_history::{Event, Finding, Observer, Time};
use glomers_node::{IntoProcess, Process};
use glomers_sim::{
    Bursts, Chooser, Distribution, FaultList, InProcessHost, Inbox, Latency, LatencyChange,
    LatencyStep, LinkRule, NodeFactory, NodeProgram, Plan, PlanBuilder, Rate, Regions, SERVICES,
    Stepper, Wire, Workload,
};

use crate::by_hand::{ByHand, Script};
use crate::client::{ASSERTION_FAILED, ClientClosure, ClientCx, ClientOutcome, Clients, closure};
use crate::cluster::Cluster;
use crate::families::Drawn;
use crate::fault::FaultSpec;
use crate::invariant::{Invariant, InvariantObserver, text_of};
use crate::keep;
use crate::load::Load;
use crate::test_run::TestRun;
use crate::trace::Trace;
use glomers_session::{RunOptions, judge_outcome, results};

/// A cluster that is to be run in virtual time. See the crate's documentation
/// for an example.
#[must_use = "nothing runs before run_for"]
pub struct Simulation {
    plan: PlanBuilder,
    factory: Option<NodeFactory>,
    load: Option<Load>,
    clients: Vec<ClientClosure>,
    script: Option<Script>,
    faults: Vec<FaultSpec>,
    invariants: Vec<Invariant>,
    chooser: Option<Box<dyn Chooser>>,
    options: RunOptions,
    pub(crate) drawn: Drawn,
}

impl Simulation {
    /// A run of this seed. All that is random follows from it.
    pub fn seed(seed: u64) -> Simulation {
        let program = NodeProgram::Embedded { name: "test".to_owned(), arguments: Vec::new() };
        Simulation {
            plan: Plan::builder(seed, program, ""),
            factory: None,
            load: None,
            clients: Vec::new(),
            script: None,
            faults: Vec::new(),
            invariants: Vec::new(),
            chooser: None,
            options: RunOptions::default(),
            drawn: Drawn::default(),
        }
    }

    /// So many nodes, each made by `node`, which may take the node's place in the list:
    /// `.nodes(5, my_node)` or `.nodes(5, |place: u32| my_node(place))`.
    pub fn nodes<M>(mut self, count: u32, node: impl MakeNode<M> + 'static) -> Simulation {
        self.plan.nodes(count);
        self.factory = Some(Box::new(move |place| Ok(node.make(place))));
        self
    }

    /// The latency of messages between nodes: [`Constant`](crate::Constant),
    /// [`Uniform`](crate::Uniform) or [`Exponential`](crate::Exponential).
    pub fn latency(mut self, latency: impl Into<Latency>) -> Simulation {
        self.plan.latency(latency);
        self
    }

    /// Another latency from one node to another, both given by their places.
    pub fn link_latency(mut self, from: u32, to: u32, latency: impl Into<Latency>) -> Simulation {
        self.plan.link(LinkRule {
            src: Some(from),
            dest: Some(to),
            latency: Some(latency.into()),
            loss: None,
        });
        self
    }

    /// How much of what spreads latencies is common to the messages of a link within one
    /// second, 0 to below 1.
    pub fn latency_correlation(mut self, correlation: f64) -> Simulation {
        self.plan.latency_correlation(correlation);
        self
    }

    /// Another latency from a moment on, which counts from the beginning of operations.
    pub fn latency_from(mut self, moment: Duration, latency: impl Into<Latency>) -> Simulation {
        self.plan.latency_step(LatencyStep {
            at: u64::try_from(moment.as_nanos()).unwrap_or(u64::MAX),
            change: LatencyChange::To(latency.into()),
        });
        self
    }

    /// Messages of a link do not overtake each other, as with TCP.
    pub fn in_order(mut self) -> Simulation {
        self.plan.in_order(true);
        self
    }

    /// How many bits a link carries a second, each way.
    pub fn bandwidth(mut self, bits: u64) -> Simulation {
        self.plan.bandwidth(Some(bits));
        self
    }

    /// When links lose messages in bursts: `"gemodel:0.01,0.2".parse()?`.
    pub fn loss_bursts(mut self, bursts: Bursts) -> Simulation {
        self.plan.loss_bursts(Some(bursts));
        self
    }

    /// Places the nodes in regions in turn: links have half of the round trip as their
    /// mean latency, spread like this.
    pub fn regions(mut self, regions: &Regions, distribution: Distribution) -> Simulation {
        self.plan.regions(regions, distribution);
        self
    }

    /// The fraction of messages between nodes that is lost, 0 to 1.
    pub fn loss(mut self, loss: f64) -> Simulation {
        self.plan.loss(loss);
        self
    }

    /// Sets the mean time that a node's disk takes to sync (exponential; 1 ms
    /// unless set).
    pub fn sync_time(mut self, mean: Duration) -> Simulation {
        self.plan.sync_time(mean);
        self
    }

    /// The mean of the time that a node takes for a message; zero switches it
    /// off. 0.5 ms unless set.
    pub fn service_time(mut self, mean: Duration) -> Simulation {
        self.plan.service_time(mean);
        self
    }

    /// How messages wait for their receiver; ideally unless set.
    pub fn inbox(mut self, inbox: Inbox) -> Simulation {
        self.plan.inbox(inbox);
        self
    }

    /// Whether bodies travel as Rust values or as text; the run is the same.
    pub fn wire(mut self, wire: Wire) -> Simulation {
        self.plan.wire(wire);
        self
    }

    /// What clients do, and how often: `Broadcast::rate(100.0)`, or
    /// [`Load::new`] with a workload of your own.
    pub fn workload(mut self, load: Load) -> Simulation {
        self.load = Some(load);
        self
    }

    /// A client of the test's own, in place of a workload: a closure that asks nodes and
    /// says itself what must be. May be called several times; all begin at once. A panic,
    /// as that of an `assert!`, and an `Err` fail the run, with the finding
    /// `assertion-failed`.
    ///
    /// ```
    /// use glomers_node::protocol::rpc::echo::Echo;
    /// use glomers_testing::prelude::*;
    ///
    /// Simulation::seed(1)
    ///     .nodes(3, glomers_nodes::echo::node)
    ///     .client(async |cx| {
    ///         for node in 0..3 {
    ///             let reply = cx.rpc(node, Echo { echo: "hello".into() }).await?;
    ///             assert_eq!(reply.echo, "hello".into());
    ///             cx.sleep(1 * S).await;
    ///         }
    ///         Ok::<(), RpcError>(())
    ///     })
    ///     .run_for(5 * S)
    ///     .assert_valid();
    /// ```
    pub fn client<T: ClientOutcome>(
        mut self,
        client: impl AsyncFnOnce(ClientCx) -> T + 'static,
    ) -> Simulation {
        self.clients.push(closure(client));
        self
    }

    /// Drives the run by hand from the moment when operations may begin: event by event, to
    /// a moment, or until something is so; and holds messages back and lets them go. When
    /// the closure returns, all that is held is let go, and the run goes on to its end by
    /// itself. A panic fails the run, with the finding `assertion-failed`.
    ///
    /// ```
    /// use glomers_testing::prelude::*;
    /// use glomers_testing::Messages;
    ///
    /// Simulation::seed(1)
    ///     .nodes(2, glomers_nodes::broadcast::flood::node)
    ///     .workload(Broadcast::rate(5.0))
    ///     .by_hand(|run| {
    ///         let late = run.hold(Messages::any().from("n0").to("n1").of_type("broadcast"));
    ///         run.run_until(3 * S);
    ///         assert!(run.held(late).len() > 1);
    ///         run.release_first(late); // The first of them now, the others when it returns.
    ///         run.step();
    ///     })
    ///     .run_for(5 * S)
    ///     .assert_valid();
    /// ```
    pub fn by_hand(mut self, script: impl FnOnce(&mut ByHand<'_>) + 'static) -> Simulation {
        self.script = Some(Box::new(script));
        self
    }

    /// Whether a closure drives the run.
    pub(crate) fn is_by_hand(&self) -> bool {
        self.script.is_some()
    }

    /// How many clients each node has; 1 unless set.
    pub fn clients_per_node(mut self, count: u32) -> Simulation {
        self.plan.workers_per_node(count);
        self
    }

    /// How long the cluster is left alone before final operations; 10 s unless
    /// set.
    pub fn recovery(mut self, recovery: Duration) -> Simulation {
        self.plan.recovery(recovery);
        self
    }

    /// How soon nodes must serve again once all faults are over; the time to
    /// recover unless set.
    pub fn recovery_bound(mut self, bound: Duration) -> Simulation {
        self.plan.recovery_bound(Some(bound));
        self
    }

    /// Breaks something for a while. May be called several times.
    pub fn fault(mut self, fault: FaultSpec) -> Simulation {
        self.faults.push(fault);
        self
    }

    /// Makes the services places on the network: partitions put each on a side, and
    /// what faults (and [`loss`](Simulation::loss)) do to links between nodes they do to
    /// those of services, too. Off unless called.
    pub fn fault_services(mut self) -> Simulation {
        self.plan.fault_services(true);
        self
    }

    /// Something that must hold at every event: whenever a message is sent or arrives, a
    /// node starts, ends, exposes something of its state or makes a mark, an operation
    /// begins or ends. May be called several times. A panic means that it does not hold.
    ///
    /// ```
    /// use glomers_node::protocol::rpc::unique_ids::{Generate, GenerateOk};
    /// use glomers_testing::prelude::*;
    ///
    /// fn node() -> Node<i64> {
    ///     Node::<i64>::new().on(async |cx, Generate {}| {
    ///         let count = cx.with(|count| {
    ///             *count += 1;
    ///             *count
    ///         });
    ///         cx.expose("given", count);
    ///         Ok(GenerateOk { id: format!("{}-{count}", cx.id()).into() })
    ///     })
    /// }
    ///
    /// Simulation::seed(1)
    ///     .nodes(3, node)
    ///     .workload(UniqueIds::rate(20.0))
    ///     .invariant(|cluster| {
    ///         let given: i64 = cluster.exposed_by_all("given").filter_map(|(_, n)| n.as_int()).sum();
    ///         if given <= 1000 { Ok(()) } else { Err(format!("{given} ids were given")) }
    ///     })
    ///     .run_for(5 * S)
    ///     .assert_valid();
    /// ```
    pub fn invariant(
        mut self,
        invariant: impl FnMut(&Cluster) -> Result<(), String> + 'static,
    ) -> Simulation {
        self.invariants.push(Box::new(invariant));
        self
    }

    /// Lets somebody else choose what happens next.
    pub fn chooser(mut self, chooser: impl Chooser + 'static) -> Simulation {
        self.chooser = Some(Box::new(chooser));
        self
    }

    /// Fails the run if a fault touched nothing, or if there was none.
    pub fn require_faults(mut self) -> Simulation {
        self.options.require_faults = true;
        self
    }

    /// Fails the run if no two changes of a key overlapped, where the workload needs
    /// that ([`Workload::needs_contention`](crate::Workload::needs_contention)).
    pub fn require_overlap(mut self) -> Simulation {
        self.options.require_overlap = true;
        self
    }

    /// Runs the cluster: operations for so long, then recovery and final
    /// operations.
    ///
    /// # Panics
    /// If nodes or workload are missing or a value is invalid; the message
    /// says which.
    pub fn run_for(mut self, duration: Duration) -> TestRun {
        assert!(self.factory.is_some(), "{NO_NODES}");
        self.plan.time_limit(duration);
        let load = self.load.take();
        match (&load, self.clients.len() as u32) {
            (None, 0) => panic!("{NO_LOAD}"),
            (Some(_), clients @ 1..) => panic!(
                "a simulation has a workload or clients of its own, not both: it has {clients} \
                 with .client(…)"
            ),
            (Some(load), 0) => {
                self.plan.rate(load.rate);
            }
            (None, clients) => {
                let operations = Clients::operations(clients);
                self.plan.workers(clients).rate(Rate::PerSecond(0.0)).operations(operations);
            }
        }
        let Plan { seed, ref nodes, fault_services, .. } = *self.plan.so_far();
        let count = nodes.len() as u32;
        let services = if fault_services { SERVICES.len() as u32 } else { 0 };
        let (mut empty, mut list) = (Vec::new(), FaultList::default());
        for (number, fault) in (0..).zip(&self.faults) {
            match fault.why_empty() {
                Some(why) => empty.push(why),
                None => fault.write(&mut list, seed, number, count, services),
            }
        }
        self.plan.faults(list.into_events());
        let plan = self.plan.build().unwrap_or_else(|error| panic!("{error}"));
        let plan = self.drawn.conditions(plan).unwrap_or_else(|error| panic!("{error}"));
        self.load = load;
        self.run(plan, empty)
    }

    /// Runs this Plan instead of what the simulation says, with its nodes and workload:
    /// what was shrunk, say.
    ///
    /// # Panics
    /// If nodes or workload are missing or the Plan is invalid.
    pub fn run_plan(self, plan: Plan) -> TestRun {
        self.run(plan, Vec::new())
    }

    fn run(self, mut plan: Plan, mut empty: Vec<String>) -> TestRun {
        let factory = self.factory.expect(NO_NODES);
        let mut workload: Box<dyn Workload> = match self.load {
            Some(load) => load.into_workload(),
            None if self.clients.is_empty() => panic!("{NO_LOAD}"),
            None => Box::new(Clients::new(self.clients, &plan)),
        };
        workload.name().clone_into(&mut plan.workload.name);
        let nodes = plan.nodes.clone();
        let watch = Watch {
            trace: Trace::default(),
            invariants: InvariantObserver::new(nodes, self.invariants, self.script.is_some()),
        };
        let watch = Rc::new(RefCell::new(watch));
        let mut observer = Shared(watch.clone());
        let mut host = InProcessHost::new(&plan, factory);
        let stepper = Stepper::new(&plan, &mut *workload, &mut host, &mut observer, self.chooser);
        let mut stepper = stepper.unwrap_or_else(|error| panic!("{error}"));
        if let Some(script) = self.script {
            stepper = by_hand(stepper, script, &watch);
        }
        while stepper.step() {}
        let mut outcome = stepper.finish();
        let Watch { trace, mut invariants } =
            std::mem::replace(&mut *watch.borrow_mut(), Watch::none());
        outcome.findings.append(&mut invariants.findings);
        outcome.never_began.append(&mut empty);
        let report = judge_outcome(outcome, &*workload, &self.options);
        let results = results(&report, None);
        let run = TestRun {
            plan,
            outcome: report.outcome,
            verdict: report.verdict,
            warnings: report.warnings,
            options: self.options,
            results,
            trace,
        };
        keep::if_wanted(&run);
        run
    }
}

/// Hands the run to a script; what is left of it.
fn by_hand<'a>(
    mut stepper: Stepper<'a>,
    script: Script,
    watch: &Rc<RefCell<Watch>>,
) -> Stepper<'a> {
    while !stepper.has_begun() && stepper.step() {}
    let mut run = ByHand { stepper, watch: watch.clone() };
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| script(&mut run))) {
        let finding = Finding::new(ASSERTION_FAILED, format!("By hand: {}", text_of(&*panic)));
        let mut watch = watch.borrow_mut();
        let (time, finding) = (watch.invariants.cluster.now(), watch.invariants.add(finding));
        watch.trace.event(time, &Event::Found(&finding));
    }
    run.stepper.release_all();
    run.stepper
}

const NO_NODES: &str = "say which nodes to run: .nodes(5, my_node)";
const NO_LOAD: &str =
    "say what clients do: .workload(Broadcast::rate(100.0)), or .client(async |cx| …)";

/// Makes nodes: a function of nothing or of the node's place, which returns a node.
pub trait MakeNode<M> {
    /// Makes the node of this place.
    fn make(&self, place: u32) -> Box<dyn Process>;
}

impl<N: IntoProcess, F: Fn() -> N> MakeNode<fn() -> N> for F {
    fn make(&self, _place: u32) -> Box<dyn Process> {
        self().into_process()
    }
}

impl<N: IntoProcess, F: Fn(u32) -> N> MakeNode<fn(u32) -> N> for F {
    fn make(&self, place: u32) -> Box<dyn Process> {
        self(place).into_process()
    }
}

/// What follows a run.
pub(crate) struct Watch {
    trace: Trace,
    pub(crate) invariants: InvariantObserver,
}

impl Watch {
    fn none() -> Watch {
        let invariants = InvariantObserver::new(Vec::new(), Vec::new(), false);
        Watch { trace: Trace::default(), invariants }
    }
}

/// The same for the engine and for who drives it by hand.
struct Shared(Rc<RefCell<Watch>>);

impl Observer for Shared {
    fn event(&mut self, time: Time, event: &Event<'_>) {
        let Watch { trace, invariants } = &mut *self.0.borrow_mut();
        trace.event(time, event);
        for finding in invariants.see(time, event) {
            trace.event(time, &Event::Found(finding));
        }
    }
}
