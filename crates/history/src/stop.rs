//! A request to stop a long search.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A request to stop a long search. A checker that searches asks for it now and then. Once
/// it is wanted the checker gives up, and its verdict is unknown. Nothing else depends on
/// it: a verdict for which no search was stopped is the same as without it.
#[derive(Clone, Default)]
pub struct Stop {
    is_over: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
    was_told: Arc<AtomicBool>,
}

impl Stop {
    /// Stops once this says so.
    pub fn when(is_over: impl Fn() -> bool + Send + Sync + 'static) -> Stop {
        Stop { is_over: Some(Arc::new(is_over)), was_told: Arc::default() }
    }

    /// The same request for another history, of which no search was stopped yet.
    pub fn again(&self) -> Stop {
        Stop { is_over: self.is_over.clone(), was_told: Arc::default() }
    }

    /// Whether to stop.
    pub fn is_wanted(&self) -> bool {
        let is_over = self.is_over.as_ref().is_some_and(|is_over| is_over());
        if is_over {
            self.was_told.store(true, Ordering::Relaxed);
        }
        is_over
    }

    /// Whether a search was stopped.
    pub fn has_stopped(&self) -> bool {
        self.was_told.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_over.is_some() { "Stop::when(…)" } else { "Stop::default()" })
    }
}
