//! The README and the pages of the guide, as tests read them.

use std::path::{Path, PathBuf};

/// A fenced block.
#[derive(Debug)]
pub(crate) struct Block {
    /// What it is: `sh`, `text`, `python`.
    pub(crate) language: String,
    /// The file that it is, if it is one: the second word after the fence.
    pub(crate) file: Option<String>,
    /// Its lines, by their numbers in the page.
    pub(crate) lines: Vec<(usize, String)>,
}

impl Block {
    pub(crate) fn text(&self) -> String {
        self.lines.iter().map(|(_, line)| format!("{line}\n")).collect()
    }
}

pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).expect("the package lies in crates/cli").to_owned()
}

/// The README and all pages of the guide: their paths from the root of the repository.
pub(crate) fn pages() -> Vec<String> {
    let names = glomers_guide::pages().map(|page| format!("docs/src/{}.md", page.name));
    std::iter::once("README.md".to_owned()).chain(names).collect()
}

/// All blocks of a page, in order.
pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let (mut blocks, mut open): (Vec<Block>, Option<Block>) = (Vec::new(), None);
    for (number, line) in page.lines().enumerate() {
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (None, Some(info)) => {
                let mut words = info.split_whitespace().map(str::to_owned);
                let language = words.next().unwrap_or_default();
                open = Some(Block { language, file: words.next(), lines: Vec::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => block.lines.push((number, line.to_owned())),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block has no end: {open:?}");
    blocks
}

/// The words of a command, as a shell takes them apart.
pub(crate) fn words(line: &str) -> Vec<String> {
    let parts = line.split('"').enumerate().flat_map(|(place, part)| match place % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect::<Vec<String>>(),
        _ => vec![part.to_owned()],
    });
    parts.collect()
}
