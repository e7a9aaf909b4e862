//! `glomers compare A B`: which of two is better at what.

mod sides;
mod stores;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use glomers_report::comparison::{Comparison, Metric};
use glomers_trials::frontier::{Figures, Quantiles};

use crate::error::CliError;
use crate::frontier::NetworkArguments;
use crate::{out, report};
use sides::{Measured, Side};

const EXAMPLES: &str = "\
Examples:
  glomers compare flood flood-retry
  glomers compare \"hub-ft --period 450\" \"hub-sync --period 450\" --seeds 50 --loss 0.05
  glomers compare before/broadcast after/broadcast
                                          two stores: the runs of the same seeds

Exit status: 0 compared, 1 a run was not valid, 254 usage, 255 machine.";

#[derive(Debug, Args)]
#[command(allow_negative_numbers = true, after_help = EXAMPLES)]
pub(crate) struct CompareArguments {
    /// An embedded node, with arguments in quotes, or a directory of runs
    a: String,

    /// The same
    b: String,

    /// Write what came of it into this file, as a page for the browser
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    #[command(flatten)]
    network: NetworkArguments,
}

pub(crate) fn run(arguments: &CompareArguments) -> Result<ExitCode, CliError> {
    let sides = [sides::side(&arguments.a)?, sides::side(&arguments.b)?];
    let measured = match &sides {
        [Side::Node(a), Side::Node(b)] => sides::run_nodes([a, b], &arguments.network)?,
        [Side::Store(a), Side::Store(b)] => {
            if arguments.network != NetworkArguments::default() {
                return Err(CliError::usage("stores are compared as they are")
                    .hint("options of seeds and network are for embedded nodes; leave them out"));
            }
            stores::pair([a, b])?
        }
        _ => {
            return Err(CliError::usage("a node and a store cannot be compared")
                .hint("name two embedded nodes, or two directories of runs"));
        }
    };
    let comparison = comparison(arguments, &measured);
    out::line(format!("A: {}\nB: {}\n{}", comparison.a, comparison.b, measured.about));
    out::line(comparison.table(out::columns()));
    if measured.seeds > 1 {
        out::line(
            "B/A: geometric mean over seeds of B's value over A's; its 95 % interval: Student's t \
             on\nthe logarithms, paired by seed. Less is better throughout.\n",
        );
    } else {
        out::line(
            "One run on each side: what is noise cannot be said. Less is better throughout.\n",
        );
    }
    out::text(&comparison.words());
    if let Some(file) = &arguments.report {
        report::write(file, &comparison.page(&measured.about))?;
        out::line(format_args!("\nWrote {}.", file.display()));
    }
    Ok(verdict(&measured))
}

fn verdict(measured: &Measured) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for (side, name) in [(0, "A"), (1, "B")] {
        let runs = measured
            .groups
            .iter()
            .flat_map(|group| group.pairs.iter().map(move |pair| &pair[side]));
        let (mut lost, mut invalid) = (0, 0);
        for figures in runs {
            lost += figures.lost;
            invalid += u64::from(!figures.is_valid);
        }
        if invalid > 0 {
            let s = if invalid == 1 { " was" } else { "s were" };
            out::line(format!("✗ {invalid} run{s} not valid on side {name}; values lost: {lost}"));
            code = ExitCode::from(1);
        }
    }
    code
}

/// What can be measured: its name, how many decimals are shown, its value.
type Figure = (&'static str, usize, fn(&Figures) -> Option<f64>);

const FIGURES: [Figure; 10] = [
    ("messages per operation", 3, |run| Some(run.messages_per_operation)),
    ("bytes per operation", 0, |run| Some(run.bytes_per_operation)),
    ("busiest node, messages per operation", 3, |run| run.hottest_per_operation),
    ("true median, ms", 0, |run| of(run.truth, |found| found.median)),
    ("true max, ms", 0, |run| of(run.truth, |found| found.max)),
    ("observed median, ms", 0, |run| of(run.observed, |found| found.median)),
    ("observed 0.95, ms", 0, |run| of(run.observed, |found| found.p95)),
    ("observed 0.99, ms", 0, |run| of(run.observed, |found| found.p99)),
    ("observed max, ms", 0, |run| of(run.observed, |found| found.max)),
    ("client latency, ms", 2, |run| run.client_latency_ms),
];

fn of(quantiles: Option<Quantiles>, which: fn(&Quantiles) -> f64) -> Option<f64> {
    quantiles.as_ref().map(which)
}

fn comparison(arguments: &CompareArguments, measured: &Measured) -> Comparison {
    let mut metrics = Vec::new();
    for group in &measured.groups {
        for (name, decimals, figure) in FIGURES {
            let pairs: Vec<(f64, f64)> =
                group.pairs.iter().filter_map(|[a, b]| Some((figure(a)?, figure(b)?))).collect();
            if !pairs.is_empty() {
                metrics.push(Metric { name: format!("{name}{}", group.suffix), decimals, pairs });
            }
        }
    }
    Comparison { a: arguments.a.clone(), b: arguments.b.clone(), metrics }
}
