//! A finding in its smallest form, written down: a scenario, a store, a paragraph.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use glomers_hunt::files::write_text;
use glomers_hunt::shrink::{self, ShrinkError, Shrunk, in_words};
use glomers_hunt::{Lab as _, Signature};
use glomers_sim::{Host, NodeProgram, Plan};
use glomers_trials::scenario::{Moments, Scenario, write};

use super::lab::CliLab;
use crate::error::CliError;
use crate::shell::quoted;

/// Histories up to so many operations are shown in a scenario.
const SHOWN: u64 = 30;

/// What became of it.
pub(crate) struct Small {
    pub(crate) shrunk: Shrunk,
    /// The scenario, or why there is none.
    pub(crate) scenario: Result<PathBuf, String>,
    pub(crate) store: PathBuf,
    pub(crate) seconds: f64,
}

/// Shrinks a Plan for a finding and writes down what is left, in the folder `out`.
pub(crate) fn write_down(
    plan: &Plan,
    wanted: Option<&Signature>,
    lab: &CliLab,
    budget: Duration,
    out: &Path,
) -> Result<Small, CliError> {
    #[expect(clippy::disallowed_methods, reason = "shrinking has a budget of time")]
    let clock = Instant::now();
    let interrupt = &lab.interrupt;
    // Ctrl-C ends the shrinking, and what there is then is written down.
    let _guard = interrupt.guard();
    if plan.host.has_processes() {
        interrupt.be_patient();
    }
    let stops = interrupt.clone();
    let is_over = move || clock.elapsed() >= budget || stops.is_requested();
    let lab_in_time = lab.until(is_over.clone());
    let shrunk = shrink::shrink(plan, wanted, &lab_in_time, &is_over).map_err(|error| {
        let message = format!("this run cannot be shrunk: {error}");
        match error {
            ShrinkError::Free => CliError::usage(message)
                .hint("on Linux (x86-64) add --time virtual to the run: then its seed repeats it"),
            ShrinkError::Gone(_) => CliError::usage(message)
                .hint("name a finding that the run has with --finding, or shrink another run"),
            ShrinkError::Run(_) | ShrinkError::Stopped if interrupt.is_requested() => {
                CliError { exit: 130, ..CliError::usage("interrupted: nothing was shrunk yet") }
            }
            ShrinkError::Stopped => CliError::usage(
                "the time was over before the run itself was judged, so nothing was shrunk yet",
            )
            .hint("a longer --budget helps"),
            ShrinkError::Run(_) => CliError::machine(message),
        }
    })?;
    let seconds = clock.elapsed().as_secs_f64();
    // What there is is written down, also if somebody stopped it.
    let lab = &lab.unstoppable();
    let signature = shrunk.signature.clone();
    super::folder::make(out)?;
    let scenario = match scenario(&shrunk, lab) {
        Ok((plan, text)) => {
            let path = free_name(out, &signature, &text);
            write_text(&path, &text)?;
            Ok((plan, path))
        }
        Err(why) => Err(why),
    };
    // What is stored is what the scenario does.
    let stored = scenario.as_ref().map_or(&shrunk.plan, |(plan, _)| plan);
    let store = lab.store(stored, &out.join("store"), "glomers shrink")?;
    let scenario = scenario.map(|(_, path)| path);
    Ok(Small { shrunk, scenario, store, seconds })
}

/// `NAME-1.scenario`, or the first number that is free, or has this text already: a hunt that
/// was killed shrinks once more when it goes on.
fn free_name(out: &Path, signature: &Signature, text: &str) -> PathBuf {
    let stem = signature.file_stem();
    let names = (1u64..).map(|number| out.join(format!("{stem}-{number}.scenario")));
    let is_there = |path: &PathBuf| std::fs::read(path).is_ok_and(|there| there == text.as_bytes());
    let mut free = names.filter(|path| !path.exists() || is_there(path));
    free.next().unwrap_or_else(|| out.join(format!("{stem}.scenario")))
}

