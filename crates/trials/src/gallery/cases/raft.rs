//! Raft.

use super::{CASE, Case};
use crate::gallery::conditions::{Conditions, Faults, REGISTERS, Turn};
use crate::gallery::scripts::{raft, raft_disk};

/// Raft that soon doubts a leader, so that much happens in a short run.
const HASTY: &[&str] = &["--election-timeout", "100"];

pub(super) static CASES: [Case; 14] = [
    Case {
        name: "raft-stale-leader-reads",
        finding: "not-linearizable",
        twin: "raft",
        arguments: HASTY,
        under: Conditions {
            nodes: 5,
            seconds: 10,
            faults: Faults::InTurn { what: Turn::Apart(1), for_ms: 1_000 },
            ..REGISTERS
        },
    },
    Case {
        name: "raft-reads-from-follower",
        finding: "not-linearizable",
        twin: "raft",
        under: Conditions { nodes: 3, latency_ms: 10, ..REGISTERS },
        ..CASE
    },
    Case {
        name: "raft-no-term-check",
        finding: "not-linearizable",
        twin: "raft",
        under: Conditions {
            nodes: 5,
            seconds: 20,
            faults: Faults::Script(raft::NEWER_TERM),
            operations: raft::NEWER_TERM_ASKED,
            ..REGISTERS
        },
        ..CASE
    },
    Case {
        name: "raft-commits-old-term",
        finding: "not-linearizable",
        twin: "raft",
        under: Conditions {
            nodes: 5,
            seconds: 42,
            faults: Faults::Script(raft::FIGURE_EIGHT),
            operations: raft::FIGURE_EIGHT_ASKED,
            ..REGISTERS
        },
        ..CASE
    },
    Case {
        name: "raft-votes-twice",
        finding: "not-linearizable",
        twin: "raft",
        arguments: &["--election-timeout", "50"],
        under: Conditions {
            nodes: 5,
            rate: 100.0,
            seconds: 140,
            latency_ms: 25,
            faults: Faults::InTurn { what: Turn::Rivals, for_ms: 550 },
            ..REGISTERS
        },
    },
    Case {
        name: "raft-keeps-conflicting-entries",
        finding: "not-linearizable",
        twin: "raft",
        under: Conditions {
            nodes: 5,
            seconds: 42,
            faults: Faults::Script(raft::COMEBACK),
            operations: raft::COMEBACK_ASKED,
            ..REGISTERS
        },
        ..CASE
    },
    Case {
        name: "raft-votes-for-shorter-log",
        finding: "not-linearizable",
        twin: "raft",
        under: Conditions {
            nodes: 5,
            seconds: 20,
            faults: Faults::Script(raft::SHORTER_LOG),
            operations: raft::SHORTER_LOG_ASKED,
            ..REGISTERS
        },
        ..CASE
    },
    Case {
        name: "raft-answers-before-commit",
        finding: "not-linearizable",
        twin: "raft",
        arguments: HASTY,
        under: Conditions {
            nodes: 5,
            seconds: 20,
            faults: Faults::InTurn { what: Turn::Apart(1), for_ms: 1_000 },
            ..REGISTERS
        },
    },
    Case {
        name: "raft-half-is-majority",
        finding: "not-linearizable",
        twin: "raft",
        arguments: HASTY,
        under: Conditions {
            nodes: 5,
            seconds: 8,
            faults: Faults::InTurn { what: Turn::Apart(2), for_ms: 1_000 },
            ..REGISTERS
        },
    },
    Case {
        name: "raft-applies-twice",
        finding: "not-linearizable",
        twin: "raft",
        arguments: HASTY,
        under: Conditions { nodes: 5, seconds: 20, latency_ms: 20, loss: 0.1, ..REGISTERS },
    },
    Case {
        name: "raft-no-entry-at-beginning",
        finding: "not-linearizable",
        twin: "raft",
        under: Conditions {
            nodes: 5,
            seconds: 42,
            faults: Faults::Script(raft::LAST_WORDS),
            operations: raft::LAST_WORDS_ASKED,
            ..REGISTERS
        },
        ..CASE
    },
    Case {
        name: "raft-no-sync-of-log",
        finding: "wrong-refusal",
        twin: "raft",
        under: Conditions {
            nodes: 5,
            seconds: 60,
            faults: Faults::Script(raft_disk::KILLED_AFTER_WRITES),
            operations: raft_disk::KILLED_AFTER_WRITES_ASKED,
            ..REGISTERS
        },
        ..CASE
    },
    Case {
        name: "raft-answers-before-sync",
        finding: "wrong-refusal",
        twin: "raft",
        under: Conditions {
            nodes: 5,
            seconds: 60,
            sync_ms: 100,
            faults: Faults::Script(raft_disk::KILLED_AFTER_WRITES),
            operations: raft_disk::KILLED_AFTER_WRITES_ASKED,
            ..REGISTERS
        },
        ..CASE
    },
    Case {
        name: "raft-no-sync-of-vote",
        finding: "not-linearizable",
        twin: "raft",
        under: Conditions {
            nodes: 5,
            seconds: 60,
            latency_ms: 10,
            faults: Faults::Script(raft_disk::FORGOTTEN_TERMS),
            operations: raft_disk::FORGOTTEN_TERMS_ASKED,
            ..REGISTERS
        },
        ..CASE
    },
];
