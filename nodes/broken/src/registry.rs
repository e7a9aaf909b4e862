//! All broken nodes.

use glomers_nodes::Hazard;
use glomers_nodes::broadcast::flood;
use glomers_nodes::raft::Flaw;

use crate::bases::{
    BROADCAST, ECHO, HASTY, IDS, LOG, OWNED_LOGS, PN_SUM, PN_VIEWS, PROXY, RAFT, REGISTERS, SET,
    STORED_LOGS, SUM, VIEWS, drawn, flawed, plain,
};
use crate::entry::{Conditions, Entry, Faults, Turn};
use crate::{
    broadcast, counter, echo, g_set, kafka, lin_kv, raft, raft_disk, txn_entries, unique_ids,
};

/// All of them, by workload.
pub static ENTRIES: [Entry; 81] = [
    Entry {
        name: "echo-shared-buffer",
        wrong: "The text waits in a field of the node that the next request overwrites.",
        finding: "wrong-echo",
        under: Conditions { nodes: 1, clients: 4, rate: 200.0, ..Conditions::CALM },
        minimal: "1 node; 2 echoes at once",
        make: |arguments| plain(arguments, echo::shared_buffer),
        ..ECHO
    },
    Entry {
        name: "echo-short-buffer",
        wrong: "What is longer than 14 bytes is cut off.",
        finding: "wrong-echo",
        under: Conditions { nodes: 1, ..Conditions::CALM },
        minimal: "1 node; 1 echo of 15 bytes",
        make: |arguments| plain(arguments, echo::short_buffer),
        ..ECHO
    },
    Entry {
        name: "echo-cached",
        wrong: "Answers are cached by msg_id, which is unique only for its client.",
        finding: "wrong-echo",
        under: Conditions { nodes: 1, clients: 2, ..Conditions::CALM },
        minimal: "1 node; an echo of each of 2 clients",
        make: |arguments| plain(arguments, echo::Cached::default),
        ..ECHO
    },
    Entry {
        name: "echo-busy",
        wrong: "While a request is served, others are dropped.",
        finding: "unavailable",
        under: Conditions { nodes: 1, clients: 4, rate: 200.0, total: true, ..Conditions::CALM },
        minimal: "1 node; 2 echoes at once",
        make: |arguments| plain(arguments, echo::busy),
        ..ECHO
    },
    Entry {
        name: "echo-replies-twice",
        wrong: "Every reply is sent again, in case the first was lost.",
        finding: "replied-twice",
        under: Conditions { nodes: 1, ..Conditions::CALM },
        minimal: "1 node; 1 echo",
        make: |arguments| plain(arguments, || echo::RepliesTwice),
        ..ECHO
    },
    Entry {
        name: "ids-local-counter",
        wrong: "Each node counts for itself, and the id does not name the node.",
        finding: "duplicate-id",
        minimal: "2 nodes; an id from each",
        make: |arguments| plain(arguments, unique_ids::local_counter),
        ..IDS
    },
    Entry {
        name: "ids-from-clock",
        wrong: "An id is the node and its clock in ms, which two requests may share.",
        finding: "duplicate-id",
        under: Conditions { clients: 4, rate: 500.0, ..Conditions::CALM },
        minimal: "1 node; 2 ids within 1 ms",
        make: |arguments| plain(arguments, unique_ids::from_clock),
        ..IDS
    },
    Entry {
        name: "ids-after-restart",
        wrong: "An id is the node and a counter that begins anew when the node restarts.",
        finding: "duplicate-id",
        under: Conditions {
            faults: Faults::InTurn { what: Turn::Kill, for_ms: 500 },
            ..Conditions::CALM
        },
        minimal: "1 node; an id, a kill, an id",
        make: |arguments| plain(arguments, unique_ids::after_restart),
        ..IDS
    },
    Entry {
        name: "ids-few-bits",
        wrong: "An id is a random number below 100,000.",
        finding: "duplicate-id",
        under: Conditions { rate: 200.0, ..Conditions::CALM },
        minimal: "1 node; some 400 ids for an even chance",
        make: |arguments| plain(arguments, unique_ids::few_bits),
        ..IDS
    },
    Entry {
        name: "ids-overlapping-blocks",
        wrong: "Nodes reserve blocks of ids, and the last id of a block is the first of the next.",
        finding: "duplicate-id",
        under: Conditions { rate: 200.0, ..Conditions::CALM },
        minimal: "2 nodes; 2 blocks, 102 ids",
        make: |arguments| plain(arguments, unique_ids::overlapping_blocks),
        ..IDS
    },
    Entry {
        name: "broadcast-no-retry",
        wrong: "Each value is sent to each neighbour once.",
        finding: "missing-at-end",
        under: Conditions { nodes: 5, loss: 0.2, ..Conditions::CALM },
        minimal: "2 nodes; 1 value, its message lost",
        make: |arguments| plain(arguments, flood::node),
        ..BROADCAST
    },
    Entry {
        name: "broadcast-one-hop",
        wrong: "Values of clients are sent on, those of neighbours are not.",
        finding: "missing-at-end",
        under: Conditions { nodes: 5, ..Conditions::CALM },
        minimal: "3 nodes in a line; 1 value at an end",
        make: |arguments| plain(arguments, broadcast::flooding::one_hop),
        ..BROADCAST
    },
    Entry {
        name: "broadcast-full-queue",
        wrong: "What finds the queue to a neighbour full is never sent.",
        finding: "missing-at-end",
        under: Conditions {
            nodes: 5,
            faults: drawn(&[Hazard::Partition], 2_000),
            ..Conditions::CALM
        },
        minimal: "2 nodes; 9 values while they are apart",
        make: |arguments| plain(arguments, broadcast::flooding::full_queue),
        ..BROADCAST
    },
    Entry {
        name: "broadcast-acks-and-drops",
        wrong: "What comes while much is on its way is acknowledged and dropped.",
        finding: "lost",
        under: Conditions {
            nodes: 5,
            faults: drawn(&[Hazard::Partition], 2_000),
            ..Conditions::CALM
        },
        minimal: "2 nodes; 9 values while they are apart",
        make: |arguments| plain(arguments, broadcast::flooding::acks_and_drops),
        ..BROADCAST
    },
    Entry {
        name: "broadcast-refuses-and-keeps",
        wrong: "What no neighbour confirms in time is refused, and kept and sent all the same.",
        finding: "aborted-present",
        under: Conditions {
            nodes: 5,
            faults: drawn(&[Hazard::Partition], 2_000),
            ..Conditions::CALM
        },
        minimal: "2 nodes; 1 value while they are apart",
        make: |arguments| plain(arguments, broadcast::flooding::refuses_and_keeps),
        ..BROADCAST
    },
    Entry {
        name: "broadcast-doubles",
        wrong: "Between the look whether a value is new and its storing lies a wait.",
        finding: "duplicated",
        under: Conditions { nodes: 5, latency_ms: 10, ..Conditions::CALM },
        minimal: "4 nodes in a ring; 1 value",
        make: |arguments| plain(arguments, broadcast::flooding::doubles),
        ..BROADCAST
    },
    Entry {
        name: "broadcast-clears-batch",
        wrong: "A batch is cleared when it was acknowledged, with what came meanwhile.",
        finding: "missing-at-end",
        under: Conditions { nodes: 5, latency_ms: 20, ..Conditions::CALM },
        minimal: "2 nodes; 2 values, the second while the first is on its way",
        make: |arguments| plain(arguments, broadcast::batch::clears_batch),
        ..BROADCAST
    },
    Entry {
        name: "broadcast-high-water",
        wrong: "Nodes ask only for what is above the highest value that they have.",
        finding: "missing-at-end",
        under: Conditions { nodes: 5, loss: 0.2, ..Conditions::CALM },
        minimal: "2 nodes; 2 values, the message of the first lost",
        make: |arguments| plain(arguments, broadcast::high_water::node),
        ..BROADCAST
    },
    Entry {
        name: "broadcast-snapshot",
        wrong: "Reads are answered from a copy that is made at every 100th value.",
        finding: "missing-at-end",
        under: Conditions { nodes: 5, ..Conditions::CALM },
        minimal: "1 node; 1 value",
        make: |arguments| plain(arguments, broadcast::reads::snapshot),
        ..BROADCAST
    },
    Entry {
        name: "broadcast-hides",
        wrong: "Values are taken out of the state while they are sent, and put back afterwards.",
        finding: "read-went-back",
        under: Conditions { nodes: 5, latency_ms: 20, ..Conditions::CALM },
        minimal: "2 nodes; a value, 2 reads at its node",
        make: |arguments| plain(arguments, broadcast::reads::hides),
        ..BROADCAST
    },
    Entry {
        name: "g-set-doubles",
        wrong: "The set is a list, which holds twice what is added twice.",
        finding: "duplicated",
        minimal: "1 node; 1 element added twice",
        make: |arguments| plain(arguments, g_set::doubles),
        ..SET
    },
    Entry {
        name: "g-set-tells-once",
        wrong: "Each element is told to each node once.",
        finding: "missing-at-end",
        under: Conditions { loss: 0.1, ..Conditions::CALM },
        minimal: "2 nodes; 1 element, its message lost",
        make: |arguments| plain(arguments, g_set::tells_once),
        ..SET
    },
    Entry {
        name: "g-set-larger-wins",
        wrong: "Of two sets the larger replaces the other.",
        finding: "missing-at-end",
        minimal: "2 nodes; 2 elements at one, 1 at the other",
        make: |arguments| plain(arguments, g_set::larger_wins),
        ..SET
    },
    Entry {
        name: "g-set-moves-readded",
        wrong: "What is added again moves to the end of a log that others copy by position.",
        finding: "missing-at-end",
        under: Conditions { nodes: 3, rate: 200.0, seconds: 20, ..Conditions::CALM },
        minimal: "2 nodes; 3 elements, the first added again before the third is copied",
        make: |arguments| plain(arguments, g_set::moves_readded),
        ..SET
    },
    Entry {
        name: "g-set-lww",
        wrong: "The set is a value in lww-kv, which keeps the last write.",
        finding: "lost",
        minimal: "2 nodes; 2 elements at once",
        make: |arguments| plain(arguments, g_set::lww),
        ..SET
    },
    Entry {
        name: "g-set-stale",
        wrong: "The set is a value in seq-kv, which may show readers an old state.",
        finding: "missing-at-end",
        under: Conditions { nodes: 10, ..Conditions::CALM },
        minimal: "2 nodes; 1 element",
        make: |arguments| plain(arguments, g_set::stale),
        ..SET
    },
    Entry {
        name: "counter-without-cas",
        wrong: "A sum is read from a service, added to and written.",
        finding: "wrong-final-count",
        under: Conditions { nodes: 5, rate: 300.0, ..Conditions::CALM },
        minimal: "2 nodes; 2 additions at once",
        make: |arguments| plain(arguments, counter::without_cas),
        ..SUM
    },
    Entry {
        name: "counter-ignores-collision",
        wrong: "A compare-and-set that fails is not tried again.",
        finding: "wrong-final-count",
        under: Conditions { nodes: 5, rate: 300.0, ..Conditions::CALM },
        minimal: "2 nodes; 2 additions at once",
        make: |arguments| plain(arguments, counter::ignores_collision),
        ..SUM
    },
    Entry {
        name: "counter-counts-retries",
        wrong: "Additions are told to others until they answer, and who answers late adds twice.",
        finding: "wrong-final-count",
        under: Conditions { loss: 0.1, ..Conditions::CALM },
        minimal: "2 nodes; 1 addition, its answer lost",
        make: |arguments| plain(arguments, counter::counts_retries),
        ..VIEWS
    },
    Entry {
        name: "counter-stale",
        wrong: "The sum is a value in seq-kv, which may show readers an old state.",
        finding: "wrong-final-count",
        under: Conditions { nodes: 10, rate: 100.0, ..Conditions::CALM },
        minimal: "2 nodes; 1 addition",
        make: |arguments| plain(arguments, counter::stale),
        ..SUM
    },
    Entry {
        name: "counter-loses-concurrent",
        wrong: "Between reading its own sum and setting it a node waits.",
        finding: "wrong-final-count",
        under: Conditions { clients: 3, rate: 100.0, latency_ms: 10, ..Conditions::CALM },
        minimal: "1 node; 2 additions at once",
        make: |arguments| plain(arguments, counter::loses_concurrent),
        ..SUM
    },
    Entry {
        name: "counter-restarts-at-zero",
        wrong: "A node's key is overwritten by a sum that is counted from its start.",
        finding: "wrong-final-count",
        under: Conditions {
            faults: Faults::InTurn { what: Turn::Kill, for_ms: 500 },
            ..Conditions::CALM
        },
        minimal: "1 node; an addition, a kill, an addition",
        make: |arguments| plain(arguments, counter::restarts_at_zero),
        ..SUM
    },
    Entry {
        name: "pn-counter-forgets-negatives",
        wrong: "Of two totals of a node the larger is taken for the newer.",
        finding: "wrong-final-count",
        minimal: "2 nodes; an addition of -1",
        make: |arguments| plain(arguments, counter::forgets_negatives),
        ..PN_VIEWS
    },
    Entry {
        name: "pn-counter-stops-at-zero",
        wrong: "The sum is not allowed to be negative, and stops at zero.",
        finding: "wrong-final-count",
        minimal: "1 node; additions of -1 and 1",
        make: |arguments| plain(arguments, counter::stops_at_zero),
        ..PN_SUM
    },
    Entry {
        name: "pn-counter-compares-added",
        wrong: "Of two views of a node the one with more added counts, whatever was taken away.",
        finding: "wrong-final-count",
        under: Conditions { nodes: 16, ..Conditions::CALM },
        minimal: "2 nodes; an addition of 1, an exchange, one of -1",
        make: |arguments| plain(arguments, counter::compares_added),
        ..PN_VIEWS
    },
    Entry {
        name: "pn-counter-newer-by-time",
        wrong: "Of two views of a node the one that came last counts.",
        finding: "wrong-final-count",
        under: Conditions { latency_ms: 50, ..Conditions::CALM },
        minimal: "2 nodes; 2 additions whose messages overtake each other",
        make: |arguments| plain(arguments, counter::newer_by_time),
        ..PN_VIEWS
    },
    Entry {
        name: "kafka-local-offsets",
        wrong: "Each node has logs of its own.",
        finding: "inconsistent-offsets",
        under: Conditions { nodes: 2, clients: 2, rate: 200.0, ..Conditions::CALM },
        minimal: "2 nodes; a send of one key to each",
        make: |arguments| plain(arguments, kafka::memory::local_offsets),
        ..OWNED_LOGS
    },
    Entry {
        name: "kafka-reuses-offset",
        wrong: "Between taking an offset and storing the message a node waits.",
        finding: "inconsistent-offsets",
        under: Conditions { nodes: 1, clients: 4, rate: 200.0, ..Conditions::CALM },
        minimal: "1 node; 2 sends of one key at once",
        make: |arguments| plain(arguments, kafka::memory::reuses_offset),
        ..LOG
    },
    Entry {
        name: "kafka-without-cas",
        wrong: "A log in lin-kv is read, appended to and written.",
        finding: "inconsistent-offsets",
        under: Conditions { nodes: 2, clients: 2, rate: 200.0, ..Conditions::CALM },
        minimal: "2 nodes; 2 sends of one key at once",
        make: |arguments| plain(arguments, kafka::on_lin_kv::without_cas),
        ..STORED_LOGS
    },
    Entry {
        name: "kafka-retries-send",
        wrong: "A send to the owner of the logs is repeated until it answers.",
        finding: "duplicate",
        under: Conditions { nodes: 3, rate: 100.0, loss: 0.1, ..Conditions::CALM },
        minimal: "2 nodes; 1 send, its answer lost",
        make: |arguments| plain(arguments, kafka::owners::retries_send),
        ..OWNED_LOGS
    },
    Entry {
        name: "kafka-skips",
        wrong: "A poll begins behind the offset that is asked for.",
        finding: "poll-skip",
        under: Conditions { nodes: 1, clients: 2, rate: 200.0, ..Conditions::CALM },
        minimal: "1 node; a send, a poll, 2 sends, a poll",
        make: |arguments| plain(arguments, kafka::memory::skips),
        ..LOG
    },
    Entry {
        name: "kafka-goes-back",
        wrong: "A poll begins before the offset that is asked for.",
        finding: "nonmonotonic-poll",
        under: Conditions { nodes: 1, clients: 2, rate: 200.0, ..Conditions::CALM },
        minimal: "1 node; a send, 2 polls",
        make: |arguments| plain(arguments, kafka::memory::goes_back),
        ..LOG
    },
    Entry {
        name: "kafka-drops",
        wrong: "A message that finds the buffer full is acknowledged and neither in the old nor in the new one.",
        finding: "unseen",
        under: Conditions { nodes: 1, clients: 2, rate: 200.0, ..Conditions::CALM },
        minimal: "1 node; 33 sends",
        make: |arguments| plain(arguments, kafka::memory::drops),
        ..LOG
    },
    Entry {
        name: "kafka-write-behind",
        wrong: "Sends are acknowledged before the service has them.",
        finding: "unseen",
        under: Conditions {
            nodes: 1,
            clients: 4,
            rate: 200.0,
            faults: Faults::InTurn { what: Turn::Kill, for_ms: 900 },
            ..Conditions::CALM
        },
        minimal: "1 node; a send, a kill",
        make: |arguments| plain(arguments, kafka::on_lin_kv::write_behind),
        ..STORED_LOGS
    },
    Entry {
        name: "kafka-shows-failed",
        wrong: "A send that the service does not confirm in time is said to have failed.",
        finding: "G1a",
        under: Conditions { nodes: 2, clients: 2, rate: 100.0, latency_ms: 15, ..Conditions::CALM },
        minimal: "1 node; a send that is confirmed late, a poll",
        make: |arguments| plain(arguments, kafka::on_lin_kv::shows_failed),
        ..STORED_LOGS
    },
    Entry {
        name: "kafka-commits-too-far",
        wrong: "A commit is taken as one of all there is.",
        finding: "commit-too-far",
        under: Conditions {
            nodes: 1,
            clients: 8,
            rate: 600.0,
            seconds: 30,
            options: &[("key-count", "2"), ("max-writes-per-key", "1000")],
            ..Conditions::CALM
        },
        minimal: "1 node; a poll, a send, the commit of the poll, an assignment, a send, a poll",
        make: |arguments| plain(arguments, kafka::memory::commits_too_far),
        ..LOG
    },
    Entry {
        name: "proxy-caches",
        wrong: "A value that was read or written is answered from memory for 100 ms.",
        finding: "not-linearizable",
        under: REGISTERS,
        minimal: "2 nodes; a write and a read at one, a write at the other, a read at the first",
        make: |arguments| plain(arguments, lin_kv::caches),
        ..PROXY
    },
    Entry {
        name: "proxy-retries-cas",
        wrong: "A compare-and-set that is not answered in time is sent again.",
        finding: "not-linearizable",
        under: Conditions { latency_ms: 10, ..REGISTERS },
        minimal: "1 node; a cas that is answered late, a read",
        make: |arguments| plain(arguments, lin_kv::retries_cas),
        ..PROXY
    },
    Entry {
        name: "proxy-retries-write",
        wrong: "A write that is not answered in time is sent again.",
        finding: "not-linearizable",
        under: Conditions { seconds: 20, latency_ms: 10, ..REGISTERS },
        minimal: "2 nodes; a write that is answered late, another write, a read",
        make: |arguments| plain(arguments, lin_kv::retries_write),
        ..PROXY
    },
    Entry {
        name: "proxy-compares-itself",
        wrong: "A cas is a read, a comparison and a write.",
        finding: "not-linearizable",
        under: Conditions { latency_ms: 10, ..REGISTERS },
        minimal: "2 nodes; 2 cas at once",
        make: |arguments| plain(arguments, lin_kv::compares_itself),
        ..PROXY
    },
    Entry {
        name: "proxy-seq-kv",
        wrong: "The registers are those of seq-kv, which may show old states.",
        finding: "not-linearizable",
        under: Conditions { latency_ms: 10, ..REGISTERS },
        minimal: "2 nodes; a write at one, a read at the other",
        make: |arguments| plain(arguments, lin_kv::seq_kv),
        ..PROXY
    },
    Entry {
        name: "proxy-lww-kv",
        wrong: "The registers are those of lww-kv, which may lose writes.",
        finding: "not-linearizable",
        under: Conditions { latency_ms: 10, ..REGISTERS },
        minimal: "1 node; a write, a read",
        make: |arguments| plain(arguments, lin_kv::lww_kv),
        ..PROXY
    },
    Entry {
        name: "proxy-null-on-timeout",
        wrong: "A read that the service does not answer in time is answered with null.",
        finding: "null-read",
        under: Conditions { latency_ms: 10, ..REGISTERS },
        minimal: "1 node; a write, a read that is answered late",
        make: |arguments| plain(arguments, lin_kv::null_on_timeout),
        ..PROXY
    },
    Entry {
        name: "proxy-missing-on-timeout",
        wrong: "A read that the service does not answer in time finds that there is no such key.",
        finding: "wrong-refusal",
        under: Conditions { latency_ms: 10, ..REGISTERS },
        minimal: "1 node; a write, a read that is answered late",
        make: |arguments| plain(arguments, lin_kv::missing_on_timeout),
        ..PROXY
    },
    Entry {
        name: "registers-cas-twice",
        wrong: "Between the comparison of a cas and its change lies a wait.",
        finding: "not-linearizable",
        under: Conditions { nodes: 1, clients: 4, rate: 300.0, ..REGISTERS },
        minimal: "1 node; 2 cas at once",
        make: |arguments| plain(arguments, lin_kv::cas_twice),
        ..PROXY
    },
    Entry {
        name: "registers-remove-first",
        wrong: "A write removes the old value, waits, and puts the new one.",
        finding: "wrong-refusal",
        under: Conditions { nodes: 1, clients: 4, ..REGISTERS },
        minimal: "1 node; a write, another write and a read at once",
        make: |arguments| plain(arguments, lin_kv::remove_first),
        ..PROXY
    },
    Entry {
        name: "proxy-remembers",
        wrong: "A read that the service does not answer in time is answered with what the node saw last.",
        finding: "not-linearizable",
        under: Conditions {
            seconds: 20,
            faults: Faults::InTurn { what: Turn::FromServices, for_ms: 1_000 },
            fault_services: true,
            ..REGISTERS
        },
        minimal: "2 nodes; a write at one, which is cut off from the service, a write at the other, a read at the first",
        make: |arguments| plain(arguments, lin_kv::remembers),
        ..PROXY
    },
    Entry {
        name: "registers-alone",
        wrong: "Each node has registers of its own.",
        finding: "not-linearizable",
        under: REGISTERS,
        minimal: "2 nodes; a write at one, a read at the other",
        make: |arguments| plain(arguments, lin_kv::alone),
        ..PROXY
    },
    Entry {
        name: "raft-stale-leader-reads",
        wrong: "A leader answers reads without asking whether it still leads.",
        finding: "not-linearizable",
        arguments: HASTY,
        under: Conditions {
            nodes: 5,
            seconds: 10,
            faults: Faults::InTurn { what: Turn::Apart(1), for_ms: 1_000 },
            ..REGISTERS
        },
        minimal: "5 nodes; a write, the leader apart, a write at its successor, a read at the leader",
        make: |arguments| flawed(Flaw::StaleLeaderReads, arguments),
        ..RAFT
    },
    Entry {
        name: "raft-reads-from-follower",
        wrong: "Every node answers reads from what it has applied.",
        finding: "not-linearizable",
        under: Conditions { nodes: 3, latency_ms: 10, ..REGISTERS },
        minimal: "3 nodes; a write, a read at a follower before it hears of it",
        make: |arguments| flawed(Flaw::ReadsFromFollower, arguments),
        ..RAFT
    },
    Entry {
        name: "raft-no-term-check",
        wrong: "The terms of messages are not looked at.",
        finding: "not-linearizable",
        under: Conditions {
            nodes: 5,
            seconds: 20,
            faults: Faults::Script(raft::NEWER_TERM),
            operations: raft::NEWER_TERM_ASKED,
            ..REGISTERS
        },
        minimal: "5 nodes; a write, its leader apart, a write at the next, a read at the first",
        make: |arguments| flawed(Flaw::NoTermCheck, arguments),
        ..RAFT
    },
    Entry {
        name: "raft-commits-old-term",
        wrong: "A leader counts copies of entries of older terms.",
        finding: "not-linearizable",
        under: Conditions {
            nodes: 5,
            seconds: 42,
            faults: Faults::Script(raft::FIGURE_EIGHT),
            operations: raft::FIGURE_EIGHT_ASKED,
            ..REGISTERS
        },
        minimal: "5 nodes; 3 leaders, 2 writes, 2 reads: figure 8 of the paper",
        make: |arguments| flawed(Flaw::CommitsOldTermByCounting, arguments),
        ..RAFT
    },
    Entry {
        name: "raft-votes-twice",
        wrong: "A node votes for whoever asks, as often as asked.",
        finding: "not-linearizable",
        arguments: &["--election-timeout", "50"],
        under: Conditions {
            nodes: 5,
            rate: 100.0,
            seconds: 140,
            latency_ms: 25,
            faults: Faults::InTurn { what: Turn::Rivals, for_ms: 550 },
            ..REGISTERS
        },
        minimal: "5 nodes; 2 candidates of one term, a write to each, a read",
        make: |arguments| flawed(Flaw::VotesTwice, arguments),
        ..RAFT
    },
    Entry {
        name: "raft-keeps-conflicting-entries",
        wrong: "A follower keeps its own entries where the leader has others.",
        finding: "not-linearizable",
        under: Conditions {
            nodes: 5,
            seconds: 42,
            faults: Faults::Script(raft::COMEBACK),
            operations: raft::COMEBACK_ASKED,
            ..REGISTERS
        },
        minimal: "5 nodes; a write to a leader alone, a write to its successor, a read when it leads again",
        make: |arguments| flawed(Flaw::NoTruncationOnConflict, arguments),
        ..RAFT
    },
    Entry {
        name: "raft-votes-for-shorter-log",
        wrong: "A node votes without comparing logs.",
        finding: "not-linearizable",
        under: Conditions {
            nodes: 5,
            seconds: 20,
            faults: Faults::Script(raft::SHORTER_LOG),
            operations: raft::SHORTER_LOG_ASKED,
            ..REGISTERS
        },
        minimal: "5 nodes; a write that one node misses, which is then elected, a read",
        make: |arguments| flawed(Flaw::VotesForShorterLog, arguments),
        ..RAFT
    },
    Entry {
        name: "raft-answers-before-commit",
        wrong: "The leader answers when it has an entry, not when a majority has.",
        finding: "not-linearizable",
        arguments: HASTY,
        under: Conditions {
            nodes: 5,
            seconds: 20,
            faults: Faults::InTurn { what: Turn::Apart(1), for_ms: 1_000 },
            ..REGISTERS
        },
        minimal: "5 nodes; the leader apart, a write to it, a read elsewhere",
        make: |arguments| flawed(Flaw::AnswersBeforeCommit, arguments),
        ..RAFT
    },
    Entry {
        name: "raft-half-is-majority",
        wrong: "Half of the nodes, rounded down, are taken for a majority.",
        finding: "not-linearizable",
        arguments: HASTY,
        under: Conditions {
            nodes: 5,
            seconds: 8,
            faults: Faults::InTurn { what: Turn::Apart(2), for_ms: 1_000 },
            ..REGISTERS
        },
        minimal: "5 nodes; 2 apart from 3, a write on each side, a read",
        make: |arguments| flawed(Flaw::HalfIsMajority, arguments),
        ..RAFT
    },
    Entry {
        name: "raft-applies-twice",
        wrong: "A request that was sent again is applied again.",
        finding: "not-linearizable",
        arguments: HASTY,
        under: Conditions { nodes: 5, seconds: 20, latency_ms: 20, loss: 0.1, ..REGISTERS },
        minimal: "5 nodes; a write whose answer is lost, another write, a read",
        make: |arguments| flawed(Flaw::AppliesTwice, arguments),
        ..RAFT
    },
    Entry {
        name: "raft-no-entry-at-beginning",
        wrong: "A new leader answers reads before it knows what is committed.",
        finding: "not-linearizable",
        under: Conditions {
            nodes: 5,
            seconds: 42,
            faults: Faults::Script(raft::LAST_WORDS),
            operations: raft::LAST_WORDS_ASKED,
            ..REGISTERS
        },
        minimal: "5 nodes; a write, its leader falls, a read at the next",
        make: |arguments| flawed(Flaw::NoEntryAtBeginning, arguments),
        ..RAFT
    },
    Entry {
        name: "raft-no-sync-of-log",
        wrong: "Entries of the log are written, but not synced.",
        finding: "wrong-refusal",
        under: Conditions {
            nodes: 5,
            seconds: 60,
            faults: Faults::Script(raft_disk::KILLED_AFTER_WRITES),
            operations: raft_disk::KILLED_AFTER_WRITES_ASKED,
            ..REGISTERS
        },
        minimal: "5 nodes; a write, all killed, a read",
        make: |arguments| flawed(Flaw::NoSyncOfLog, arguments),
        ..RAFT
    },
    Entry {
        name: "raft-answers-before-sync",
        wrong: "A node speaks before what it wrote is durable.",
        finding: "wrong-refusal",
        under: Conditions {
            nodes: 5,
            seconds: 60,
            sync_ms: 100,
            faults: Faults::Script(raft_disk::KILLED_AFTER_WRITES),
            operations: raft_disk::KILLED_AFTER_WRITES_ASKED,
            ..REGISTERS
        },
        minimal: "5 nodes; a write, all killed before it is synced, a read",
        make: |arguments| flawed(Flaw::AnswersBeforeSync, arguments),
        ..RAFT
    },
    Entry {
        name: "raft-no-sync-of-vote",
        wrong: "Term and vote are written in the background, not before they are told.",
        finding: "not-linearizable",
        under: Conditions {
            nodes: 5,
            seconds: 60,
            latency_ms: 10,
            faults: Faults::Script(raft_disk::FORGOTTEN_TERMS),
            operations: raft_disk::FORGOTTEN_TERMS_ASKED,
            ..REGISTERS
        },
        minimal: "5 nodes; a write, the leader apart, the others killed, a write to the next, a read",
        make: |arguments| flawed(Flaw::NoSyncOfVote, arguments),
        ..RAFT
    },
    txn_entries::LISTS_KEEP_REFUSED,
    txn_entries::LISTS_STEP_BY_STEP,
    txn_entries::LISTS_LOSE_UPDATES,
    txn_entries::LISTS_MAKE_UP,
    txn_entries::LISTS_TURN_READS,
    txn_entries::LISTS_WRITE_SKEW,
    txn_entries::REGISTERS_DIRTY,
    txn_entries::REGISTERS_KEEP_REFUSED,
    txn_entries::REGISTERS_APART,
];

/// The broken node of this name.
pub fn entry(name: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.name == name)
}