/// The scenario of a Plan, with what is printed, and the Plan that it is; it has the
/// finding, too, or there is none.
pub(crate) fn scenario(shrunk: &Shrunk, lab: &CliLab) -> Result<(Plan, String), String> {
    let mut comments = vec![format!("{}.", in_words(&shrunk.plan)), String::new()];
    for line in shrunk.finding.render() {
        comments.extend(line.lines().map(str::to_owned));
    }
    comments.push(String::new());
    comments.push(format!("Expected finding: {}", shrunk.finding.name));
    // What only hunts ask for stands in a scenario that is about it.
    let judge = match &*shrunk.finding.name {
        "unavailable" => lab.judge_of(&shrunk.plan),
        _ => lab.session.judge.clone(),
    };
    let mut outputs = vec!["verdict"];
    if shrunk.after.operations <= SHOWN {
        outputs.insert(0, "history");
    }
    let mut why = String::new();
    for moments in [Moments::Round, Moments::Exact] {
        let text = write(&shrunk.plan, &judge, &comments, shrunk.until, &outputs, moments)?;
        let scenario = match Scenario::parse(&text, "shrunk.scenario") {
            Ok(scenario) => scenario,
            Err(error) => return Err(error.to_string()),
        };
        let run = lab.run(scenario.plan())?;
        let has_it = run.is_some_and(|run| {
            let history = &run.outcome.history;
            run.findings.iter().any(|one| Signature::of(one, history) == shrunk.signature)
        });
        if !has_it {
            why = "run from a file, in which no two events have the same time, it has another \
                   finding"
                .to_owned();
            continue;
        }
        let ran = scenario.run_in(&lab.session).map_err(|error| error.to_string())?;
        let expected = format!("{}: ", shrunk.finding.name);
        if ran.rendered.lines().any(|line| line.starts_with(&expected)) {
            return Ok((scenario.plan().clone(), ran.rendered));
        }
        why = "the output of the scenario lacks this finding".to_owned();
    }
    Err(why)
}

/// What is added to a command so that it starts the executable of this Plan.
fn trust(plan: &Plan) -> &'static str {
    match plan.program {
        NodeProgram::Program { .. } => " --trust",
        NodeProgram::Embedded { .. } => "",
    }
}

/// The command that repeats a stored run of this Plan.
pub(super) fn replay(store: &Path, plan: &Plan) -> String {
    let trust = if plan.host == Host::Processes { "" } else { trust(plan) };
    format!("glomers replay {}{trust}", quoted(&store.to_string_lossy()))
}

impl Small {
    /// What there is to say about it, a paragraph.
    pub(crate) fn text(&self) -> String {
        let Small { shrunk, .. } = self;
        let (before, after) = (shrunk.before, shrunk.after);
        let mut text = format!("{}: {}\n", in_words(&shrunk.plan), shrunk.finding.summary);
        text += &format!(
            "  nodes {} → {}, operations {} → {}, faults {} → {}, messages {} → {}; {} runs, {:.1} s\n",
            before.nodes,
            after.nodes,
            before.operations,
            after.operations,
            before.faults,
            after.faults,
            before.messages,
            after.messages,
            shrunk.tests,
            self.seconds,
        );
        text += match shrunk.is_minimal {
            true => "  No single operation, fault, node or message can be left out.\n",
            false => {
                "  The time was over before it was as small as possible; a longer --budget helps.\n"
            }
        };
        if !shrunk.others.is_empty() {
            let others: Vec<String> = shrunk.others.iter().map(ToString::to_string).collect();
            text += &format!("  Met on the way: {}\n", others.join("; "));
        }
        text += &match &self.scenario {
            Ok(path) => format!("  {}\n", self.command(path)),
            Err(why) => format!(
                "  It could not be written as a scenario: {why}. This repeats it:\n  {}\n",
                self.shows()
            ),
        };
        text + &format!("  glomers trace {}\n", quoted(&self.store.to_string_lossy()))
    }

    fn command(&self, path: &Path) -> String {
        let trust = trust(&self.shrunk.plan);
        format!("glomers run {}{trust}", quoted(&path.to_string_lossy()))
    }

    /// The command that shows it.
    pub(crate) fn shows(&self) -> String {
        match &self.scenario {
            Ok(path) => self.command(path),
            Err(_) => replay(&self.store, &self.shrunk.plan),
        }
    }
}
