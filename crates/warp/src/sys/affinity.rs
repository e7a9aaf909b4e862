//! One processor for the tracer and all whom it traces. They take turns, and a turn
//! that has to go to another processor costs many times as much.

use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};

/// This thread, and what it starts, stay on one processor as long as this lives.
#[derive(Debug)]
pub(crate) struct OneProcessor {
    before: Option<CpuSet>,
}

/// How many runs have chosen a processor.
static CHOSEN: AtomicUsize = AtomicUsize::new(0);

impl OneProcessor {
    /// Chooses one: the first run that where it is, those at the same time others.
    pub(crate) fn choose() -> OneProcessor {
        let turn = CHOSEN.fetch_add(1, Ordering::Relaxed);
        let Ok(before) = sched_getaffinity(None) else { return OneProcessor { before: None } };
        let allowed: Vec<usize> =
            (0..CpuSet::MAX_CPU).filter(|&processor| before.is_set(processor)).collect();
        let here = allowed.iter().position(|&processor| processor == sched_getcpu()).unwrap_or(0);
        let Some(&chosen) = allowed.get((here + turn) % allowed.len().max(1)) else {
            return OneProcessor { before: None };
        };
        let mut one = CpuSet::new();
        one.set(chosen);
        // Where it is refused, all goes on as before, only slower.
        let before = sched_setaffinity(None, &one).is_ok().then_some(before);
        OneProcessor { before }
    }
}

impl Drop for OneProcessor {
    fn drop(&mut self) {
        CHOSEN.fetch_sub(1, Ordering::Relaxed);
        if let Some(before) = &self.before {
            let _ = sched_setaffinity(None, before);
        }
    }
}
