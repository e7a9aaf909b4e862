//! What all nodes of a run share: stops that were seen while somebody else's were
//! awaited, the watch, settings, notes.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use crate::options::{Pin, Pins};
use crate::report::Notes;
use crate::sys::Tid;
use crate::sys::ptrace::{self, Stop};
use crate::sys::wake::Watch;

/// After so many turns that were lost to the clock on the wall patience is short.
const FEW: u32 = 4;
/// The shortest that there is, ns.
const SHORTEST: u64 = 5_000_000;
/// How often the watch looks then.
const SHORT_INTERVAL: Duration = Duration::from_millis(5);
/// How many times as often as usually that is.
const MORE_LOOKS: u32 = 10;

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
    /// How many turns were lost to the clock on the wall.
    lost_patience: Cell<u32>,
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
            lost_patience: Cell::new(0),
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

    /// Keeps a stop for whoever waits for this thread next.
    pub(crate) fn put_back(&self, tid: Tid, stop: Stop) {
        self.pending.borrow_mut().push_front((tid, stop));
    }

    /// A thread lost its turn because of the clock on the wall: the next one loses it
    /// earlier, as programs that do so once do so often.
    pub(crate) fn lose_patience(&self) {
        let lost = self.lost_patience.get() + 1;
        self.lost_patience.set(lost);
        if lost >= FEW {
            self.watch.set_interval(SHORT_INTERVAL);
        }
    }

    /// How many looks of the watch are as many as this many usually.
    pub(crate) fn looks(&self, usual: u32) -> u32 {
        if self.lost_patience.get() >= FEW { usual * MORE_LOOKS } else { usual }
    }

    /// How long a thread may compute while others wait, ns, if it is this long usually.
    pub(crate) fn patience(&self, usual: u64) -> u64 {
        const FACTOR: u64 = 4;
        let factor = FACTOR.pow(self.lost_patience.get().min(FEW));
        (usual / factor).max(SHORTEST).min(usual)
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
