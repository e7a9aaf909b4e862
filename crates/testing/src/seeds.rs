//! Many seeds of one simulation, in parallel.

use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use glomers_history::Observer;
use glomers_hunt::shrink::{self, in_words};
use glomers_hunt::{Lab, Run, Signature};
use glomers_sim::{Inbox, Latency, Plan, Wire};

use crate::by_hand::ByHand;
use crate::client::{ClientCx, ClientOutcome};
use crate::cluster::Cluster;
use crate::fault::FaultSpec;
use crate::invariant::text_of;
use crate::load::{Load, Source};
use crate::regressions::{Known, Regressions};
use crate::simulation::{MakeNode, Simulation};
use crate::test_run::TestRun;

/// How long the failing run is shrunk at most.
const BUDGET: Duration = Duration::from_secs(20);

type Step = Box<dyn Fn(Simulation) -> Simulation + Send + Sync>;

/// A cluster that is to be run with many seeds: made by [`Simulation::seeds`].
///
/// `GLOMERS_SEED=17` runs seed 17 alone, `GLOMERS_SEEDS=5000` as many from the first.
#[must_use = "nothing runs before run_for"]
pub struct Seeds {
    seeds: RangeInclusive<u64>,
    steps: Vec<Step>,
    is_checked_twice: bool,
    /// Where failures are written down, if not beside the test.
    regressions: Option<PathBuf>,
}

impl Simulation {
    /// Runs with each of these seeds, in parallel: as [`Simulation::seed`], but with what
    /// is made anew for each seed given as functions.
    ///
    /// ```
    /// use glomers_testing::prelude::*;
    ///
    /// Simulation::seeds(1..=20)
    ///     .nodes(3, glomers_nodes::broadcast::flood::node)
    ///     .workload(Broadcast::rate(20.0))
    ///     .run_for(2 * S)
    ///     .assert_valid();
    /// ```
    pub fn seeds(seeds: RangeInclusive<u64>) -> Seeds {
        Seeds { seeds, steps: Vec::new(), is_checked_twice: false, regressions: None }
    }
}

impl Seeds {
    /// Anything that a [`Simulation`] can be told.
    pub fn with(
        mut self,
        step: impl Fn(Simulation) -> Simulation + Send + Sync + 'static,
    ) -> Seeds {
        self.steps.push(Box::new(step));
        self
    }

    /// See [`Simulation::nodes`].
    pub fn nodes<M>(
        self,
        count: u32,
        node: impl MakeNode<M> + Clone + Send + Sync + 'static,
    ) -> Seeds {
        self.with(move |simulation| simulation.nodes(count, node.clone()))
    }

    /// See [`Simulation::latency`].
    pub fn latency(self, latency: impl Into<Latency>) -> Seeds {
        let latency = latency.into();
        self.with(move |simulation| simulation.latency(latency))
    }

    /// See [`Simulation::link_latency`].
    pub fn link_latency(self, from: u32, to: u32, latency: impl Into<Latency>) -> Seeds {
        let latency = latency.into();
        self.with(move |simulation| simulation.link_latency(from, to, latency))
    }

    /// See [`Simulation::loss`].
    pub fn loss(self, loss: f64) -> Seeds {
        self.with(move |simulation| simulation.loss(loss))
    }

    /// See [`Simulation::sync_time`].
    pub fn sync_time(self, mean: Duration) -> Seeds {
        self.with(move |simulation| simulation.sync_time(mean))
    }

    /// See [`Simulation::service_time`].
    pub fn service_time(self, mean: Duration) -> Seeds {
        self.with(move |simulation| simulation.service_time(mean))
    }

    /// See [`Simulation::inbox`].
    pub fn inbox(self, inbox: Inbox) -> Seeds {
        self.with(move |simulation| simulation.inbox(inbox))
    }

    /// See [`Simulation::wire`].
    pub fn wire(self, wire: Wire) -> Seeds {
        self.with(move |simulation| simulation.wire(wire))
    }

