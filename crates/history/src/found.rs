//! What is wrong with a run, and what its nodes said of themselves.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::{Time, Value};

/// Something that is wrong, in words a person can act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The kind of finding: `lost`, `duplicated`, `node-crashed`.
    pub name: Cow<'static, str>,
    /// One sentence: what is wrong and the rule that it breaks.
    pub summary: String,
    /// The operations or lines that prove it, one a line, a dozen at most.
    pub evidence: Vec<String>,
    /// Where to look: indexes into the history.
    pub operations: Vec<u64>,
    /// The node it is about, if it is about one.
    pub node: Option<String>,
    /// When it showed, counted as operations are.
    pub time: Option<Time>,
    /// If it is a circle of operations, these: each would have to come before the
    /// next, the last before the first.
    pub circle: Vec<CircleStep>,
}

/// An operation in a cycle, and why it comes before the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CircleStep {
    /// Where it shows in the history.
    pub operation: u64,
    /// Why it comes before the next: `ww`, `wr`, `rw`, `saw` (who saw it read what the
    /// next wrote), `process` or `realtime`.
    pub edge: &'static str,
    /// The key that this is about, if it is about one.
    pub key: Option<Value>,
}

/// How many lines a rendered finding may have: what a person reads at a glance.
const LINES: usize = 12;

impl Finding {
    /// A finding without evidence yet.
    pub fn new(name: &'static str, summary: impl Into<String>) -> Finding {
        Finding {
            name: Cow::Borrowed(name),
            summary: summary.into(),
            evidence: Vec::new(),
            operations: Vec::new(),
            node: None,
            time: None,
            circle: Vec::new(),
        }
    }

    /// The finding as text: its name and summary, then the evidence, indented; at
    /// most a dozen lines.
    pub fn render(&self) -> Vec<String> {
        let mut lines = vec![format!("{}: {}", self.name, safe(&self.summary))];
        let room = LINES - 1;
        let fits = self.evidence.len() <= room;
        let shown = if fits { room } else { room - 1 };
        lines.extend(self.evidence.iter().take(shown).map(|line| format!("  {}", safe(line))));
        if !fits {
            lines.push(format!("  and {} lines more", self.evidence.len() - shown));
        }
        lines
    }
}

/// What may have been written by a node: a terminal obeys none of it, and its lines
/// are not taken for ours.
fn safe(text: &str) -> String {
    glomers_protocol::printable_lines(text).replace('\n', "\n    ")
}

impl fmt::Display for Finding {
    /// The lines of [`Finding::render`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render().join("\n"))
    }
}

/// An observation that a node made about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// When, counted as operations are (0 if before the first could be).
    pub time: Time,
    /// Which node, by its place in the list of nodes.
    pub node: u32,
    /// What about.
    pub label: Arc<str>,
    /// What.
    pub value: Value,
}
