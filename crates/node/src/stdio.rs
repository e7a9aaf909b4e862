//! Runs a node on stdin and stdout. The only place with a clock and I/O.
//!
//! One thread: it waits for a chunk of input or the next timer, handles all
//! complete lines of the chunk, and writes all that came of them at once.
#![expect(
    clippy::disallowed_methods,
    reason = "a driver takes the time from the machine, so that nodes need not"
)]

use std::cell::RefCell;
use std::hash::{BuildHasher, Hasher};
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use glomers_history::Time;
use glomers_protocol::{Line, NodeId};
use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::disk::DirectoryDisk;
use crate::effect::Effect;
use crate::node::IntoProcess;
use crate::runtime::{Identity, Runtime, WallClock};

/// As much as a pipe holds.
const CHUNK: usize = 64 * 1024;
/// What Rust programs exit with after a panic.
const PANICKED: u8 = 101;

/// Runs a node on stdin and stdout, one JSON message a line, until stdin ends.
///
/// Log lines go to stderr; marks are dropped. The environment variable
/// `GLOMERS_SEED` (a whole number below 2⁶⁴) makes the node's random numbers
/// repeatable; without it they differ in each run. `GLOMERS_INCARNATION` says
/// how often the node was started before. `GLOMERS_DATA_DIR` is the directory that
/// is the node's disk; without it there is none. The exit code is 0 when stdin
/// ends, 1 when nobody reads stdout any more or the disk cannot be synced, 2 when
/// a variable is invalid, and 101 after a panic.
pub fn run(node: impl IntoProcess) -> ExitCode {
    let identity = match identity(|name| std::env::var(name).ok()) {
        Ok(identity) => identity,
        Err(problem) => {
            let problem = problem.to_string();
            let problem = glomers_protocol::printable(&problem);
            let _ = writeln!(std::io::stderr(), "{problem}");
            return ExitCode::from(2);
        }
    };
    let (stdin, stdout, stderr) = (std::io::stdin(), std::io::stdout(), std::io::stderr());
    let disk = std::env::var_os("GLOMERS_DATA_DIR").filter(|path| !path.is_empty());
    let disk = disk.map(|path| DirectoryDisk::new(path.as_ref()));
    let code = serve(node, identity, disk, stdin.as_fd(), stdout.lock(), stderr);
    ExitCode::from(code)
}

/// What the environment says about this incarnation.
fn identity(variable: impl Fn(&str) -> Option<String>) -> Result<Identity, String> {
    fn number<T: std::str::FromStr>(name: &str, text: Option<String>) -> Result<Option<T>, String> {
        let Some(text) = text else { return Ok(None) };
        match text.trim().parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(format!(
                "the environment variable {name} must be a whole number below 2^{}, but it is {text:?}",
                8 * size_of::<T>()
            )),
        }
    }
    let seed = number("GLOMERS_SEED", variable("GLOMERS_SEED"))?;
    let incarnation: Option<u32> = number("GLOMERS_INCARNATION", variable("GLOMERS_INCARNATION"))?;
    // Each incarnation of a seed draws other numbers.
    let shift = u64::from(incarnation.unwrap_or(0)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    Ok(Identity { seed: seed.unwrap_or_else(seed_of_this_run).wrapping_add(shift), incarnation })
}

/// A seed that no other node has: std draws keys for its maps from the system.
fn seed_of_this_run() -> u64 {
    let mut hasher = std::hash::RandomState::new().build_hasher();
    hasher.write_u64(wall_clock().0);
    hasher.write_u32(std::process::id());
    hasher.finish()
}

fn wall_clock() -> WallClock {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    WallClock(since.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)))
}

/// Why the node ends.
enum End {
    /// The input ended.
    Input,
    /// The input cannot be read or the output cannot be written.
    Broken,
}

/// Runs a node on any input and output; the exit code.
fn serve(
    node: impl IntoProcess,
    identity: Identity,
    disk: Option<DirectoryDisk>,
    input: BorrowedFd<'_>,
    output: impl Write,
    log: impl Write,
) -> u8 {
    let disk = disk.map(|disk| Rc::new(RefCell::new(disk)));
    let mut runtime = Runtime::new(node.into_process(), identity, Time::ZERO);
    if let Some(disk) = &disk {
        runtime = runtime.with_disk(Box::new(disk.clone()));
    }
    let mut driver = Driver {
        runtime,
        disk,
        started: Instant::now(),
        output,
        log,
        out: Vec::with_capacity(CHUNK),
        finished: 0,
        next_id: 0,
        addressed_as: NodeId::new(""),
    };
    match catch_unwind(AssertUnwindSafe(|| driver.run(input))) {
        Ok(End::Input) => 0,
        Ok(End::Broken) => 1,
        Err(_) => {
            driver.after_panic();
            PANICKED
        }
    }
}

struct Driver<O, L> {
    runtime: Runtime,
    disk: Option<Rc<RefCell<DirectoryDisk>>>,
    started: Instant,
    output: O,
    log: L,
    /// Lines that are to be written.
    out: Vec<u8>,
    /// How many bytes of `out` come from inputs that were handled to their end.
    finished: usize,
    /// The `id` of the next line.
    next_id: u64,
    /// How the world called the node last; its name until `init` says it.
    addressed_as: NodeId,
}

