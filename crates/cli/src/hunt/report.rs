//! What a hunt says at its end.

use std::time::Duration;

use glomers_hunt::merge::Merged;
use glomers_hunt::{Group, Hunt, Tally, Weights};

use super::{Found, HuntArguments, Went, is_unknown};
use crate::error::CliError;
use crate::junit::{self, Case};
use crate::out;
use crate::summary::{self, counted as count};

/// What reports call the runs of this command.
const SUITE: &str = "glomers hunt";

/// So it is known at once that the report can be written.
pub(super) fn begin(arguments: &HuntArguments) -> Result<(), CliError> {
    match &arguments.junit {
        Some(path) => junit::write(path, SUITE, &[junit::unfinished()]),
        None => Ok(()),
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
        head += &match per_second < 10.0 {
            true => format!(", {per_second:.1} a second"),
            false => format!(", {per_second:.0} a second"),
        };
    }
    head += &match tally.groups().len() {
        0 => ", nothing found".to_owned(),
        groups => format!(", {} found", count(groups as u64, "mistake")),
    };
    if tally.unknown() > 0 {
        head += &format!("; {} could not be judged", count(tally.unknown(), "run"));
    }
    out::line(format_args!("{head}."));
    if let Some(families) = families(tally, &hunt.weights) {
        out::line(families);
    }
    if went.runs > 0 {
        let of = match went.runs == tally.rows() {
            true => String::new(),
            false => format!(", in the {} since --resume", count(went.runs, "run")),
        };
        out::line(format_args!("  broken{of}: {}", went.broken.words()));
    }
    if !tally.groups().is_empty() {
        out::line("");
        out::text(&table(&rows(tally, found)));
    }
    if is_interrupted {
        out::line("\nInterrupted. The same command with --resume goes on.");
    }
}

/// `families: swarm 12, leader 8`: how many seeds each had.
fn families(tally: &Tally, before: &Weights) -> Option<String> {
    let tries = |weights: &Weights, name: &str| weights.of(name).map_or(0, |of| of.all.tries);
    let counted = tally.counted();
    let mut families: Vec<(u64, &str)> = counted
        .families
        .keys()
        .map(|name| (tries(counted, name).saturating_sub(tries(before, name)), name.as_str()))
        .filter(|(count, _)| *count > 0)
        .collect();
    families.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let words: Vec<String> =
        families.iter().map(|(count, name)| format!("{name} {count}")).collect();
    (!words.is_empty()).then(|| format!("  families, with their seeds: {}", words.join(", ")))
}

/// Prints what parts come to.
pub(crate) fn print_merged(workload: &str, merged: &Merged, tally: &Tally, found: &[Found]) {
    let parts = count(merged.files as u64, "part");
    let how_many = match tally.groups().len() {
        0 => "nothing found".to_owned(),
        groups => format!("{} found", count(groups as u64, "mistake")),
    };
    out::line(format_args!("{workload}: {parts}, {}, {how_many}.", count(tally.rows(), "seed")));
    if let Some(families) = families(tally, &merged.manifest.weights) {
        out::line(families);
    }
    if !tally.groups().is_empty() {
        out::line("");
        out::text(&table(&rows(tally, found)));
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
            "in {}, first with seed {}; smallest: seed {}, {}",
            count(group.runs, "run"),
            group.first,
            group.smallest.seed,
            count(group.smallest.operations, "operation")
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
