//! The logs of nodes, each bounded.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use glomers_history::{SECOND, Time};

use crate::StoreError;
use crate::files::NODE_LOGS;

/// How many bytes of all nodes together gather before they are written.
const LIMIT: usize = 64 * 1024;

/// How much of the end of a log is kept once it is full.
const TAIL: u64 = 64 * 1024;

/// The log lines of nodes.
///
/// No file stays open: a run may have more nodes than a process may have files. A log
/// has a bound: past it the beginning and the last lines are kept, and between them a
/// line says how much was left out.
#[derive(Debug)]
pub(crate) struct NodeLogs {
    directory: PathBuf,
    logs: BTreeMap<Box<str>, Log>,
    /// What waits to be written, of all nodes together.
    bytes: usize,
    /// How many bytes a log may have.
    most: u64,
}

/// The log of one node.
#[derive(Debug, Default)]
struct Log {
    pending: Vec<u8>,
    /// Bytes of the beginning, written or pending.
    begun: u64,
    /// The last lines, once the beginning is full.
    tail: VecDeque<Vec<u8>>,
    tail_bytes: u64,
    left_out_lines: u64,
    left_out_bytes: u64,
}

impl Log {
    /// Keeps a line at the end, and forgets those before it that have no room.
    fn keep_last(&mut self, line: Vec<u8>, room: u64) {
        self.tail_bytes += line.len() as u64;
        self.tail.push_back(line);
        while self.tail_bytes > room {
            let Some(first) = self.tail.pop_front() else { break };
            self.tail_bytes -= first.len() as u64;
            self.left_out_lines += 1;
            self.left_out_bytes += first.len() as u64;
        }
    }

    /// Puts the end behind the beginning.
    fn close(&mut self, most: u64) {
        if self.left_out_lines > 0 {
            let (lines, bytes) = (self.left_out_lines, self.left_out_bytes);
            // Writing to a Vec cannot fail.
            let _ = writeln!(
                self.pending,
                "… {lines} lines ({bytes} bytes) are left out here: a log holds {most} bytes at \
                 most (--max-log) …"
            );
        }
        self.pending.extend(self.tail.drain(..).flatten());
        (self.tail_bytes, self.left_out_lines, self.left_out_bytes) = (0, 0, 0);
    }
}

impl NodeLogs {
    /// How many bytes the log of a node may have, unless said otherwise: 64 MiB.
    pub(crate) const MOST: u64 = 64 << 20;

    pub(crate) fn new(run: &Path) -> NodeLogs {
        let (directory, logs) = (run.join(NODE_LOGS), BTreeMap::new());
        NodeLogs { directory, logs, bytes: 0, most: NodeLogs::MOST }
    }

    /// Sets how many bytes a log may have.
    pub(crate) fn set_most(&mut self, most: u64) {
        self.most = most;
    }

    pub(crate) fn push(&mut self, time: Time, node: &str, line: &str) -> Result<(), StoreError> {
        if !self.logs.contains_key(node) {
            self.logs.insert(node.into(), Log::default());
        }
        let log = self.logs.get_mut(node).expect("was just put there");
        let tail = TAIL.min(self.most / 2);
        let mut text = Vec::with_capacity(line.len() + 16);
        // Writing to a Vec cannot fail.
        let _ =
            writeln!(text, "{}.{:06} {line}", time.nanos() / SECOND, time.nanos() % SECOND / 1000);
        let length = text.len() as u64;
        if !log.tail.is_empty() || log.begun + length > self.most - tail {
            log.keep_last(text, tail);
            return Ok(());
        }
        log.begun += length;
        log.pending.append(&mut text);
        self.bytes += length as usize;
        if self.bytes >= LIMIT {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes what waits, but not the ends of logs that are full.
    pub(crate) fn flush(&mut self) -> Result<(), StoreError> {
        if self.bytes == 0 {
            return Ok(());
        }
        fs::create_dir_all(&self.directory).map_err(StoreError::at(&self.directory, "created"))?;
        for (node, log) in &mut self.logs {
            if log.pending.is_empty() {
                continue;
            }
            let path = self.directory.join(file_name(node));
            File::options()
                .append(true)
                .create(true)
                .open(&path)
                .and_then(|mut file| file.write_all(&log.pending))
                .map_err(StoreError::at(&path, "written"))?;
            log.pending.clear();
        }
        self.bytes = 0;
        Ok(())
    }

    /// Writes all, as nothing more comes.
    pub(crate) fn close(&mut self) -> Result<(), StoreError> {
        for log in self.logs.values_mut() {
            log.close(self.most);
            self.bytes += log.pending.len();
        }
        self.flush()
    }
}

/// The file of a node's log. Users choose the names of nodes, and one like
/// `../x` must not leave the directory.
pub(crate) fn file_name(node: &str) -> String {
    use std::fmt::Write as _;
    let mut name = String::with_capacity(node.len() + 4);
    for (at, byte) in node.bytes().enumerate() {
        let plain = byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if plain || (byte == b'.' && at > 0) {
            name.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(name, "%{byte:02X}");
        }
    }
    name.push_str(".log");
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever comes, the file has its beginning, its end, and says what lies between.
    #[test]
    fn a_log_that_is_too_long_keeps_its_beginning_and_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let mut logs = NodeLogs::new(folder.path());
        logs.set_most(10_000);
        for number in 0..10_000 {
            logs.push(Time(number), "n0", &format!("line {number}")).unwrap();
        }
        logs.push(Time(1), "n1", "short").unwrap();
        logs.close().unwrap();
        let read = |name| fs::read_to_string(folder.path().join(NODE_LOGS).join(name)).unwrap();
        let text = read("n0.log");
        assert!(text.len() < 10_200, "{}", text.len());
        assert!(text.starts_with("0.000000 line 0\n"), "{text}");
        assert!(text.ends_with(" line 9999\n"), "{text}");
        let middle: Vec<&str> = text.lines().filter(|line| line.starts_with('…')).collect();
        let [middle] = *middle else { panic!("{middle:?}") };
        let left_out: usize = middle.split(' ').nth(1).unwrap().parse().unwrap();
        assert_eq!(text.lines().count() - 1 + left_out, 10_000);
        assert!(middle.contains("a log holds 10000 bytes at most (--max-log)"), "{middle}");
        assert_eq!(read("n1.log"), "0.000000 short\n");
    }

    #[test]
    fn names_of_nodes_cannot_leave_the_directory() {
        assert_eq!(file_name("n0"), "n0.log");
        assert_eq!(file_name("../é"), "%2E.%2F%C3%A9.log");
    }
}
