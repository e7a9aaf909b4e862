//! What entries of the registry have in common.

use glomers_node::{IntoProcess, Process};
use glomers_nodes::no_arguments;
use glomers_nodes::raft::Flaw;

use crate::entry::Entry;
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

/// An entry of which only the workload is right.
const fn base(workload: &'static str) -> Entry {
    Entry {
        name: "",
        workload,
        wrong: "",
        nodes: 0,
        shows: "",
        make: |_| Err("this is no node".to_owned()),
    }
}

pub(crate) const ECHO: Entry = base("echo");
pub(crate) const IDS: Entry = base("unique-ids");
pub(crate) const BROADCAST: Entry = base("broadcast");
pub(crate) const SET: Entry = base("g-set");
pub(crate) const COUNTER: Entry = base("g-counter");
pub(crate) const PN_COUNTER: Entry = base("pn-counter");
pub(crate) const LOGS: Entry = base("kafka");
pub(crate) const REGISTERS: Entry = base("lin-kv");
pub(crate) const LISTS: Entry = base("txn-list-append");
pub(crate) const TXN_REGISTERS: Entry = base("txn-rw-register");
