//! One part of a campaign: its file is written whole or not at all, so whatever started
//! it may kill it and start it again.

use std::path::Path;
use std::process::ExitCode;

use glomers_hunt::{Hunt, Shard, Tally, table};

use super::lab::CliLab;
use super::{HuntArguments, exit_code, folder, go, report};
use crate::error::CliError;
use crate::out;
use crate::summary::counted;

/// The name of a shard's file.
pub(super) fn file_name(shard: Shard) -> String {
    format!("shard-{:04}-of-{:04}.parquet", shard.number, shard.of)
}

pub(super) fn run(
    arguments: &HuntArguments,
    hunt: &Hunt,
    shard: Shard,
    lab: &CliLab,
) -> Result<ExitCode, CliError> {
    if arguments.resume {
        return Err(CliError::usage("a shard is written whole or not at all: nothing to resume")
            .hint("leave out --resume; what is there already is not done again"));
    }
    folder::make(&arguments.out)?;
    let path = arguments.out.join(file_name(shard));
    let manifest = folder::manifest(arguments, hunt);
    let part = manifest.to_text();
    let mut tally = Tally::new(hunt);
    if path.exists() {
        let (rows, there) = table::read(&path)?;
        if there != part {
            return Err(CliError::usage(format!(
                "{} is the same part of another campaign: other options, families, seeds, \
                 weights or build",
                path.display()
            ))
            .hint("name another folder with --out DIR, or remove the file"));
        }
        rows.iter().for_each(|row| tally.add(row));
        let rows = counted(rows.len() as u64, "row");
        out::line(format_args!("{} is there already, with {rows}", path.display()));
        return Ok(exit_code(&tally, false));
    }
    report::begin(arguments)?;
    let mut rows = Vec::new();
    let went = go(arguments, hunt, lab, &mut tally, &mut |row| {
        rows.push(row.clone());
        Ok(())
    })?;
    let is_interrupted = lab.interrupt.is_requested();
    if is_interrupted {
        out::line("Interrupted: nothing is written, as a shard is whole or not at all.");
        return Ok(exit_code(&tally, true));
    }
    table::write(&path, &rows, &part)?;
    let weights = arguments.weights.as_deref().unwrap_or(Path::new(""));
    let found = folder::commands(&manifest, weights, &tally);
    report::print(hunt, &tally, &went, &found, false);
    out::line(format_args!(
        "Written to {}; glomers merge puts the parts together.",
        path.display()
    ));
    report::junit(arguments, hunt, &tally, &went)?;
    Ok(exit_code(&tally, false))
}
