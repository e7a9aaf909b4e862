//! What a hunt says at its end.

use std::time::Duration;

use glomers_hunt::merge::Merged;
use glomers_hunt::{Group, Hunt, Tally};

use super::{Found, HuntArguments, Went, is_unknown};
use crate::error::CliError;
use crate::junit::{self, Case};
use crate::{out, summary};

/// What reports call the runs of this command.
const SUITE: &str = "glomers hunt";

/// So it is known at once that the report can be written.
pub(super) fn begin(arguments: &HuntArguments) -> Result<(), CliError> {
    match &arguments.junit {
        Some(path) => junit::write(path, SUITE, &[junit::unfinished()]),
        None => Ok(()),
    }
}

/// "1 seed", "2 seeds".
fn count(number: u64, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

/// Prints the table of groups.
pub(super) fn print(
    hunt: &Hunt,
    tally: &Tally,
    went: &Went,
    found: &[Found],
    is_interrupted: bool,
) {
    let plan = &hunt.base.plan;
    let what = format!("{}, {}", plan.workload.name, summary::program(plan));
    let per_second = went.runs as f64 / went.seconds.max(1e-3);
    let mut head = format!("{what}: {}", count(tally.rows(), "seed"));
    if went.runs > 0 {
        head += &format!(", {per_second:.0} a second");
    }
    head += &match tally.groups().len() {
        0 => ", nothing found".to_owned(),
        groups => format!(", {} found", count(groups as u64, "mistake")),
    };
    if tally.unknown() > 0 {
        head += &format!("; {} could not be judged", count(tally.unknown(), "run"));
    }
    out::line(format_args!("{head}."));
    if !tally.groups().is_empty() {
        out::line("");
        out::text(&table(&rows(tally, found)));
    }
    if is_interrupted {
        out::line("\nInterrupted. The same command with --resume goes on.");
    }
}

/// Prints what parts come to.
pub(crate) fn print_merged(workload: &str, merged: &Merged, tally: &Tally) {
    let parts = count(merged.files as u64, "part");
    let found = match tally.groups().len() {
        0 => "nothing found".to_owned(),
        groups => format!("{} found", count(groups as u64, "mistake")),
    };
    out::line(format_args!("{workload}: {parts}, {}, {found}.", count(tally.rows(), "seed")));
    if !tally.groups().is_empty() {
        out::line("");
        out::text(&table(&rows(tally, &[])));
    }
}

fn rows(tally: &Tally, found: &[Found]) -> Vec<[String; 5]> {
    let header = ["finding", "runs", "first seed", "smallest", "command"].map(str::to_owned);
    let row = |group: &&Group| {
        let size = group.smallest;
        let smallest = format!(
            "seed {}: {}, {}, {}",
            size.seed,
            count(size.nodes, "node"),
            count(size.operations, "operation"),
            count(size.faults, "fault")
        );
        let shown = found.iter().find(|found| found.signature == group.signature);
        let command = shown.map_or(String::new(), |found| found.command.clone());
        [
            group.signature.to_string(),
            group.runs.to_string(),
            group.first.to_string(),
            smallest,
            command,
        ]
    };
    std::iter::once(header).chain(tally.groups().in_order().iter().map(row)).collect()
}

/// Columns, each as wide as its widest cell; numbers stand at the right.
fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..N).map(|column| width(column).unwrap_or_default()).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let width = widths[column];
            let is_number = [1, 2].contains(&column);
            line +=
                &if is_number { format!("{cell:>width$}  ") } else { format!("{cell:<width$}  ") };
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

/// Writes the report for machines, if one is wanted: a case for each group, and one for
/// the runs that found nothing.
pub(super) fn junit(
    arguments: &HuntArguments,
    hunt: &Hunt,
    tally: &Tally,
    went: &Went,
) -> Result<(), CliError> {
    let Some(path) = &arguments.junit else { return Ok(()) };
    let plan = &hunt.base.plan;
    let name = format!("{}, {}", plan.workload.name, summary::program(plan));
    let mut cases = vec![Case {
        name: format!("{name}: {}", count(tally.rows(), "seed")),
        wall_time: Duration::from_secs_f64(went.seconds),
        failure: is_unknown(tally).then(|| {
            let words = match tally.rows() {
                0 => "no run was done".to_owned(),
                runs => format!("{} could not be judged", count(runs, "run")),
            };
            ("unknown".to_owned(), words)
        }),
        output: String::new(),
    }];
    for group in tally.groups().in_order() {
        let details = format!(
            "in {}, first with seed {}; smallest: seed {}, {} operations",
            count(group.runs, "run"),
            group.first,
            group.smallest.seed,
            group.smallest.operations
        );
        cases.push(Case {
            name: format!("{name}: {}", group.signature),
            wall_time: Duration::ZERO,
            failure: Some((format!("INVALID ({})", group.signature.name), details)),
            output: String::new(),
        });
    }
    junit::write(path, SUITE, &cases)
}
