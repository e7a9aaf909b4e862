//! What all nodes of a run share: stops that were seen while somebody else's were
//! awaited, the watch, settings, notes.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;

use crate::options::{Pin, Pins};
use crate::report::Notes;
use crate::sys::Tid;
use crate::sys::ptrace::{self, Stop};
use crate::sys::wake::Watch;

/// The tracer of a run. All calls must come from the thread that made it.
pub(crate) struct Tracer {
    /// Stops of threads that nobody waited for yet, in the order they came.
    pending: RefCell<VecDeque<(Tid, Stop)>>,
    watch: Watch,
    pub(crate) pins: Pins,
    /// Pins that this machine does not allow.
    pub(crate) absent: Vec<Pin>,
    pub(crate) notes: RefCell<Notes>,
    pub(crate) stops: Cell<u64>,
}

impl Tracer {
    pub(crate) fn new(pins: Pins, absent: Vec<Pin>) -> io::Result<Tracer> {
        Ok(Tracer {
            pending: RefCell::default(),
            watch: Watch::new()?,
            pins,
            absent,
            notes: RefCell::default(),
            stops: Cell::new(0),
        })
    }

    /// Whether something is made the same in every run.
    pub(crate) fn has(&self, pin: Pin) -> bool {
        self.pins.has(pin) && !self.absent.contains(&pin)
    }

    /// Waits for this thread to stop.
    ///
    /// # Errors
    /// `Interrupted` when the watch finds that it takes long; `ECHILD` if there is no
    /// such thread.
    pub(crate) fn wait_for(&self, tid: Tid) -> io::Result<Stop> {
        if let Some(stop) = self.take_pending(tid) {
            return Ok(stop);
        }
        self.watch.set_waiting(true);
        let result = ptrace::wait(tid);
        self.watch.set_waiting(false);
        result.map(|(_, stop)| stop)
    }

    /// Waits for any thread that this one knows to stop.
    ///
    /// # Errors
    /// As [`Tracer::wait_for`].
    pub(crate) fn wait_for_any(
        &self,
        mut is_ours: impl FnMut(Tid) -> bool,
    ) -> io::Result<(Tid, Stop)> {
        loop {
            let known = {
                let mut pending = self.pending.borrow_mut();
                let place = pending.iter().position(|&(tid, _)| is_ours(tid));
                place.and_then(|place| pending.remove(place))
            };
            if let Some(found) = known {
                return Ok(found);
            }
            self.watch.set_waiting(true);
            let result = ptrace::wait(-1);
            self.watch.set_waiting(false);
            self.pending.borrow_mut().push_back(result?);
        }
    }

    /// The stop of one of these threads, if there is one already.
    pub(crate) fn look(&self, tid: Tid) -> io::Result<Option<Stop>> {
        if let Some(stop) = self.take_pending(tid) {
            return Ok(Some(stop));
        }
        Ok(ptrace::look(tid)?.map(|(_, stop)| stop))
    }

    fn take_pending(&self, tid: Tid) -> Option<Stop> {
        let mut pending = self.pending.borrow_mut();
        if pending.is_empty() {
            return None;
        }
        let place = pending.iter().position(|&(found, _)| found == tid)?;
        pending.remove(place).map(|(_, stop)| stop)
    }
}
