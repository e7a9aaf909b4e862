//! Raft, killed when only what is synced is left.

use super::raft::asked;
use crate::gallery::conditions::{Asked, Step};

const ALL: &[u32] = &[0, 1, 2, 3, 4];
const OTHERS: &[u32] = &[1, 2, 3, 4];
const VALUES: [[&str; 5]; 2] = [
    ["[0, 0]", "[0, 1]", "[0, 2]", "[0, 3]", "[0, 4]"],
    ["[1, 0]", "[1, 1]", "[1, 2]", "[1, 3]", "[1, 4]"],
];

/// How often all nodes are killed, and how long after a write, in ms.
const KILLS: usize = 8;
const PERIOD: u64 = 6_000;
/// How many operations come before the first kill.
const BEFORE: usize = 4;
const AFTER_WRITE: u64 = 20;

/// In each turn all nodes are killed a moment after a write.
pub(in crate::gallery) const KILLED_AFTER_WRITES: &[(u64, Step)] = &{
    let mut steps = [(0, Step::Heal); 2 * KILLS];
    let mut turn = 0;
    while turn < KILLS {
        let at = 8_000 + turn as u64 * PERIOD + AFTER_WRITE;
        steps[2 * turn] = (at, Step::Kill(ALL));
        steps[2 * turn + 1] = (at + 50, Step::Start(ALL));
        turn += 1;
    }
    steps
};

/// Writes and a read before all that; then a write and a read in each turn, which
/// has a key of its own.
pub(in crate::gallery) const KILLED_AFTER_WRITES_ASKED: &[Asked] = &{
    const KEYS: [[&str; 2]; KILLS] = [
        ["[1, 1]", "[1, null]"],
        ["[2, 1]", "[2, null]"],
        ["[3, 1]", "[3, null]"],
        ["[4, 1]", "[4, null]"],
        ["[5, 1]", "[5, null]"],
        ["[6, 1]", "[6, null]"],
        ["[7, 1]", "[7, null]"],
        ["[8, 1]", "[8, null]"],
    ];
    let mut all = [asked(2_500, 9, "write", "[0, 4]"); 2 * KILLS + BEFORE];
    all[1] = asked(3_800, 8, "write", "[0, 3]");
    all[2] = asked(5_100, 7, "write", "[0, 2]");
    all[3] = asked(6_400, 4, "read", "[0, null]");
    let mut turn = 0;
    while turn < KILLS {
        let from = 8_000 + turn as u64 * PERIOD;
        let worker = turn as u32 % 5;
        all[2 * turn + BEFORE] = asked(from, 5 + worker, "write", KEYS[turn][0]);
        all[2 * turn + BEFORE + 1] = asked(from + 4_000, worker, "read", KEYS[turn][1]);
        turn += 1;
    }
    all
};

/// How often a leader is apart while the others are killed.
const TURNS: usize = 7;
const TURN: u64 = 8_000;
const STEPS: usize = 5;
const QUESTIONS: usize = 7;

/// In each turn n0 leads, is alone, and the others are killed and elect another;
/// then n0 is back, and still believes that it leads.
pub(in crate::gallery) const FORGOTTEN_TERMS: &[(u64, Step)] = &{
    let mut steps = [(0, Step::Heal); STEPS * TURNS];
    let mut turn = 0;
    while turn < TURNS {
        let from = turn as u64 * TURN;
        steps[STEPS * turn] = (from, Step::Only(&[0], OTHERS));
        steps[STEPS * turn + 1] = (from + 3_000, Step::Only(OTHERS, OTHERS));
        steps[STEPS * turn + 2] = (from + 3_000, Step::Kill(OTHERS));
        steps[STEPS * turn + 3] = (from + 3_050, Step::Start(OTHERS));
        steps[STEPS * turn + 4] = (from + 6_500, Step::Heal);
        turn += 1;
    }
    steps
};

/// What is asked meanwhile. Two may lead in one term at the end: each is asked for
/// what the other took.
pub(in crate::gallery) const FORGOTTEN_TERMS_ASKED: &[Asked] = &{
    let mut all = [asked(0, 0, "", ""); QUESTIONS * TURNS];
    let mut turn = 0;
    while turn < TURNS {
        let from = turn as u64 * TURN;
        let at = QUESTIONS * turn;
        all[at] = asked(from + 2_800, 5, "write", VALUES[0][2 * turn % 5]);
        all[at + 1] = asked(from + 5_500, 6, "write", VALUES[0][(2 * turn + 1) % 5]);
        all[at + 2] = asked(from + 6_510, 5, "write", VALUES[1][turn % 5]);
        all[at + 3] = asked(from + 7_500, 0, "read", "[0, null]");
        all[at + 4] = asked(from + 7_500, 1, "read", "[1, null]");
        all[at + 5] = asked(from + 7_500, 2, "read", "[0, null]");
        all[at + 6] = asked(from + 7_500, 3, "read", "[1, null]");
        turn += 1;
    }
    all
};
