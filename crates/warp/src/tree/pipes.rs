//! A node's standard input, output and error.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};

use crate::lines::{Lines, Log};

/// What pipes hold, if the system allows it.
const PIPE: usize = 256 * 1024;
/// How much is read at once.
const CHUNK: usize = 64 * 1024;

/// What a node wrote.
#[derive(Debug)]
pub(crate) enum Written {
    /// A line of standard output.
    Line(Vec<u8>),
    /// A line of standard error.
    Log(String),
}

/// Our ends of a node's pipes.
#[derive(Debug)]
pub(crate) struct Pipes {
    stdin: OwnedFd,
    /// The node's own end, to ask whether there is something to read.
    stdin_reader: OwnedFd,
    stdout: OwnedFd,
    stderr: OwnedFd,
    /// What was not yet written to standard input.
    waiting: VecDeque<u8>,
    lines: Lines,
    log: Log,
    /// What was written, and when.
    written: Vec<(u64, Written)>,
    /// How many of those have a time. What was read to make room gets its time later.
    timed: usize,
    /// Nobody has standard output open any more.
    pub(crate) has_closed_stdout: bool,
    /// Nobody has standard input open any more.
    pub(crate) has_closed_stdin: bool,
    space: Vec<u8>,
}

/// The node's ends of its pipes.
pub(crate) struct NodeEnds {
    pub(crate) stdin: OwnedFd,
    pub(crate) stdout: OwnedFd,
    pub(crate) stderr: OwnedFd,
}

fn set_nonblocking(file: &OwnedFd) -> io::Result<()> {
    fcntl_setfl(file, fcntl_getfl(file)? | OFlags::NONBLOCK)?;
    Ok(())
}

impl Pipes {
    /// New pipes, and the ends that the node gets.
    pub(crate) fn new() -> io::Result<(Pipes, NodeEnds)> {
        let (stdin_reader, stdin) = pipe_with(PipeFlags::CLOEXEC)?;
        let (stdout, stdout_writer) = pipe_with(PipeFlags::CLOEXEC)?;
        let (stderr, stderr_writer) = pipe_with(PipeFlags::CLOEXEC)?;
        for file in [&stdin, &stdout] {
            // A smaller one does too, if the user has too many already.
            let _ = fcntl_setpipe_size(file, PIPE);
        }
        for file in [&stdin, &stdout, &stderr] {
            set_nonblocking(file)?;
        }
        let ends = NodeEnds {
            stdin: stdin_reader.try_clone()?,
            stdout: stdout_writer,
            stderr: stderr_writer,
        };
        let pipes = Pipes {
            stdin,
            stdin_reader,
            stdout,
            stderr,
            waiting: VecDeque::new(),
            lines: Lines::default(),
            log: Log::default(),
            written: Vec::new(),
            timed: 0,
            has_closed_stdout: false,
            has_closed_stdin: false,
            space: vec![0; CHUNK],
        };
        Ok((pipes, ends))
    }

    /// The node's end of its standard input.
    pub(crate) fn stdin_reader(&self) -> &OwnedFd {
        &self.stdin_reader
    }

    /// Whether reading from standard input never waits, because the node wanted it
    /// so.
    pub(crate) fn is_stdin_nonblocking(&self) -> bool {
        fcntl_getfl(&self.stdin_reader).is_ok_and(|flags| flags.contains(OFlags::NONBLOCK))
    }

    /// Says something to the node.
    pub(crate) fn say(&mut self, bytes: &[u8]) {
        self.waiting.extend(bytes);
        self.feed();
    }

    /// How many bytes the node was sent and has not read.
    pub(crate) fn unread(&self) -> usize {
        let in_pipe = rustix::io::ioctl_fionread(&self.stdin_reader).unwrap_or(0);
        self.waiting.len() + in_pipe as usize
    }

    /// How many of them are not yet in the pipe.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Writes what the pipe takes. Whether it took something.
    pub(crate) fn feed(&mut self) -> bool {
        let mut has_fed = false;
        while !self.waiting.is_empty() {
            let (front, _) = self.waiting.as_slices();
            match rustix::io::write(&self.stdin, front) {
                Ok(count) => {
                    self.waiting.drain(..count);
                    has_fed = true;
                }
                Err(Errno::INTR) => {}
                Err(Errno::PIPE) => {
                    self.has_closed_stdin = true;
                    self.waiting.clear();
                }
                Err(_) => break,
            }
        }
        has_fed
    }

    /// Takes what the node wrote until now. Whether there was something.
    pub(crate) fn collect(&mut self, now: u64) -> bool {
        let has_found = self.make_room();
        for (at, _) in &mut self.written[self.timed..] {
            *at = now;
        }
        self.timed = self.written.len();
        has_found
    }

    /// All that was written, with its times.
    pub(crate) fn take_written(&mut self) -> std::vec::Drain<'_, (u64, Written)> {
        self.timed = 0;
        self.written.drain(..)
    }

    /// Reads what the node wrote while a thread goes on, so that it never waits for
    /// room. When this happens depends on the clock on the wall, so that what was
    /// read has no time before the next [`Pipes::collect`]. Whether there was
    /// something.
    pub(crate) fn make_room(&mut self) -> bool {
        let now = 0;
        let written = &mut self.written;
        let mut has_found = false;
        let (lines, log) = (&mut self.lines, &mut self.log);
        let closed = drain(&self.stdout, &mut self.space, |chunk| {
            has_found = true;
            lines.feed(chunk, |line| written.push((now, Written::Line(line))));
        });
        self.has_closed_stdout |= closed;
        drain(&self.stderr, &mut self.space, |chunk| {
            has_found = true;
            log.feed(chunk, |line| written.push((now, Written::Log(line))));
        });
        has_found
    }

    /// The node is gone: takes what has no line end, too.
    pub(crate) fn finish(&mut self, now: u64) {
        self.collect(now);
        let written = &mut self.written;
        self.log.finish(|line| written.push((now, Written::Log(line))));
    }

    /// The last lines that the node logged, and a line that it began to print.
    pub(crate) fn last_words(&self) -> Vec<String> {
        const SHOWN: usize = 300;
        let mut words = self.log.last();
        let unfinished = self.lines.unfinished();
        if !unfinished.is_empty() {
            let text = String::from_utf8_lossy(&unfinished[..unfinished.len().min(SHOWN)]);
            let dots = if unfinished.len() > SHOWN { "…" } else { "" };
            words.push(format!("its last line on standard output has no end: {text}{dots}"));
        }
        words
    }

    /// How long the line is that the node has begun to print.
    pub(crate) fn unfinished(&self) -> usize {
        self.lines.unfinished().len()
    }
}

/// Reads all that is there. Whether the other end is closed.
fn drain(pipe: &OwnedFd, space: &mut [u8], mut each: impl FnMut(&[u8])) -> bool {
    loop {
        match rustix::io::read(pipe, &mut *space) {
            Ok(0) => return true,
            Ok(count) => {
                each(&space[..count]);
                if count < space.len() {
                    return false;
                }
            }
            Err(Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}
