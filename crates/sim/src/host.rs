//! Nodes that are driven step by step.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use glomers_history::Time;
use glomers_node::{Effect, Identity, NodeId, Payload, Process, Runtime, WallClock};

use crate::disk::{DiskCondition, SimulatedDisk};
use crate::draws::node_seed;
use crate::driving::Stop;
use crate::plan::Plan;
use crate::unread::Unread;

/// Nodes that do nothing unless they are told what happens, and when: their
/// effects come back from the call. (The other kind of host is live: bytes go
/// in, and outputs come when they come.)
pub trait SteppedHost {
    /// Starts an incarnation of a node.
    ///
    /// # Errors
    /// Says why the node cannot start.
    fn start(&mut self, node: u32, incarnation: u32, now: Time) -> Result<(), String>;

    /// What a node that was just started has done by itself, as processes do
    /// before anything is said to them. `false`: nothing; it only begins to wait.
    fn started(&mut self, node: u32, now: Time, output: &mut StepOutput) -> bool {
        let _ = (node, now, output);
        false
    }

    /// Ends a node. How many writes to its disk are lost with it.
    fn stop(&mut self, node: u32, how: Stop, now: Time) -> u64;

    /// Something is wrong with a node's disk from now on, or no longer. When the node
    /// wants to be woken then, as syncs under way go on at another speed.
    fn set_disk(&mut self, node: u32, condition: Option<DiskCondition>, now: Time) -> Option<Time> {
        let _ = (node, condition, now);
        None
    }

    /// What a node waits for by itself: when its timers are due, and when its
    /// syncs will be done.
    fn waits(&self, node: u32) -> (Vec<Time>, Vec<Time>) {
        let _ = node;
        (Vec::new(), Vec::new())
    }

