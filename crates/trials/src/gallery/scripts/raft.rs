//! Raft, led to where one of its rules is all that keeps it right.

use crate::gallery::conditions::{Asked, Step};

/// Figure 8 of the paper; its nodes S1 to S5 are n0 to n4. n0 leads, and its last
/// write reaches n1 alone; n4 is elected by n2 and n3, and is alone with an entry
/// of its own; n0 leads again, and its old write gets to a majority; n4 replaces it.
pub(in crate::gallery) const FIGURE_EIGHT: &[(u64, Step)] = &[
    (0, Step::Only(&[0], &[1, 2, 3, 4])),
    (3_000, Step::Only(&[0], &[1])),
    (3_800, Step::Only(&[4], &[2, 3])),
    (7_000, Step::Only(&[4], &[])),
    (7_500, Step::Only(&[0], &[1, 2, 3])),
    (11_000, Step::Only(&[4], &[1, 2, 3])),
    (16_000, Step::Heal),
];

/// What is asked meanwhile.
pub(in crate::gallery) const FIGURE_EIGHT_ASKED: &[Asked] = &[
    asked(2_500, 5, "write", "[0, 0]"),
    asked(3_100, 5, "write", "[0, 1]"),
    asked(7_100, 9, "write", "[9, 0]"),
    asked(10_500, 0, "read", "[0, null]"),
    asked(14_500, 4, "read", "[0, null]"),
    asked(20_000, 4, "read", "[0, null]"),
];

/// How often leaders fall, and how long each leads, in ms.
const TURNS: usize = 10;
const TURN: u64 = 4_000;

/// n0 and n4 lead by turns. Each falls just after it has acknowledged a write:
/// that it is committed most often nobody else learns.
pub(in crate::gallery) const LAST_WORDS: &[(u64, Step)] = &{
    let mut steps = [(0, Step::Heal); 2 * TURNS];
    let mut turn = 0;
    while turn < TURNS {
        let from = turn as u64 * TURN;
        let leader: &[u32] = if turn.is_multiple_of(2) { &[0] } else { &[4] };
        steps[2 * turn] = (from, Step::Only(leader, &[1, 2, 3]));
        steps[2 * turn + 1] = (from + 2_600, Step::Only(leader, &[0, 1, 2, 3, 4]));
        turn += 1;
    }
    steps
};

/// A read at the beginning and a write at the end of each leadership.
pub(in crate::gallery) const LAST_WORDS_ASKED: &[Asked] = &{
    let values = ["[0, 0]", "[0, 1]", "[0, 2]", "[0, 3]", "[0, 4]"];
    let mut all = [asked(0, 0, "", ""); 2 * TURNS];
    let mut turn = 0;
    while turn < TURNS {
        let from = turn as u64 * TURN;
        let leader = if turn.is_multiple_of(2) { 0 } else { 4 };
        all[2 * turn] = asked(from + 2_500, leader, "read", "[0, null]");
        all[2 * turn + 1] = asked(from + 3_970, 5 + leader, "write", values[turn % 5]);
        turn += 1;
    }
    all
};

/// n0 leads and writes with n1 and n2; then n3 can be elected by all but n0, if they
/// do not mind that its log is shorter than theirs.
pub(in crate::gallery) const SHORTER_LOG: &[(u64, Step)] = &[
    (0, Step::Only(&[0], &[1, 2, 3, 4])),
    (3_000, Step::Only(&[0], &[1, 2])),
    (5_000, Step::Only(&[3], &[1, 2, 4])),
    (13_000, Step::Heal),
];

/// What is asked meanwhile.
pub(in crate::gallery) const SHORTER_LOG_ASKED: &[Asked] = &[
    asked(2_500, 5, "write", "[0, 0]"),
    asked(3_500, 5, "write", "[0, 1]"),
    asked(4_500, 0, "read", "[0, null]"),
    asked(10_000, 3, "read", "[0, null]"),
    asked(11_500, 3, "read", "[0, null]"),
    asked(17_000, 2, "read", "[0, null]"),
];

/// n0 leads, is alone while n4 leads the others, and meets them again before it
/// gives up.
pub(in crate::gallery) const NEWER_TERM: &[(u64, Step)] = &[
    (0, Step::Only(&[0], &[1, 2, 3, 4])),
    (3_000, Step::Only(&[0], &[])),
    (3_300, Step::Only(&[4], &[1, 2, 3])),
    (7_000, Step::Only(&[0], &[1, 2, 3])),
    (12_000, Step::Heal),
];

/// What is asked meanwhile.
pub(in crate::gallery) const NEWER_TERM_ASKED: &[Asked] = &[
    asked(2_500, 5, "write", "[0, 0]"),
    asked(5_000, 9, "write", "[0, 1]"),
    asked(6_000, 9, "write", "[0, 1]"),
    asked(6_500, 4, "read", "[0, null]"),
    asked(7_500, 0, "read", "[0, null]"),
    asked(8_500, 1, "read", "[0, null]"),
    asked(17_000, 2, "read", "[0, null]"),
];

/// n0 gets writes while it is alone, follows n4, and leads again.
pub(in crate::gallery) const COMEBACK: &[(u64, Step)] = &[
    (0, Step::Only(&[0], &[1, 2, 3, 4])),
    (3_000, Step::Only(&[0], &[])),
    (3_300, Step::Only(&[4], &[1, 2, 3])),
    (8_000, Step::Only(&[4], &[0, 1, 2, 3])),
    (10_000, Step::Only(&[0], &[1, 2, 3])),
    (14_000, Step::Only(&[1], &[2, 3, 4])),
    (18_000, Step::Heal),
];

/// What is asked meanwhile.
pub(in crate::gallery) const COMEBACK_ASKED: &[Asked] = &[
    asked(2_500, 5, "write", "[0, 0]"),
    asked(3_100, 5, "write", "[0, 1]"),
    asked(3_101, 0, "write", "[0, 3]"),
    asked(7_000, 9, "write", "[0, 2]"),
    asked(7_100, 4, "write", "[9, 0]"),
    asked(7_500, 4, "read", "[0, null]"),
    asked(8_500, 9, "write", "[9, 1]"),
    asked(13_500, 0, "read", "[0, null]"),
    asked(17_500, 1, "read", "[0, null]"),
    asked(20_000, 2, "read", "[0, null]"),
];

/// Clients 0 to 4, and 5 to 9, ask n0 to n4.
pub(in crate::gallery) const fn asked(
    at_ms: u64,
    client: u32,
    f: &'static str,
    value: &'static str,
) -> Asked {
    Asked { at_ms, client, f, value }
}
