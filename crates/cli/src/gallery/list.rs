//! What is wrong with each broken node.

use glomers_broken_nodes::Entry;
use glomers_trials::gallery::in_words;

use crate::out;

pub(super) fn print(entries: &[&Entry]) {
    for (place, entry) in entries.iter().enumerate() {
        let gap = if place == 0 { "" } else { "\n" };
        out::line(format_args!("{gap}broken/{}  ({})", entry.name, entry.workload));
        for (name, value) in [
            ("wrong", entry.wrong),
            ("finding", entry.finding),
            ("under", &in_words(&entry.under)),
            ("minimal", entry.minimal),
            ("twin", entry.twin),
        ] {
            out::line(format_args!("  {name:<9}{value}"));
        }
        if !entry.arguments.is_empty() {
            out::line(format_args!("  with     {}", entry.arguments.join(" ")));
        }
    }
}
