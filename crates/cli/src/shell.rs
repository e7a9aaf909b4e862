//! Words as a shell takes them, and files as nodes see them.

use std::path::Path;

/// A word as a shell takes it.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    // A word with a zero byte never came from a shell.
    shlex::try_quote(word).map_or_else(|_| word.to_owned(), std::borrow::Cow::into_owned)
}

/// Nodes run in the folder for temporary files: a note for each argument that is a file as
/// seen from here, and none as seen from there.
pub(crate) fn relative_files(arguments: &[String]) -> Vec<String> {
    let folder = std::env::temp_dir();
    let note = |argument: &String| {
        let path = Path::new(argument);
        let is_elsewhere = path.is_relative() && path.is_file() && !folder.join(path).exists();
        let whole = path.canonicalize().ok().filter(|_| is_elsewhere)?;
        Some(format!(
            "nodes run in {}, where there is no {argument}; give its whole path: {}",
            folder.display(),
            quoted(&whole.to_string_lossy())
        ))
    };
    arguments.iter().filter_map(note).collect()
}
