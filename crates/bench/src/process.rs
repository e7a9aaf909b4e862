//! One process of one node, and its pipes.

use std::fs;
use std::io::{self, ErrorKind, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use glomers_history::Time;
use glomers_sim::Unread;
use glomers_sim::draws::node_seed;
use mio::unix::pipe::{Receiver, Sender};
use rustix::process::Pid;

use crate::BenchError;
use crate::groups::{MARKER, kill_child_and_group};
use crate::lines::{LineBuffer, LogBuffer};
use crate::outgoing::Outgoing;
use crate::program::{start_error, working_folder};

/// What all nodes of a run are started with.
#[derive(Debug)]
pub(crate) struct Launch {
    pub(crate) path: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) seed: u64,
    /// The mark of this run.
    pub(crate) run: String,
    pub(crate) data_dir: Option<PathBuf>,
    pub(crate) max_line: usize,
    working_folder: PathBuf,
}

/// A process under way.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) child: Child,
    /// The process, and the group that it leads.
    pub(crate) group: Pid,
    pub(crate) incarnation: u32,
    pub(crate) stdin: Option<Sender>,
    pub(crate) stdout: Inlet,
    pub(crate) stderr: Inlet,
    pub(crate) outgoing: Outgoing,
    pub(crate) lines: LineBuffer,
    pub(crate) log: LogBuffer,
    /// It is in the list of nodes to write to.
    pub(crate) is_dirty: bool,
    /// Its pipe is full; the poll tells when there is room.
    pub(crate) is_blocked: bool,
    /// When it closed standard input or output, and which.
    pub(crate) closed: Option<(Time, &'static str)>,
    /// The last line over 64 KiB that it was sent: bytes, when.
    pub(crate) long_line: Option<(usize, Time)>,
    pub(crate) volume: Volume,
    pub(crate) unread: Unread,
}

/// The reading end of a pipe.
#[derive(Debug)]
pub(crate) struct Inlet {
    pub(crate) pipe: Option<Receiver>,
    /// It is in the list of pipes to read.
    pub(crate) is_listed: bool,
    /// The other end is closed, so reading goes on until the end is seen.
    pub(crate) is_closing: bool,
}

/// What a read brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Chunk {
    /// So many bytes, and maybe more.
    More(usize),
    /// So many bytes, and then the pipe was empty.
    Last(usize),
    /// The end.
    End,
}

impl Inlet {
    fn new(pipe: Option<Receiver>) -> io::Result<Inlet> {
        if let Some(pipe) = &pipe {
            pipe.set_nonblocking(true)?;
        }
        Ok(Inlet { pipe, is_listed: false, is_closing: false })
    }

    /// Reads once.
    pub(crate) fn read(&mut self, space: &mut [u8]) -> Chunk {
        let Some(pipe) = &mut self.pipe else {
            return Chunk::End;
        };
        match pipe.read(space) {
            Ok(0) => Chunk::End,
            // A short read has emptied the pipe, and what comes later makes a new
            // event: that saves every second call to the system. Only an end that
            // was announced already makes none.
            Ok(count) if count < space.len() && !self.is_closing => Chunk::Last(count),
            Ok(count) => Chunk::More(count),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Chunk::Last(0),
            Err(error) if error.kind() == ErrorKind::Interrupted => Chunk::More(0),
            Err(_) => Chunk::End,
        }
    }

    /// Reads what is there, but not for ever from somebody who keeps writing.
    pub(crate) fn drain(&mut self, space: &mut [u8], mut each: impl FnMut(&[u8])) {
        const READS: usize = 64;
        for _ in 0..READS {
            match self.read(space) {
                Chunk::More(count) => each(&space[..count]),
                Chunk::Last(0) | Chunk::End => return,
                Chunk::Last(count) => each(&space[..count]),
            }
        }
    }
}

/// How much a node printed lately. What it printed and is not yet delivered is
/// at most what it printed within the time that messages take.
#[derive(Debug, Default)]
pub(crate) struct Volume {
    since: Time,
    bytes: usize,
}

impl Volume {
    /// Counts bytes, and gives how many there were in this window of time.
    pub(crate) fn count(&mut self, now: Time, bytes: usize, window: std::time::Duration) -> usize {
        if now.since(self.since) > window {
            *self = Volume { since: now, bytes: 0 };
        }
        self.bytes += bytes;
        self.bytes
    }
}

impl Launch {
    pub(crate) fn new(path: PathBuf, arguments: Vec<String>, seed: u64, run: String) -> Launch {
        Launch {
            path,
            arguments,
            seed,
            run,
            data_dir: None,
            max_line: 0,
            working_folder: working_folder(),
        }
    }

    /// Starts an incarnation of a node.
    pub(crate) fn start(
        &self,
        node: u32,
        name: &str,
        incarnation: u32,
    ) -> Result<Running, BenchError> {
        let seed = node_seed(self.seed, name, incarnation);
        let mut command = Command::new(&self.path);
        command
            .args(&self.arguments)
            .env("GLOMERS_SEED", seed.to_string())
            .env("GLOMERS_INCARNATION", incarnation.to_string())
            .env(MARKER, &self.run)
            .current_dir(&self.working_folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        if let Some(folder) = &self.data_dir {
            let folder = folder.join(folder_name(node, name));
            let what = format!("cannot create {}", folder.display());
            fs::create_dir_all(&folder).map_err(BenchError::system(what))?;
            command.env("GLOMERS_DATA_DIR", folder);
        }
        let mut child = command.spawn().map_err(|error| start_error(&self.path, &error))?;
        let group = Pid::from_child(&child);
        match self.with_pipes(&mut child) {
            Ok((stdin, stdout, stderr)) => Ok(Running {
                child,
                group,
                incarnation,
                stdin,
                stdout,
                stderr,
                outgoing: Outgoing::default(),
                lines: LineBuffer::new(self.max_line),
                log: LogBuffer::default(),
                is_dirty: false,
                is_blocked: false,
                closed: None,
                long_line: None,
                volume: Volume::default(),
                unread: Unread::default(),
            }),
            Err(error) => {
                kill_child_and_group(group);
                let _ = child.wait();
                Err(BenchError::system(format!("cannot prepare the pipes of {name}"))(error))
            }
        }
    }

    fn with_pipes(&self, child: &mut Child) -> io::Result<(Option<Sender>, Inlet, Inlet)> {
        let stdin = child.stdin.take().map(Sender::from);
        if let Some(stdin) = &stdin {
            stdin.set_nonblocking(true)?;
        }
        let stdout = Inlet::new(child.stdout.take().map(Receiver::from))?;
        let stderr = Inlet::new(child.stderr.take().map(Receiver::from))?;
        Ok((stdin, stdout, stderr))
    }
}

/// A node's name where that is fit for a folder, else its place.
fn folder_name(node: u32, name: &str) -> PathBuf {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.chars().all(is_plain) && !name.starts_with('.') && name.len() < 100 {
        Path::new(name).to_owned()
    } else {
        PathBuf::from(format!("node-{node}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_stay_where_they_belong() {
        let name = |name| folder_name(3, name).display().to_string();
        assert_eq!(name("n0"), "n0");
        for bad in ["..", "a/b", ".x", "é"] {
            assert_eq!(name(bad), "node-3", "{bad}");
        }
    }
}
