//! Raft, wrong in one way each. What is wrong is an `if` in the reference node,
//! found by the name of the [`Flaw`], so that right and wrong stand side by side.
//!
//! The finding is `not-linearizable` for these:
//!
//! | node | what is wrong | under | minimal case |
//! |---|---|---|---|
//! | `raft-stale-leader-reads` | a leader answers reads without asking whether it still leads | each node apart in turn | five nodes, a write, the leader apart, a write elsewhere, a read at the old leader |
//! | `raft-reads-from-follower` | every node answers reads from what it has applied | latency | three nodes, a write, a read at a follower before it hears of it |
//! | `raft-no-term-check` | the terms of messages are not looked at | by hand: a leader is replaced and comes back | five nodes, a write, its leader apart, a write at the next, a read at the first |
//! | `raft-commits-old-term` | a leader counts copies of entries of older terms | by hand: figure 8 of the paper | five nodes, three leaders, two writes, a read |
//! | `raft-votes-twice` | a node votes for whoever asks, as often as asked | by hand: two candidates | five nodes, two candidates of one term, a write to each |
//! | `raft-keeps-conflicting-entries` | a follower keeps its own entries where the leader has others | by hand: a leader comes back | five nodes, a write to a leader alone, a write to the next |
//! | `raft-votes-for-shorter-log` | a node votes without comparing logs | by hand: a node misses a write and then stands for election | five nodes, a write that one node misses, which is then elected |
//! | `raft-answers-before-commit` | the leader answers when it has an entry, not when a majority has | each node apart in turn | five nodes, the leader apart, a write to it, a read elsewhere |
//! | `raft-half-is-majority` | half of the nodes, rounded down, are taken for a majority | two nodes apart in turn | five nodes, two apart from three, a write on each side |
//! | `raft-applies-twice` | a request that was sent again is applied again | loss | five nodes, a write whose answer is lost, another write |
//! | `raft-no-entry-at-beginning` | a new leader answers reads before it knows what is committed | by hand: leaders fall after their last word | five nodes, a write, its leader falls, a read at the next |
//!
//! What it promised is gone when it is killed, if it syncs too little:
//!
//! | node | what is wrong | finding | under | minimal case |
//! |---|---|---|---|---|
//! | `raft-no-sync-of-log` | entries are written, but not synced | `wrong-refusal` | all nodes killed after a write | five nodes, a write, all killed, a read |
//! | `raft-answers-before-sync` | a node speaks before what it wrote is durable | `wrong-refusal` | the same, with slow disks | five nodes, a write, all killed before it is synced, a read |
//! | `raft-no-sync-of-vote` | term and vote are written in the background | `not-linearizable` | a leader apart while the others are killed | five nodes, a write, the leader apart, the others killed, a write to the next, a read |

use glomers_nodes::raft::{Flaw, Options, Raft, node_with};

/// Raft with a flaw.
///
/// # Errors
/// Says which argument is not understood.
pub fn node(flaw: Flaw, arguments: &[String]) -> Result<Raft, String> {
    Ok(node_with(flaw, Options::parse(arguments)?))
}
