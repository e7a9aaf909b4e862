//! The stops of a node as text, to find where two runs part.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use crate::calls::name_of;
use crate::sys::ptrace::Stop;
use crate::tree::Next;
use crate::tree::thread::{Park, ProcessId, Resume, ThreadId};

/// Where stops are written; nowhere by default.
#[derive(Debug, Default)]
pub(crate) struct Record {
    file: Option<BufWriter<File>>,
    line: String,
}

impl Record {
    /// Writes to a file.
    pub(crate) fn to(path: &Path) -> std::io::Result<Record> {
        Ok(Record { file: Some(BufWriter::new(File::create(path)?)), line: String::new() })
    }

    fn write(&mut self, now: u64, write: impl FnOnce(&mut String)) {
        let Some(file) = &mut self.file else { return };
        self.line.clear();
        let _ = write!(self.line, "{now} ");
        write(&mut self.line);
        self.line.push('\n');
        if file.write_all(self.line.as_bytes()).is_err() {
            // A full disk must not end the run for a record.
            self.file = None;
        }
    }

    /// A thread goes on.
    pub(crate) fn resumed(&mut self, now: u64, id: ThreadId, resume: Resume) {
        self.write(now, |line| {
            let _ = write!(line, "t{id} goes on: {resume:?}");
        });
    }

    /// A thread stopped, and this becomes of it.
    pub(crate) fn stopped(&mut self, now: u64, id: ThreadId, stop: Stop, next: &Next) {
        self.write(now, |line| {
            let _ = write!(line, "t{id} {stop:?}");
            match next {
                Next::Run(_) | Next::Yield(_) | Next::Done => {}
                Next::Park(park, until) => {
                    let _ = write!(line, " waits for {}", park_name(park));
                    if let Some(until) = until {
                        let _ = write!(line, " until {until}");
                    }
                }
            }
        });
    }

    /// A thread stopped before this call.
    pub(crate) fn call(&mut self, now: u64, id: ThreadId, number: i64, arguments: [u64; 4]) {
        self.write(now, |line| {
            let [a, b, c, d] = arguments;
            let _ = write!(line, "t{id} {}({a:#x}, {b:#x}, {c:#x}, {d:#x})", name_of(number));
        });
    }

    /// A thread was interrupted in its computing.
    pub(crate) fn interrupted(&mut self, now: u64, id: ThreadId, is_long: bool) {
        let how_long = if is_long { "for long" } else { "for a moment" };
        self.write(now, |line| {
            let _ = write!(line, "t{id} is interrupted {how_long}");
        });
    }

    /// A process is gone.
    pub(crate) fn ended(&mut self, now: u64, id: ProcessId, how: &str) {
        self.write(now, |line| {
            let _ = write!(line, "process {id} {how}");
        });
    }
}

fn park_name(park: &Park) -> &'static str {
    match park {
        Park::Sleep { .. } => "time",
        Park::Futex { .. } => "a futex",
        Park::Lock { .. } => "a lock",
        Park::Files(_) => "files",
        Park::Child => "a child",
        Park::Signal { .. } | Park::SignalOf { .. } => "a signal",
        Park::Borrowed { .. } => "its memory",
        Park::Stopped => "SIGCONT",
        Park::Processor => "a processor",
    }
}
