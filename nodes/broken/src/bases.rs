//! What entries of the registry have in common.

use glomers_node::{IntoProcess, Process};
use glomers_nodes::raft::Flaw;
use glomers_nodes::{Hazard, no_arguments};

use crate::entry::{Conditions, Entry, Faults};
use crate::raft;

/// A node without arguments.
pub(crate) fn plain<N: IntoProcess>(
    arguments: &[String],
    node: impl FnOnce() -> N,
) -> Result<Box<dyn Process>, String> {
    no_arguments(arguments)?;
    Ok(node().into_process())
}

/// Raft with a flaw.
pub(crate) fn flawed(flaw: Flaw, arguments: &[String]) -> Result<Box<dyn Process>, String> {
    Ok(raft::node(flaw, arguments)?.into_process())
}

pub(crate) const fn drawn(kinds: &'static [Hazard], every_ms: u64) -> Faults {
    Faults::Drawn { kinds, every_ms }
}

/// An entry of which only workload and twin are right.
pub(crate) const fn base(workload: &'static str, twin: &'static str) -> Entry {
    Entry {
        name: "",
        workload,
        wrong: "",
        finding: "",
        twin,
        arguments: &[],
        under: Conditions::CALM,
        minimal: "",
        make: |_| Err("this is no node".to_owned()),
    }
}

pub(crate) const ECHO: Entry = base("echo", "echo");
pub(crate) const IDS: Entry = base("unique-ids", "unique-ids");
pub(crate) const BROADCAST: Entry = base("broadcast", "flood-retry");
pub(crate) const SET: Entry = base("g-set", "g-set");
pub(crate) const SUM: Entry = base("g-counter", "counter-seq-kv");
pub(crate) const VIEWS: Entry = base("g-counter", "crdt-counter");
pub(crate) const PN_VIEWS: Entry = base("pn-counter", "crdt-counter");
pub(crate) const PN_SUM: Entry = base("pn-counter", "counter-seq-kv");
pub(crate) const LOG: Entry = base("kafka", "kafka-single");
pub(crate) const OWNED_LOGS: Entry = base("kafka", "kafka-fast");
pub(crate) const STORED_LOGS: Entry = base("kafka", "kafka-lin-kv");
pub(crate) const PROXY: Entry = base("lin-kv", "lin-kv-proxy");
pub(crate) const RAFT: Entry = base("lin-kv", "raft");
pub(crate) const LISTS: Entry = base("txn-list-append", "list-append");
pub(crate) const TXN_REGISTERS: Entry = base("txn-rw-register", "rw-register");

/// For transactions: many at once, on one node.
pub(crate) const CROWD: Conditions =
    Conditions { nodes: 1, clients: 8, rate: 200.0, ..Conditions::CALM };

/// For registers, which need two clients a node.
pub(crate) const REGISTERS: Conditions = Conditions { clients: 2, rate: 100.0, ..Conditions::CALM };

/// Raft that soon doubts a leader, so that much happens in a short run.
pub(crate) const HASTY: &[&str] = &["--election-timeout", "100"];
