//! What traced nodes ran: the files, and what was in them, so that a replay can say
//! that they are others now.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json};

use crate::error::SessionError;

/// The field of `run.json`.
pub(crate) const FILES: &str = "files";

/// The files with their fingerprints, as JSON.
pub(crate) fn of(files: &[PathBuf]) -> Json {
    let pairs = files.iter().filter_map(|path| Some((path.to_str()?, fingerprint(path).ok()?)));
    Json::Object(pairs.map(|(path, print)| (path.to_owned(), print.into())).collect())
}

/// Length and checksum of a file.
fn fingerprint(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let (mut hasher, mut length) = (crc32fast::Hasher::new(), 0u64);
    let mut space = vec![0; 1 << 20];
    loop {
        match file.read(&mut space)? {
            0 => return Ok(format!("{length}-{:08x}", hasher.finalize())),
            count => {
                hasher.update(&space[..count]);
                length += count as u64;
            }
        }
    }
}

/// Makes sure that the files that a stored run ran are still the same.
///
/// # Errors
/// Names the first that is not.
pub fn check(directory: &Path) -> Result<(), SessionError> {
    let text = std::fs::read_to_string(directory.join("run.json")).unwrap_or_default();
    let run: Map<String, Json> = serde_json::from_str(&text).unwrap_or_default();
    let Some(Json::Object(files)) = run.get(FILES) else { return Ok(()) };
    let stored: BTreeMap<&str, &str> =
        files.iter().filter_map(|(path, print)| Some((path.as_str(), print.as_str()?))).collect();
    for (path, print) in stored {
        let now = fingerprint(Path::new(path));
        if !now.as_ref().is_ok_and(|now| now == print) {
            return Err(SessionError::Changed { path: path.to_owned(), exists: now.is_ok() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        std::fs::write(&program, "one").unwrap();
        let run = serde_json::json!({ FILES: of(std::slice::from_ref(&program)) });
        std::fs::write(folder.path().join("run.json"), run.to_string()).unwrap();
        assert!(check(folder.path()).is_ok());
        std::fs::write(&program, "two").unwrap();
        assert!(check(folder.path()).unwrap_err().to_string().contains("has changed"));
        std::fs::remove_file(&program).unwrap();
        assert!(check(folder.path()).unwrap_err().to_string().contains("is gone"));
    }
}
