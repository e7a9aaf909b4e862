//! Nodes by name.

use glomers_node::{IntoProcess, Process};

use crate::{broadcast, counter, echo, g_set, kafka, lin_kv_proxy, raft, txn, unique_ids};

/// Makes a node from its arguments, or says what is wrong with them.
pub type Make = fn(&[String]) -> Result<Box<dyn Process>, String>;

/// Something that can happen to a node or to its network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hazard {
    /// Messages take a time that nobody knows, and overtake each other.
    Latency,
    /// Messages are lost.
    Loss,
    /// Messages come twice.
    Duplicate,
    /// Some messages come much later than those sent after them.
    Reorder,
    /// Links and nodes take many times as long as they should.
    Slow,
    /// Wall clocks jump and drift.
    Clock,
    /// Links are cut and mended.
    Partition,
    /// Links are cut in one direction and mended.
    OneWay,
    /// Nodes are stopped where they are and go on.
    Pause,
    /// Nodes are killed and started again with nothing in memory.
    Kill,
    /// Disks are slow, full, or fail.
    Disk,
}

impl Hazard {
    /// In a word or two, as in a table.
    pub fn name(self) -> &'static str {
        match self {
            Hazard::Latency => "latency",
            Hazard::Loss => "loss",
            Hazard::Duplicate => "duplicate",
            Hazard::Reorder => "reorder",
            Hazard::Slow => "slow",
            Hazard::Clock => "clock",
            Hazard::Partition => "partition",
            Hazard::OneWay => "one-way",
            Hazard::Pause => "pause",
            Hazard::Kill => "kill",
            Hazard::Disk => "disk",
        }
    }
}

/// Whatever happens. Kills and disks are last.
const ALL: &[Hazard] = &[
    Hazard::Latency,
    Hazard::Loss,
    Hazard::Duplicate,
    Hazard::Reorder,
    Hazard::Slow,
    Hazard::Clock,
    Hazard::Partition,
    Hazard::OneWay,
    Hazard::Pause,
    Hazard::Kill,
    Hazard::Disk,
];

/// All but those: for nodes that keep everything in memory.
const ALIVE: &[Hazard] = ALL.split_at(ALL.len() - 2).0;

/// No message is lost: for nodes that repeat nothing.
const ARRIVING: &[Hazard] = &[
    Hazard::Latency,
    Hazard::Duplicate,
    Hazard::Reorder,
    Hazard::Slow,
    Hazard::Clock,
    Hazard::Pause,
];

/// A node that can be embedded by its name.
pub struct Entry {
    /// The name, also that of its program.
    pub name: &'static str,
    /// The workload that it is for.
    pub workload: &'static str,
    /// One line for help texts.
    pub about: &'static str,
    /// What it promises to survive.
    pub survives: &'static [Hazard],
    /// Makes the node.
    pub make: Make,
}

