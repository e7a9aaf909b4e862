//! Records of what traced nodes did, from two runs that should be the same.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use glomers_session::{Scratch, Session};

use crate::error::CliError;

/// How many lines before the difference are shown.
const SHARED: usize = 5;

/// Where the two records are.
pub(crate) struct Stops {
    folder: Option<PathBuf>,
    /// Gone afterwards, if nobody asked for it.
    _scratch: Option<Scratch>,
}

impl Stops {
    /// Room for two records, if nodes are traced.
    pub(crate) fn new(is_traced: bool, session: &Session<'_>) -> Result<Stops, CliError> {
        if !is_traced {
            return Ok(Stops { folder: None, _scratch: None });
        }
        if let Some(folder) = &session.record_stops {
            return Ok(Stops { folder: Some(folder.clone()), _scratch: None });
        }
        let scratch = Scratch::new()?;
        Ok(Stops { folder: Some(scratch.path.clone()), _scratch: Some(scratch) })
    }

    /// The folder of one of them.
    pub(crate) fn folder(&self, name: &str) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(name))
    }

    /// The first stop that differs, of each node that has one.
    pub(crate) fn difference(&self) -> Option<String> {
        let (a, b) = (self.folder("a")?, self.folder("b")?);
        let mut names: Vec<_> = std::fs::read_dir(&a)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.file_name())
            .collect();
        names.sort();
        let found = names.iter().filter_map(|name| {
            let text = first_difference(&a.join(name), &b.join(name))?;
            let node = Path::new(name).file_stem()?.to_string_lossy().into_owned();
            Some((text, node))
        });
        // By when: the others follow from it.
        let (text, node) = found.min_by_key(|((time, _), _)| *time)?;
        Some(format!("The first stop that differs is one of {node} (node and life):\n{}", text.1))
    }
}

/// The first line that differs, with its time, and both texts.
fn first_difference(a: &Path, b: &Path) -> Option<(u64, String)> {
    let lines = |path: &Path| File::open(path).ok().map(|file| BufReader::new(file).lines());
    let (a, mut b) = (lines(a)?, lines(b)?.map_while(Result::ok));
    let mut shared: Vec<String> = Vec::new();
    for ours in a.map_while(Result::ok) {
        let theirs = b.next();
        if theirs.as_ref() == Some(&ours) {
            if shared.len() == SHARED {
                shared.remove(0);
            }
            shared.push(ours);
            continue;
        }
        let time = ours.split(' ').next().and_then(|time| time.parse().ok()).unwrap_or(0);
        let mut text: String = shared.iter().map(|line| format!("    {line}\n")).collect();
        text += &format!("  a {ours}\n");
        text += &format!("  b {}\n", theirs.as_deref().unwrap_or("(nothing more)"));
        return Some((time, text));
    }
    let more = b.next()?;
    let time = more.split(' ').next().and_then(|time| time.parse().ok()).unwrap_or(0);
    Some((time, format!("  a (nothing more)\n  b {more}\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_stop_that_differs_is_shown() {
        let scratch = tempfile::tempdir().unwrap();
        for (name, text) in [("a", "1 x\n2 y\n3 z\n"), ("b", "1 x\n2 y\n4 w\n")] {
            std::fs::create_dir(scratch.path().join(name)).unwrap();
            std::fs::write(scratch.path().join(name).join("n0-0.txt"), text).unwrap();
        }
        let stops = Stops { folder: Some(scratch.path().to_owned()), _scratch: None };
        let said = stops.difference().unwrap();
        assert!(said.contains("n0-0") && said.contains("a 3 z\n  b 4 w"), "{said}");
    }
}
