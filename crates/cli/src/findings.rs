//! Findings, so that they can be read: those that say the same are said once.

use glomers_check::Finding;
use glomers_history::FindingKind;

use crate::doc;

/// How many other forms of a kind are named after the first; all are in the results.
const OTHER_FORMS: usize = 3;

/// All findings of one name: the first, and those that differ from it.
struct Kind<'a> {
    first: &'a Finding,
    count: usize,
    /// One finding of each other form: other words, or another node.
    forms: Vec<(String, &'a Finding)>,
}

/// The text of all findings, with a blank line after each kind. Every kind that
/// the verdict names is explained, however many findings of another kind there are.
pub(crate) fn text(findings: &[Finding]) -> String {
    let mut kinds: Vec<Kind<'_>> = Vec::new();
    for finding in findings {
        let form = key(finding);
        match kinds.iter_mut().find(|kind| kind.first.name == finding.name) {
            Some(kind) => {
                kind.count += 1;
                if kind.forms.iter().all(|(known, _)| *known != form) {
                    kind.forms.push((form, finding));
                }
            }
            None => kinds.push(Kind { first: finding, count: 1, forms: vec![(form, finding)] }),
        }
    }
    kinds.iter().map(|kind| kind.text() + "\n").collect()
}

impl Kind<'_> {
    fn text(&self) -> String {
        let Kind { first, count, forms } = self;
        let mut text = format!("{first}\n");
        // Others say when by their operations; before there are any it is always 0.
        let is_of_node = first.node.is_some() && first.operations.is_empty();
        if let Some(time) = first.time.filter(|time| is_of_node && time.0 > 0) {
            text += &format!("  at {time}\n");
        }
        let others = &forms[1..];
        for (_, other) in others.iter().take(OTHER_FORMS) {
            text += &format!("  also: {}\n", other.summary.replace('\n', "\n    "));
        }
        if *count > 1 {
            let name = &first.name;
            text +=
                &format!("  {count} findings of the kind {name} in all; results.edn has each\n");
        }
        let kind = FindingKind::of(&first.name);
        if let Some(page) = kind.and_then(|kind| glomers_guide::of_finding(kind.name)) {
            text += &format!("  see glomers doc {}\n", doc::typed(page));
        }
        text
    }
}

/// The names of the findings, each once.
pub(crate) fn names(findings: &[Finding]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for finding in findings {
        if !names.contains(&&*finding.name) {
            names.push(&finding.name);
        }
    }
    names.join(", ")
}

/// What findings that differ in numbers only have in common.
fn key(finding: &Finding) -> String {
    let mut key = format!("{} {} ", finding.name, finding.node.as_deref().unwrap_or_default());
    let mut was_digit = false;
    for letter in finding.summary.chars() {
        let is_digit = letter.is_ascii_digit();
        if !is_digit {
            key.push(letter);
        } else if !was_digit {
            key.push('0');
        }
        was_digit = is_digit;
    }
    key
}

#[cfg(test)]
mod tests {
    use glomers_history::Time;

    use super::*;

    #[test]
    fn what_differs_in_numbers_only_is_said_once() {
        let error = |node: &str, op: u32| Finding {
            name: "node-error".into(),
            summary: format!("{node} broke the protocol in op {op}."),
            evidence: vec!["it wrote: x".to_owned()],
            operations: Vec::new(),
            node: Some(node.to_owned()),
            time: Some(Time(5_000_000)),
            circle: Vec::new(),
        };
        let said = text(&[error("n0", 8), error("n0", 123), error("n1", 9)]);
        assert_eq!(
            said,
            "node-error: n0 broke the protocol in op 8.\n  it wrote: x\n  at 0.005 s\n  also: n1 \
             broke the protocol in op 9.\n  3 findings of the kind node-error in all; results.edn \
             has each\n  see glomers doc node-error\n\n"
        );
        assert_eq!(names(&[error("n0", 1), error("n1", 2)]), "node-error");
    }

    #[test]
    fn every_kind_is_explained_however_many_there_are_of_another() {
        let mut findings: Vec<Finding> = (0..9)
            .map(|number| Finding {
                node: Some(format!("n{number}")),
                ..Finding::new("node-error", format!("n{number} broke the protocol: form {number}"))
            })
            .collect();
        let kinds = ["lost", "duplicated", "unseen", "never-ok", "unavailable", "read-went-back"];
        findings.extend(kinds.map(|name| Finding::new(name, "Something is wrong.")));
        let said = text(&findings);
        for kind in kinds {
            assert!(said.contains(&format!("\n{kind}: Something is wrong.\n")), "{kind}: {said}");
        }
        assert!(said.contains("  9 findings of the kind node-error in all"), "{said}");
        assert_eq!(said.matches("  also: ").count(), 3, "{said}");
    }
}