    /// See [`Simulation::workload`]. A workload of your own is made by
    /// [`Load::each`], anew for each run.
    ///
    /// # Panics
    /// If the workload was made already, by [`Load::new`] or [`Load::max`].
    pub fn workload(self, load: Load) -> Seeds {
        let Source::Each(make) = load.source else {
            panic!("Load::new and Load::max serve one run: use Load::each for many seeds");
        };
        let rate = load.rate;
        self.with(move |simulation| {
            simulation.workload(Load { source: Source::Each(make.clone()), rate })
        })
    }

    /// See [`Simulation::client`].
    pub fn client<T: ClientOutcome>(
        self,
        client: impl AsyncFnOnce(ClientCx) -> T + Clone + Send + Sync + 'static,
    ) -> Seeds {
        self.with(move |simulation| simulation.client(client.clone()))
    }

    /// See [`Simulation::by_hand`].
    pub fn by_hand(
        self,
        script: impl Fn(&mut ByHand<'_>) + Clone + Send + Sync + 'static,
    ) -> Seeds {
        self.with(move |simulation| simulation.by_hand(script.clone()))
    }

    /// See [`Simulation::clients_per_node`].
    pub fn clients_per_node(self, count: u32) -> Seeds {
        self.with(move |simulation| simulation.clients_per_node(count))
    }

    /// See [`Simulation::recovery`].
    pub fn recovery(self, recovery: Duration) -> Seeds {
        self.with(move |simulation| simulation.recovery(recovery))
    }

    /// See [`Simulation::recovery_bound`].
    pub fn recovery_bound(self, bound: Duration) -> Seeds {
        self.with(move |simulation| simulation.recovery_bound(bound))
    }

    /// See [`Simulation::fault`].
    pub fn fault(self, fault: FaultSpec) -> Seeds {
        self.with(move |simulation| simulation.fault(fault.clone()))
    }

    /// See [`Simulation::fault_services`].
    pub fn fault_services(self) -> Seeds {
        self.with(Simulation::fault_services)
    }

    /// See [`Simulation::invariant`].
    pub fn invariant(
        self,
        invariant: impl Fn(&Cluster) -> Result<(), String> + Clone + Send + Sync + 'static,
    ) -> Seeds {
        self.with(move |simulation| simulation.invariant(invariant.clone()))
    }

    /// See [`Simulation::require_faults`].
    pub fn require_faults(self) -> Seeds {
        self.with(Simulation::require_faults)
    }

    /// Failures are written into this file, and read from it, not into the one beside the
    /// test.
    pub fn regressions(mut self, file: impl Into<PathBuf>) -> Seeds {
        self.regressions = Some(file.into());
        self
    }

    /// Runs each seed twice; a difference fails the test and is named.
    pub fn check_determinism(mut self) -> Seeds {
        self.is_checked_twice = true;
        self
    }
}

/// Which seeds the environment asks for, if it does.
fn asked(seeds: RangeInclusive<u64>) -> RangeInclusive<u64> {
    let number = |name: &str| {
        let text = std::env::var(name).ok()?;
        let number = text.trim().parse::<u64>();
        Some(number.unwrap_or_else(|_| panic!("{name} is {text:?}, which is no whole number")))
    };
    match (number("GLOMERS_SEED"), number("GLOMERS_SEEDS")) {
        (Some(seed), _) => seed..=seed,
        (None, Some(count)) => {
            let first = *seeds.start();
            first..=first.saturating_add(count.max(1) - 1)
        }
        (None, None) => seeds,
    }
}

/// What one seed came to, if it is not valid.
enum Failure {
    Run(Box<TestRun>),
    /// An invariant, a checker or the simulation itself panicked.
    Panic(String),
    /// Two runs differ.
    Differs(String),
}

/// The runs of many seeds.
pub struct SeedsRun {
    /// How many seeds were run.
    pub runs: u64,
    /// The first seed that failed, and how.
    failure: Option<(u64, Failure)>,
    /// What is left of its Plan, if it could be shrunk.
    shrunk: Option<Box<shrink::Shrunk>>,
    /// Where it is written down, to be run first the next time.
    regressions: Option<PathBuf>,
    /// It was written down there before.
    is_known: bool,
    test: String,
}

impl Seeds {
    fn simulation(&self, seed: u64) -> Simulation {
        self.steps.iter().fold(Simulation::seed(seed), |simulation, step| step(simulation))
    }

