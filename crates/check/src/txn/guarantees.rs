//! What sessions are promised besides a model of transactions.

use super::models::Names;

/// Guarantees of sessions (Terry et al. 1994).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Guarantees {
    /// Monotonic reads: a transaction sees whom its session saw before.
    pub(super) reads: bool,
    /// Monotonic writes: who sees a transaction sees those of its session before.
    pub(super) writes: bool,
    /// Read your writes: a transaction sees those of its session before.
    pub(super) own: bool,
    /// Writes follow reads: who sees a transaction sees whom its session saw before.
    pub(super) follow: bool,
}

/// The names: of the model, ours of what breaks it, and Elle's.
type Named = (&'static str, &'static str, &'static str);

const NAMES: [Named; 4] = [
    ("monotonic-reads", "monotonic-reads-violation", "monotonic-reads-cycle-exists"),
    ("monotonic-writes", "monotonic-writes-violation", "monotonic-writes-cycle-exists"),
    ("read-your-writes", "read-your-writes-violation", "read-your-writes-cycle-exists"),
    ("writes-follow-reads", "writes-follow-reads-violation", "writes-follow-reads-cycle-exists"),
];

impl Guarantees {
    fn from(flags: [bool; 4]) -> Guarantees {
        let [reads, writes, own, follow] = flags;
        Guarantees { reads, writes, own, follow }
    }

    fn flags(self) -> [bool; 4] {
        [self.reads, self.writes, self.own, self.follow]
    }

    /// Those among some models.
    pub(super) fn of(demanded: &Names) -> Guarantees {
        Guarantees::from(NAMES.map(|(model, ..)| demanded.contains(model)))
    }

    /// The name of the first of these.
    pub(super) fn first(self) -> Option<&'static str> {
        self.parts().first().map(|(_, (model, ..))| *model)
    }

    /// Each of these alone, then all of them, with the names.
    pub(super) fn parts(self) -> Vec<(Guarantees, Named)> {
        let mut parts = Vec::new();
        for (at, name) in NAMES.into_iter().enumerate().filter(|(at, _)| self.flags()[*at]) {
            parts.push((Guarantees::from(std::array::from_fn(|other| other == at)), name));
        }
        if let [_, .., (_, name)] = *parts {
            parts.push((self, name));
        }
        parts
    }
}
