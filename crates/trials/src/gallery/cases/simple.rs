//! Echo, ids, broadcast, sets and counters.

use glomers_nodes::Hazard;

use super::{CASE, Case};
use crate::gallery::conditions::{Conditions, Faults, Turn, drawn};

pub(super) static CASES: [Case; 36] = [
    Case {
        name: "echo-shared-buffer",
        finding: "wrong-echo",
        twin: "echo",
        under: Conditions { nodes: 1, clients: 4, rate: 200.0, ..Conditions::CALM },
        ..CASE
    },
    Case {
        name: "echo-short-buffer",
        finding: "wrong-echo",
        twin: "echo",
        under: Conditions { nodes: 1, ..Conditions::CALM },
        ..CASE
    },
    Case {
        name: "echo-cached",
        finding: "wrong-echo",
        twin: "echo",
        under: Conditions { nodes: 1, clients: 2, ..Conditions::CALM },
        ..CASE
    },
    Case {
        name: "echo-busy",
        finding: "unavailable",
        twin: "echo",
        under: Conditions { nodes: 1, clients: 4, rate: 200.0, total: true, ..Conditions::CALM },
        ..CASE
    },
    Case {
        name: "echo-replies-twice",
        finding: "replied-twice",
        twin: "echo",
        under: Conditions { nodes: 1, ..Conditions::CALM },
        ..CASE
    },
    Case { name: "ids-local-counter", finding: "duplicate-id", twin: "unique-ids", ..CASE },
    Case {
        name: "ids-from-clock",
        finding: "duplicate-id",
        twin: "unique-ids",
        under: Conditions { clients: 4, rate: 500.0, ..Conditions::CALM },
        ..CASE
    },
    Case {
        name: "ids-after-restart",
        finding: "duplicate-id",
        twin: "unique-ids",
        under: Conditions {
            faults: Faults::InTurn { what: Turn::Kill, for_ms: 500 },
            ..Conditions::CALM
        },
        ..CASE
    },
    Case {
        name: "ids-few-bits",
        finding: "duplicate-id",
        twin: "unique-ids",
        under: Conditions { rate: 200.0, ..Conditions::CALM },
        ..CASE
    },
    Case {
        name: "ids-overlapping-blocks",
        finding: "duplicate-id",
        twin: "unique-ids",
        under: Conditions { rate: 200.0, ..Conditions::CALM },
        ..CASE
    },
    Case {
        name: "broadcast-no-retry",
        finding: "missing-at-end",
        twin: "flood-retry",
        under: Conditions { nodes: 5, loss: 0.2, ..Conditions::CALM },
        ..CASE
    },
    Case {
        name: "broadcast-one-hop",
        finding: "missing-at-end",
        twin: "flood-retry",
        under: Conditions { nodes: 5, ..Conditions::CALM },
        ..CASE
    },
    Case {
        name: "broadcast-full-queue",
        finding: "missing-at-end",
        twin: "flood-retry",
        under: Conditions {
            nodes: 5,
            faults: drawn(&[Hazard::Partition], 2_000),
            ..Conditions::CALM
        },
        ..CASE
    },
    Case {
        name: "broadcast-acks-and-drops",
        finding: "lost",
        twin: "flood-retry",
        under: Conditions {
            nodes: 5,
            faults: drawn(&[Hazard::Partition], 2_000),
            ..Conditions::CALM
        },
        ..CASE
    },
    Case {
        name: "broadcast-refuses-and-keeps",
        finding: "aborted-present",
        twin: "flood-retry",
        under: Conditions {
            nodes: 5,
            faults: drawn(&[Hazard::Partition], 2_000),
            ..Conditions::CALM
        },
        ..CASE
    },
    Case {
        name: "broadcast-doubles",
        finding: "duplicated",
        twin: "flood-retry",
        under: Conditions { nodes: 5, latency_ms: 10, ..Conditions::CALM },
        ..CASE
    },
    Case {
        name: "broadcast-clears-batch",
        finding: "missing-at-end",
        twin: "flood-retry",
        under: Conditions { nodes: 5, latency_ms: 20, ..Conditions::CALM },
        ..CASE
    },
    Case {
        name: "broadcast-high-water",
        finding: "missing-at-end",
        twin: "flood-retry",
        under: Conditions { nodes: 5, loss: 0.2, ..Conditions::CALM },
        ..CASE
    },
    Case {
        name: "broadcast-snapshot",
        finding: "missing-at-end",
        twin: "flood-retry",
        under: Conditions { nodes: 5, ..Conditions::CALM },
        ..CASE
    },
    Case {
        name: "broadcast-hides",
        finding: "read-went-back",
        twin: "flood-retry",
        under: Conditions { nodes: 5, latency_ms: 20, ..Conditions::CALM },
        ..CASE
    },
    Case { name: "g-set-doubles", finding: "duplicated", twin: "g-set", ..CASE },
    Case {
        name: "g-set-tells-once",
        finding: "missing-at-end",
        twin: "g-set",
        under: Conditions { loss: 0.1, ..Conditions::CALM },
        ..CASE
    },
    Case { name: "g-set-larger-wins", finding: "missing-at-end", twin: "g-set", ..CASE },
    Case {
        name: "g-set-moves-readded",
        finding: "missing-at-end",
        twin: "g-set",
        under: Conditions { nodes: 3, rate: 200.0, seconds: 20, ..Conditions::CALM },
        ..CASE
    },
    Case { name: "g-set-lww", finding: "lost", twin: "g-set", ..CASE },
    Case {
        name: "g-set-stale",
        finding: "missing-at-end",
        twin: "g-set",
        under: Conditions { nodes: 10, ..Conditions::CALM },
        ..CASE
    },
    Case {
        name: "counter-without-cas",
        finding: "wrong-final-count",
        twin: "counter-seq-kv",
        under: Conditions { nodes: 5, rate: 300.0, ..Conditions::CALM },
        ..CASE
    },
    Case {
        name: "counter-ignores-collision",
        finding: "wrong-final-count",
        twin: "counter-seq-kv",
        under: Conditions { nodes: 5, rate: 300.0, ..Conditions::CALM },
        ..CASE
    },
    Case {
        name: "counter-counts-retries",
        finding: "wrong-final-count",
        twin: "crdt-counter",
        under: Conditions { loss: 0.1, ..Conditions::CALM },
        ..CASE
    },
    Case {
        name: "counter-stale",
        finding: "wrong-final-count",
        twin: "counter-seq-kv",
        under: Conditions { nodes: 10, rate: 100.0, ..Conditions::CALM },
        ..CASE
    },
    Case {
        name: "counter-loses-concurrent",
        finding: "wrong-final-count",
        twin: "counter-seq-kv",
        under: Conditions { clients: 3, rate: 100.0, latency_ms: 10, ..Conditions::CALM },
        ..CASE
    },
    Case {
        name: "counter-restarts-at-zero",
        finding: "wrong-final-count",
        twin: "counter-seq-kv",
        under: Conditions {
            faults: Faults::InTurn { what: Turn::Kill, for_ms: 500 },
            ..Conditions::CALM
        },
        ..CASE
    },
    Case {
        name: "pn-counter-forgets-negatives",
        finding: "wrong-final-count",
        twin: "crdt-counter",
        ..CASE
    },
    Case {
        name: "pn-counter-stops-at-zero",
        finding: "wrong-final-count",
        twin: "counter-seq-kv",
        ..CASE
    },
    Case {
        name: "pn-counter-compares-added",
        finding: "wrong-final-count",
        twin: "crdt-counter",
        under: Conditions { nodes: 16, ..Conditions::CALM },
        ..CASE
    },
    Case {
        name: "pn-counter-newer-by-time",
        finding: "wrong-final-count",
        twin: "crdt-counter",
        under: Conditions { latency_ms: 50, ..Conditions::CALM },
        ..CASE
    },
];
