//! Two stores: runs that are there already.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use glomers_history::OpKind;
use glomers_sim::{Ended, NodeProgram, Plan};
use glomers_store::{Event, Recovered};
use glomers_trials::frontier::{Figures, client_latency_ms};

use super::sides::{Group, Measured, different_workloads};
use crate::error::CliError;
use glomers_session::ReplayFile;

/// A file that every run has.
const JOURNAL: &str = "journal.bin";

/// How deep runs are looked for: `store/<workload>/<timestamp>`.
const DEPTH: u32 = 3;

/// The runs of one side, by seed.
struct Runs {
    plans: BTreeMap<u64, Plan>,
    figures: BTreeMap<u64, Figures>,
}

/// Pairs the runs of two directories by their seeds; single runs are a pair
/// whatever their seeds.
pub(super) fn pair(directories: [&PathBuf; 2]) -> Result<Measured, CliError> {
    let [a, b] = [Runs::read(directories[0])?, Runs::read(directories[1])?];
    let [plan_a, plan_b] = [a.first_plan(), b.first_plan()];
    if plan_a.workload.name != plan_b.workload.name {
        return Err(different_workloads(&plan_a.workload.name, &plan_b.workload.name));
    }
    let mut about = Vec::new();
    let differ = differences(plan_a, plan_b);
    if !differ.is_empty() {
        about.push(format!("Beware: they were run with different {}.", differ.join(", ")));
    }
    let common: Vec<u64> =
        a.figures.keys().filter(|seed| b.figures.contains_key(seed)).copied().collect();
    let pairs: Vec<[Figures; 2]> = if a.figures.len() == 1 && b.figures.len() == 1 {
        if common.is_empty() {
            about.push("Beware: the two runs have different seeds.".to_owned());
        }
        a.figures.into_values().zip(b.figures.into_values()).map(|(a, b)| [a, b]).collect()
    } else {
        let others = a.figures.len().max(b.figures.len()) - common.len();
        about.push(match others {
            0 => format!("{} seeds", common.len()),
            _ => format!("{} seeds that both sides have; {others} others left out", common.len()),
        });
        common.iter().map(|seed| [a.figures[seed].clone(), b.figures[seed].clone()]).collect()
    };
    if pairs.is_empty() {
        return Err(CliError::usage("the two stores have no seed in common").hint(
            "run both over the same seeds, as with --seed 1 --test-count 20, or name two runs",
        ));
    }
    let seeds = pairs.len();
    Ok(Measured { about: about.join("\n"), seeds, groups: vec![Group { suffix: "", pairs }] })
}

/// In what two runs differ that the network and the load decide.
fn differences(a: &Plan, b: &Plan) -> Vec<&'static str> {
    let equal = [
        ("nodes", a.nodes.len() == b.nodes.len()),
        ("clients", a.concurrency == b.concurrency),
        ("rates", a.rate == b.rate),
        ("time limits", a.time_limit == b.time_limit),
        ("latencies", a.latency == b.latency && a.links == b.links),
        ("losses", a.loss == b.loss),
        ("service times", a.service_time == b.service_time),
        ("inboxes", a.inbox == b.inbox),
        ("faults", a.faults.is_empty() == b.faults.is_empty()),
    ];
    equal.into_iter().filter(|(_, equal)| !equal).map(|(name, _)| name).collect()
}

