//! A folder for what nobody keeps.

use std::io::ErrorKind;
use std::path::PathBuf;

use crate::error::SessionError;

/// How many folders one process may have had before.
const MOST: u32 = 1_000_000;

/// A folder that is gone afterwards.
#[derive(Debug)]
pub struct Scratch {
    /// Where it is.
    pub path: PathBuf,
}

impl Scratch {
    /// A new folder in the one for such things.
    ///
    /// # Errors
    /// If none can be made.
    pub fn new() -> Result<Scratch, SessionError> {
        let folder = std::env::temp_dir();
        for number in 0..MOST {
            let path = folder.join(format!("glomers-{}-{number}", std::process::id()));
            // Never one that is there: somebody else may have put it there.
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Scratch { path }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => {
                    let what = format!("{} cannot be made: {error}", path.display());
                    return Err(SessionError::Scratch { what });
                }
            }
        }
        let what = format!("{} is full of old folders", folder.display());
        Err(SessionError::Scratch { what })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left in a temporary folder does no harm.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
