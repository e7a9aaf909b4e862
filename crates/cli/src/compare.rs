//! `glomers compare A B`: which of two is better at what.

mod sides;
mod stores;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use glomers_bench::Interrupt;
use glomers_report::comparison::{Comparison, Metric};
use glomers_trials::frontier::{Figures, Quantiles};

use crate::error::CliError;
use crate::frontier::NetworkArguments;
use crate::measured::ProgramArguments;
use crate::{out, report};
use sides::{Measured, Side};

const EXAMPLES: &str = "\
Examples:
  glomers compare flood flood-retry
  glomers compare \"hub-ft --period 450\" \"hub-sync --period 450\" --seeds 50 --loss 0.05
  glomers compare hub-ft --bin ./my_node.py
                                          your own node and an embedded one, in real time
  glomers compare \"./my_node.py --old\" ./my_node.py -w g-counter --time virtual
                                          two executables
  glomers compare before/broadcast after/broadcast
                                          two stores: the runs of the same seeds

Runs of executables in real time take their full time. How long is printed
first, and more than an hour is refused.

Exit status: 0 compared, 1 a run was not valid, 130 interrupted, 254 usage, 255 machine.";

#[derive(Debug, Args)]
#[command(allow_negative_numbers = true, after_help = EXAMPLES)]
pub(crate) struct CompareArguments {
    /// An embedded node or an executable, with arguments in quotes, or a directory of
    /// runs
    a: Option<String>,

    /// The same; --bin FILE takes its place
    b: Option<String>,

    /// What clients do, where no embedded node says it [default: broadcast]
    #[arg(short, long, value_name = "NAME", help_heading = "Executables")]
    workload: Option<String>,

    /// Write the result into this file, as a page for the browser
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    #[command(flatten)]
    network: NetworkArguments,

    #[command(flatten)]
    programs: ProgramArguments,
}

impl CompareArguments {
    /// The two sides: two words, or one and `--bin`.
    fn sides(&self) -> Result<[Side; 2], CliError> {
        let bin = self.programs.named()?.map(sides::of_bin);
        let word = |text: &str| sides::side(text, &self.programs);
        match (self.a.as_deref(), self.b.as_deref(), bin) {
            (Some(a), Some(b), None) => Ok([word(a)?, word(b)?]),
            (Some(a), None, Some(bin)) => Ok([word(a)?, bin]),
            (Some(_), Some(_), Some(_)) => Err(CliError::usage("there are three sides")
                .hint("with --bin FILE name one other, as in: glomers compare hub-ft --bin FILE")),
            (_, None, None) => Err(CliError::usage("two sides are needed")
                .hint("name the other, too, as in: glomers compare flood flood-retry")),
            (None, _, _) => Err(CliError::usage("there is nothing to compare the executable with")
                .hint(
                    "name the other side before --bin, as in: glomers compare hub-ft --bin FILE",
                )),
        }
    }
}

pub(crate) fn run(arguments: &CompareArguments) -> Result<ExitCode, CliError> {
    let sides = arguments.sides()?;
    let is_executable = |side: &Side| matches!(side, Side::Node(node) if node.is_executable());
    if !sides.iter().any(is_executable) {
        arguments.programs.refuse_without_one()?;
    }
    let interrupt = Interrupt::install_signal_handlers()
        .map_err(|error| CliError::machine(format!("no signal handlers: {error}")))?;
    let (names, measured) = match &sides {
        [Side::Node(a), Side::Node(b)] => {
            // From here on an interrupt ends the runs.
            let _guard = interrupt.guard();
            let (network, programs) = (&arguments.network, &arguments.programs);
            let asked = arguments.workload.as_deref();
            let measured = sides::run_nodes([a, b], network, programs, asked, &interrupt)?;
            let Some(measured) = measured else {
                out::line("Interrupted before all runs were finished: nothing is compared.");
                return Ok(ExitCode::from(130));
            };
            ([a.name.clone(), b.name.clone()], measured)
        }
        [Side::Store(a), Side::Store(b)] => {
            if arguments.network != NetworkArguments::default() || arguments.workload.is_some() {
                return Err(CliError::usage("stores are compared as they are")
                    .hint("options of seeds and network are for embedded nodes; leave them out"));
            }
            let name = |path: &PathBuf| path.to_string_lossy().into_owned();
            ([name(a), name(b)], stores::pair([a, b])?)
        }
        _ => {
            return Err(CliError::usage("a node and a store cannot be compared")
                .hint("name two nodes, or two directories of runs"));
        }
    };
    let comparison = comparison(names, &measured);
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

fn comparison([a, b]: [String; 2], measured: &Measured) -> Comparison {
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
    Comparison { a, b, metrics }
}
