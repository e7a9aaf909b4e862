//! What passes between the engine and who drives it: commands one way, inputs the other.

use std::time::Duration;

use glomers_history::Time;
use glomers_node::{Effect, NodeId, Payload};

use crate::disk::DiskCondition;

/// The mark of a node that was killed before all that it wrote was durable: how
/// many writes are lost.
pub const LOST_WRITES: &str = "lost-writes";

/// The mark of a node some of whose writes and syncs were slowed or refused by a fault
/// of its disk: how many.
pub const DISK_TROUBLE: &str = "disk-trouble";

/// How a node is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// At once, as by SIGKILL.
    Kill,
    /// As by SIGTERM.
    Term,
}

/// What the engine wants done. The driver takes commands in order and does them
/// before it advances the engine again.
#[derive(Debug)]
pub enum Command {
    /// Start an incarnation of a node; answered by [`Input::Started`] or
    /// [`Input::Exited`].
    Start {
        /// The node, by its place in the Plan.
        node: u32,
        /// How often it was started before.
        incarnation: u32,
    },
    /// End a node.
    Stop {
        /// The node.
        node: u32,
        /// How.
        how: Stop,
    },
    /// Stop a node where it is.
    Pause {
        /// The node.
        node: u32,
    },
    /// Let a paused node go on.
    Resume {
        /// The node.
        node: u32,
    },
    /// Something is wrong with a node's disk from now on, or no longer (stepped
    /// nodes only).
    Disk {
        /// The node.
        node: u32,
        /// Its incarnation, if it is up.
        incarnation: u32,
        /// What.
        condition: Option<DiskCondition>,
    },
    /// Let the wall clock of a stepped node be wrong: `jump` ns ahead of the
    /// right time now, and `drift` millionths too fast from now on.
    SetClock {
        /// The node.
        node: u32,
        /// How far ahead, ns; behind if negative.
        jump: i64,
        /// How much too fast, in millionths; too slow if negative.
        drift: i64,
    },
    /// Hand a message to a node.
    Deliver {
        /// The node.
        node: u32,
        /// Its incarnation.
        incarnation: u32,
        /// The message's network id.
        id: u64,
        /// The message's key, of which draws and what follows are made.
        key: u64,
        /// Who sent it.
        src: NodeId,
        /// The body.
        payload: Payload,
    },
    /// Tell a stepped node that the time it asked for has come.
    Wake {
        /// The node.
        node: u32,
        /// Its incarnation.
        incarnation: u32,
    },
}

/// What the driver tells the engine. Inputs of an incarnation that is over are
/// ignored.
#[derive(Debug)]
pub enum Input<'a> {
    /// A node has started and can take messages.
    Started {
        /// The node.
        node: u32,
        /// Its incarnation.
        incarnation: u32,
    },
    /// A stepped node wants something done, `offset` from now.
    Effect {
        /// The node.
        node: u32,
        /// Its incarnation.
        incarnation: u32,
        /// When, from now.
        offset: Duration,
        /// The key of the step that had it.
        cause: u64,
        /// What.
        effect: Effect,
    },
    /// A stepped node wants to be woken, or no longer.
    NextWake {
        /// The node.
        node: u32,
        /// Its incarnation.
        incarnation: u32,
        /// When.
        at: Option<Time>,
    },
    /// A stepped node looked at its wall clock.
    ReadClock {
        /// The node.
        node: u32,
        /// Its incarnation.
        incarnation: u32,
    },
    /// Some writes or syncs of a stepped node were slowed or refused by a fault of its
    /// disk.
    DiskTrouble {
        /// The node.
        node: u32,
        /// How many.
        count: u64,
    },
    /// A node that speaks in bytes wrote a line (without its end) to its standard
    /// output.
    Line {
        /// The node.
        node: u32,
        /// Its incarnation.
        incarnation: u32,
        /// When, from now; zero with live nodes.
        offset: Duration,
        /// The key of the step that wrote it; `None` with live nodes.
        cause: Option<u64>,
        /// The line.
        line: &'a [u8],
    },
    /// A stepped node has been ended as was asked.
    Stopped {
        /// The node.
        node: u32,
        /// How many writes to its disk are lost with it.
        lost_writes: u64,
    },
    /// A node is gone though nobody stopped it, or could not start.
    Exited {
        /// The node.
        node: u32,
        /// Its incarnation.
        incarnation: u32,
        /// How, in words: `exited with status 3`.
        how: String,
        /// The last lines that it logged.
        output: Vec<String>,
    },
    /// A live node broke the bounds of its pipes; the run ends.
    Broke {
        /// The node.
        node: u32,
        /// Its incarnation.
        incarnation: u32,
        /// The finding: `line-too-long`, `runaway-output`, `stopped-reading`,
        /// `closed-stdout`.
        name: &'static str,
        /// What happened, in words.
        how: String,
        /// The last lines that it logged.
        output: Vec<String>,
    },
    /// While a live node starts: how long it has waited for a processor so far, and
    /// how busy the machine is. The wait does not count against the node.
    Machine {
        /// The node.
        node: u32,
        /// Its incarnation.
        incarnation: u32,
        /// How long it has waited.
        waited: Duration,
        /// What the machine is at, in words.
        machine: String,
    },
    /// Somebody wants the run to end now.
    Interrupt,
}
