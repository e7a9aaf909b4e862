//! A wish to stop.

use std::fmt;
use std::sync::Arc;

/// Whether somebody waits in vain: a checker that searches asks now and then, and gives
/// up, with an unknown verdict, once it is so. Nothing else depends on it, so a verdict
/// that came before is the same as if nobody had asked.
#[derive(Clone, Default)]
pub struct Stop(Option<Arc<dyn Fn() -> bool + Send + Sync>>);

impl Stop {
    /// Stops once this says so.
    pub fn when(is_over: impl Fn() -> bool + Send + Sync + 'static) -> Stop {
        Stop(Some(Arc::new(is_over)))
    }

    /// Whether to stop.
    pub fn is_wanted(&self) -> bool {
        self.0.as_ref().is_some_and(|is_over| is_over())
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Stop::when(…)" } else { "Stop::default()" })
    }
}
