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

/// How many columns the terminal has; `None` if standard output is none. `COLUMNS`
/// counts before what the terminal says.
pub(crate) fn columns() -> Option<usize> {
    let named = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    let terminal = || terminal_size::terminal_size_of(std::io::stdout());
    named
        .filter(|&columns: &usize| columns > 0)
        .or_else(|| terminal().map(|(terminal_size::Width(width), _)| width.into()))
}

/// Prints a note on standard error: what was done about something that was typed.
pub(crate) fn note(text: impl Display) {
    error(format_args!("note: {text}"));
}
