//! `glomers export`: a stored run for another tool.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use glomers_report::export::{Events, ndjson, perfetto, shiviz};
use glomers_report::page::Fault;
use glomers_session::{ReplayFile, judged, losses};

use crate::error::CliError;
use crate::{out, report};

const EXAMPLES: &str = "\
Examples:
  glomers export perfetto                  writes run.pftrace; open it at ui.perfetto.dev
  glomers export shiviz store/latest       writes run.shiviz.log, with vector clocks
  glomers export ndjson --out - | jq .     an event a line, with vector clocks

The chapter Reports of the guide says what each line of ndjson holds.";

/// For which tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Perfetto's native trace: track events, messages as flows
    Perfetto,
    /// A log for ShiViz: vector clocks and events in words
    Shiviz,
    /// One JSON object a line, with vector clocks
    Ndjson,
}

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ExportArguments {
    /// For which tool
    #[arg(value_enum, value_name = "FORMAT")]
    format: Format,

    /// The run's directory
    #[arg(default_value = "store/latest", value_name = "STORE")]
    directory: PathBuf,

    /// The file to write; - is standard output [default: run.pftrace, run.shiviz.log or
    /// run.ndjson here]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(arguments: &ExportArguments) -> Result<ExitCode, CliError> {
    let recovered = glomers_session::open(&arguments.directory)?;
    let ReplayFile { plan, judge, .. } = ReplayFile::read(recovered.replay())?;
    losses(&recovered).iter().for_each(out::error);
    let judged = judged(&recovered, &plan, &judge)?;
    let faults: Vec<Fault> = judged.outcome.faults.iter().map(report::fault).collect();
    let events = Events::read(&recovered, &judged.outcome.context, &faults)
        .map_err(|error| CliError::machine(format!("the store cannot be read: {error}")))?;
    let write = |out: &mut dyn Write| match arguments.format {
        Format::Perfetto => perfetto::write(&events, out),
        Format::Shiviz => shiviz::write(&events, out),
        Format::Ndjson => ndjson::write(&events, out),
    };
    let file = match &arguments.out {
        Some(file) if file.as_os_str() == "-" => {
            out::raw(write);
            return Ok(ExitCode::SUCCESS);
        }
        Some(file) => file.clone(),
        None => PathBuf::from(match arguments.format {
            Format::Perfetto => "run.pftrace",
            Format::Shiviz => "run.shiviz.log",
            Format::Ndjson => "run.ndjson",
        }),
    };
    to_file(&file, write)?;
    out::line(format_args!("Wrote {}. {}", file.display(), next(arguments.format)));
    Ok(ExitCode::SUCCESS)
}

/// What one does with the file.
fn next(format: Format) -> String {
    match format {
        Format::Perfetto => {
            "Open it at ui.perfetto.dev, which keeps it in your browser.".to_owned()
        }
        Format::Shiviz => {
            format!("Give it to ShiViz with this expression:\n  {}", shiviz::EXPRESSION)
        }
        Format::Ndjson => "One event a line, in the order of time.".to_owned(),
    }
}

fn to_file(
    file: &Path,
    write: impl Fn(&mut dyn Write) -> std::io::Result<()>,
) -> Result<(), CliError> {
    let failed = |error: std::io::Error| {
        CliError::machine(format!("{} cannot be written: {error}", file.display()))
            .hint("--out names another file; --out - is standard output")
    };
    let mut out = BufWriter::new(File::create(file).map_err(failed)?);
    write(&mut out).and_then(|()| out.flush()).map_err(failed)
}
