//! Broken nodes of transactions.

use crate::bases::{CROWD, LISTS, TXN_REGISTERS, plain};
use crate::entry::{Conditions, Entry};
use crate::txn;

pub(crate) const LISTS_KEEP_REFUSED: Entry = Entry {
    name: "lists-keep-refused",
    wrong: "One transaction in eight is refused although it happened.",
    finding: "G1a",
    under: CROWD,
    minimal: "1 node; an append that is refused, a read",
    make: |arguments| plain(arguments, txn::keep_refused),
    ..LISTS
};

pub(crate) const LISTS_STEP_BY_STEP: Entry = Entry {
    name: "lists-step-by-step",
    wrong: "Other transactions run between the steps of one.",
    finding: "G1b",
    under: CROWD,
    minimal: "1 node; two appends to one key and a read at once",
    make: |arguments| plain(arguments, txn::step_by_step),
    ..LISTS
};

pub(crate) const LISTS_LOSE_UPDATES: Entry = Entry {
    name: "lists-lose-updates",
    wrong: "A transaction writes back the lists that it read at its beginning.",
    finding: "lost-update",
    under: CROWD,
    minimal: "1 node; two appends to one key at once",
    make: |arguments| plain(arguments, txn::lose_updates),
    ..LISTS
};

pub(crate) const LISTS_MAKE_UP: Entry = Entry {
    name: "lists-make-up",
    wrong: "One read in sixteen has an element that nobody appended.",
    finding: "garbage-read",
    under: CROWD,
    minimal: "1 node; one read",
    make: |arguments| plain(arguments, txn::make_up),
    ..LISTS
};

pub(crate) const LISTS_TURN_READS: Entry = Entry {
    name: "lists-turn-reads",
    wrong: "One transaction in sixteen has its reads answered as appends.",
    finding: "node-error",
    under: CROWD,
    minimal: "1 node; one read",
    make: |arguments| plain(arguments, txn::turn_reads),
    ..LISTS
};

pub(crate) const LISTS_WRITE_SKEW: Entry = Entry {
    name: "lists-write-skew",
    wrong: "A transaction is refused only if another wrote what it writes.",
    finding: "G2-item",
    under: CROWD,
    minimal: "1 node; two transactions, each reads what the other writes",
    make: |arguments| plain(arguments, txn::write_skew),
    ..LISTS
};

pub(crate) const REGISTERS_DIRTY: Entry = Entry {
    name: "registers-dirty",
    wrong: "Writes can be seen before their transaction is over.",
    finding: "G1c",
    under: CROWD,
    minimal: "1 node; two transactions, each writes and then reads what the other wrote",
    make: |arguments| plain(arguments, txn::step_by_step),
    ..TXN_REGISTERS
};

pub(crate) const REGISTERS_KEEP_REFUSED: Entry = Entry {
    name: "registers-keep-refused",
    wrong: "One transaction in eight is refused although it happened.",
    finding: "G1a",
    under: CROWD,
    minimal: "1 node; a write that is refused, a read",
    make: |arguments| plain(arguments, txn::keep_refused),
    ..TXN_REGISTERS
};

pub(crate) const REGISTERS_APART: Entry = Entry {
    name: "registers-apart",
    wrong: "Nodes never tell each other anything.",
    finding: "G-single-item-realtime",
    under: Conditions { nodes: 3, ..CROWD },
    minimal: "2 nodes; a write at one, then a read at the other",
    make: |arguments| plain(arguments, txn::apart),
    ..TXN_REGISTERS
};
