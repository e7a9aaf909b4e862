//! All kinds of findings in one table.

/// What is wrong, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Concern {
    /// A node broke the protocol or ended.
    Protocol,
    /// An answer has another form, or is about something else, than what was asked.
    Answer,
    /// A value is missing.
    Missing,
    /// A value is there that should not be.
    Extra,
    /// An order is wrong.
    Order,
    /// Transactions are not isolated as they should be.
    Isolation,
    /// A bank's balances are wrong.
    Balance,
    /// What a team's own test demands does not hold.
    Own,
    /// Nodes do not serve, though nothing that they do is wrong: hunts count it only under
    /// faults that the node claims to survive.
    Serving,
    /// The run itself proves nothing.
    Proof,
}

impl Concern {
    /// All of them.
    pub const ALL: [Concern; 10] = [
        Concern::Protocol,
        Concern::Answer,
        Concern::Missing,
        Concern::Extra,
        Concern::Order,
        Concern::Isolation,
        Concern::Balance,
        Concern::Own,
        Concern::Serving,
        Concern::Proof,
    ];

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Concern::Protocol => "a node broke the protocol or ended",
            Concern::Answer => "an answer has the wrong form or is about something else",
            Concern::Missing => "a value is missing",
            Concern::Extra => "a value is there that should not be",
            Concern::Order => "an order is wrong",
            Concern::Isolation => "transactions are not isolated",
            Concern::Balance => "a bank's balances are wrong",
            Concern::Own => "what your own test demands does not hold",
            Concern::Serving => "nodes do not serve",
            Concern::Proof => "the run itself proves nothing",
        }
    }
}

/// A kind of finding. Its chapter is `docs/src/findings/NAME.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FindingKind {
    /// What findings of this kind are called. Names that end in `-process` or `-realtime` are
    /// the same anomaly, closed by the order of a session or of real time; all names that end
    /// in `-violation` or `-cycle-exists` are `violation`.
    pub name: &'static str,
    /// What is wrong.
    pub concern: Concern,
    /// What Jepsen's verdict would be.
    pub jepsen: &'static str,
}

const fn kind(name: &'static str, concern: Concern, jepsen: &'static str) -> FindingKind {
    FindingKind { name, concern, jepsen }
}

impl FindingKind {
    /// All kinds, the gravest first.
    pub const ALL: &[FindingKind] = KINDS;

    /// The kind of a finding of this name; `None` if it is a team's own.
    pub fn of(finding: &str) -> Option<&'static FindingKind> {
        let stem = finding.trim_end_matches("-process").trim_end_matches("-realtime");
        let is_violation = stem.ends_with("-violation") || stem.ends_with("-cycle-exists");
        let stem = if is_violation { "violation" } else { stem };
        KINDS.iter().find(|kind| kind.name == stem)
    }
}

