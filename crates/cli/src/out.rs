//! What is printed. Nobody need be there to read it: `glomers … | head -1` closes
//! our standard output while the run goes on, and that is no reason to panic.
//!
//! Nodes and files of strangers have a say in what is printed, so whatever a
//! terminal would obey is escaped here, on the only way out.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write as _};
use std::process::ExitCode;
use std::sync::Mutex;

use glomers_protocol::printable_lines;

use crate::error::CRASHED;

/// Why standard output could not be written, the first time that it could not.
static FAILED: Mutex<Option<String>> = Mutex::new(None);

/// Prints a text of whole lines.
pub(crate) fn text(text: &str) {
    let text = printable_lines(text);
    #[cfg(test)]
    if captured::add(&text, false) {
        return;
    }
    let mut out = io::stdout().lock();
    printed(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

/// Prints a line.
pub(crate) fn line(line: impl Display) {
    text(&format!("{line}\n"));
}

/// Prints a line on standard error.
pub(crate) fn error(line: impl Display) {
    let line = format!("{line}\n");
    let line = printable_lines(&line);
    #[cfg(test)]
    if captured::add(&line, true) {
        return;
    }
    // In one call, so that lines of several threads do not mix.
    let _ = io::stderr().lock().write_all(line.as_bytes());
}

/// Prints what is for a program and not for a terminal, and may be no text.
pub(crate) fn raw(write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) {
    let mut standard = io::BufWriter::new(io::stdout().lock());
    printed(write(&mut standard).and_then(|()| io::Write::flush(&mut standard)));
}

/// Notes what became of something that was printed.
pub(crate) fn printed(result: io::Result<()>) {
    // A reader that closes the pipe has read enough.
    if let Err(error) = result
        && error.kind() != ErrorKind::BrokenPipe
        && let Ok(mut failed) = FAILED.lock()
    {
        failed.get_or_insert(error.to_string());
    }
}

/// The exit status of a command that is over: what could not be printed is no
/// success.
pub(crate) fn finish(code: ExitCode) -> ExitCode {
    let Some(reason) = FAILED.lock().ok().and_then(|mut failed| failed.take()) else {
        return code;
    };
    error(format_args!("error: standard output cannot be written: {reason}"));
    if code == ExitCode::SUCCESS { ExitCode::from(CRASHED) } else { code }
}

#[cfg(test)]
mod tests {
    /// What goes another way to the terminal is not escaped.
    #[test]
    fn all_that_is_printed_comes_this_way() {
        fn files(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { files(&path, found) } else { found.push(path) }
            }
        }
        let mut found = Vec::new();
        files(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        assert!(found.len() > 30);
        for path in found.iter().filter(|path| !path.ends_with("src/out.rs")) {
            let text = std::fs::read_to_string(path).unwrap();
            for way in ["println!", "eprint!", " print!", "dbg!", "stdout()", "stderr().lock"] {
                assert!(!text.contains(way), "{}: {way}", path.display());
            }
        }
    }
}

/// What tests see in place of a terminal.
#[cfg(test)]
pub(crate) mod captured {
    use std::cell::RefCell;

    thread_local! {
        static SAID: RefCell<Option<[String; 2]>> = const { RefCell::new(None) };
    }

    /// What this thread prints on standard output and standard error meanwhile.
    pub(crate) fn during<T>(run: impl FnOnce() -> T) -> (T, String, String) {
        SAID.set(Some(Default::default()));
        let result = run();
        let [out, error] = SAID.take().unwrap_or_default();
        (result, out, error)
    }

    pub(super) fn add(text: &str, is_error: bool) -> bool {
        SAID.with_borrow_mut(|said| match said {
            Some(said) => {
                said[usize::from(is_error)].push_str(text);
                true
            }
            None => false,
        })
    }
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
