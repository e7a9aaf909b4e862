//! Reads the file of a history, packed or not, and says what is wrong with one that
//! holds none.

use std::io::Read;
use std::path::Path;

use glomers_history::{History, OpKind};

use crate::error::CliError;

/// The most bytes that a packed file may unpack to: a small one can hold more than
/// a machine has memory for.
const MOST_UNPACKED: u64 = 4 << 30;

const FORMS: &str = "a history is EDN, such as {:process 0, :type :invoke, :f :read, :value nil}, \
                     one operation a line or all in a vector; or a history.txt; or the \
                     history.jsonl of a run";

/// Reads the history in a file, or on standard input if it is named `-`. Transactions say
/// themselves what they did, so of them ends may stand alone, and a process may have
/// several under way.
pub(super) fn read(file: &Path, of_transactions: bool) -> Result<History, CliError> {
    let is_input = file == Path::new("-");
    let name = if is_input { "standard input".to_owned() } else { file.display().to_string() };
    let cannot = |error| CliError::usage(format!("{name} cannot be read: {error}"));
    if file.is_dir() {
        return Err(CliError::usage(format!("{name} is a directory")).hint(
            "a run's history is its file history.jsonl; glomers recover judges all of a run again",
        ));
    }
    let mut bytes = Vec::new();
    if is_input {
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(cannot)?;
    } else {
        bytes = std::fs::read(file).map_err(cannot)?;
    }
    let bytes = unpacked(bytes, &name)?;
    if let Some(what) = no_text(&bytes) {
        let (what, hint) = what;
        return Err(CliError::usage(format!("{name} {what}")).hint(hint));
    }
    let read = glomers_history::read_consistent(&bytes);
    if of_transactions
        && let Err(error) = &read
        && let Ok(history) = glomers_history::read(&bytes)
        && (!error.expected.starts_with(":index") || is_of_ends(&history))
    {
        return Ok(history);
    }
    read.map_err(|error| {
        CliError::usage(format!("{name} is no history: {error}")).hint(hint(file, &bytes))
    })
}

/// Whether a history has no beginnings of operations.
fn is_of_ends(history: &History) -> bool {
    history.ops().iter().all(|op| op.kind != OpKind::Invoke)
}

/// The content of a file that gzip or zstd has packed, whatever its name.
fn unpacked(bytes: Vec<u8>, name: &str) -> Result<Vec<u8>, CliError> {
    let (how, unpack): (_, Box<dyn Read + '_>) = if bytes.starts_with(&[0x1f, 0x8b]) {
        ("gzip", Box::new(flate2::read::MultiGzDecoder::new(&*bytes)))
    } else if bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        let unpack = zstd::Decoder::new(&*bytes);
        ("zstd", Box::new(unpack.map_err(|error| CliError::machine(format!("zstd: {error}")))?))
    } else {
        return Ok(bytes);
    };
    let mut whole = Vec::new();
    let refuse = |reason: &str| {
        CliError::usage(format!("{name} is packed with {how} and cannot be unpacked: {reason}"))
    };
    unpack.take(MOST_UNPACKED + 1).read_to_end(&mut whole).map_err(|error| {
        refuse(&error.to_string()).hint("it may have been cut off; pack the history anew")
    })?;
    if whole.len() as u64 > MOST_UNPACKED {
        return Err(refuse("it has more than 4 GiB").hint("unpack it, and check the file itself"));
    }
    Ok(whole)
}

/// What is wrong with a file that is no text, and what to do about it.
fn no_text(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    const UTF_16: &str = "save it as UTF-8, as with: iconv -f UTF-16 -t UTF-8 FILE";
    // Every second byte of Latin letters in UTF-16 is 0.
    let zeros = |first: usize| bytes.iter().skip(first).step_by(2).take(32).all(|&byte| byte == 0);
    match bytes {
        [] => Some(("is empty: there is no operation in it", FORMS)),
        bytes if bytes.iter().all(u8::is_ascii_whitespace) => {
            Some(("holds nothing but spaces: there is no operation in it", FORMS))
        }
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some(("is text in UTF-16, not in UTF-8", UTF_16)),
        [_, _, _, _, ..] if zeros(0) != zeros(1) => {
            Some(("is text in UTF-16, not in UTF-8", UTF_16))
        }
        [b'P', b'K', 3, 4, ..] => Some(("is a ZIP archive", "unpack it first")),
        _ => None,
    }
}

/// What to do about a text that is no history.
fn hint(file: &Path, bytes: &[u8]) -> String {
    let folder = file.parent().filter(|folder| folder.join("journal.bin").is_file());
    let is_stream = file.file_name().is_some_and(|name| name == "history.jsonl");
    if let (Some(folder), true) = (folder, is_stream) {
        let folder = crate::shell::quoted(&folder.to_string_lossy());
        return format!(
            "this is the stream of a run, which was cut off or damaged; what is left of it is \
             judged by: glomers recover {folder}"
        );
    }
    if is_stream && !bytes.ends_with(b"\n") {
        return "it was cut off within its last line: remove that line, or have glomers recover \
                judge the run's directory"
            .to_owned();
    }
    FORMS.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_named() {
        let named = |bytes: &[u8]| no_text(bytes).map(|(what, _)| what);
        let utf_16 = |order: fn(u16) -> [u8; 2], mark: &str| -> Vec<u8> {
            format!("{mark}{{:type :ok}}").encode_utf16().flat_map(order).collect()
        };
        for mark in ["\u{feff}", ""] {
            for order in [u16::to_le_bytes, u16::to_be_bytes] {
                let said = named(&utf_16(order, mark)).unwrap();
                assert!(said.contains("UTF-16"), "{said}");
            }
        }
        assert!(named(b"").unwrap().contains("is empty"));
        assert!(named(b" \n\n").unwrap().contains("nothing but spaces"));
        assert_eq!(named(b"{:type :ok}"), None);
        assert_eq!(named(b"\0\0\0\0"), None);
    }
}
