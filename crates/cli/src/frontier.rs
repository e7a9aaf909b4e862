//! `glomers frontier`: the broadcast family, messages against latency.

mod network;
mod sweep;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use glomers_bench::Interrupt;
use glomers_report::frontier::{Document, Run, figure, page, table, to_parquet};

pub(crate) use network::NetworkArguments;

use crate::error::CliError;
use crate::measured::ProgramArguments;
use crate::out;
use sweep::{Point, Sample};

const EXAMPLES: &str = "\
Examples:
  glomers frontier                        the whole family
  glomers frontier --bin ./my_node.py --algorithms hub-ft,flood --time-limit 10
                                          your own node and two of them, in real time

Runs of an executable in real time take their full time. How long is printed
first, and more than an hour is refused.

Exit status: 0 measured, 1 a run lost something, 130 interrupted, 254 usage, 255 machine.";

#[derive(Debug, Args)]
#[command(allow_negative_numbers = true, after_help = EXAMPLES)]
pub(crate) struct FrontierArguments {
    #[command(flatten)]
    network: NetworkArguments,

    #[command(flatten)]
    programs: ProgramArguments,

    /// The wanted latencies to the last node, in ms, with commas between [default:
    /// 1 to 20 times the latency of a link]
    #[arg(long, value_name = "MS,…", value_delimiter = ',', value_parser = network::wanted)]
    latencies: Vec<u64>,

    /// Which algorithms, with commas between; with arguments of its own one is a
    /// single point: "hub-ft --period 450" [default: all]
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    algorithms: Vec<String>,

    /// Where frontier.svg, frontier.json, frontier.parquet and frontier.html are written
    #[arg(long, value_name = "DIR", default_value = "frontier")]
    out: PathBuf,
}

pub(crate) fn run(arguments: &FrontierArguments) -> Result<ExitCode, CliError> {
    let interrupt = Interrupt::install_signal_handlers()
        .map_err(|error| CliError::machine(format!("no signal handlers: {error}")))?;
    // From here on what there is by then is written.
    let _guard = interrupt.guard();
    arguments.network.check()?;
    let (network, programs) = (&arguments.network, &arguments.programs);
    let setting = network.setting();
    let mut points = sweep::points(&arguments.algorithms, &arguments.latencies, &setting)?;
    let executable = programs.named()?.map(Point::executable);
    let has_executable = executable.is_some();
    if !has_executable {
        programs.refuse_without_one()?;
    }
    points.extend(executable);
    let sample = Sample {
        seeds: network.seeds(has_executable),
        described: network.describe(has_executable),
    };
    // A place that cannot be written is reported before minutes of work.
    std::fs::create_dir_all(&arguments.out).map_err(|error| unwritable(&arguments.out, &error))?;
    let measured = sweep::measure_all(&points, &setting, &sample, programs, &interrupt)?;
    let Some((document, runs)) = measured else {
        out::line("Interrupted before a row was finished: nothing is written.");
        return Ok(ExitCode::from(INTERRUPTED));
    };
    out::text(&table(&document, out::columns()));
    if has_executable {
        out::line(ABOUT_EXECUTABLES);
    }
    write_files(&arguments.out, &document, &runs)?;
    let verdict = verdict(&document);
    Ok(if document.interrupted { ExitCode::from(INTERRUPTED) } else { verdict })
}

const ABOUT_EXECUTABLES: &str = "\
An executable does not note what it holds: it has no true latency, and so no place
on the frontier. Compare what was observed.";

/// The exit status of a command that somebody stopped.
const INTERRUPTED: u8 = 130;

fn write_files(folder: &Path, document: &Document, runs: &[Run]) -> Result<(), CliError> {
    let parquet = to_parquet(runs).map_err(|error| CliError::machine(error.to_string()))?;
    let files: [(&str, Vec<u8>, &str); 4] = [
        ("frontier.svg", figure(document).into_bytes(), "the figure"),
        ("frontier.json", document.to_json(), "this table with more digits and quantiles"),
        ("frontier.parquet", parquet, "every single run"),
        ("frontier.html", page(document).into_bytes(), "figure and table for the browser"),
    ];
    out::line("");
    for (name, bytes, about) in files {
        let path = folder.join(name);
        std::fs::write(&path, bytes).map_err(|error| unwritable(&path, &error))?;
        out::line(format!("  {:<30} {about}", path.display().to_string()));
    }
    Ok(())
}

fn unwritable(path: &Path, error: &std::io::Error) -> CliError {
    CliError::machine(format!("{} cannot be written: {error}", path.display()))
        .hint("--out DIR writes elsewhere")
}

/// Says which algorithms lost something.
fn verdict(document: &Document) -> ExitCode {
    let network = &document.network;
    let unsound: Vec<_> = document.rows.iter().filter(|row| !row.is_sound()).collect();
    if unsound.is_empty() {
        let runs = document.rows.len() as u64 * network.seeds * 2;
        out::line(format!("\nNothing was lost in any of {runs} runs."));
        return ExitCode::SUCCESS;
    }
    out::line("");
    for row in unsound {
        let node = std::iter::once(row.algorithm.as_str());
        let words: Vec<&str> = node.chain(row.arguments.iter().map(String::as_str)).collect();
        let seeds: Vec<String> = row.invalid_seeds.iter().map(u64::to_string).collect();
        out::line(format!(
            "✗ {}: {} values lost; not valid: seed {}",
            words.join(" "),
            row.lost_values,
            seeds.join(", ")
        ));
    }
    ExitCode::from(1)
}
