//! How each broken node is found out.

mod raft;
mod simple;
mod stored;
mod txn;

use glomers_broken_nodes::Entry;

use super::conditions::Conditions;

/// How a broken node is found out.
pub struct Case {
    /// The node.
    pub name: &'static str,
    /// The name of the finding that must appear.
    pub finding: &'static str,
    /// The reference node that does the same right, and passes under the same
    /// conditions.
    pub twin: &'static str,
    /// Arguments of both.
    pub arguments: &'static [&'static str],
    /// Under which it is found out.
    pub under: Conditions,
}

/// A case of a node without arguments.
const CASE: Case =
    Case { name: "", finding: "", twin: "", arguments: &[], under: Conditions::CALM };

/// All cases, by workload.
pub fn cases() -> impl Iterator<Item = &'static Case> {
    simple::CASES.iter().chain(&stored::CASES).chain(&raft::CASES).chain(&txn::CASES)
}

impl Case {
    /// What is known of the node.
    pub fn entry(&self) -> &'static Entry {
        glomers_broken_nodes::entry(self.name).expect("a test sees to it that each has a node")
    }
}
