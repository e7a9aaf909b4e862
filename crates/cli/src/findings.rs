//! Findings, so that they can be read: those that say the same are said once.

use glomers_check::Finding;

/// How many are shown; all are in the results.
const SHOWN: usize = 5;

/// A finding and how many more there are like it.
struct Group<'a> {
    first: &'a Finding,
    key: String,
    more: usize,
}

/// The text of all findings, with a blank line after each.
pub(crate) fn text(findings: &[Finding]) -> String {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for finding in findings {
        let key = key(finding);
        match groups.iter_mut().find(|group| group.key == key) {
            Some(group) => group.more += 1,
            None => groups.push(Group { first: finding, key, more: 0 }),
        }
    }
    let mut text = String::new();
    for Group { first, more, .. } in groups.iter().take(SHOWN) {
        text += &format!("{first}\n");
        // Others say when by their operations; before there are any it is always 0.
        let is_of_node = first.node.is_some() && first.operations.is_empty();
        if let Some(time) = first.time.filter(|time| is_of_node && time.0 > 0) {
            text += &format!("  at {time}\n");
        }
        if *more > 0 {
            text += &format!("  and {more} more like this, in results.edn\n");
        }
        text.push('\n');
    }
    if let Some(more @ 1..) = groups.len().checked_sub(SHOWN) {
        text += &format!("… and {more} more findings of other kinds, in results.edn\n\n");
    }
    text
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
        };
        let said = text(&[error("n0", 8), error("n0", 123), error("n1", 9)]);
        assert_eq!(
            said,
            "node-error: n0 broke the protocol in op 8.\n  it wrote: x\n  at 0.005 s\n  and 1 \
             more like this, in results.edn\n\nnode-error: n1 broke the protocol in op 9.\n  it \
             wrote: x\n  at 0.005 s\n\n"
        );
        assert_eq!(names(&[error("n0", 1), error("n1", 2)]), "node-error");
    }
}
