//! A Plan in a few words.

use glomers_sim::{Operations, OverrideAction, Plan};

/// `Three nodes, four operations, one cut`: what a small Plan consists of.
pub fn in_words(plan: &Plan) -> String {
    let operations = match &plan.operations {
        Operations::Listed(list) => count(list.len(), "operation", "operations"),
        Operations::Generated => "generated operations".to_owned(),
    };
    let mut parts = vec![count(plan.nodes.len(), "node", "nodes"), operations];
    for (name, one, many) in KINDS {
        let is_one = |event: &&glomers_sim::FaultEvent| {
            event.fault().is_some_and(|fault| fault.name() == name)
        };
        let number = plan.faults.iter().filter(is_one).count();
        if number > 0 {
            parts.push(count(number, one, many));
        }
    }
    let (mut lost, mut late, mut doubled) = (0, 0, 0);
    for exception in &plan.overrides {
        match exception.action {
            OverrideAction::Drop => lost += 1,
            OverrideAction::Delay(_) => late += 1,
            OverrideAction::Double(_) => doubled += 1,
        }
    }
    for (number, one, many) in [
        (lost, "lost message", "lost messages"),
        (late, "late message", "late messages"),
        (doubled, "doubled message", "doubled messages"),
    ] {
        if number > 0 {
            parts.push(count(number, one, many));
        }
    }
    let text = parts.join(", ");
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// Kinds of faults, by their names, in the words for one and for several.
const KINDS: [(&str, &str, &str); 10] = [
    ("partition", "cut", "cuts"),
    ("kill", "kill", "kills"),
    ("pause", "pause", "pauses"),
    ("loss", "period of message loss", "periods of message loss"),
    ("duplicate", "period of doubled messages", "periods of doubled messages"),
    ("reorder", "period of reordering", "periods of reordering"),
    ("slow-links", "period of slow links", "periods of slow links"),
    ("slow-nodes", "period of slow nodes", "periods of slow nodes"),
    ("clock", "wrong clock", "wrong clocks"),
    ("disk", "bad disk", "bad disks"),
];

const WORDS: [&str; 13] = [
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve",
];

fn count(number: usize, one: &str, many: &str) -> String {
    let word = WORDS.get(number).map_or_else(|| number.to_string(), |word| (*word).to_owned());
    format!("{word} {}", if number == 1 { one } else { many })
}