    /// Runs one seed; `plan` takes the place of what it would run.
    fn attempt(&self, seed: u64, plan: Option<&Plan>, duration: Duration) -> Option<Failure> {
        let run = || {
            let simulation = self.simulation(seed);
            match plan {
                Some(plan) => simulation.run_plan(plan.clone()),
                None => simulation.run_for(duration),
            }
        };
        let caught = || catch_unwind(AssertUnwindSafe(run)).map_err(|panic| text_of(&*panic));
        let first = match caught() {
            Ok(run) => run,
            Err(words) => return Some(Failure::Panic(words)),
        };
        if self.is_checked_twice {
            match caught() {
                Ok(second) => {
                    if let Some(difference) = first.difference(&second) {
                        return Some(Failure::Differs(difference));
                    }
                }
                Err(words) => return Some(Failure::Panic(words)),
            }
        }
        (!first.is_valid()).then(|| Failure::Run(Box::new(first)))
    }

    /// Runs all seeds: operations for so long, then recovery and final operations. Those
    /// that are known to have failed come first. Ends at the first failure, which is
    /// shrunk and written into a file beside the test: `tests/name.rs` has
    /// `tests/name.regressions`.
    ///
    /// # Panics
    /// If nodes or workload are missing or a value is invalid; the message says which.
    #[track_caller]
    pub fn run_for(self, duration: Duration) -> SeedsRun {
        let location = Location::caller();
        let thread = std::thread::current();
        let test = thread.name().unwrap_or("main").to_owned();
        let regressions = match &self.regressions {
            Some(file) => Regressions::read(file.clone()),
            None => Regressions::beside(location.file()),
        };
        let only = std::env::var_os("GLOMERS_SEED").is_some();
        let known = if only { Vec::new() } else { regressions.of(&test) };
        let mut runs = 0;
        for Known { seed, plan } in &known {
            runs += 1;
            let whole = self.attempt(*seed, None, duration);
            let failure = whole.or_else(|| self.attempt(*seed, plan.as_ref(), duration));
            if let Some(failure) = failure {
                let path = Some(regressions.path().to_owned());
                let failure = Some((*seed, failure));
                return SeedsRun {
                    runs,
                    failure,
                    shrunk: None,
                    regressions: path,
                    is_known: true,
                    test,
                };
            }
        }
        let seeds: Vec<u64> = asked(self.seeds.clone()).collect();
        let failure = self.first_failure(&seeds, duration);
        runs += seeds.len() as u64;
        let mut written = None;
        let mut shrunk = None;
        if let Some((seed, Failure::Run(run))) = &failure {
            shrunk = self.shrink(run);
            let finding = run.verdict.findings.first().map_or("unknown", |one| &*one.name);
            let plan = shrunk.as_ref().map(|shrunk| &shrunk.plan);
            written = regressions.add(&test, *seed, finding, plan);
        } else if let Some((seed, failure)) = &failure {
            let what = if matches!(failure, Failure::Panic(_)) { "panic" } else { "differs" };
            written = regressions.add(&test, *seed, what, None);
        }
        SeedsRun { runs, failure, shrunk, regressions: written, is_known: false, test }
    }