#[rustfmt::skip]
const KINDS: &[FindingKind] = &[
    kind("closed-stdin", Concern::Protocol, "not looked for: the run hangs or goes on"),
    kind("closed-stdout", Concern::Protocol, "not looked for: the run hangs or goes on"),
    kind("endless-computation", Concern::Protocol, "not looked for"),
    kind("init-failed", Concern::Protocol, "crash: Maelstrom ends with an error"),
    kind("line-too-long", Concern::Protocol, "not looked for"),
    kind("node-crashed", Concern::Protocol, "crash: Maelstrom ends with an error"),
    kind("node-error", Concern::Protocol, "depends on the form: see `glomers doc protocol`"),
    kind("replied-twice", Concern::Protocol, "valid: Maelstrom's clients drop the second reply"),
    kind("runaway-output", Concern::Protocol, "not looked for"),
    kind("setup-failed", Concern::Protocol, "crash: Maelstrom ends with an error"),
    kind("stopped-reading", Concern::Protocol, "not looked for: the run hangs"),
    kind("tracer-failed", Concern::Protocol, "not looked for"),
    kind("changed-type", Concern::Answer, "depends on the type"),
    kind("malformed", Concern::Answer, "crash or invalid"),
    kind("malformed-read", Concern::Answer, "invalid or crash, depends on the value"),
    kind("shifted-offsets", Concern::Answer, "invalid, under other names"),
    kind("swapped-pairs", Concern::Answer, "invalid, under other names"),
    kind("wrong-echo", Concern::Answer, "invalid, too"),
    kind("lost", Concern::Missing, "invalid, too"),
    kind("lost-write", Concern::Missing, "invalid, too"),
    kind("missing-at-end", Concern::Missing, "invalid only if no later read holds the value (`lost`)"),
    kind("read-went-back", Concern::Missing, "not looked for"),
    kind("unseen", Concern::Missing, "invalid, too, with final polls"),
    kind("aborted-present", Concern::Extra, "valid: Jepsen's set checker does not look at it"),
    kind("commit-too-far", Concern::Extra, "not looked for"),
    kind("duplicate", Concern::Extra, "invalid, too"),
    kind("duplicate-id", Concern::Extra, "invalid, too"),
    kind("duplicated", Concern::Extra, "valid: Jepsen's set checker should find this, but does not"),
    kind("garbage-read", Concern::Extra, "not looked for"),
    kind("phantom-read", Concern::Extra, "not looked for"),
    kind("unexpected", Concern::Extra, "valid: Jepsen's set checker ignores such values"),
    kind("unreachable-read", Concern::Extra, "not looked for: Jepsen checks final reads only"),
    kind("inconsistent-offsets", Concern::Order, "invalid, too"),
    kind("int-nonmonotonic-poll", Concern::Order, "invalid, too"),
    kind("int-nonmonotonic-send", Concern::Order, "invalid, too"),
    kind("int-poll-skip", Concern::Order, "invalid, too"),
    kind("long-fork", Concern::Order, "invalid, too"),
    kind("nonmonotonic-poll", Concern::Order, "invalid, too"),
    kind("nonmonotonic-poll-after-empty", Concern::Order, "not looked for: after an empty poll Jepsen accepts any offset"),
    kind("nonmonotonic-send", Concern::Order, "invalid, too"),
    kind("not-linearizable", Concern::Order, "invalid, too"),
    kind("null-read", Concern::Order, "valid: to Jepsen a read of null fits any value"),
    kind("poll-skip", Concern::Order, "invalid, too"),
    kind("poll-skip-after-assign", Concern::Order, "not looked for"),
    kind("poll-skip-after-empty", Concern::Order, "not looked for: after an empty poll Jepsen accepts any offset"),
    kind("wrong-final-count", Concern::Order, "invalid, too"),
    kind("wrong-refusal", Concern::Order, "not looked for; `--no-check-refusals` switches it off"),
    kind("G-nonadjacent-item", Concern::Isolation, "invalid, too"),
    kind("G-single-item", Concern::Isolation, "invalid, too"),
    kind("G0", Concern::Isolation, "invalid, too"),
    kind("G1a", Concern::Isolation, "invalid, too"),
    kind("G1b", Concern::Isolation, "invalid, too"),
    kind("G1c", Concern::Isolation, "invalid, too"),
    kind("G2-item", Concern::Isolation, "invalid, too"),
    kind("cyclic-versions", Concern::Isolation, "invalid, too"),
    kind("cyclic-versions-in-order", Concern::Isolation, "not looked for"),
    kind("dirty-update", Concern::Isolation, "invalid, too"),
    kind("duplicate-elements", Concern::Isolation, "invalid, too"),
    kind("fractured-read", Concern::Isolation, "not looked for"),
    kind("future-read", Concern::Isolation, "invalid, too"),
    kind("incompatible-order", Concern::Isolation, "invalid, too"),
    kind("internal", Concern::Isolation, "invalid, too"),
    kind("lost-update", Concern::Isolation, "invalid, too"),
    kind("precommitted-read", Concern::Isolation, "invalid, too"),
    kind("reordered-appends", Concern::Isolation, "not looked for"),
    kind("violation", Concern::Isolation, "not looked for, unless the anomaly has a name"),
    kind("write-cycle", Concern::Isolation, "not looked for"),
    kind("missing-account", Concern::Balance, "invalid, too"),
    kind("negative-balance", Concern::Balance, "invalid, too, unless negative balances were allowed"),
    kind("unexpected-account", Concern::Balance, "invalid, too"),
    kind("wrong-total", Concern::Balance, "invalid, too"),
    kind("assertion-failed", Concern::Own, "not looked for"),
    kind("invariant-violated", Concern::Own, "not looked for"),
    kind("never-ok", Concern::Serving, "invalid, too"),
    kind("unavailable", Concern::Serving, "invalid, too; `answered` exists only here"),
    kind("unavailable-after-heal", Concern::Serving, "not looked for"),
    kind("fault-without-effect", Concern::Proof, "not looked for"),
    kind("no-overlap", Concern::Proof, "not looked for"),
    kind("time-stands-still", Concern::Proof, "not looked for"),
    kind("would-crash", Concern::Proof, "crash"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_has_its_kind_and_some_share_one() {
        let name = |finding: &str| FindingKind::of(finding).map(|kind| kind.name);
        assert_eq!(name("lost"), Some("lost"));
        assert_eq!(name("G2-item-realtime"), Some("G2-item"));
        assert_eq!(name("G0-process"), Some("G0"));
        assert_eq!(name("causal-violation"), Some("violation"));
        assert_eq!(name("my-own"), None);
    }

    #[test]
    fn the_table_is_in_order_and_names_each_once() {
        let all: Vec<(Concern, &str)> =
            FindingKind::ALL.iter().map(|kind| (kind.concern, kind.name)).collect();
        assert!(all.is_sorted(), "{all:?}");
        let names: std::collections::BTreeSet<&str> = all.iter().map(|(_, name)| *name).collect();
        assert_eq!(names.len(), all.len());
    }
}
