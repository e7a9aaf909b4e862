//! `glomers challenge`: Fly.io's Gossip Glomers.

mod list;
mod table;

use std::process::ExitCode;

use glomers_bench::Interrupt;
use glomers_check::Validity;
use glomers_sim::{Inbox, NodeProgram};
use glomers_testing::RunReport;

use crate::arguments::{ChallengeArguments, TimeArgument};
use crate::ci::Runs;
use crate::error::CliError;
use crate::execute::{Settings, execute, store_root};
use crate::progress::Progress;
use crate::{out, summary};
use list::{Challenge, chosen, named};
use table::Attempt;

pub(crate) fn run(arguments: &ChallengeArguments) -> Result<ExitCode, CliError> {
    if arguments.bin.is_some() && arguments.ids.is_empty() {
        return Err(CliError::usage("one executable hardly solves all challenges")
            .hint("say which it is for, as in: glomers challenge 3a 3b 3c --bin FILE"));
    }
    if arguments.bin.is_none() && !arguments.node_arguments.is_empty() {
        return Err(CliError::usage("arguments after -- are for an executable")
            .hint("name it with --bin; the reference nodes are run with arguments of their own"));
    }
    let chosen = chosen(&arguments.ids)?;
    let bin = arguments.bin.as_deref().map(glomers_bench::check_program).transpose()?;
    let interrupt = Interrupt::install_signal_handlers()
        .map_err(|error| CliError::machine(format!("no signal handlers: {error}")))?;
    let _guard = interrupt.guard();
    let mut table = table::empty();
    let mut runs = Runs::new(&arguments.ci, "glomers challenge");
    let (mut passed, mut total) = (0, 0);
    let (mut details, mut details_of_store) = (String::new(), String::new());
    for challenge in chosen {
        let program = match &bin {
            Some(path) => NodeProgram::Program {
                path: path.to_string_lossy().into_owned(),
                arguments: arguments.node_arguments.clone(),
            },
            None => challenge.embedded(),
        };
        let settings = Settings {
            time: if bin.is_some() { TimeArgument::Real } else { TimeArgument::Virtual },
            judge: challenge.judge(),
            store: store_root(&arguments.store)?,
            max_line: 32 << 20,
            log_stderr: false,
            log_net_send: false,
            log_net_recv: false,
            interrupt: interrupt.clone(),
            command: command_of(challenge, arguments),
        };
        // Fly.io's marks were set on Maelstrom.
        let plan = challenge.plan(program, arguments.seed, Inbox::Maelstrom);
        let progress = match &bin {
            Some(_) => Progress::of_run(challenge.id),
            None => Progress::none(),
        };
        let executed = execute(&plan, &settings, &progress)?;
        let ideal = match challenge.marks.is_some() && bin.is_none() {
            true => Some(reference(challenge, arguments.seed, Inbox::Ideal, &settings)?),
            false => None,
        };
        let other = challenge.half_of.map(|id| {
            reference(named(id), arguments.seed, Inbox::Maelstrom, &settings)
                .map(|report| report.outcome.net.servers_per_operation())
        });
        progress.clear();
        let attempt = Attempt {
            challenge,
            plan: &plan,
            report: &executed.report,
            ideal: ideal.as_ref(),
            judge: &settings.judge,
            other: other.transpose()?,
        };
        let passes = attempt.passes();
        total += 1;
        passed += u32::from(passes);
        let missed = (!passes).then(|| format!("challenge {} is not passed", challenge.id));
        runs.add(&plan, &executed, &settings.judge, missed.as_deref());
        if let Some(directory) = &executed.directory {
            details_of_store += &format!("\n  {:<4} {}", challenge.id, directory.display());
        }
        table.add_row(attempt.row());
        if executed.report.validity(&settings.judge) != Validity::Valid {
            details += &format!("\nchallenge {}:\n", challenge.id);
            details += &summary::whole(&plan, &executed, &settings.judge, &settings.command);
        }
        if interrupt.is_requested() {
            out::line(format_args!(
                "{table}\n{details}\nInterrupted: the last row is what there was until then."
            ));
            return Ok(ExitCode::from(130));
        }
    }
    runs.finish()?;
    let all_passed = passed == total;
    if arguments.ci.one_line {
        let (verdict, stored) =
            (if all_passed { "passed" } else { "NOT passed" }, &arguments.store);
        out::line(format_args!("{verdict}: {passed} of {total} challenges; stored in {stored}"));
        return Ok(if all_passed { ExitCode::SUCCESS } else { ExitCode::from(1) });
    }
    out::line(&table);
    out::line(table::LEGEND);
    if !details_of_store.is_empty() {
        out::line(format_args!("\nStored in:{details_of_store}"));
    }
    out::text(&details);
    if all_passed {
        out::line("\nAll passed.");
        return Ok(ExitCode::SUCCESS);
    }
    out::line("\nNot all passed: ✗ marks what is invalid or misses its mark.");
    Ok(ExitCode::from(1))
}

/// The same with the reference node in virtual time, to compare with.
fn reference(
    challenge: &Challenge,
    seed: u64,
    inbox: Inbox,
    settings: &Settings,
) -> Result<RunReport, CliError> {
    let plan = challenge.plan(challenge.embedded(), seed, inbox);
    let settings = Settings { time: TimeArgument::Virtual, store: None, ..settings.clone() };
    Ok(execute(&plan, &settings, &Progress::none())?.report)
}

fn command_of(challenge: &Challenge, arguments: &ChallengeArguments) -> String {
    let bin =
        arguments.bin.as_ref().map_or(String::new(), |bin| format!(" --bin {}", bin.display()));
    format!("glomers challenge {}{bin} --seed {}", challenge.id, arguments.seed)
}