impl Runs {
    fn read(directory: &Path) -> Result<Runs, CliError> {
        let mut found = Vec::new();
        find(directory, 0, &mut found);
        if found.is_empty() {
            return Err(CliError::usage(format!("{} holds no run", directory.display()))
                .hint("name the directory of a run, such as store/latest, or of many"));
        }
        let mut runs = Runs { plans: BTreeMap::new(), figures: BTreeMap::new() };
        // In the order of their times: of one seed the last run counts.
        for run in &found {
            let (plan, figures) = read_run(run)?;
            runs.figures.insert(plan.seed, figures);
            runs.plans.insert(plan.seed, plan);
        }
        let workloads: BTreeSet<&str> =
            runs.plans.values().map(|plan| plan.workload.name.as_str()).collect();
        let programs: BTreeSet<String> = runs.plans.values().map(program).collect();
        for (what, names) in
            [("workloads", workloads.into_iter().map(str::to_owned).collect()), ("nodes", programs)]
        {
            if names.len() > 1 {
                let names: Vec<String> = names.into_iter().collect();
                return Err(CliError::usage(format!(
                    "{} holds runs of several {what}: {}",
                    directory.display(),
                    names.join("; ")
                ))
                .hint("name a directory with runs of one kind; --store DIR keeps them apart"));
            }
        }
        Ok(runs)
    }

    fn first_plan(&self) -> &Plan {
        self.plans.values().next().expect("there is a run")
    }
}

fn program(plan: &Plan) -> String {
    let (NodeProgram::Embedded { name, arguments }
    | NodeProgram::Program { path: name, arguments }) = &plan.program;
    let words: Vec<&str> =
        std::iter::once(name.as_str()).chain(arguments.iter().map(String::as_str)).collect();
    words.join(" ")
}

/// The directories of runs below this one, links left out.
fn find(directory: &Path, depth: u32, found: &mut Vec<PathBuf>) {
    if directory.join(JOURNAL).is_file() {
        found.push(directory.to_owned());
        return;
    }
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    let mut below: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect();
    below.sort();
    if depth < DEPTH {
        below.iter().for_each(|path| find(path, depth + 1, found));
    }
}

fn read_run(directory: &Path) -> Result<(Plan, Figures), CliError> {
    let recovered =
        Recovered::open(directory).map_err(|error| CliError::usage(error.to_string()))?;
    let ReplayFile { plan, judge, .. } = ReplayFile::read(recovered.replay())?;
    if !recovered.is_complete() {
        let why = recovered.losses().iter().map(|loss| format!(": {loss}"));
        let why = why.collect::<String>();
        return Err(CliError::usage(format!("{} was cut short{why}", directory.display()))
            .hint("half a run cannot be compared with a whole one; glomers recover shows it"));
    }
    // Not from results.json, which nothing proves.
    let report = glomers_session::judged(&recovered, &plan, &judge)?;
    if report.outcome.ended == Ended::Interrupted {
        return Err(CliError::usage(format!("{} was interrupted", directory.display()))
            .hint("half a run cannot be compared with a whole one"));
    }
    let mut figures = Figures::of_verdict(&report.verdict);
    let history = recovered.history();
    let invocations =
        history.ops().iter().filter(|op| op.process.is_client() && op.kind == OpKind::Invoke);
    let operations = invocations.count().max(1) as f64;
    let (mut messages, mut bytes) = (0u64, 0u64);
    let mut busy: BTreeMap<String, u64> = BTreeMap::new();
    recovered.for_each(|event| {
        let Event::Message(message) = event else { return Ok(()) };
        if message.src.starts_with('c') || message.dest.starts_with('c') {
            return Ok(());
        }
        messages += 1;
        bytes += message.body_length;
        let receiver = message.received_at.map(|_| message.dest);
        for name in std::iter::once(message.src).chain(receiver) {
            match busy.get_mut(name) {
                Some(count) => *count += 1,
                None => drop(busy.insert(name.to_owned(), 1)),
            }
        }
        Ok(())
    })?;
    figures.messages_per_operation = messages as f64 / operations;
    figures.bytes_per_operation = bytes as f64 / operations;
    let hottest = plan.nodes.iter().filter_map(|node| busy.get(node)).max();
    figures.hottest_per_operation = Some(hottest.map_or(0.0, |count| *count as f64 / operations));
    figures.client_latency_ms = client_latency_ms(history);
    Ok((plan, figures))
}
