//! What nodes are started with: variables, and what their file must be.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Variables of a session: they differ from one terminal to the next and mean
/// nothing to a node.
const OF_SESSION: [&str; 26] = [
    "_",
    "SHLVL",
    "OLDPWD",
    "PWD",
    "TERM",
    "COLORTERM",
    "TERM_PROGRAM",
    "COLUMNS",
    "LINES",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "WINDOWID",
    "TMUX",
    "TMUX_PANE",
    "STY",
    "TTY",
    "PS1",
    "PS2",
    "PROMPT_COMMAND",
    "HISTFILE",
    "INVOCATION_ID",
    "JOURNAL_STREAM",
    "GPG_TTY",
    "LS_COLORS",
    "NO_COLOR",
    "RUST_BACKTRACE",
];
/// Variables that Glomers sets for each node anew.
const OURS: [&str; 4] = ["GLOMERS_SEED", "GLOMERS_INCARNATION", "GLOMERS_DATA_DIR", "GLOMERS_RUN"];
/// How the names of others of this kind begin.
const OF_SESSION_PREFIX: [&str; 7] =
    ["SSH_", "XDG_SESSION", "DBUS_", "CARGO", "KONSOLE_", "VSCODE_", "RUSTUP_TOOLCHAIN"];

/// The variables that nodes get, in order of their names.
pub(crate) fn variables(is_pinned: bool) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let all = std::env::vars_os().map(|(name, value)| (name.into_vec(), value.into_vec()));
    all.filter(|(name, _)| {
        let Ok(name) = std::str::from_utf8(name) else { return true };
        let is_ours = OURS.contains(&name);
        let is_of_session = OF_SESSION.contains(&name)
            || OF_SESSION_PREFIX.iter().any(|prefix| name.starts_with(prefix));
        !(is_ours || is_pinned && is_of_session)
    })
    .collect()
}

/// Variables as the kernel takes them.
pub(crate) fn block(variables: &BTreeMap<Vec<u8>, Vec<u8>>) -> Vec<CString> {
    let entries = variables.iter().map(|(name, value)| [name, &b"="[..], value].concat());
    // A name or value with a zero inside cannot come from the system.
    entries.filter_map(|entry| CString::new(entry).ok()).collect()
}

/// Says why this file cannot be traced, if so.
pub(crate) fn refusal(path: &Path) -> Option<String> {
    const SETUID_OR_SETGID: u32 = 0o6000;
    let file = File::open(path).ok()?;
    let mode = file.metadata().ok()?.permissions().mode();
    if mode & SETUID_OR_SETGID != 0 {
        return Some(
            "it is setuid or setgid, which the system does not allow under a tracer; take the \
             bit away (chmod ug-s) or use --time real"
                .to_owned(),
        );
    }
    let mut start = Vec::new();
    file.take(20).read_to_end(&mut start).ok()?;
    elf_refusal(&start)
}

fn elf_refusal(start: &[u8]) -> Option<String> {
    const X86_64: u16 = 62;
    if !start.starts_with(b"\x7fELF") || start.len() < 20 {
        return None;
    }
    let machine = u16::from_le_bytes([start[18], start[19]]);
    if start[4] == 2 && start[5] == 1 && machine == X86_64 {
        return None;
    }
    let kind = match (machine, start[4]) {
        (3, _) => "32-bit x86",
        (183, _) => "64-bit ARM",
        (40, _) => "32-bit ARM",
        (243, _) => "RISC-V",
        (_, 1) => "a 32-bit machine",
        _ => "another kind of machine",
    };
    Some(format!(
        "it was built for {kind}, and virtual time works for 64-bit x86 programs; build it for \
         x86_64-linux"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_for_other_machines_are_named() {
        let mut start = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0".to_vec();
        assert_eq!(elf_refusal(&start), None);
        start[18] = 183;
        assert!(elf_refusal(&start).unwrap().contains("64-bit ARM"));
        start[18] = 3;
        start[4] = 1;
        assert!(elf_refusal(&start).unwrap().contains("32-bit x86"));
        assert_eq!(elf_refusal(b"#!/bin/sh\n"), None);
    }

    #[test]
    fn variables_of_a_session_stay_out() {
        let all = variables(true);
        assert!(all.contains_key(&b"PATH"[..]));
        assert!(!all.keys().any(|name| name.starts_with(b"CARGO")), "the test runs under cargo");
    }
}