impl<O: Write, L: Write> Driver<O, L> {
    fn run(&mut self, input: BorrowedFd<'_>) -> End {
        let mut buffer: Vec<u8> = Vec::with_capacity(CHUNK);
        // How many bytes of the buffer are known to hold no line end.
        let mut searched = 0;
        loop {
            let more = match self.wait(input, &mut buffer) {
                Ok(more) => more,
                Err(_) => return End::Broken,
            };
            let mut begin = 0;
            while let Some(length) = line_end(&buffer[searched..]) {
                let end = searched + length;
                self.line(&buffer[begin..end]);
                begin = end + 1;
                searched = begin;
            }
            buffer.drain(..begin);
            searched = buffer.len();
            if let More::End = more {
                self.line(&buffer);
            }
            self.fire_timers();
            if self.flush().is_err() || self.carry_out_syncs().is_err() {
                return End::Broken;
            }
            if let More::End = more {
                return End::Input;
            }
        }
    }

    /// Waits for input or the next timer, whichever comes first.
    fn wait(&self, input: BorrowedFd<'_>, buffer: &mut Vec<u8>) -> Result<More, Errno> {
        if let Some(due) = self.runtime.next_wake() {
            let left = due.since(self.now());
            match poll(&mut [PollFd::from_borrowed_fd(input, PollFlags::IN)], Some(&timespec(left)))
            {
                Ok(0) | Err(Errno::INTR) => return Ok(More::Later),
                Ok(_) => {}
                Err(error) => return Err(error),
            }
        }
        buffer.reserve(CHUNK);
        match rustix::io::read(input, spare_capacity(buffer)) {
            Ok(0) => Ok(More::End),
            Ok(_) | Err(Errno::INTR) => Ok(More::Later),
            Err(error) => Err(error),
        }
    }

    fn line(&mut self, line: &[u8]) {
        if line.trim_ascii().is_empty() {
            return;
        }
        self.fire_timers();
        let Ok(text) = std::str::from_utf8(line) else {
            self.bad_line(line, "this is not UTF-8");
            return;
        };
        match Line::parse(text) {
            Ok(message) => {
                if self.runtime.id().is_none() {
                    self.addressed_as = NodeId::new(&message.dest);
                }
                let src = NodeId::new(&message.src);
                let now = self.now();
                self.runtime.message(now, wall_clock(), src, message.payload);
                self.drain();
            }
            Err(error) => self.bad_line(line, &error.to_string()),
        }
    }

    fn bad_line(&mut self, line: &[u8], problem: &str) {
        let start = &line[..line.len().min(200)];
        let _ = writeln!(
            self.log,
            "a line on stdin is no message and is left out: {problem}: {}",
            String::from_utf8_lossy(start)
        );
    }

    fn fire_timers(&mut self) {
        let Some(due) = self.runtime.next_wake() else {
            return;
        };
        let now = self.now();
        if due <= now {
            self.runtime.wake(now, wall_clock());
            self.drain();
        }
    }

    /// Syncs the disk if the node has asked for that. What the node sent without
    /// waiting for it has been written before.
    fn carry_out_syncs(&mut self) -> std::io::Result<()> {
        loop {
            let Some(disk) = &self.disk else { return Ok(()) };
            let done = disk.borrow_mut().carry_out_sync();
            match done {
                Ok(None) => return Ok(()),
                Ok(Some(sync)) => {
                    let now = self.now();
                    self.runtime.synced(now, wall_clock(), sync);
                    self.drain();
                    self.flush()?;
                }
                Err(error) => {
                    // Nobody knows what is durable now, so the node cannot go on.
                    let _ = writeln!(self.log, "the disk cannot be synced: {error}");
                    return Err(std::io::ErrorKind::Other.into());
                }
            }
        }
    }

    /// Turns effects into lines to be written.
    fn drain(&mut self) {
        let src = self.runtime.id().unwrap_or(&self.addressed_as).clone();
        for effect in self.runtime.effects().drain(..) {
            match effect {
                Effect::Send { dest, payload } => {
                    Line::write(self.next_id, &src, &dest, &payload, &mut self.out);
                    self.next_id += 1;
                }
                Effect::Log(line) => {
                    let _ = writeln!(self.log, "{line}");
                }
                Effect::Mark { .. } => {}
            }
        }
        self.finished = self.out.len();
    }

    fn flush(&mut self) -> std::io::Result<()> {
        if !self.out.is_empty() {
            self.output.write_all(&self.out)?;
            self.output.flush()?;
            self.out.clear();
            self.finished = 0;
        }
        Ok(())
    }

    /// What was done before the panic stands; what was logged helps to find it.
    fn after_panic(&mut self) {
        self.out.truncate(self.finished);
        let _ = self.flush();
        for effect in self.runtime.effects().drain(..) {
            if let Effect::Log(line) = effect {
                let _ = writeln!(self.log, "{line}");
            }
        }
    }

    fn now(&self) -> Time {
        Time::ZERO + self.started.elapsed()
    }
}

enum More {
    Later,
    End,
}

fn line_end(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| *byte == b'\n')
}

/// For `poll`, which waits to the nanosecond.
fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(duration.subsec_nanos()),
    }
}

#[cfg(test)]
mod tests;
