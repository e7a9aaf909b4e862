use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use glomers_history::{SECOND, Time};

use crate::StoreError;
use crate::files::NODE_LOGS;

/// How many bytes of all nodes together gather before they are written.
const LIMIT: usize = 64 * 1024;

/// The log lines of nodes that run inside the workbench.
///
/// No file stays open: a run may have more nodes than a process may have files.
#[derive(Debug)]
pub(crate) struct NodeLogs {
    directory: PathBuf,
    pending: BTreeMap<Box<str>, Vec<u8>>,
    bytes: usize,
}

impl NodeLogs {
    pub(crate) fn new(run: &Path) -> NodeLogs {
        NodeLogs { directory: run.join(NODE_LOGS), pending: BTreeMap::new(), bytes: 0 }
    }

    pub(crate) fn push(&mut self, time: Time, node: &str, line: &str) -> Result<(), StoreError> {
        if !self.pending.contains_key(node) {
            self.pending.insert(node.into(), Vec::new());
        }
        let pending = self.pending.get_mut(node).expect("was just put there");
        let before = pending.len();
        // Writing to a Vec cannot fail.
        let _ = writeln!(
            pending,
            "{}.{:06} {line}",
            time.nanos() / SECOND,
            time.nanos() % SECOND / 1000
        );
        self.bytes += pending.len() - before;
        if self.bytes >= LIMIT {
            self.flush()?;
        }
        Ok(())
    }

    pub(crate) fn flush(&mut self) -> Result<(), StoreError> {
        if self.bytes == 0 {
            return Ok(());
        }
        fs::create_dir_all(&self.directory).map_err(StoreError::at(&self.directory, "created"))?;
        for (node, pending) in &mut self.pending {
            if pending.is_empty() {
                continue;
            }
            let path = self.directory.join(file_name(node));
            File::options()
                .append(true)
                .create(true)
                .open(&path)
                .and_then(|mut file| file.write_all(pending))
                .map_err(StoreError::at(&path, "written"))?;
            pending.clear();
        }
        self.bytes = 0;
        Ok(())
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
    use super::file_name;

    #[test]
    fn names_of_nodes_cannot_leave_the_directory() {
        assert_eq!(file_name("n0"), "n0.log");
        assert_eq!(file_name("../é"), "%2E.%2F%C3%A9.log");
    }
}
