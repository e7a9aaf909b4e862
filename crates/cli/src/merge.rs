//! `glomers merge`: the parts of a campaign, put together.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use glomers_hunt::files::write_text;
use glomers_hunt::merge::{MergeError, Merged, merge};
use glomers_hunt::table;
use serde_json::json;

use crate::error::CliError;
use crate::hunt::{exit_code, folder, report};
use crate::out;

/// The weights that the parts began with, for a hunt of one of their seeds.
const FIRST_WEIGHTS: &str = "first-weights.json";

const EXAMPLES: &str = "\
Examples:
  glomers hunt -w kafka --seeds 1..=8000 --shard 3/8 --out parts
                                          a part; do so for 1/8 to 8/8, wherever
  glomers merge parts                     all of them: one table, rows.parquet, weights.json
  glomers hunt -w kafka --seeds 8001..=16000 --shard 3/8 --out more --weights parts/weights.json
                                          the next round, where it is worth it

Exit status, as of glomers hunt over all parts: 0 nothing found, 1 something found, 2 no run could
be judged, 254 parts are missing or do not fit together, 255 machine.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct MergeArguments {
    /// The folder with the parts: copy those of other machines into one
    pub(crate) directory: PathBuf,

    /// Put together what is there, even if parts are missing
    #[arg(long)]
    pub(crate) partial: bool,
}

pub(crate) fn run(arguments: &MergeArguments) -> Result<ExitCode, CliError> {
    let folder = &arguments.directory;
    let merged = merge(folder).map_err(|error| match &error {
        MergeError::Files(_) => CliError::machine(error.to_string()),
        MergeError::Nothing(_) => CliError::usage(error.to_string())
            .hint("glomers hunt --shard I/N --out DIR writes parts into a folder"),
        _ => CliError::usage(error.to_string()).hint("remove the one that does not belong here"),
    })?;
    for path in &merged.doubled {
        out::note(format_args!(
            "{} has what another file has, too; it counts once",
            path.display()
        ));
    }
    if let Some(missing) = missing(&merged) {
        if !arguments.partial {
            return Err(CliError::usage(missing)
                .hint("run them again, or add --partial to put together what is there"));
        }
        out::note(missing);
    }
    let tally = merged.tally();
    table::write(&folder.join("rows.parquet"), &merged.rows, &merged.manifest.to_text())?;
    write_text(&folder.join("weights.json"), &folder::text(&json!(tally.counted())))?;
    let weights = folder.join(FIRST_WEIGHTS);
    if !merged.manifest.weights.is_empty() {
        write_text(&weights, &folder::text(&json!(merged.manifest.weights)))?;
    }
    let found = folder::commands(&merged.manifest, &weights, &tally);
    let document = folder::report(&tally, &found, merged.missing.is_empty());
    write_text(&folder.join("report.json"), &folder::text(&document))?;
    let what = merged.manifest.what["workload"].as_str().unwrap_or("?");
    report::print_merged(what, &merged, &tally, &found);
    Ok(exit_code(&tally, false))
}

/// Which parts are missing, if any are.
fn missing(merged: &Merged) -> Option<String> {
    let first = merged.missing.first()?;
    let numbers: Vec<String> =
        merged.missing.iter().map(|shard| format!("{}/{}", shard.number, shard.of)).collect();
    let shown = numbers.iter().take(20).cloned().collect::<Vec<String>>().join(", ");
    let more = match numbers.len().saturating_sub(20) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let count = merged.missing.len();
    let are = if count == 1 { "is" } else { "are" };
    Some(format!("{count} of {} parts {are} missing: {shown}{more}", first.of))
}