    /// What a node was sent and has not read, and for how long it has read nothing
    /// although there was something. `None` where all is read at once.
    fn unread(&mut self, node: u32, now: Time) -> Option<(&Unread, Duration)> {
        let _ = (node, now);
        None
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
        /// The message's network id.
        id: u64,
        /// The message's key: what the node draws in this step follows from it.
        key: u64,
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
    /// What it wants done at once, before all else.
    pub at_once: Vec<Effect>,
    /// From which place on these are about what: the key of the message, or of one of the
    /// timers and syncs that were due.
    pub steps: Vec<(usize, u64)>,
    /// What it wants done, how long after the input it wanted that, and the key of what
    /// it was about.
    pub effects: Vec<(Duration, u64, Effect)>,
    /// What a node that speaks in bytes wrote: lines without their ends, and how
    /// long after the input.
    pub lines: Vec<(Duration, Vec<u8>)>,
    /// When it wants to be woken.
    pub next_wake: Option<Time>,
    /// Whether it looked at its wall clock.
    pub read_clock: bool,
    /// How many of its writes and syncs a fault of its disk slowed or refused.
    pub disk_trouble: u64,
    /// If it crashed: how, in words.
    pub crashed: Option<String>,
    /// If it broke the bounds of its pipes, which ends the run: the finding, and
    /// what happened, in words.
    pub broke: Option<(&'static str, String)>,
    /// The last lines that it logged, if it crashed or broke its bounds.
    pub last_words: Vec<String>,
}

/// Makes the processes of a cluster: given the node's place, a new process.
pub type NodeFactory = Box<dyn Fn(u32) -> Result<Box<dyn Process>, String>>;

/// Nodes written with `glomers-node`, in this process.
pub struct InProcessHost {
    factory: NodeFactory,
    seed: u64,
    names: Vec<String>,
    machines: Vec<Machine>,
}

/// Where a node lives, and what outlives its incarnations.
struct Machine {
    node: Option<Runtime>,
    disk: SimulatedDisk,
    clock: Clock,
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
        let machine = |name: &String| Machine {
            node: None,
            disk: SimulatedDisk::new(plan.seed, name, plan.sync_time),
            clock: Clock::default(),
        };
        let machines = plan.nodes.iter().map(machine).collect();
        InProcessHost { factory, seed: plan.seed, names: plan.nodes.clone(), machines }
    }
}

impl Clock {
    /// What it says. A clock that would be before 1970 stands there.
    fn read(self, now: Time) -> WallClock {
        let right = WALL_CLOCK_AT_START.saturating_add(now.0);
        // Nearly all clocks are right, and the division costs more than all else
        // that a host adds to a step.
        if self.jump == 0 && self.drift == 0 {
            return WallClock(right);
        }
        let elapsed = i128::from(now.0 - self.since.0);
        let wrong = i128::from(self.jump) + elapsed * i128::from(self.drift) / 1_000_000;
        let shown = (i128::from(right) + wrong).max(0);
        WallClock(u64::try_from(shown).unwrap_or(u64::MAX))
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

/// The next timer or the end of a sync, whichever is first.
fn next_wake(runtime: &Runtime, disk: &SimulatedDisk) -> Option<Time> {
    runtime.next_wake().into_iter().chain(disk.next_done()).min()
}

impl SteppedHost for InProcessHost {
    fn start(&mut self, node: u32, incarnation: u32, now: Time) -> Result<(), String> {
        let seed = node_seed(self.seed, &self.names[node as usize], incarnation);
        let identity = Identity { seed, incarnation: Some(incarnation) };
        let process = catch_unwind(AssertUnwindSafe(|| (self.factory)(node)))
            .unwrap_or_else(|panic| Err(panic_text(&*panic)))?;
        let machine = &mut self.machines[node as usize];
        let disk = Box::new(machine.disk.handle());
        machine.node = Some(Runtime::new(process, identity, now).with_disk(disk));
        Ok(())
    }

    fn stop(&mut self, node: u32, _how: Stop, now: Time) -> u64 {
        let machine = &mut self.machines[node as usize];
        machine.node = None;
        machine.disk.crash(now)
    }

    fn set_disk(&mut self, node: u32, condition: Option<DiskCondition>, now: Time) -> Option<Time> {
        let machine = &mut self.machines[node as usize];
        machine.disk.set_condition(condition, now);
        next_wake(machine.node.as_ref()?, &machine.disk)
    }

    fn waits(&self, node: u32) -> (Vec<Time>, Vec<Time>) {
        let machine = &self.machines[node as usize];
        let timers = machine.node.as_ref().map(Runtime::timers).unwrap_or_default();
        (timers, machine.disk.all_done().collect())
    }

    fn set_clock(&mut self, node: u32, now: Time, jump: i64, drift: i64) {
        self.machines[node as usize].clock = Clock { since: now, jump, drift };
    }

    fn step(&mut self, node: u32, now: Time, input: StepInput, output: &mut StepOutput) {
        let Machine { node, disk, clock } = &mut self.machines[node as usize];
        let Some(runtime) = node else {
            return;
        };
        let wall_clock = clock.read(now);
        // The driver has emptied both, and they are in the processor's cache, where lists of
        // the node's own would not be.
        runtime.swap_effects(&mut output.at_once, &mut output.steps);
        // A node that panicked is thrown away, so nobody sees what it left half
        // done.
        let result = catch_unwind(AssertUnwindSafe(|| match input {
            StepInput::Message { src, payload, key, .. } => {
                disk.begin_step(key);
                runtime.set_cause(key);
                runtime.message(now, wall_clock, src, payload);
            }
            StepInput::Wake => {
                while let Some((sync, key)) = disk.take_done(now) {
                    disk.begin_step(key);
                    runtime.set_cause(key);
                    runtime.synced(now, wall_clock, sync);
                }
                if let Some(key) = runtime.next_timer() {
                    disk.begin_step(key);
                    runtime.wake(now, wall_clock);
                }
            }
        }));
        // What a node that panicked has asked for is under way all the same.
        if result.is_err() || runtime.take_disk_used() {
            disk.begin_syncs(now, runtime.cause());
        }
        runtime.swap_effects(&mut output.at_once, &mut output.steps);
        output.next_wake = next_wake(runtime, disk);
        output.read_clock = runtime.take_clock_read();
        output.disk_trouble = disk.take_trouble();
        if let Err(panic) = result {
            output.crashed = Some(panic_text(&*panic));
            output.next_wake = None;
            *node = None;
        }
    }
}
