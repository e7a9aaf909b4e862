//! What is wrong with each broken node.

use glomers_trials::gallery::{Case, in_words};

use crate::out;

pub(super) fn print(cases: &[&Case]) {
    for (place, case) in cases.iter().enumerate() {
        let entry = case.entry();
        let gap = if place == 0 { "" } else { "\n" };
        out::line(format_args!("{gap}broken/{}  ({})", entry.name, entry.workload));
        for (name, value) in [
            ("wrong", entry.wrong),
            ("finding", case.finding),
            ("under", &in_words(&case.under)),
            ("minimal", &entry.minimal()),
            ("twin", case.twin),
        ] {
            out::line(format_args!("  {name:<9}{value}"));
        }
        if !case.arguments.is_empty() {
            out::line(format_args!("  with     {}", case.arguments.join(" ")));
        }
    }
}
