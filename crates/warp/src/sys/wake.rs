//! A watch that wakes the tracer when the thread that it waits for does not stop.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Once};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often it looks at first.
const INTERVAL: Duration = Duration::from_millis(50);

/// A signal that programs leave alone. Its handler does nothing, so that all it
/// does is to end a call that waits.
fn wake_signal() -> i32 {
    libc::SIGRTMIN() + 9
}

extern "C" fn do_nothing(_: i32) {}

fn install_handler() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: zeroes are a valid `sigaction`: no flags (so calls end with EINTR)
        // and an empty mask; the handler touches nothing.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = do_nothing as extern "C" fn(i32) as usize;
            libc::sigaction(wake_signal(), &action, std::ptr::null_mut());
        }
    });
}

#[derive(Debug)]
struct Shared {
    /// How often it looks, ms.
    interval: AtomicU64,
    /// How many waits there were.
    waits: AtomicU64,
    is_waiting: AtomicBool,
    is_over: AtomicBool,
}

/// Wakes the thread that made it out of [`super::ptrace::wait`], every now and then.
#[derive(Debug)]
pub(crate) struct Watch {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Begins to watch over this thread.
    pub(crate) fn new() -> std::io::Result<Watch> {
        install_handler();
        let shared = Arc::new(Shared {
            interval: AtomicU64::new(INTERVAL.as_millis() as u64),
            waits: AtomicU64::new(0),
            is_waiting: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
        });
        let watched = shared.clone();
        // SAFETY: it has no conditions.
        let tracer = unsafe { libc::gettid() };
        let thread = std::thread::Builder::new()
            .name("warp-watch".to_owned())
            .stack_size(64 * 1024)
            .spawn(move || watch(&watched, tracer))?;
        Ok(Watch { shared, thread: Some(thread) })
    }

    /// Lets it look so often from now on.
    pub(crate) fn set_interval(&self, interval: Duration) {
        self.shared.interval.store(interval.as_millis() as u64, Ordering::Relaxed);
    }

    /// Says that a wait begins or is over.
    pub(crate) fn set_waiting(&self, is_waiting: bool) {
        if is_waiting {
            self.shared.waits.fetch_add(1, Ordering::Relaxed);
        }
        self.shared.is_waiting.store(is_waiting, Ordering::Relaxed);
    }
}

fn watch(shared: &Shared, tracer: i32) {
    let process = std::process::id() as i32;
    let mut before = None;
    while !shared.is_over.load(Ordering::Relaxed) {
        let interval = shared.interval.load(Ordering::Relaxed);
        std::thread::park_timeout(Duration::from_millis(interval));
        let waits = shared.waits.load(Ordering::Relaxed);
        let is_same = before.replace(waits) == Some(waits);
        if is_same && shared.is_waiting.load(Ordering::Relaxed) {
            // If it fails, the tracer is gone, and nobody is left to wake.
            let _ = super::ptrace::signal_thread(process, tracer, wake_signal());
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}
