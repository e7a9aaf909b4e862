//! `glomers challenge`: Fly.io's Gossip Glomers.

mod json;
mod list;
mod submissions;
mod table;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use glomers_bench::Interrupt;
use glomers_check::Validity;
use glomers_history::Unobserved;
use glomers_report::tables::{Cell, Document, Section, Table};
use glomers_session::{RunReport, Session, SessionError};
use glomers_sim::{Host, Inbox, NodeProgram, Schedule};
use glomers_trials::EMBEDDED;

use crate::arguments::ChallengeArguments;
use crate::arguments::values::TimeArgument;
use crate::ci::{CiArguments, Run, Runs};
use crate::error::CliError;
use crate::execute::{execute, store_root};
use crate::log_net::Show;
use crate::progress::Progress;
use crate::shell::quoted;
use crate::shell::relative_files;
use crate::{out, report as page, summary};
use list::{Challenge, chosen, named};
pub(crate) use list::{about, ids};
use table::Attempt;

pub(crate) fn run(arguments: &ChallengeArguments) -> Result<ExitCode, CliError> {
    let has_submissions = !arguments.submissions.is_empty();
    if (arguments.bin.is_some() || has_submissions) && arguments.ids.is_empty() {
        return Err(CliError::usage("one executable cannot be the solution of all challenges")
            .hint("say which it is for, as in: glomers challenge 3a 3b 3c --bin FILE"));
    }
    if arguments.bin.is_none() && !has_submissions && !arguments.node_arguments.is_empty() {
        return Err(CliError::usage("arguments after -- are for an executable")
            .hint("name it with --bin; the reference nodes are run with arguments of their own"));
    }
    let chosen = chosen(&arguments.ids)?;
    if has_submissions {
        return submissions::run(arguments, chosen.len());
    }
    let bin = arguments.bin.as_deref().map(glomers_bench::check_program).transpose()?;
    relative_files(&arguments.node_arguments).iter().for_each(out::note);
    let interrupt = Interrupt::install_signal_handlers()
        .map_err(|error| CliError::machine(format!("no signal handlers: {error}")))?;
    let _guard = interrupt.guard();
    let mut tally = Tally::new(&arguments.ci, arguments.json)?;
    if let Some(attempts) = tally.json.clone() {
        // Whoever reads this gets what there is, also if a node holds up everything.
        interrupt.before_sudden_end(move || out::text(&json::whole(&lock(&attempts), true)));
    }
    let single = chosen.len() == 1;
    for challenge in chosen {
        let program = match &bin {
            Some(path) => NodeProgram::Program {
                path: path.to_string_lossy().into_owned(),
                arguments: arguments.node_arguments.clone(),
            },
            None => challenge.embedded(),
        };
        let session = Session {
            embedded: &EMBEDDED,
            judge: challenge.judge(),
            store: store_root(&arguments.store)?,
            interrupt: Some(interrupt.clone()),
            command: command_of(challenge, arguments),
            ..Session::default()
        };
        // Fly.io's marks were set on Maelstrom.
        let mut plan = challenge.plan(program, arguments.seed, Inbox::Maelstrom);
        plan.init_timeout(arguments.init_timeout);
        if bin.is_some() && arguments.time == TimeArgument::Virtual {
            plan.host(Host::Traced { schedule: Schedule::default() });
        }
        let plan = plan.build().map_err(SessionError::from)?;
        let progress = match &bin {
            Some(_) => Progress::of_run(challenge.id),
            None => Progress::none(),
        };
        let executed = execute(&session, &plan, Show::default(), &progress)?;
        let ideal = match challenge.marks.is_some() && bin.is_none() {
            true => Some(reference(challenge, arguments.seed, Inbox::Ideal, &session)?),
            false => None,
        };
        let other = challenge.half_of.map(|id| {
            reference(named(id), arguments.seed, Inbox::Maelstrom, &session)
                .map(|report| report.outcome.net.servers_per_operation())
        });
        progress.clear();
        let attempt = Attempt {
            challenge,
            plan: &plan,
            report: &executed.report,
            ideal: ideal.as_ref(),
            judge: &session.judge,
            other: other.transpose()?,
        };
        let run = Run {
            plan: &plan,
            executed: &executed,
            options: &session.judge,
            command: &session.command,
        };
        tally.add(&attempt, &run, single)?;
        if interrupt.is_requested() {
            break;
        }
    }
    tally.finish(interrupt.is_requested(), store_root(&arguments.store)?.as_deref())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The name of the page of the table.
const PAGE: &str = "challenge.html";

/// What came of the challenges so far.
struct Tally<'a> {
    /// What is printed as JSON, if that is wanted.
    json: Option<Arc<Mutex<Vec<serde_json::Value>>>>,
    arguments: &'a CiArguments,
    runs: Runs<'a>,
    table: comfy_table::Table,
    passed: usize,
    not_passed: Vec<&'static str>,
    /// Those that are not valid, in full.
    details: String,
    stored: String,
    /// The part, the verdict in a word and where the run is stored.
    directories: Vec<(&'static str, &'static str, PathBuf)>,
}

