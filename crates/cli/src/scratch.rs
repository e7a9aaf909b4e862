//! A folder for what nobody keeps.

use std::io::ErrorKind;
use std::path::PathBuf;

use crate::error::{CRASHED, CliError};

/// How many folders one process may have had before.
const MOST: u32 = 1_000_000;

/// A folder that is gone afterwards.
pub(crate) struct Scratch {
    pub(crate) path: PathBuf,
}

impl Scratch {
    pub(crate) fn new() -> Result<Scratch, CliError> {
        let folder = std::env::temp_dir();
        for number in 0..MOST {
            let path = folder.join(format!("glomers-{}-{number}", std::process::id()));
            // Never one that is there: somebody else may have put it there.
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Scratch { path }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => {
                    let message = format!("{} cannot be made: {error}", path.display());
                    return Err(CliError::machine(message).hint(HINT));
                }
            }
        }
        Err(CliError::machine(format!("{} is full of old folders", folder.display())).hint(HINT))
    }

    /// What failed in this folder: it is no store of the user's, so another piece of
    /// advice is needed.
    pub(crate) fn blame(&self, error: CliError) -> CliError {
        let is_here = error.message.contains(&*self.path.to_string_lossy());
        if error.exit == CRASHED && is_here { error.hint(HINT) } else { error }
    }
}

const HINT: &str = "this folder is for what is compared and then removed; the environment variable \
                    TMPDIR names another place for it";

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left in a temporary folder does no harm.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
