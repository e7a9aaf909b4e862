//! Every broken node hunted, without being told what is wrong with it, by several
//! strategies: how many seeds each takes.

use std::num::NonZero;
use std::time::Instant;

use glomers_bench::Interrupt;
use glomers_hunt::{Base, Family, Hunt, Row, Seeds, Tally, Weights, campaign, family};
use glomers_session::RunOptions;
use glomers_sim::draws::{Draws, Purpose};
use glomers_sim::nemesis::KINDS;
use glomers_sim::{NodeProgram, Plan};
use glomers_trials::gallery::Case;
use serde_json::{Value as Json, json};

use super::{GalleryArguments, print_table};
use crate::error::CliError;
use crate::hunt::lab::{Calm, CliLab};
use crate::out;
use crate::progress::Progress;

/// What is said if somebody stops it.
pub(super) fn interrupted() -> CliError {
    let error = CliError::usage("interrupted before the table was whole")
        .hint("--only names fewer nodes; --repetitions and --cap make it shorter");
    CliError { exit: 130, ..error }
}

/// How many samples the intervals rest on.
const SAMPLES: usize = 2000;

/// Where Plans come from.
struct Strategy {
    name: &'static str,
    families: Vec<Family>,
    adapts: bool,
}

fn strategies() -> Result<Vec<Strategy>, CliError> {
    let read = |name: &str, kinds: &[&str]| {
        let kinds: Vec<String> = kinds.iter().map(|kind| format!("{kind:?}")).collect();
        let text = format!(
            "name = {name:?}\nabout = \"a test with the usual options\"\n[[faults]]\n\
             nemesis = [{}]\nnemesis-interval = 10\n",
            kinds.join(", ")
        );
        Family::parse(name, &text).map_err(|error| CliError::machine(error.to_string()))
    };
    let names: Vec<&str> = KINDS.iter().map(|entry| entry.name).collect();
    let one_kind: Result<Vec<Family>, CliError> =
        names.iter().map(|name| read(name, &[name])).collect();
    // Kinds that share a schedule stand in one group; each other kind has its own.
    let mut all = read("all", &["loss"])?;
    let usual = all.faults.remove(0);
    let shared: [&[&str]; 2] =
        [&["partition", "one-way", "bridge", "single-link"], &["kill", "pause"]];
    let others = names.iter().filter(|name| !shared.iter().any(|group| group.contains(name)));
    let others = others.map(std::slice::from_ref);
    for group in shared.into_iter().chain(others) {
        let nemesis = group.iter().map(|name| (*name).to_owned()).collect();
        all.faults.push(family::FaultGroup { nemesis, ..usual.clone() });
    }
    let swarm = Family::shipped("swarm").into_iter().collect();
    Ok(vec![
        Strategy { name: "one kind", families: one_kind?, adapts: false },
        Strategy { name: "all kinds", families: vec![all], adapts: false },
        Strategy { name: "swarm", families: swarm, adapts: false },
        Strategy { name: "full", families: shipped(), adapts: true },
    ])
}

/// All families that are shipped.
pub(super) fn shipped() -> Vec<Family> {
    family::SHIPPED.iter().filter_map(|(name, _)| Family::shipped(name)).collect()
}

/// One hunt for one node.
struct Trial {
    /// How many seeds it took; `None`: more than there were.
    seeds: Option<u64>,
    /// How long it took one core.
    seconds: f64,
}

/// What is the same in all runs of an embedded node: nothing but the node.
pub(super) fn base(node: String, workload: &str) -> Result<Base, CliError> {
    let entry =
        glomers_workload::entry(workload).map_err(|error| CliError::machine(error.to_string()))?;
    let program = NodeProgram::Embedded { name: node, arguments: Vec::new() };
    let mut plan = Plan::new(0, program, entry.name);
    plan.concurrency = entry.workers_per_node * plan.nodes.len() as u32;
    Ok(Base {
        plan,
        fixed: Default::default(),
        kinds: None,
        claims: None,
        workers_per_node: entry.workers_per_node,
        takes_keys: entry.option("key-count").is_some(),
    })
}

fn trial(
    case: &Case,
    strategy: &Strategy,
    repetition: u64,
    cap: u64,
    lab: &CliLab,
) -> Result<Trial, CliError> {
    let from = 1 + repetition * cap;
    let hunt = Hunt {
        families: strategy.families.clone(),
        base: base(format!("broken/{}", case.name), case.entry().workload)?,
        seeds: Seeds { from, end: Some(from + cap) },
        shard: None,
        weights: Weights::default(),
        adapts: strategy.adapts,
    };
    #[expect(clippy::disallowed_methods, reason = "the table says how long it took")]
    let clock = Instant::now();
    let mut tally = Tally::new(&hunt);
    let found = std::sync::Mutex::new(None);
    let lock = || found.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let is_over = || lab.interrupt.is_requested() || lock().is_some();
    let mut on_row = |row: &Row, _: &Tally| {
        if row.findings.iter().any(|one| one.name == case.finding) {
            lock().get_or_insert(row.seed - from + 1);
        }
        Ok(())
    };
    campaign::run(&hunt, lab, 1, &mut tally, &is_over, &mut on_row).map_err(CliError::machine)?;
    Ok(Trial { seeds: *lock(), seconds: clock.elapsed().as_secs_f64() })
}

