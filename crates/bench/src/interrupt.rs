use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};

/// The exit code of an interrupted command.
const INTERRUPTED: i32 = 130;

/// The wish that a run ends now. Clones share the wish.
#[derive(Debug, Clone)]
pub struct Interrupt {
    shared: Arc<Shared>,
    is_requested: Arc<AtomicBool>,
    /// While this is set a signal ends Glomers at once; a run clears it.
    may_exit: Arc<AtomicBool>,
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
            may_exit: Arc::new(AtomicBool::new(true)),
        })
    }

    /// Makes SIGINT and SIGTERM this wish.
    ///
    /// During a run the first signal ends the run, which is then checked. Before
    /// and after runs, so also during the checks, a signal ends Glomers at once
    /// with exit code 130; there are no nodes then.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn install_signal_handlers() -> io::Result<Interrupt> {
        let interrupt = Interrupt::new()?;
        for signal in [SIGINT, SIGTERM] {
            // Actions run in the order of their registration.
            signal_hook::flag::register_conditional_shutdown(
                signal,
                INTERRUPTED,
                interrupt.may_exit.clone(),
            )?;
            signal_hook::flag::register(signal, interrupt.is_requested.clone())?;
            let writer = interrupt.shared.writer.try_clone()?;
            signal_hook::low_level::pipe::register(signal, writer)?;
        }
        Ok(interrupt)
    }

    /// Wishes it.
    pub fn trigger(&self) {
        self.is_requested.store(true, Ordering::SeqCst);
        // If the buffer is full, the run will be woken anyway.
        let _ = (&self.shared.writer).write(&[1]);
    }

    /// Whether somebody wished it.
    pub fn is_requested(&self) -> bool {
        self.is_requested.load(Ordering::SeqCst)
    }

    /// Says that there are nodes, which a sudden exit would leave behind, until
    /// what this gives is dropped.
    pub(crate) fn guard(&self) -> Guard {
        self.may_exit.store(false, Ordering::SeqCst);
        Guard(self.may_exit.clone())
    }

    /// What becomes readable at a wish.
    pub(crate) fn fd(&self) -> RawFd {
        self.shared.reader.as_raw_fd()
    }

    /// Empties what [`Interrupt::fd`] holds, so that it can become readable again.
    pub(crate) fn drain(&self) {
        let mut bytes = [0; 64];
        while (&self.shared.reader).read(&mut bytes).is_ok_and(|count| count > 0) {}
    }
}

/// While this lives there may be nodes.
pub(crate) struct Guard(Arc<AtomicBool>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