/// All nodes.
pub const NODES: [Entry; 23] = [
    Entry {
        name: "echo",
        workload: "echo",
        about: "gives back what it gets",
        survives: ALL,
        make: |arguments| {
            no_arguments(arguments)?;
            Ok(echo::node().into_process())
        },
    },
    Entry {
        name: "unique-ids",
        workload: "unique-ids",
        about: "node id, incarnation (on its disk, or random), counter; no coordination",
        survives: ALL,
        make: |arguments| {
            no_arguments(arguments)?;
            Ok(unique_ids::node().into_process())
        },
    },
    Entry {
        name: "flood",
        workload: "broadcast",
        about: "passes each new value on to its neighbours once; loses values when messages are lost",
        survives: ARRIVING,
        make: |arguments| {
            no_arguments(arguments)?;
            Ok(broadcast::flood::node().into_process())
        },
    },
    Entry {
        name: "flood-retry",
        workload: "broadcast",
        about: "as flood, but acknowledged and retried with back-off; --durable on: survives kills, too",
        survives: ALIVE,
        make: |arguments| {
            let options = broadcast::flood_retry::Options::parse(arguments)?;
            Ok(broadcast::flood_retry::node(options).into_process())
        },
    },
    Entry {
        name: "direct",
        workload: "broadcast",
        about: "every node sends to every other, in batches; one hop, the lowest latency",
        survives: ALIVE,
        make: |arguments| {
            let options = broadcast::direct::Options::parse(arguments)?;
            Ok(broadcast::direct::Direct::new(options).into_process())
        },
    },
    Entry {
        name: "hub-timer",
        workload: "broadcast",
        about: "leaves send to a hub at once, the hub to all after a while; no repair",
        survives: ARRIVING,
        make: |arguments| {
            let options = broadcast::hub_timer::Options::parse(arguments)?;
            Ok(broadcast::hub_timer::HubTimer::new(options).into_process())
        },
    },
    Entry {
        name: "hub-sync",
        workload: "broadcast",
        about: "a hub and leaves on one schedule, learned without clocks; no repair",
        survives: ARRIVING,
        make: |arguments| {
            let options = broadcast::hub_sync::Options::parse(arguments, false)?;
            Ok(broadcast::hub_sync::HubSync::new(options).into_process())
        },
    },
    Entry {
        name: "tree-sync",
        workload: "broadcast",
        about: "as hub-sync, with sub-hubs between, for a thousand nodes and more; no repair",
        survives: ARRIVING,
        make: |arguments| {
            let options = broadcast::tree_sync::Options::parse(arguments, true)?;
            Ok(broadcast::tree_sync::TreeSync::new(options).into_process())
        },
    },
    Entry {
        name: "hub-ft",
        workload: "broadcast",
        about: "as hub-sync, and loses nothing: repair, gossip, new hubs; the default",
        survives: ALIVE,
        make: |arguments| {
            let options = broadcast::hub_ft::Options::parse(arguments)?;
            Ok(broadcast::hub_ft::HubFt::new(options).into_process())
        },
    },
    Entry {
        name: "push-pull",
        workload: "broadcast",
        about: "random pairs tell each other what they lack; no leader, many messages",
        survives: ALIVE,
        make: |arguments| {
            let options = broadcast::push_pull::Options::parse(arguments)?;
            Ok(broadcast::push_pull::PushPull::new(options).into_process())
        },
    },
    Entry {
        name: "plumtree",
        workload: "broadcast",
        about: "a tree for each node's values, mended by a random mesh; no leader, many messages",
        survives: ALIVE,
        make: |arguments| {
            let options = broadcast::plumtree::Options::parse(arguments)?;
            Ok(broadcast::plumtree::Plumtree::new(options).into_process())
        },
    },
    Entry {
        name: "raft",
        workload: "lin-kv",
        about: "Raft, its log on the disk; survives all faults",
        survives: ALL,
        make: |arguments| {
            let options = raft::Options::parse(arguments)?;
            Ok(raft::node(options).into_process())
        },
    },
    Entry {
        name: "g-set",
        workload: "g-set",
        about: "logs by origin, compared with random others; survives partitions and loss",
        survives: ALIVE,
        make: |arguments| {
            no_arguments(arguments)?;
            Ok(g_set::node().into_process())
        },
    },
    Entry {
        name: "crdt-counter",
        workload: "g-counter",
        about: "a PN-counter by gossip, for both counter workloads; survives partitions and loss",
        survives: ALIVE,
        make: |arguments| {
            no_arguments(arguments)?;
            Ok(counter::crdt::node().into_process())
        },
    },
    Entry {
        name: "counter-seq-kv",
        workload: "g-counter",
        about: "a key of seq-kv for each node, and a write before each read; survives all faults",
        survives: ALL,
        make: |arguments| {
            no_arguments(arguments)?;
            Ok(counter::seq_kv::node().into_process())
        },
    },
    Entry {
        name: "kafka-single",
        workload: "kafka",
        about: "logs in memory, for one node",
        survives: ARRIVING,
        make: |arguments| {
            no_arguments(arguments)?;
            Ok(kafka::single::node().into_process())
        },
    },
    Entry {
        name: "kafka-lin-kv",
        workload: "kafka",
        about: "logs as lists in lin-kv, changed by cas; survives all faults",
        survives: ALL,
        make: |arguments| {
            no_arguments(arguments)?;
            Ok(kafka::lin_kv::node().into_process())
        },
    },
    Entry {
        name: "kafka-fast",
        workload: "kafka",
        about: "logs in the memory of their owners, copied on demand; survives partitions and loss",
        survives: ALIVE,
        make: |arguments| {
            no_arguments(arguments)?;
            Ok(kafka::fast::node().into_process())
        },
    },
    Entry {
        name: "lin-kv-proxy",
        workload: "lin-kv",
        about: "passes everything on to the service lin-kv; survives all faults",
        survives: ALL,
        make: |arguments| {
            no_arguments(arguments)?;
            Ok(lin_kv_proxy::node().into_process())
        },
    },
    Entry {
        name: "list-append",
        workload: "txn-list-append",
        about: "a tree of pages in lin-kv, one root: strict serializable",
        survives: ALL,
        make: |arguments| {
            no_arguments(arguments)?;
            Ok(txn::tree::node(txn::tree::Objects::Lists).into_process())
        },
    },
    Entry {
        name: "rw-register",
        workload: "txn-rw-register",
        about: "the same for registers: strict serializable",
        survives: ALL,
        make: |arguments| {
            no_arguments(arguments)?;
            Ok(txn::tree::node(txn::tree::Objects::Registers).into_process())
        },
    },
    Entry {
        name: "rw-available",
        workload: "txn-rw-register",
        about: "answers at once, tells others later: read committed",
        survives: ALIVE,
        make: |arguments| {
            no_arguments(arguments)?;
            Ok(txn::rw_available::node().into_process())
        },
    },
    Entry {
        name: "rw-causal",
        workload: "txn-rw-register",
        about: "answers at once, in causal order elsewhere: causal",
        survives: ALIVE,
        make: |arguments| {
            no_arguments(arguments)?;
            Ok(txn::rw_causal::node().into_process())
        },
    },
];

/// The node of this name.
pub fn entry(name: &str) -> Option<&'static Entry> {
    static ALL: [Entry; NODES.len()] = NODES;
    ALL.iter().find(|entry| entry.name == name)
}

/// For nodes without arguments.
///
/// # Errors
/// If there is one.
pub fn no_arguments(arguments: &[String]) -> Result<(), String> {
    match arguments.first() {
        None => Ok(()),
        Some(first) => Err(format!("this node takes no arguments, but got {first:?}")),
    }
}

/// The arguments of a node that is a process: those that were given, and what it takes
/// from its environment.
pub fn process_arguments(name: &str, arguments: Vec<String>) -> Vec<String> {
    match name {
        "hub-ft" => broadcast::hub_ft::with_environment(arguments),
        _ => arguments,
    }
}
