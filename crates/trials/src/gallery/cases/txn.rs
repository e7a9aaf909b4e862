//! Transactions.

use super::{CASE, Case};
use crate::gallery::conditions::{CROWD, Conditions, Faults, Step};

pub(super) static CASES: [Case; 13] = [
    Case { name: "lists-keep-refused", finding: "G1a", twin: "list-append", under: CROWD, ..CASE },
    Case { name: "lists-step-by-step", finding: "G1b", twin: "list-append", under: CROWD, ..CASE },
    Case {
        name: "lists-lose-updates",
        finding: "lost-update",
        twin: "list-append",
        under: CROWD,
        ..CASE
    },
    Case {
        name: "lists-make-up",
        finding: "garbage-read",
        twin: "list-append",
        under: CROWD,
        ..CASE
    },
    Case {
        name: "lists-turn-reads",
        finding: "node-error",
        twin: "list-append",
        under: CROWD,
        ..CASE
    },
    Case {
        name: "lists-write-skew",
        finding: "G2-item",
        twin: "list-append",
        under: CROWD,
        ..CASE
    },
    Case { name: "lists-write-cycle", finding: "G0", twin: "list-append", under: CROWD, ..CASE },
    Case {
        name: "lists-fractured",
        finding: "G-single-item",
        twin: "list-append",
        under: CROWD,
        ..CASE
    },
    Case {
        name: "lists-long-fork",
        finding: "G-nonadjacent-item",
        twin: "list-append",
        // Each reader that is late also breaks real time, and would be named first.
        under: Conditions {
            options: &[
                ("consistency-models", "snapshot-isolation"),
                ("key-count", "5"),
                ("max-txn-length", "2"),
            ],
            seconds: 40,
            ..CROWD
        },
        ..CASE
    },
    Case {
        name: "lists-answer-before-sync",
        finding: "incompatible-order",
        twin: "list-append",
        under: Conditions {
            sync_ms: 500,
            faults: Faults::Script(&[(2_000, Step::Kill(&[0])), (2_020, Step::Start(&[0]))]),
            ..CROWD
        },
        ..CASE
    },
    Case { name: "registers-dirty", finding: "G1c", twin: "rw-register", under: CROWD, ..CASE },
    Case {
        name: "registers-keep-refused",
        finding: "G1a",
        twin: "rw-register",
        under: CROWD,
        ..CASE
    },
    Case {
        name: "registers-apart",
        finding: "G-single-item-realtime",
        twin: "rw-register",
        under: Conditions { nodes: 3, ..CROWD },
        ..CASE
    },
];
