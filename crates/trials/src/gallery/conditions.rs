//! What a cluster is put through.

use glomers_nodes::Hazard;

/// What a cluster is put through.
#[derive(Debug, Clone, Copy)]
pub struct Conditions {
    /// How many nodes.
    pub nodes: u32,
    /// How many clients each node has.
    pub clients: u32,
    /// Operations a second, of all clients together.
    pub rate: f64,
    /// For how long, in seconds.
    pub seconds: u64,
    /// The mean latency between nodes, spread exponentially, in ms.
    pub latency_ms: u64,
    /// The fraction of messages between nodes that is lost, 0 to 1.
    pub loss: f64,
    /// The mean time that a disk takes to sync, in ms.
    pub sync_ms: u64,
    /// What is broken.
    pub faults: Faults,
    /// Whether that happens to the links of services, too.
    pub fault_services: bool,
    /// Operations by hand; if there are none, they are generated.
    pub operations: &'static [Asked],
    /// Whether every operation must succeed.
    pub total: bool,
    /// Options of the workload.
    pub options: &'static [(&'static str, &'static str)],
}

impl Conditions {
    /// Three nodes with a client each, 50 operations a second for ten seconds,
    /// and nothing is broken.
    pub const CALM: Conditions = Conditions {
        nodes: 3,
        clients: 1,
        rate: 50.0,
        seconds: 10,
        latency_ms: 0,
        loss: 0.0,
        sync_ms: 1,
        faults: Faults::None,
        fault_services: false,
        operations: &[],
        total: false,
        options: &[],
    };
}

/// What is broken in a run. Times are in ms from the beginning of operations.
#[derive(Debug, Clone, Copy)]
pub enum Faults {
    /// Nothing.
    None,
    /// What `--nemesis` draws.
    Drawn {
        /// Of which kinds.
        kinds: &'static [Hazard],
        /// The mean time between faults' beginnings and ends.
        every_ms: u64,
    },
    /// The same happens to each node in turn: for so long, and then all is well
    /// for as long.
    InTurn {
        /// What happens.
        what: Turn,
        /// For how long.
        for_ms: u64,
    },
    /// By hand, in order of time.
    Script(&'static [(u64, Step)]),
}

/// What happens to nodes in turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The node, and so many less one that follow it, hear only themselves.
    Apart(u32),
    /// The node is cut off from the services (which takes
    /// [`Conditions::fault_services`]).
    FromServices,
    /// It is stopped where it is.
    Pause,
    /// It is killed, and started again with nothing in memory.
    Kill,
    /// Nobody hears anybody. Then, for as long, the first of five nodes and the
    /// next two hear each other, and so do the last and the two before it: two
    /// candidates, with one voter between them.
    Rivals,
}

/// Something that is broken or mended by hand. Nodes are given by their places.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    /// Cuts all links but those between the first nodes and the second.
    Only(&'static [u32], &'static [u32]),
    /// Mends all links.
    Heal,
    /// Kills these nodes.
    Kill(&'static [u32]),
    /// Starts them again.
    Start(&'static [u32]),
}

/// An operation by hand.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// When, in ms.
    pub at_ms: u64,
    /// By which client; client c asks node c mod n.
    pub client: u32,
    /// What it does.
    pub f: &'static str,
    /// Its argument as JSON.
    pub value: &'static str,
}

/// Faults that the nemesis draws.
pub(super) const fn drawn(kinds: &'static [Hazard], every_ms: u64) -> Faults {
    Faults::Drawn { kinds, every_ms }
}

/// For transactions: many at once, on one node.
pub(super) const CROWD: Conditions =
    Conditions { nodes: 1, clients: 8, rate: 200.0, ..Conditions::CALM };

/// For registers, which need two clients a node.
pub(super) const REGISTERS: Conditions = Conditions { clients: 2, rate: 100.0, ..Conditions::CALM };
