//! The wish that a run ends early: Ctrl-C, SIGTERM, or somebody in this program.

use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};

/// The exit code of an interrupted command.
const INTERRUPTED: i32 = 130;

/// How long a wish waits for somebody who asks for it.
const PATIENCE: Duration = Duration::from_millis(900);
const NOBODY_ASKED: &[u8] = b"Interrupted at once: the code of a node or a check went on and did \
not return. What was stored can be read; `glomers recover` checks it.\n";

/// The wish that a run ends now. Clones share the wish.
#[derive(Debug, Clone)]
pub struct Interrupt {
    shared: Arc<Shared>,
    is_requested: Arc<AtomicBool>,
    /// While this is set a signal ends Glomers at once; a run clears it.
    may_exit: Arc<AtomicBool>,
    /// Whether somebody has asked since the wish, and so ends what runs.
    is_seen: Arc<AtomicBool>,
    /// The first signal sets it: the second ends Glomers at once. A run with
    /// nodes clears it again.
    is_impatient: Arc<AtomicBool>,
    /// How many guards there are.
    guards: Arc<Mutex<usize>>,
}

#[derive(Debug)]
struct Shared {
    reader: UnixStream,
    writer: UnixStream,
}

impl Interrupt {
    /// A wish that nobody has yet.
    ///
    /// # Errors
    /// If no more files can be opened.
    pub fn new() -> io::Result<Interrupt> {
        let (reader, writer) = UnixStream::pair()?;
        reader.set_nonblocking(true)?;
        writer.set_nonblocking(true)?;
        Ok(Interrupt {
            shared: Arc::new(Shared { reader, writer }),
            is_requested: Arc::new(AtomicBool::new(false)),
            is_seen: Arc::new(AtomicBool::new(false)),
            may_exit: Arc::new(AtomicBool::new(true)),
            is_impatient: Arc::new(AtomicBool::new(false)),
            guards: Arc::new(Mutex::new(0)),
        })
    }

    /// Makes SIGINT and SIGTERM this wish.
    ///
    /// While there is a [guard](Interrupt::guard), as there is during every real
    /// run, the first signal only notes the wish, so that the run ends and is
    /// checked. At other times a signal ends Glomers at once with exit code 130,
    /// and so does a second one unless there are still processes to be ended.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn install_signal_handlers() -> io::Result<Interrupt> {
        let interrupt = Interrupt::new()?;
        for signal in [SIGINT, SIGTERM] {
            // Actions run in the order of their registration.
            for condition in [&interrupt.may_exit, &interrupt.is_impatient] {
                signal_hook::flag::register_conditional_shutdown(
                    signal,
                    INTERRUPTED,
                    condition.clone(),
                )?;
            }
            signal_hook::flag::register(signal, interrupt.is_impatient.clone())?;
            signal_hook::flag::register(signal, interrupt.is_requested.clone())?;
            let writer = interrupt.shared.writer.try_clone()?;
            signal_hook::low_level::pipe::register(signal, writer)?;
        }
        interrupt.exit_if_nobody_asks()?;
        Ok(interrupt)
    }

    /// Ends Glomers if nobody asks for the wish within a second of it: an embedded
    /// node whose code never returns would keep everybody waiting.
    fn exit_if_nobody_asks(&self) -> io::Result<()> {
        let (mut signalled, writer) = UnixStream::pair()?;
        for signal in [SIGINT, SIGTERM] {
            signal_hook::low_level::pipe::register(signal, writer.try_clone()?)?;
        }
        let is_seen = self.is_seen.clone();
        let wait = move || {
            if signalled.read_exact(&mut [0]).is_err() {
                return;
            }
            #[expect(clippy::disallowed_methods, reason = "this is what it is for")]
            std::thread::sleep(PATIENCE);
            if !is_seen.load(Ordering::SeqCst) {
                let _ = io::stderr().write_all(NOBODY_ASKED);
                std::process::exit(INTERRUPTED);
            }
        };
        std::thread::Builder::new().name("interrupt".to_owned()).spawn(wait).map(drop)
    }

    /// Wishes it.
    pub fn trigger(&self) {
        self.is_requested.store(true, Ordering::SeqCst);
        // If the buffer is full, the run will be woken anyway.
        let _ = (&self.shared.writer).write(&[1]);
    }

    /// Whether somebody wished it.
    pub fn is_requested(&self) -> bool {
        let is_requested = self.is_requested.load(Ordering::SeqCst);
        if is_requested {
            self.is_seen.store(true, Ordering::SeqCst);
        }
        is_requested
    }

    /// Says that a sudden exit would lose or leave something, until what this
    /// gives is dropped: a signal is then only noted, and whoever holds the guard
    /// asks [`Interrupt::is_requested`] from time to time. Real runs have a guard
    /// of their own. Guards may overlap.
    #[must_use = "it guards for as long as it lives"]
    pub fn guard(&self) -> Guard {
        let mut count = self.guards.lock().unwrap_or_else(PoisonError::into_inner);
        *count += 1;
        self.may_exit.store(false, Ordering::SeqCst);
        Guard { may_exit: self.may_exit.clone(), guards: self.guards.clone() }
    }

    /// What becomes readable at a wish.
    pub(crate) fn fd(&self) -> RawFd {
        self.shared.reader.as_raw_fd()
    }

    /// Empties what [`Interrupt::fd`] holds, so that it can become readable again.
    /// There are processes, which only we can end well: no hurry.
    pub(crate) fn drain(&self) {
        self.is_impatient.store(false, Ordering::SeqCst);
        let mut bytes = [0; 64];
        while (&self.shared.reader).read(&mut bytes).is_ok_and(|count| count > 0) {}
    }
}

/// While this lives the first signal does not end Glomers.
#[derive(Debug)]
pub struct Guard {
    may_exit: Arc<AtomicBool>,
    guards: Arc<Mutex<usize>>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut count = self.guards.lock().unwrap_or_else(PoisonError::into_inner);
        *count -= 1;
        self.may_exit.store(*count == 0, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guard_that_ends_does_not_end_another() {
        let interrupt = Interrupt::new().unwrap();
        let may_exit = || interrupt.may_exit.load(Ordering::SeqCst);
        assert!(may_exit());
        let (one, other) = (interrupt.guard(), interrupt.clone().guard());
        drop(one);
        assert!(!may_exit());
        drop(other);
        assert!(may_exit());
    }
}
