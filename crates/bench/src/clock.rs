//! The clock of real time, and names that no other run has.

#![expect(
    clippy::disallowed_methods,
    reason = "the driver of real time is where time is read; everything else is told"
)]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use glomers_history::Time;

/// Time since the beginning of the run, which never goes back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Clock {
        Clock(Instant::now())
    }

    pub(crate) fn now(self) -> Time {
        Time(u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }
}

/// A name that no other run on this machine has.
pub(crate) fn unique_id() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{:x}-{:x}-{count:x}", std::process::id(), since.as_nanos())
}

/// Lets time pass, in the few places that have nothing to wait for.
pub(crate) fn pause(length: Duration) {
    let length = rustix::event::Timespec::try_from(length).ok();
    let _ = rustix::event::poll(&mut [], length.as_ref());
}