/// What the trials of a node under one strategy come to.
struct Summary {
    found: usize,
    of: usize,
    /// `None`: fewer than half found it.
    median: Option<u64>,
    /// Of the seeds, where those that did not find it count as the cap.
    mean: f64,
    /// Of the mean, 95 %, by bootstrap.
    interval: (f64, f64),
    /// Of one core, for a trial.
    seconds: f64,
}

impl Summary {
    fn of(trials: &[Trial], cap: u64, key: u64) -> Summary {
        let mut all: Vec<u64> = trials.iter().map(|trial| trial.seeds.unwrap_or(cap)).collect();
        all.sort_unstable();
        let found = trials.iter().filter(|trial| trial.seeds.is_some()).count();
        let count = all.len().max(1);
        let mean = |all: &mut dyn Iterator<Item = u64>| all.sum::<u64>() as f64 / count as f64;
        let mut draws = Draws::keyed(key, Purpose::Family, 0, 0, 0);
        let mut means: Vec<f64> = (0..SAMPLES)
            .map(|_| mean(&mut (0..count).map(|_| all[draws.below(count as u64) as usize])))
            .collect();
        means.sort_by(f64::total_cmp);
        Summary {
            found,
            of: trials.len(),
            median: (2 * found > trials.len()).then(|| all[all.len() / 2]),
            mean: mean(&mut all.iter().copied()),
            interval: (means[SAMPLES / 40], means[SAMPLES - 1 - SAMPLES / 40]),
            seconds: trials.iter().map(|trial| trial.seconds).sum::<f64>() / count as f64,
        }
    }

    fn json(&self, node: &str, strategy: &str) -> Json {
        json!({
            "node": node,
            "strategy": strategy,
            "found": self.found,
            "of": self.of,
            "median_seeds": self.median,
            "restricted_mean_seeds": self.mean,
            "low": self.interval.0,
            "high": self.interval.1,
            "cpu_seconds": self.seconds,
        })
    }

    fn cell(&self) -> String {
        let median = self.median.map_or("-".to_owned(), |median| median.to_string());
        let (low, high) = self.interval;
        format!(
            "{}/{} {median} {:.0} [{low:.0}, {high:.0}] {:.2} s",
            self.found, self.of, self.mean, self.seconds
        )
    }
}

pub(super) fn run(
    arguments: &GalleryArguments,
    chosen: &[&'static Case],
) -> Result<(bool, Json), CliError> {
    let interrupt = Interrupt::install_signal_handlers()
        .map_err(|error| CliError::machine(format!("no signal handlers: {error}")))?;
    let lab = CliLab::new(RunOptions::default(), Calm::IsAnswered, interrupt);
    let _guard = lab.interrupt.guard();
    let strategies = strategies()?;
    let (repetitions, cap) = (arguments.repetitions, arguments.cap);
    let threads = arguments.threads.map(usize::from).and_then(NonZero::new);
    let progress = Progress::of_runs(repetitions * strategies.len() as u64 * chosen.len() as u64);
    out::line(format_args!(
        "{repetitions} hunts of at most {cap} seeds for each node and strategy; in a cell: found of \
         hunts, median and mean of seeds\n(a hunt that did not find it counts {cap}) with its 95 % \
         interval, seconds of one core for a hunt"
    ));
    let mut header: Vec<String> = vec!["node".to_owned()];
    header.extend(strategies.iter().map(|strategy| strategy.name.to_owned()));
    let mut rows = vec![header];
    let mut document = Vec::new();
    let mut sums = vec![0.0; strategies.len()];
    let mut never: Vec<&Case> = Vec::new();
    for &case in chosen {
        let mut row = vec![case.name.to_owned()];
        let mut is_found = false;
        for (place, strategy) in strategies.iter().enumerate() {
            let trials = glomers_session::all(repetitions, threads, |repetition| {
                let done = trial(case, strategy, repetition, cap, &lab);
                progress.advance();
                done
            })?;
            if lab.interrupt.is_requested() {
                progress.clear();
                return Err(interrupted());
            }
            let summary = Summary::of(&trials, cap, place as u64);
            is_found |= summary.found > 0;
            sums[place] += summary.mean;
            document.push(summary.json(case.name, strategy.name));
            row.push(summary.cell());
        }
        if !is_found {
            never.push(case);
        }
        rows.push(row);
    }
    progress.clear();
    let mut last = vec!["mean of means".to_owned()];
    last.extend(sums.iter().map(|sum| format!("{:.0}", sum / chosen.len().max(1) as f64)));
    rows.push(last);
    print_table(rows);
    for case in never {
        let name = case.name;
        out::line(format_args!("{name}: no strategy found it; {}", case.entry().minimal()));
    }
    Ok((true, json!({ "hunts": document })))
}
