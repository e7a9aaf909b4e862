//! `glomers run FILE.scenario`.

use std::process::ExitCode;

use glomers_session::Session;
use glomers_trials::EMBEDDED;
use glomers_trials::scenario::Scenario;

use crate::arguments::ScenarioArguments;
use crate::error::CliError;
use crate::out;

pub(crate) fn run(arguments: &ScenarioArguments) -> Result<ExitCode, CliError> {
    let path = &arguments.file;
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| CliError::usage(format!("{name} cannot be read: {error}")))?;
    let scenario =
        Scenario::parse(&text, &name).map_err(|error| CliError::usage(error.to_string()))?;
    let program = arguments.nodes.program(scenario.plan(), "run", "scenario")?;
    let session = Session { embedded: &EMBEDDED, ..Session::default() };
    let ran = scenario.with_program(program).run_in(&session)?;
    if arguments.update {
        std::fs::write(path, &ran.rendered)
            .map_err(|error| CliError::machine(format!("{name} cannot be written: {error}")))?;
        out::line(format_args!("{name}: expected output written"));
        return Ok(ExitCode::SUCCESS);
    }
    if ran.matches {
        out::text(&ran.rendered);
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(difference) = ran.difference {
        out::line(difference);
    }
    out::line(format_args!("{name}: the output is not what the file expects; --update accepts it"));
    Ok(ExitCode::from(1))
}
