//! Nodes that are driven step by step.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use glomers_history::Time;
use glomers_node::{Effect, Identity, NodeId, Payload, Process, Runtime, WallClock};

use crate::disk::{DiskCondition, SimulatedDisk};
use crate::draws::{Purpose, keyed_seed};
use crate::engine::Stop;
use crate::plan::Plan;

/// Nodes that do nothing unless they are told what happens, and when: their
/// effects come back from the call. (The other kind of host is live: bytes go
/// in, and outputs come when they come.)
pub trait SteppedHost {
    /// Starts an incarnation of a node.
    ///
    /// # Errors
    /// Says why the node cannot start.
    fn start(&mut self, node: u32, incarnation: u32, now: Time) -> Result<(), String>;

    /// Ends a node. How many writes to its disk are lost with it.
    fn stop(&mut self, node: u32, how: Stop, now: Time) -> u64;

    /// Something is wrong with a node's disk from now on, or no longer.
    fn set_disk(&mut self, node: u32, condition: Option<DiskCondition>) {
        let _ = (node, condition);
    }

    /// What a node waits for by itself: when its timers are due, and when its
    /// syncs will be done.
    fn waits(&self, node: u32) -> (Vec<Time>, Vec<Time>) {
        let _ = node;
        (Vec::new(), Vec::new())
    }

    /// Stops a node where it is. The engine sends it nothing meanwhile.
    fn pause(&mut self, node: u32) {
        let _ = node;
    }

    /// Lets a paused node go on.
    fn resume(&mut self, node: u32) {
        let _ = node;
    }

    /// Lets a node's wall clock be wrong from `now` on, in all its lives: `jump`
    /// ns ahead and `drift` millionths too fast. Zero and zero is right.
    fn set_clock(&mut self, node: u32, now: Time, jump: i64, drift: i64);

    /// Lets something happen to a node.
    fn step(&mut self, node: u32, now: Time, input: StepInput, output: &mut StepOutput);
}

/// What happens to a node.
#[derive(Debug)]
pub enum StepInput {
    /// A message.
    Message {
        /// From whom.
        src: NodeId,
        /// The body.
        payload: Payload,
    },
    /// The time that it asked to be woken at has come.
    Wake,
}

/// What a node did.
#[derive(Debug, Default)]
pub struct StepOutput {
    /// What it wants done, and how long after the input it wanted that.
    pub effects: Vec<(Duration, Effect)>,
    /// When it wants to be woken.
    pub next_wake: Option<Time>,
    /// Whether it looked at its wall clock.
    pub read_clock: bool,
    /// If it crashed: how, in words.
    pub crashed: Option<String>,
}

/// Makes the processes of a cluster: given the node's place, a new process.
pub type NodeFactory = Box<dyn Fn(u32) -> Result<Box<dyn Process>, String>>;

/// Nodes written with `glomers-node`, in this process.
pub struct InProcessHost {
    factory: NodeFactory,
    seed: u64,
    nodes: Vec<Option<Runtime>>,
    disks: Vec<SimulatedDisk>,
    clocks: Vec<Clock>,
}

/// How wrong the wall clock of a machine is.
#[derive(Debug, Clone, Copy, Default)]
struct Clock {
    since: Time,
    jump: i64,
    drift: i64,
}

/// The wall clock of virtual time begins on 2020-01-01, a date like any other.
const WALL_CLOCK_AT_START: u64 = 1_577_836_800 * glomers_history::SECOND;

impl InProcessHost {
    /// A host for the nodes of a Plan.
    pub fn new(plan: &Plan, factory: NodeFactory) -> InProcessHost {
        let places = 0..plan.nodes.len() as u32;
        let disks = places.clone().map(|n| SimulatedDisk::new(plan.seed, n, plan.sync_time));
        InProcessHost {
            factory,
            seed: plan.seed,
            disks: disks.collect(),
            clocks: vec![Clock::default(); plan.nodes.len()],
            nodes: places.map(|_| None).collect(),
        }
    }
}

impl Clock {
    /// What it says. A clock that would be before 1970 stands there.
    fn read(self, now: Time) -> WallClock {
        let right = i128::from(WALL_CLOCK_AT_START) + i128::from(now.0);
        let elapsed = i128::from(now.0 - self.since.0);
        let wrong = i128::from(self.jump) + elapsed * i128::from(self.drift) / 1_000_000;
        WallClock(u64::try_from((right + wrong).max(0)).unwrap_or(u64::MAX))
    }
}

/// What a panic said.
fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    match text {
        Some(text) => format!("panicked: {text}"),
        None => "panicked".to_owned(),
    }
}

impl SteppedHost for InProcessHost {
    fn start(&mut self, node: u32, incarnation: u32, now: Time) -> Result<(), String> {
        let seed = keyed_seed(self.seed, Purpose::Node, node.into(), incarnation.into(), 0);
        let identity = Identity { seed, incarnation: Some(incarnation) };
        let process = catch_unwind(AssertUnwindSafe(|| (self.factory)(node)))
            .unwrap_or_else(|panic| Err(panic_text(&*panic)))?;
        let disk = Box::new(self.disks[node as usize].handle());
        let runtime = Runtime::new(process, identity, now).with_disk(disk);
        self.nodes[node as usize] = Some(runtime);
        Ok(())
    }

    fn stop(&mut self, node: u32, _how: Stop, now: Time) -> u64 {
        self.nodes[node as usize] = None;
        self.disks[node as usize].crash(now)
    }

    fn set_disk(&mut self, node: u32, condition: Option<DiskCondition>) {
        self.disks[node as usize].set_condition(condition);
    }

    fn waits(&self, node: u32) -> (Vec<Time>, Vec<Time>) {
        let runtime = self.nodes[node as usize].as_ref();
        let timers = runtime.map(Runtime::timers).unwrap_or_default();
        (timers, self.disks[node as usize].all_done().collect())
    }

    fn set_clock(&mut self, node: u32, now: Time, jump: i64, drift: i64) {
        self.clocks[node as usize] = Clock { since: now, jump, drift };
    }

    fn step(&mut self, node: u32, now: Time, input: StepInput, output: &mut StepOutput) {
        let Some(runtime) = &mut self.nodes[node as usize] else {
            return;
        };
        let disk = &mut self.disks[node as usize];
        let wall_clock = self.clocks[node as usize].read(now);
        // A node that panicked is thrown away, so nobody sees what it left half
        // done.
        let result = catch_unwind(AssertUnwindSafe(|| match input {
            StepInput::Message { src, payload } => runtime.message(now, wall_clock, src, payload),
            StepInput::Wake => {
                while let Some(sync) = disk.take_done(now) {
                    runtime.synced(now, wall_clock, sync);
                }
                runtime.wake(now, wall_clock);
            }
        }));
        disk.begin_syncs(now);
        output.effects.extend(runtime.effects().drain(..).map(|effect| (Duration::ZERO, effect)));
        output.next_wake = match (runtime.next_wake(), disk.next_done()) {
            (Some(timer), Some(sync)) => Some(timer.min(sync)),
            (timer, sync) => timer.or(sync),
        };
        output.read_clock = runtime.take_clock_read();
        if let Err(panic) = result {
            output.crashed = Some(panic_text(&*panic));
            output.next_wake = None;
            self.nodes[node as usize] = None;
        }
    }
}
