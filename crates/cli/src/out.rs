//! What is printed. Nobody need be there to read it: `glomers … | head -1` closes
//! our standard output while the run goes on, and that is no reason to panic.

use std::fmt::Display;
use std::io::Write as _;

/// Prints a text as it is.
pub(crate) fn text(text: &str) {
    let mut out = std::io::stdout().lock();
    // If nobody reads it, there is nobody to tell.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Prints a line.
pub(crate) fn line(line: impl Display) {
    text(&format!("{line}\n"));
}

/// Prints a line on standard error.
pub(crate) fn error(line: impl Display) {
    // In one call, so that lines of several threads do not mix.
    let _ = std::io::stderr().lock().write_all(format!("{line}\n").as_bytes());
}