    /// The first of these seeds that fails.
    fn first_failure(&self, seeds: &[u64], duration: Duration) -> Option<(u64, Failure)> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let next = AtomicUsize::new(0);
        let is_over = AtomicBool::new(false);
        let found: Mutex<Option<(usize, Failure)>> = Mutex::new(None);
        std::thread::scope(|scope| {
            for _ in 0..threads.min(seeds.len()) {
                scope.spawn(|| {
                    // Seeds are begun in order, so the first that fails was begun before
                    // anything ends the search.
                    while !is_over.load(Ordering::Relaxed) {
                        let place = next.fetch_add(1, Ordering::Relaxed);
                        let Some(&seed) = seeds.get(place) else { return };
                        let Some(failure) = self.attempt(seed, None, duration) else { continue };
                        is_over.store(true, Ordering::Relaxed);
                        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                        if found.as_ref().is_none_or(|(other, _)| place < *other) {
                            *found = Some((place, failure));
                        }
                    }
                });
            }
        });
        let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        found.map(|(place, failure)| (seeds[place], failure))
    }

    fn shrink(&self, run: &TestRun) -> Option<Box<shrink::Shrunk>> {
        if self.simulation(run.plan.seed).is_by_hand() {
            // What is done by hand fits this run alone.
            return None;
        }
        #[expect(clippy::disallowed_methods, reason = "shrinking has a budget of time")]
        let clock = Instant::now();
        let wanted = Signature::of(run.verdict.findings.first()?, &run.outcome.history);
        let is_over = || clock.elapsed() >= BUDGET;
        shrink::shrink(&run.plan, Some(&wanted), &Bench(self), &is_over).ok().map(Box::new)
    }
}

/// Runs Plans of one test.
struct Bench<'a>(&'a Seeds);

impl Lab for Bench<'_> {
    fn watch(&self, plan: &Plan, observer: &mut dyn Observer) -> Result<Option<Run>, String> {
        let run =
            catch_unwind(AssertUnwindSafe(|| self.0.simulation(plan.seed).run_plan(plan.clone())));
        let run = run.map_err(|_| "it panics".to_owned())?;
        run.trace.play(observer);
        let (validity, findings) = (run.verdict.strict, run.verdict.findings);
        Ok(Some(Run { validity, findings, outcome: run.outcome }))
    }
}

impl SeedsRun {
    /// Whether nothing wrong was found.
    pub fn is_valid(&self) -> bool {
        self.failure.is_none()
    }

    /// The seed that failed.
    pub fn failed_seed(&self) -> Option<u64> {
        self.failure.as_ref().map(|(seed, _)| *seed)
    }

    /// What is left of the failing run, if it could be shrunk.
    pub fn shrunk(&self) -> Option<&shrink::Shrunk> {
        self.shrunk.as_deref()
    }

    /// Fails the test unless all runs are valid.
    ///
    /// # Panics
    /// If one is not: with its seed, the command that repeats it, the verdict in words,
    /// what is left of it when it is shrunk, and the path of a file with the whole trace.
    #[track_caller]
    pub fn assert_valid(&self) {
        let Some((seed, failure)) = &self.failure else { return };
        let mut text = match failure {
            Failure::Run(run) => run.complaint(),
            Failure::Panic(words) => format!("the run with seed {seed} panicked: {words}"),
            Failure::Differs(difference) => format!(
                "two runs of seed {seed} differ: {difference}\n\
                 A node may only use cx.now(), cx.rng() and collections with a fixed order, as \
                 glomers_node::{{Map, Set}}."
            ),
        };
        text += &format!("\nrepeat with: GLOMERS_SEED={seed} cargo test {}", self.test);
        if let Some(shrunk) = &self.shrunk {
            text += &format!("\nshrunk: {}: {}", in_words(&shrunk.plan), shrunk.finding);
        }
        if let Some(path) = &self.regressions {
            let path = path.display();
            text += &match (self.is_known, failure) {
                (false, _) => format!("\nwritten to {path}, so it is run first from now on"),
                (true, Failure::Run(run)) if run.is_listed() => format!(
                    "\nThis is what was left of seed {seed} when it was shrunk: it is in {path}, and is \
                     run first"
                ),
                (true, _) => format!("\nit is in {path}, so it is run first"),
            };
        }
        panic!("{}", glomers_protocol::printable_lines(&text));
    }
}
