//! How much a search may take.

use std::fmt;

use glomers_history::Stop;

/// How much the search for an order may take, on one register. After four registers
/// of a history were given up the others get a sixteenth of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// How many steps in all. One is to make or to compare a configuration: some
    /// nanoseconds where they are few, a hundred where they fill the memory.
    pub steps: u64,
    /// How many bytes the configurations may take.
    pub memory: u64,
}

impl Budget {
    /// Some seconds at most, and with what growing takes well below 1 GB.
    pub const DEFAULT: Budget = Budget::millions(150);

    /// So many million steps, and memory in proportion: a little more than 1 MiB
    /// each.
    pub const fn millions(steps: u32) -> Budget {
        let steps = steps as u64;
        Budget { steps: steps * 1_000_000, memory: steps * (16 << 20) / 15 }
    }
}

impl Default for Budget {
    /// [`Budget::DEFAULT`].
    fn default() -> Budget {
        Budget::DEFAULT
    }
}

/// Why a search gave up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    /// The budget's steps.
    Steps(u64),
    /// The budget's bytes.
    Memory(u64),
    /// Somebody waits no longer.
    Stopped,
}

/// A search asks whether to stop after so many steps: a tenth of a second at most.
const LOOK: u64 = 1 << 20;

/// When a search is to be given up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits<'a> {
    budget: Budget,
    stop: &'a Stop,
    /// The steps after which it asks again whether to stop.
    look: u64,
}

impl<'a> Limits<'a> {
    pub(super) fn new(budget: Budget, stop: &'a Stop) -> Limits<'a> {
        Limits { budget, stop, look: LOOK }
    }

    /// Goes on, unless what was done so far is enough.
    ///
    /// # Errors
    /// The limit that was reached.
    #[inline]
    pub(super) fn check(&mut self, steps: u64, bytes: impl FnOnce() -> u64) -> Result<(), Limit> {
        if steps > self.budget.steps {
            return Err(Limit::Steps(self.budget.steps));
        }
        if steps > self.look {
            self.look = steps + LOOK;
            if self.stop.is_wanted() {
                return Err(Limit::Stopped);
            }
        }
        if bytes() > self.budget.memory {
            return Err(Limit::Memory(self.budget.memory));
        }
        Ok(())
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Limit::Steps(steps) => write!(f, "the search took more than {steps} steps"),
            Limit::Memory(bytes) => {
                write!(f, "the search took more than {} MiB", bytes.div_ceil(1 << 20))
            }
            Limit::Stopped => f.write_str("the search was stopped"),
        }
    }
}
