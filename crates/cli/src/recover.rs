//! `glomers recover`: what a run that was cut short left, checked and readable.

use std::process::ExitCode;

use glomers_check::Validity;
use glomers_session::{Recovery, losses};

use crate::arguments::RecoverArguments;
use crate::error::CliError;
use crate::{out, summary};

pub(crate) fn run(arguments: &RecoverArguments) -> Result<ExitCode, CliError> {
    let recovery = glomers_session::recover(&arguments.directory)?;
    losses(&recovery.recovered).iter().for_each(out::line);
    let command = recovery
        .command()
        .unwrap_or_else(|| "unknown: run.log, which says it, cannot be read".to_owned());
    let Recovery { replay, executed, .. } = &recovery;
    out::text(&summary::whole(&replay.plan, executed, &replay.judge, &command));
    // Last, as the disk may be full, which is why one recovers.
    let kept = recovery.derive().map_err(|error| {
        CliError::machine(error.to_string()).hint(
            "the verdict above holds all the same; for the files to be made, free some space or \
             copy the run's directory to where it can be written",
        )
    })?;
    if !kept.is_empty() {
        out::line(format_args!(
            "Kept as they were: {}. What can be read now is not the whole run, and they may have \
             been made of more; move one away to have it made anew.",
            kept.join(", ")
        ));
    }
    // That the run was cut short is not news: the verdict is what was asked for.
    Ok(match executed.report.validity(&replay.judge) {
        Validity::Valid => ExitCode::SUCCESS,
        Validity::Invalid => ExitCode::from(1),
        Validity::Unknown => ExitCode::from(2),
    })
}
