//! Whether a file can be run, found out before the run and said in words.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use rustix::io::Errno;

use crate::BenchError;

/// The first bytes of what systems run without an interpreter: ELF and Mach-O.
const BINARIES: [&[u8]; 6] = [
    b"\x7fELF",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
];

/// Makes sure that a node's program can be started, and makes its path absolute:
/// nodes run in the folder for temporary files, as under Maelstrom. A name
/// without `/` that is not in the current folder is looked for in `PATH`.
///
/// # Errors
/// If the file is missing, a directory, not executable, or a script that no
/// interpreter of this machine can run. The message says what to do.
pub fn check_program(path: &Path) -> Result<PathBuf, BenchError> {
    let absolute = std::path::absolute(path)
        .map_err(BenchError::system(format!("cannot find {}", path.display())))?;
    let found = if absolute.exists() {
        absolute
    } else {
        in_path(path.as_os_str()).ok_or(BenchError::NotFound(absolute))?
    };
    if found.is_dir() {
        return Err(BenchError::IsDirectory(found));
    }
    if !is_executable(&found) {
        return Err(BenchError::NotExecutable(found));
    }
    let mut start = Vec::new();
    // A file that may be run but not read can still be started.
    let readable = File::open(&found).and_then(|file| file.take(512).read_to_end(&mut start));
    match readable {
        Ok(_) => check_start(&start, found),
        Err(_) => Ok(found),
    }
}

fn check_start(start: &[u8], path: PathBuf) -> Result<PathBuf, BenchError> {
    if BINARIES.iter().any(|magic| start.starts_with(magic)) {
        return Ok(path);
    }
    let Some(rest) = start.strip_prefix(b"#!") else {
        // Systems can be taught to run other files, but never plain text.
        let is_text = !start.contains(&0) && is_utf8_start(start);
        return if is_text { Err(BenchError::NoInterpreterLine(path)) } else { Ok(path) };
    };
    let line = rest.split(|&byte| byte == b'\n').next().unwrap_or_default();
    if line.ends_with(b"\r") {
        return Err(BenchError::WindowsLineEnds(path));
    }
    match missing_interpreter(line) {
        Some(interpreter) => Err(BenchError::MissingInterpreter { path, interpreter }),
        None => Ok(path),
    }
}

/// Whether this could be the beginning of a text, cut off anywhere.
fn is_utf8_start(bytes: &[u8]) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    }
}

/// What a `#!` line names and this machine has not.
fn missing_interpreter(line: &[u8]) -> Option<String> {
    let mut words = line
        .split(|byte| byte.is_ascii_whitespace())
        .filter(|word| !word.is_empty())
        .map(OsStr::from_bytes);
    let Some(interpreter) = words.next() else {
        return Some(String::new());
    };
    if !is_executable(Path::new(interpreter)) {
        return Some(interpreter.to_string_lossy().into_owned());
    }
    if Path::new(interpreter).file_name() != Some(OsStr::new("env")) {
        return None;
    }
    // `env` takes options and assignments before the name.
    let name = words.find(|word| {
        let bytes = word.as_bytes();
        !bytes.starts_with(b"-") && !bytes.contains(&b'=')
    })?;
    let is_here = if name.as_bytes().contains(&b'/') {
        is_executable(Path::new(name))
    } else {
        in_path(name).is_some()
    };
    (!is_here).then(|| name.to_string_lossy().into_owned())
}

fn in_path(name: &OsStr) -> Option<PathBuf> {
    if name.is_empty() || name.as_bytes().contains(&b'/') {
        return None;
    }
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|file| is_executable(file))
}

fn is_executable(path: &Path) -> bool {
    path.is_file() && access(path, Access::EXEC_OK).is_ok()
}

/// Says why the system refused to start a file that [`check_program`] found
/// in order.
pub(crate) fn start_error(path: &Path, error: &io::Error) -> BenchError {
    if !path.exists() {
        return BenchError::NotFound(path.to_owned());
    }
    let reason = match Errno::from_io_error(error) {
        Some(Errno::NOENT) => {
            "what loads it is missing; it was probably built for another system or another C library"
                .to_owned()
        }
        Some(Errno::NOEXEC) => {
            "it is in no form that this system runs; it was probably built for another kind of \
             machine"
                .to_owned()
        }
        Some(Errno::ACCESS) => {
            "permission denied; is its file system mounted with noexec?".to_owned()
        }
        Some(Errno::AGAIN | Errno::NOMEM) => {
            format!("{error}; are there too many processes (ulimit -u) for this machine?")
        }
        Some(Errno::MFILE | Errno::NFILE) => {
            format!("{error}; raise the limit of open files (ulimit -n)")
        }
        Some(Errno::TXTBSY) => "somebody is still writing it; wait for the build to end".to_owned(),
        Some(Errno::TOOBIG) => "its arguments and environment are too long".to_owned(),
        _ => error.to_string(),
    };
    BenchError::CannotStart { path: path.to_owned(), reason }
}

/// The folder that nodes run in.
pub(crate) fn working_folder() -> PathBuf {
    let folder = env::temp_dir();
    fs::canonicalize(&folder).unwrap_or(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(start: &[u8]) -> String {
        match check_start(start, PathBuf::from("/x/node.py")) {
            Ok(_) => "fine".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn says_what_is_wrong_with_a_script() {
        assert_eq!(said(b"#!/bin/sh\necho"), "fine");
        assert_eq!(said(b"#! /usr/bin/env -S A=1 sh -e\n"), "fine");
        assert_eq!(said(b"\x7fELF\x02"), "fine");
        assert_eq!(said(b"\x01\x00\x02 known to binfmt_misc"), "fine");
        assert!(said(b"import sys").contains("no #! line"));
        assert!(said("# caf\u{e9}".as_bytes().split_last().unwrap().1).contains("no #! line"));
        assert!(said(b"").contains("no #! line"));
        assert!(said(b"#!/bin/sh\r\n").contains("line ends of Windows"));
        assert!(said(b"#!/no/such/thing -x\n").contains("run by \"/no/such/thing\""));
        assert!(said(b"#!/usr/bin/env no-such-thing-0\n").contains("run by \"no-such-thing-0\""));
    }

    #[test]
    fn finds_programs_by_path_and_by_name() {
        assert!(check_program(Path::new("sh")).unwrap().is_absolute());
        assert!(matches!(check_program(Path::new("/")), Err(BenchError::IsDirectory(_))));
        let missing = check_program(Path::new("no/such/node")).unwrap_err().to_string();
        assert!(missing.contains("there is no file") && missing.contains("/no/such/node"));
        let plain = tempfile::NamedTempFile::new().unwrap();
        let refused = check_program(plain.path()).unwrap_err().to_string();
        assert!(refused.contains("is not executable; run: chmod +x /"), "{refused}");
    }
}
