//! Logs and registers.

use super::{CASE, Case};
use crate::gallery::conditions::{Conditions, Faults, REGISTERS, Turn};

pub(super) static CASES: [Case; 22] = [
    Case {
        name: "kafka-local-offsets",
        finding: "inconsistent-offsets",
        twin: "kafka-fast",
        under: Conditions { nodes: 2, clients: 2, rate: 200.0, ..Conditions::CALM },
        ..CASE
    },
    Case {
        name: "kafka-reuses-offset",
        finding: "inconsistent-offsets",
        twin: "kafka-single",
        under: Conditions { nodes: 1, clients: 4, rate: 200.0, ..Conditions::CALM },
        ..CASE
    },
    Case {
        name: "kafka-without-cas",
        finding: "inconsistent-offsets",
        twin: "kafka-lin-kv",
        under: Conditions { nodes: 2, clients: 2, rate: 200.0, ..Conditions::CALM },
        ..CASE
    },
    Case {
        name: "kafka-retries-send",
        finding: "duplicate",
        twin: "kafka-fast",
        under: Conditions { nodes: 3, rate: 100.0, loss: 0.1, ..Conditions::CALM },
        ..CASE
    },
    Case {
        name: "kafka-skips",
        finding: "poll-skip",
        twin: "kafka-single",
        under: Conditions { nodes: 1, clients: 2, rate: 200.0, ..Conditions::CALM },
        ..CASE
    },
    Case {
        name: "kafka-goes-back",
        finding: "nonmonotonic-poll",
        twin: "kafka-single",
        under: Conditions { nodes: 1, clients: 2, rate: 200.0, ..Conditions::CALM },
        ..CASE
    },
    Case {
        name: "kafka-drops",
        finding: "unseen",
        twin: "kafka-single",
        under: Conditions { nodes: 1, clients: 2, rate: 200.0, ..Conditions::CALM },
        ..CASE
    },
    Case {
        name: "kafka-write-behind",
        finding: "unseen",
        twin: "kafka-lin-kv",
        under: Conditions {
            nodes: 1,
            clients: 4,
            rate: 200.0,
            faults: Faults::InTurn { what: Turn::Kill, for_ms: 900 },
            ..Conditions::CALM
        },
        ..CASE
    },
    Case {
        name: "kafka-shows-failed",
        finding: "G1a",
        twin: "kafka-lin-kv",
        under: Conditions { nodes: 2, clients: 2, rate: 100.0, latency_ms: 15, ..Conditions::CALM },
        ..CASE
    },
    Case {
        name: "kafka-commits-too-far",
        finding: "commit-too-far",
        twin: "kafka-single",
        under: Conditions {
            nodes: 1,
            clients: 8,
            rate: 600.0,
            seconds: 30,
            options: &[("key-count", "2"), ("max-writes-per-key", "1000")],
            ..Conditions::CALM
        },
        ..CASE
    },
    Case {
        name: "proxy-caches",
        finding: "not-linearizable",
        twin: "lin-kv-proxy",
        under: REGISTERS,
        ..CASE
    },
    Case {
        name: "proxy-retries-cas",
        finding: "not-linearizable",
        twin: "lin-kv-proxy",
        under: Conditions { latency_ms: 10, ..REGISTERS },
        ..CASE
    },
    Case {
        name: "proxy-retries-write",
        finding: "not-linearizable",
        twin: "lin-kv-proxy",
        under: Conditions { seconds: 20, latency_ms: 10, ..REGISTERS },
        ..CASE
    },
    Case {
        name: "proxy-compares-itself",
        finding: "not-linearizable",
        twin: "lin-kv-proxy",
        under: Conditions { latency_ms: 10, ..REGISTERS },
        ..CASE
    },
    Case {
        name: "proxy-seq-kv",
        finding: "not-linearizable",
        twin: "lin-kv-proxy",
        under: Conditions { latency_ms: 10, ..REGISTERS },
        ..CASE
    },
    Case {
        name: "proxy-lww-kv",
        finding: "not-linearizable",
        twin: "lin-kv-proxy",
        under: Conditions { latency_ms: 10, ..REGISTERS },
        ..CASE
    },
    Case {
        name: "proxy-null-on-timeout",
        finding: "null-read",
        twin: "lin-kv-proxy",
        under: Conditions { latency_ms: 10, ..REGISTERS },
        ..CASE
    },
    Case {
        name: "proxy-missing-on-timeout",
        finding: "wrong-refusal",
        twin: "lin-kv-proxy",
        under: Conditions { latency_ms: 10, ..REGISTERS },
        ..CASE
    },
    Case {
        name: "registers-cas-twice",
        finding: "not-linearizable",
        twin: "lin-kv-proxy",
        under: Conditions { nodes: 1, clients: 4, rate: 300.0, ..REGISTERS },
        ..CASE
    },
    Case {
        name: "registers-remove-first",
        finding: "wrong-refusal",
        twin: "lin-kv-proxy",
        under: Conditions { nodes: 1, clients: 4, ..REGISTERS },
        ..CASE
    },
    Case {
        name: "proxy-remembers",
        finding: "not-linearizable",
        twin: "lin-kv-proxy",
        under: Conditions {
            seconds: 20,
            faults: Faults::InTurn { what: Turn::FromServices, for_ms: 1_000 },
            fault_services: true,
            ..REGISTERS
        },
        ..CASE
    },
    Case {
        name: "registers-alone",
        finding: "not-linearizable",
        twin: "lin-kv-proxy",
        under: REGISTERS,
        ..CASE
    },
];
