//! Nodes of logs, registers and transactions.

use glomers_nodes::raft::Flaw;

use crate::bases::{LISTS, LOGS, REGISTERS, TXN_REGISTERS, flawed, plain};
use crate::entry::Entry;
use crate::{kafka, lin_kv, txn};

pub(super) static ENTRIES: [Entry; 49] = [
    Entry {
        name: "kafka-local-offsets",
        wrong: "Each node has logs of its own.",
        nodes: 2,
        shows: "a send of one key to each",
        make: |arguments| plain(arguments, kafka::memory::local_offsets),
        ..LOGS
    },
    Entry {
        name: "kafka-reuses-offset",
        wrong: "Between taking an offset and storing the message a node waits.",
        nodes: 1,
        shows: "2 sends of one key at once",
        make: |arguments| plain(arguments, kafka::memory::reuses_offset),
        ..LOGS
    },
    Entry {
        name: "kafka-without-cas",
        wrong: "A log in lin-kv is read, appended to and written.",
        nodes: 2,
        shows: "2 sends of one key at once",
        make: |arguments| plain(arguments, kafka::on_lin_kv::without_cas),
        ..LOGS
    },
    Entry {
        name: "kafka-retries-send",
        wrong: "A send to the owner of the logs is repeated until it answers.",
        nodes: 2,
        shows: "1 send, its answer lost",
        make: |arguments| plain(arguments, kafka::owners::retries_send),
        ..LOGS
    },
    Entry {
        name: "kafka-skips",
        wrong: "A poll begins behind the offset that is asked for.",
        nodes: 1,
        shows: "a send, a poll, 2 sends, a poll",
        make: |arguments| plain(arguments, kafka::memory::skips),
        ..LOGS
    },
    Entry {
        name: "kafka-goes-back",
        wrong: "A poll begins before the offset that is asked for.",
        nodes: 1,
        shows: "a send, 2 polls",
        make: |arguments| plain(arguments, kafka::memory::goes_back),
        ..LOGS
    },
    Entry {
        name: "kafka-drops",
        wrong: "A message that finds the buffer full is acknowledged and neither in the old nor in the new one.",
        nodes: 1,
        shows: "33 sends",
        make: |arguments| plain(arguments, kafka::memory::drops),
        ..LOGS
    },
    Entry {
        name: "kafka-write-behind",
        wrong: "Sends are acknowledged before the service has them.",
        nodes: 1,
        shows: "a send, a kill",
        make: |arguments| plain(arguments, kafka::on_lin_kv::write_behind),
        ..LOGS
    },
    Entry {
        name: "kafka-shows-failed",
        wrong: "A send that the service does not confirm in time is said to have failed.",
        nodes: 1,
        shows: "a send that is confirmed late, a poll",
        make: |arguments| plain(arguments, kafka::on_lin_kv::shows_failed),
        ..LOGS
    },
    Entry {
        name: "kafka-commits-too-far",
        wrong: "A commit is taken for a commit of the whole log.",
        nodes: 1,
        shows: "a poll, a send, the commit of the poll, an assignment, a send, a poll",
        make: |arguments| plain(arguments, kafka::memory::commits_too_far),
        ..LOGS
    },
    Entry {
        name: "proxy-caches",
        wrong: "A value that was read or written is answered from memory for 100 ms.",
        nodes: 2,
        shows: "a write and a read at one, a write at the other, a read at the first",
        make: |arguments| plain(arguments, lin_kv::caches),
        ..REGISTERS
    },
    Entry {
        name: "proxy-retries-cas",
        wrong: "A compare-and-set that is not answered in time is sent again.",
        nodes: 1,
        shows: "a cas that is answered late, a read",
        make: |arguments| plain(arguments, lin_kv::retries_cas),
        ..REGISTERS
    },
    Entry {
        name: "proxy-retries-write",
        wrong: "A write that is not answered in time is sent again.",
        nodes: 2,
        shows: "a write that is answered late, another write, a read",
        make: |arguments| plain(arguments, lin_kv::retries_write),
        ..REGISTERS
    },
    Entry {
        name: "proxy-compares-itself",
        wrong: "A cas is a read, a comparison and a write.",
        nodes: 2,
        shows: "2 cas at once",
        make: |arguments| plain(arguments, lin_kv::compares_itself),
        ..REGISTERS
    },
    Entry {
        name: "proxy-seq-kv",
        wrong: "The registers are those of seq-kv, which may show old states.",
        nodes: 2,
        shows: "a write at one, a read at the other",
        make: |arguments| plain(arguments, lin_kv::seq_kv),
        ..REGISTERS
    },
    Entry {
        name: "proxy-lww-kv",
        wrong: "The registers are those of lww-kv, which may lose writes.",
        nodes: 1,
        shows: "a write, a read",
        make: |arguments| plain(arguments, lin_kv::lww_kv),
        ..REGISTERS
    },
    Entry {
        name: "proxy-null-on-timeout",
        wrong: "A read that the service does not answer in time is answered with null.",
        nodes: 1,
        shows: "a write, a read that is answered late",
        make: |arguments| plain(arguments, lin_kv::null_on_timeout),
        ..REGISTERS
    },
    Entry {
        name: "proxy-missing-on-timeout",
        wrong: "A read that the service does not answer in time finds that there is no such key.",
        nodes: 1,
        shows: "a write, a read that is answered late",
        make: |arguments| plain(arguments, lin_kv::missing_on_timeout),
        ..REGISTERS
    },
    Entry {
        name: "registers-cas-twice",
        wrong: "Between the comparison of a cas and its change lies a wait.",
        nodes: 1,
        shows: "2 cas at once",
        make: |arguments| plain(arguments, lin_kv::cas_twice),
        ..REGISTERS
    },
    Entry {
        name: "registers-remove-first",
        wrong: "A write removes the old value, waits, and puts the new one.",
        nodes: 1,
        shows: "a write, another write and a read at once",
        make: |arguments| plain(arguments, lin_kv::remove_first),
        ..REGISTERS
    },
    Entry {
        name: "proxy-remembers",
        wrong: "A read that the service does not answer in time is answered with what the node saw last.",
        nodes: 2,
        shows: "a write at one, which is cut off from the service, a write at the other, a read at the first",
        make: |arguments| plain(arguments, lin_kv::remembers),
        ..REGISTERS
    },
    Entry {
        name: "registers-alone",
        wrong: "Each node has registers of its own.",
        nodes: 2,
        shows: "a write at one, a read at the other",
        make: |arguments| plain(arguments, lin_kv::alone),
        ..REGISTERS
    },
    Entry {
        name: "raft-stale-leader-reads",
        wrong: "A leader answers reads without asking whether it still leads.",
        nodes: 5,
        shows: "a write, the leader apart, a write at its successor, a read at the leader",
        make: |arguments| flawed(Flaw::StaleLeaderReads, arguments),
        ..REGISTERS
    },
    Entry {
        name: "raft-reads-from-follower",
        wrong: "Every node answers reads from what it has applied.",
        nodes: 3,
        shows: "a write, a read at a follower before it hears of it",
        make: |arguments| flawed(Flaw::ReadsFromFollower, arguments),
        ..REGISTERS
    },
    Entry {
        name: "raft-no-term-check",
        wrong: "The terms of messages are not looked at.",
        nodes: 5,
        shows: "a write, its leader apart, a write at the next, a read at the first",
        make: |arguments| flawed(Flaw::NoTermCheck, arguments),
        ..REGISTERS
    },
    Entry {
        name: "raft-commits-old-term",
        wrong: "A leader counts copies of entries of older terms.",
        nodes: 5,
        shows: "3 leaders, 2 writes, 2 reads: figure 8 of the paper",
        make: |arguments| flawed(Flaw::CommitsOldTermByCounting, arguments),
        ..REGISTERS
    },
    Entry {
        name: "raft-votes-twice",
        wrong: "A node votes for whoever asks, as often as asked.",
        nodes: 5,
        shows: "2 candidates of one term, a write to each, a read",
        make: |arguments| flawed(Flaw::VotesTwice, arguments),
        ..REGISTERS
    },
    Entry {
        name: "raft-keeps-conflicting-entries",
        wrong: "A follower keeps its own entries where the leader has others.",
        nodes: 5,
        shows: "a write to a leader alone, a write to its successor, a read when it leads again",
        make: |arguments| flawed(Flaw::NoTruncationOnConflict, arguments),
        ..REGISTERS
    },
    Entry {
        name: "raft-votes-for-shorter-log",
        wrong: "A node votes without comparing logs.",
        nodes: 5,
        shows: "a write that one node misses, which is then elected, a read",
        make: |arguments| flawed(Flaw::VotesForShorterLog, arguments),
        ..REGISTERS
    },
    Entry {
        name: "raft-answers-before-commit",
        wrong: "The leader answers when it has an entry, not when a majority has.",
        nodes: 5,
        shows: "the leader apart, a write to it, a read elsewhere",
        make: |arguments| flawed(Flaw::AnswersBeforeCommit, arguments),
        ..REGISTERS
    },
    Entry {
        name: "raft-half-is-majority",
        wrong: "Half of the nodes, rounded down, are taken for a majority.",
        nodes: 5,
        shows: "2 apart from 3, a write on each side, a read",
        make: |arguments| flawed(Flaw::HalfIsMajority, arguments),
        ..REGISTERS
    },
    Entry {
        name: "raft-applies-twice",
        wrong: "A request that was sent again is applied again.",
        nodes: 5,
        shows: "a write whose answer is lost, another write, a read",
        make: |arguments| flawed(Flaw::AppliesTwice, arguments),
        ..REGISTERS
    },
    Entry {
        name: "raft-no-entry-at-beginning",
        wrong: "A new leader answers reads before it knows what is committed.",
        nodes: 5,
        shows: "a write, its leader falls, a read at the next",
        make: |arguments| flawed(Flaw::NoEntryAtBeginning, arguments),
        ..REGISTERS
    },
    Entry {
        name: "raft-no-sync-of-log",
        wrong: "Entries of the log are written, but not synced.",
        nodes: 5,
        shows: "a write, all killed, a read",
        make: |arguments| flawed(Flaw::NoSyncOfLog, arguments),
        ..REGISTERS
    },
    Entry {
        name: "raft-answers-before-sync",
        wrong: "A node speaks before what it wrote is durable.",
        nodes: 5,
        shows: "a write, all killed before it is synced, a read",
        make: |arguments| flawed(Flaw::AnswersBeforeSync, arguments),
        ..REGISTERS
    },
    Entry {
        name: "raft-no-sync-of-vote",
        wrong: "Term and vote are written in the background, not before they are told.",
        nodes: 5,
        shows: "a write, the leader apart, the others killed, a write to the next, a read",
        make: |arguments| flawed(Flaw::NoSyncOfVote, arguments),
        ..REGISTERS
    },
    Entry {
        name: "lists-keep-refused",
        wrong: "One transaction in eight is refused although it happened.",
        nodes: 1,
        shows: "an append that is refused, a read",
        make: |arguments| plain(arguments, txn::keep_refused),
        ..LISTS
    },
    Entry {
        name: "lists-step-by-step",
        wrong: "Other transactions run between the steps of one.",
        nodes: 1,
        shows: "two appends to one key and a read at once",
        make: |arguments| plain(arguments, txn::step_by_step),
        ..LISTS
    },
    Entry {
        name: "lists-lose-updates",
        wrong: "A transaction writes back the lists that it read at its beginning.",
        nodes: 1,
        shows: "two appends to one key at once",
        make: |arguments| plain(arguments, txn::lose_updates),
        ..LISTS
    },
    Entry {
        name: "lists-make-up",
        wrong: "One read in sixteen has an element that nobody appended.",
        nodes: 1,
        shows: "one read",
        make: |arguments| plain(arguments, txn::make_up),
        ..LISTS
    },
    Entry {
        name: "lists-turn-reads",
        wrong: "One transaction in sixteen has its reads answered as appends.",
        nodes: 1,
        shows: "one read",
        make: |arguments| plain(arguments, txn::turn_reads),
        ..LISTS
    },
    Entry {
        name: "lists-write-skew",
        wrong: "A transaction is refused only if another wrote what it writes.",
        nodes: 1,
        shows: "two transactions, each reads what the other writes",
        make: |arguments| plain(arguments, txn::write_skew),
        ..LISTS
    },
    Entry {
        name: "lists-write-cycle",
        wrong: "What transactions append is put in place one append after the other.",
        nodes: 1,
        shows: "two transactions that append to the same two keys at once",
        make: |arguments| plain(arguments, txn::write_cycle),
        ..LISTS
    },
    Entry {
        name: "lists-fractured",
        wrong: "What a transaction has appended can be seen before all of it is in place.",
        nodes: 1,
        shows: "a transaction appends to two keys, and one reads both meanwhile",
        make: |arguments| plain(arguments, txn::fractured),
        ..LISTS
    },
    Entry {
        name: "lists-long-fork",
        wrong: "Readers see commits in one of two orders.",
        nodes: 1,
        shows: "appends to two keys, and two transactions that read both",
        make: |arguments| plain(arguments, txn::long_fork),
        ..LISTS
    },
    Entry {
        name: "lists-answer-before-sync",
        wrong: "A transaction is answered before it is on the disk.",
        nodes: 1,
        shows: "an append, a kill, a read",
        make: |arguments| plain(arguments, txn::answer_before_sync),
        ..LISTS
    },
    Entry {
        name: "registers-dirty",
        wrong: "Writes can be seen before their transaction is over.",
        nodes: 1,
        shows: "two transactions, each writes and then reads what the other wrote",
        make: |arguments| plain(arguments, txn::step_by_step),
        ..TXN_REGISTERS
    },
    Entry {
        name: "registers-keep-refused",
        wrong: "One transaction in eight is refused although it happened.",
        nodes: 1,
        shows: "a write that is refused, a read",
        make: |arguments| plain(arguments, txn::keep_refused),
        ..TXN_REGISTERS
    },
    Entry {
        name: "registers-apart",
        wrong: "Nodes never tell each other anything.",
        nodes: 2,
        shows: "a write at one, then a read at the other",
        make: |arguments| plain(arguments, txn::apart),
        ..TXN_REGISTERS
    },
];
