//! The chapter of the guide, `docs/src/gallery.md`: what is written once, and a row for
//! each broken node.

use super::{Case, cases, in_words};

/// What stands around the rows.
const TEXT: &str = include_str!("guide.md");

/// The chapter as it must be.
pub fn guide() -> String {
    let is_of_transactions = |case: &&Case| case.entry().workload.starts_with("txn-");
    let (transactions, others): (Vec<&Case>, Vec<&Case>) = cases().partition(is_of_transactions);
    let rows = |cases: Vec<&Case>| cases.into_iter().map(row).collect::<String>();
    TEXT.replace("{rows}", &rows(others)).replace("{transactions}", &rows(transactions))
}

fn row(case: &Case) -> String {
    let entry = case.entry();
    format!(
        "| `{}` | {} | `{}` | {} | {} | `{}` |\n",
        case.name,
        entry.wrong,
        case.finding,
        in_words(&case.under),
        entry.minimal(),
        case.twin
    )
}
