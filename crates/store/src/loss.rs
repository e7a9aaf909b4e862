//! What of a stream could not be read, and why.

use std::fmt;

use glomers_protocol::printable;

/// What of a stream could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// Which file.
    pub file: &'static str,
    /// How many bytes of it were read.
    pub kept_bytes: u64,
    /// How many bytes behind these were left out.
    pub dropped_bytes: u64,
    /// What is wrong with them. `None`: they are just unfinished, or not there, as
    /// a kill leaves them.
    pub damage: Option<String>,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Loss { file, kept_bytes, dropped_bytes, damage } = self;
        match damage {
            None if *dropped_bytes == 0 => {
                write!(f, "{file} was cut off after {kept_bytes} bytes: it has no end")
            }
            None => write!(
                f,
                "{file} was cut off: its last {dropped_bytes} bytes are unfinished and were left out"
            ),
            Some(damage) => write!(
                f,
                "{file} is damaged: after {kept_bytes} good bytes comes {}; the {dropped_bytes} bytes from there on were left out",
                printable(damage)
            ),
        }
    }
}
