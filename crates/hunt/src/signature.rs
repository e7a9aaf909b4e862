//! Which findings are the same.

use std::fmt;

use glomers_history::{Finding, History, OpKind};
use serde::{Deserialize, Serialize};

/// What two findings share that are the same mistake, as far as can be seen: their name,
/// what kind of thing they are about, and the shape of their evidence; never which, nor
/// when.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Signature {
    /// The finding's name.
    pub name: String,
    /// What it is about: `operation`, `node`, `test` or `run`.
    pub object: String,
    /// Of operations, what the first that proves it does; of nodes, what they did, and of
    /// tests, what they say, without numbers and names; else empty.
    pub shape: String,
}

/// What lies between the parts of a signature as text.
const BETWEEN: &str = " · ";

/// What the shape of a refused operation begins with.
const REFUSED: &str = "refused ";

/// How long a shape may be, in characters.
const LONGEST: usize = 60;

impl Signature {
    /// The signature of a finding in a history.
    pub fn of(finding: &Finding, history: &History) -> Signature {
        let name = finding.name.to_string();
        let first = finding.operations.first();
        let op = first.and_then(|&index| history.ops().get(index as usize));
        if &*finding.name == "assertion-failed" {
            // It is as good as a name: another text is another assertion.
            let shape = plain(&finding.summary, "\0");
            return Signature { name, object: "test".to_owned(), shape };
        }
        if let Some(op) = op {
            let end = if op.kind == OpKind::Fail { REFUSED } else { "" };
            return Signature {
                name,
                object: "operation".to_owned(),
                shape: format!("{end}{}", op.f),
            };
        }
        match &finding.node {
            Some(node) => {
                let shape = plain(&finding.summary, node);
                Signature { name, object: "node".to_owned(), shape }
            }
            None => Signature { name, object: "run".to_owned(), shape: String::new() },
        }
    }

    /// Whether it is about an operation that was refused.
    pub fn is_refused(&self) -> bool {
        self.shape.starts_with(REFUSED)
    }

    /// The name as part of a file's name.
    pub fn file_stem(&self) -> String {
        let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' };
        self.name.chars().map(safe).collect()
    }
}

/// A sentence without what differs from run to run: names of nodes, numbers, what is
/// quoted.
fn plain(summary: &str, node: &str) -> String {
    let mut plain = String::new();
    let mut is_quoted = false;
    for c in summary.replace(node, "a node").chars() {
        match c {
            '"' | '`' => {
                is_quoted = !is_quoted;
                plain.push(c);
            }
            _ if is_quoted => {}
            c if c.is_ascii_digit() => {
                if !plain.ends_with('#') {
                    plain.push('#');
                }
            }
            c => plain.push(c),
        }
    }
    let end = plain.char_indices().nth(LONGEST).map_or(plain.len(), |(at, _)| at);
    plain.truncate(end);
    plain.trim().replace(BETWEEN, " ")
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        f.write_str(BETWEEN)?;
        f.write_str(&self.object)?;
        if !self.shape.is_empty() {
            write!(f, "{BETWEEN}{}", self.shape)?;
        }
        Ok(())
    }
}

impl From<Signature> for String {
    fn from(signature: Signature) -> String {
        signature.to_string()
    }
}

impl TryFrom<String> for Signature {
    type Error = String;

    fn try_from(text: String) -> Result<Signature, String> {
        let mut parts = text.splitn(3, BETWEEN);
        let (Some(name), Some(object)) = (parts.next(), parts.next()) else {
            return Err(format!("{text:?} is no signature of a finding"));
        };
        let shape = parts.next().unwrap_or_default().to_owned();
        Ok(Signature { name: name.to_owned(), object: object.to_owned(), shape })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_make_no_other_finding() {
        let of = |node: &str, line: u32| {
            let mut finding = Finding::new(
                "node-error",
                format!("{node} wrote line {line}, \"xyz{line}\", which is no JSON"),
            );
            finding.node = Some(node.to_owned());
            Signature::of(&finding, &History::new())
        };
        assert_eq!(of("n1", 7), of("n2", 123));
        let text = String::from(of("n1", 7));
        assert_eq!(text, "node-error · node · a node wrote line #, \"\", which is no JSON");
        assert_eq!(Signature::try_from(text), Ok(of("n3", 1)));
    }
}
