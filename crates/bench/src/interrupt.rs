//! The wish that a run ends early: Ctrl-C, SIGTERM, or somebody in this program.

use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};

/// The exit code of an interrupted command.
const INTERRUPTED: i32 = 130;

/// How long a wish waits for somebody who asks for it.
const PATIENCE: Duration = Duration::from_millis(900);
/// Signals that come so soon after each other are one wish: `timeout` sends one to the
/// process and one to its group.
const ONE_WISH: Duration = Duration::from_millis(250);
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
    /// A signal sets it; a run with nodes clears it again.
    is_wanted: Arc<AtomicBool>,
    /// Some time after a signal, if nothing cleared that: the next signal ends Glomers at
    /// once.
    is_impatient: Arc<AtomicBool>,
    /// While this is set a wish waits for as long as it takes to ask for it.
    is_patient: Arc<AtomicBool>,
    /// What is said before a sudden end.
    last_words: LastWords,
    /// How many guards there are.
    guards: Arc<Mutex<usize>>,
}

type Words = Box<dyn Fn() + Send>;

/// What is said before a sudden end, if anything is.
#[derive(Clone, Default)]
struct LastWords(Arc<Mutex<Option<Words>>>);

impl std::fmt::Debug for LastWords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LastWords")
    }
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
            is_wanted: Arc::new(AtomicBool::new(false)),
            is_impatient: Arc::new(AtomicBool::new(false)),
            is_patient: Arc::new(AtomicBool::new(false)),
            last_words: LastWords::default(),
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
    /// A process has one such wish: later calls give the same, as handlers, their files
    /// and their thread are never given back.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn install_signal_handlers() -> io::Result<Interrupt> {
        static INSTALLED: Mutex<Option<Interrupt>> = Mutex::new(None);
        let mut installed = lock(&INSTALLED);
        if let Some(interrupt) = &*installed {
            return Ok(interrupt.clone());
        }
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
            signal_hook::flag::register(signal, interrupt.is_wanted.clone())?;
            signal_hook::flag::register(signal, interrupt.is_requested.clone())?;
            let writer = interrupt.shared.writer.try_clone()?;
            signal_hook::low_level::pipe::register(signal, writer)?;
        }
        interrupt.watch_signals()?;
        Ok(installed.insert(interrupt).clone())
    }

    /// Lets a second wish count some time after the first, and ends Glomers if nobody asks
    /// for the wish within a second of it: an embedded node whose code never returns would
    /// keep everybody waiting.
    fn watch_signals(&self) -> io::Result<()> {
        let (mut signalled, writer) = UnixStream::pair()?;
        for signal in [SIGINT, SIGTERM] {
            signal_hook::low_level::pipe::register(signal, writer.try_clone()?)?;
        }
        let (is_seen, is_wanted) = (self.is_seen.clone(), self.is_wanted.clone());
        let (is_impatient, last_words) = (self.is_impatient.clone(), self.last_words.clone());
        let is_patient = self.is_patient.clone();
        let wait = move || {
            #[expect(clippy::disallowed_methods, reason = "this is what it is for")]
            let pause = std::thread::sleep;
            while signalled.read_exact(&mut [0]).is_ok() {
                pause(ONE_WISH);
                if is_wanted.swap(false, Ordering::SeqCst) {
                    is_impatient.store(true, Ordering::SeqCst);
                }
                if is_seen.load(Ordering::SeqCst) {
                    continue;
                }
                pause(PATIENCE - ONE_WISH);
                let is_awaited =
                    is_seen.load(Ordering::SeqCst) || is_patient.load(Ordering::SeqCst);
                if !is_awaited {
                    if let Some(say) = &*lock(&last_words.0) {
                        say();
                    }
                    let _ = io::stderr().write_all(NOBODY_ASKED);
                    std::process::exit(INTERRUPTED);
                }
            }
        };
        std::thread::Builder::new().name("interrupt".to_owned()).spawn(wait).map(drop)
    }

    /// What is done before Glomers ends because nobody asked for the wish: a command that
    /// has collected something can print it. A later call takes the place of this one.
    pub fn before_sudden_end(&self, words: impl Fn() + Send + 'static) {
        *lock(&self.last_words.0) = Some(Box::new(words));
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
        let mut count = lock(&self.guards);
        *count += 1;
        self.may_exit.store(false, Ordering::SeqCst);
        Guard { may_exit: self.may_exit.clone(), guards: self.guards.clone() }
    }

    /// Says that it may be long until somebody asks for a wish, as where processes under a
    /// tracer take seconds to start: then nobody ends Glomers at once but a second signal.
    pub fn be_patient(&self) {
        self.is_patient.store(true, Ordering::SeqCst);
    }

    /// What becomes readable at a wish.
    pub(crate) fn fd(&self) -> RawFd {
        self.shared.reader.as_raw_fd()
    }

    /// Empties what [`Interrupt::fd`] holds, so that it can become readable again.
    /// There are processes, which only we can end well: no hurry.
    pub(crate) fn drain(&self) {
        self.is_wanted.store(false, Ordering::SeqCst);
        self.is_impatient.store(false, Ordering::SeqCst);
        let mut bytes = [0; 64];
        while (&self.shared.reader).read(&mut bytes).is_ok_and(|count| count > 0) {}
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// While this lives the first signal does not end Glomers.
#[derive(Debug)]
pub struct Guard {
    may_exit: Arc<AtomicBool>,
    guards: Arc<Mutex<usize>>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut count = lock(&self.guards);
        *count -= 1;
        self.may_exit.store(*count == 0, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_one_wish_for_its_signals() {
        let (one, other) = (
            Interrupt::install_signal_handlers().unwrap(),
            Interrupt::install_signal_handlers().unwrap(),
        );
        assert_eq!(one.fd(), other.fd());
    }

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