impl<'a> Tally<'a> {
    fn new(arguments: &'a CiArguments, as_json: bool) -> Result<Tally<'a>, CliError> {
        Ok(Tally {
            json: as_json.then(Arc::default),
            arguments,
            runs: Runs::new(arguments, "glomers challenge")?,
            table: table::empty(),
            passed: 0,
            not_passed: Vec::new(),
            details: String::new(),
            stored: String::new(),
            directories: Vec::new(),
        })
    }

    /// Takes an attempt; `single`: there is no other.
    fn add(&mut self, attempt: &Attempt<'_>, run: &Run<'_>, single: bool) -> Result<(), CliError> {
        let id = attempt.challenge.id;
        if attempt.passes() {
            self.passed += 1;
        } else {
            self.not_passed.push(id);
        }
        let name = format!("{id} ({})", attempt.challenge.about);
        self.runs.add_challenge(run, &name, &attempt.missed());
        self.runs.page(run, single)?;
        if let Some(directory) = &run.executed.directory {
            self.stored += &format!("\n  {id:<4} {}", directory.display());
            let verdict = summary::word(run.executed.report.validity(run.options));
            self.directories.push((id, verdict, directory.clone()));
        }
        if let Some(attempts) = &self.json {
            lock(attempts).push(json::attempt(attempt, run));
        }
        self.table.add_row(attempt.row());
        if run.executed.report.validity(run.options) != Validity::Valid {
            self.details += &format!("\nchallenge {id}:\n");
            self.details += &summary::whole(run.plan, run.executed, run.options, run.command);
        }
        Ok(())
    }

    /// Writes the report and says what came of it all.
    fn finish(&self, is_interrupted: bool, store: Option<&Path>) -> Result<ExitCode, CliError> {
        let exit_code = match (is_interrupted, self.not_passed.is_empty()) {
            (true, _) => ExitCode::from(130),
            (false, true) => ExitCode::SUCCESS,
            (false, false) => ExitCode::from(1),
        };
        if let Some(store) = store.filter(|_| self.arguments.report) {
            page::write(&store.join(PAGE), &self.page(store))?;
        }
        if let Some(attempts) = &self.json {
            out::text(&json::whole(&lock(attempts), is_interrupted));
            return self.runs.finish().map(|()| exit_code);
        }
        if self.arguments.one_line {
            out::line(self.one_line(is_interrupted, store));
            return self.runs.finish().map(|()| exit_code);
        }
        out::line(glomers_report::layout::fitted(&self.table, out::columns()));
        out::line(table::LEGEND);
        if !self.stored.is_empty() {
            out::line(format_args!("\nStored in:{}", self.stored));
        }
        if let Some(store) = store.filter(|_| self.arguments.report) {
            out::line(format_args!("\nThe table for the browser: {}", store.join(PAGE).display()));
        }
        out::text(&self.details);
        out::line(match (is_interrupted, self.not_passed.is_empty()) {
            (true, _) => "\nInterrupted: the last row is what there was until then.",
            (false, true) => "\nAll passed.",
            (false, false) => "\nNot all passed: ✗ marks what is invalid or misses its mark.",
        });
        self.runs.finish().map(|()| exit_code)
    }

    /// The table for the browser, with links to the runs.
    fn page(&self, store: &Path) -> String {
        let run = |(id, verdict, directory): &(&str, &str, PathBuf)| {
            let name = directory.strip_prefix(store).unwrap_or(directory);
            let parts: Vec<String> =
                name.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            let link = format!("{}/{}", parts.join("/"), page::FILE);
            vec![Cell::text(*id), Cell::verdict(verdict), Cell::text(parts.join("/")).link(link)]
        };
        let section = |title: &str, note: &str, table| Section {
            title: title.to_owned(),
            note: note.to_owned(),
            figure: None,
            table: Some(table),
        };
        let columns = ["part", "verdict", "run"].map(str::to_owned).to_vec();
        let runs = Table { columns, rows: self.directories.iter().map(run).collect() };
        Document {
            title: "The Gossip Glomers challenges".to_owned(),
            summary: vec![format!("{} passed, {} not.", self.passed, self.not_passed.len())],
            sections: vec![
                section("Marks", &table::LEGEND.replace('\n', " "), Table::of(&self.table)),
                section("Runs", "", runs),
            ],
            ..Document::default()
        }
        .to_html()
    }

    /// `NOT passed: 3b, 5c (11 of 13 parts are); stored in store`.
    fn one_line(&self, is_interrupted: bool, store: Option<&Path>) -> String {
        let (passed, total) = (self.passed, self.passed + self.not_passed.len());
        let mut text = match &*self.not_passed.join(", ") {
            "" => format!("passed: {passed} of {total} parts"),
            ids => format!("NOT passed: {ids} ({passed} of {total} parts are)"),
        };
        if is_interrupted {
            text = format!("interrupted: {text}");
        }
        if let Some(store) = store {
            text += &format!("; stored in {}", store.display());
        }
        text
    }
}

/// The same with the reference node in virtual time, to compare with.
fn reference(
    challenge: &Challenge,
    seed: u64,
    inbox: Inbox,
    session: &Session<'_>,
) -> Result<RunReport, CliError> {
    let plan = challenge.plan(challenge.embedded(), seed, inbox);
    let plan = plan.build().map_err(SessionError::from)?;
    let session = Session { store: None, ..session.clone() };
    Ok(session.run(&plan, &mut Unobserved)?.report)
}

fn command_of(challenge: &Challenge, arguments: &ChallengeArguments) -> String {
    let mut command = format!("glomers challenge {}", challenge.id);
    if let Some(bin) = &arguments.bin {
        command += &format!(" --bin {}", quoted(&bin.to_string_lossy()));
        if arguments.time == TimeArgument::Virtual {
            command += " --time virtual";
        }
    }
    if arguments.init_timeout.as_secs() != 10 || arguments.init_timeout.subsec_nanos() != 0 {
        command += &format!(" --init-timeout {}", arguments.init_timeout.as_secs_f64());
    }
    command += &format!(" --seed {}", arguments.seed);
    if !arguments.node_arguments.is_empty() {
        let words = arguments.node_arguments.iter().map(|word| quoted(word));
        command += &format!(" -- {}", words.collect::<Vec<String>>().join(" "));
    }
    command
}
