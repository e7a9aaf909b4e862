//! `glomers hunt`: many seeds, each under conditions of its own, until something is found.

mod arguments;
mod base;
pub(crate) mod folder;
pub(crate) mod lab;
pub(crate) mod report;
mod shard;
pub(crate) mod shrunk;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use glomers_bench::Interrupt;
use glomers_hunt::{Hunt, Over, Row, Seeds, Shard, Signature, Tally, campaign, environment};
use glomers_session::RunOptions;
use glomers_sim::Host;

pub(crate) use arguments::{HuntArguments, OF_ONE_PROCESS};

use crate::error::CliError;
use crate::out;
use crate::progress::Progress;
use folder::Folder;
use lab::{Broken, Calm, CliLab};

/// For how long a hunt goes on if nobody says.
const USUAL: Duration = Duration::from_secs(60);

pub(crate) fn run(arguments: &HuntArguments) -> Result<ExitCode, CliError> {
    let families = base::families(&arguments.family)?;
    let base = base::base(arguments)?;
    let shard = which_shard(arguments)?;
    let seeds = arguments.seeds.unwrap_or(Seeds { from: 1, end: None });
    if shard.is_some() && (arguments.duration.is_some() || seeds.end.is_none()) {
        return Err(CliError::usage("a shard is a part of seeds that have an end")
            .hint("say which with --seeds A..B, and leave out --for"));
    }
    let hunt = Hunt {
        families,
        base,
        seeds,
        shard,
        weights: base::weights(arguments.weights.as_deref())?,
        adapts: shard.is_none() && arguments.weights.is_none(),
    };
    check(&hunt)?;
    if let Some(note) = base::without_faults(&hunt) {
        out::note(note);
    }
    let interrupt = Interrupt::install_signal_handlers()
        .map_err(|error| CliError::machine(format!("no signal handlers: {error}")))?;
    let judge = RunOptions {
        availability: arguments.fixed.availability.unwrap_or_default(),
        ..RunOptions::default()
    };
    let lab = CliLab::new(judge, Calm::IsAnswered, interrupt);
    match hunt.shard {
        Some(part) => shard::run(arguments, &hunt, part, &lab),
        None => whole(arguments, &hunt, &lab),
    }
}

/// Which shard this is: as it was said, or as the environment has it.
fn which_shard(arguments: &HuntArguments) -> Result<Option<Shard>, CliError> {
    if arguments.shard.is_some() {
        return Ok(arguments.shard);
    }
    let variable = |name: &str| std::env::var(name).ok();
    let found = environment::shard(&variable, arguments.shards).map_err(CliError::usage)?;
    Ok(found.map(|(shard, how)| {
        out::note(format_args!("shard {}/{}, as this is {how}", shard.number, shard.of));
        shard
    }))
}

/// Errors are reported before anything runs.
fn check(hunt: &Hunt) -> Result<(), CliError> {
    let drawn = glomers_hunt::draw(&hunt.families, &hunt.weights, &hunt.base, hunt.seeds.from)
        .map_err(CliError::usage)?;
    let plan = drawn.plan;
    let mut workload = glomers_workload::make(&plan.workload.name, &plan.workload.options)
        .map_err(|error| CliError::usage(error.to_string()))?;
    let nodes = plan.nodes.len() as u32;
    let size = glomers_sim::ClusterSize { nodes, concurrency: plan.concurrency };
    workload.begin(size).map_err(CliError::usage)
}

/// How many runs go on at once.
fn threads(arguments: &HuntArguments, host: Host) -> usize {
    if host == Host::Processes {
        // Runs in real time would take each other's processors away.
        return 1;
    }
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    arguments.threads.map_or_else(cores, usize::from)
}

/// A group, and the command that shows it.
pub(crate) struct Found {
    pub(crate) signature: Signature,
    pub(crate) command: String,
}

/// How a hunt went.
struct Went {
    over: Over,
    seconds: f64,
    /// How many runs this process did.
    runs: u64,
    /// In how many of them each kind of fault was.
    broken: Broken,
}

/// Runs what is left of a hunt, and shows how it goes on.
fn go(
    arguments: &HuntArguments,
    hunt: &Hunt,
    lab: &CliLab,
    tally: &mut Tally,
    keep: &mut (dyn FnMut(&Row) -> Result<(), String> + Send),
) -> Result<Went, CliError> {
    #[expect(clippy::disallowed_methods, reason = "a hunt goes on for as long as it was told")]
    let clock = Instant::now();
    let limit = match (arguments.duration, hunt.seeds.end) {
        (Some(limit), _) => Some(limit),
        (None, Some(_)) => None,
        (None, None) => Some(USUAL),
    };
    let before = tally.rows();
    let all = hunt.seeds.end.map(|_| hunt.seeds.of(hunt.shard).count() as u64);
    let progress = Arc::new(Progress::of_hunt(all.filter(|_| limit.is_none()), before));
    let _guard = lab.interrupt.guard();
    let is_over =
        || lab.interrupt.is_requested() || limit.is_some_and(|limit| clock.elapsed() >= limit);
    let mut known: Vec<Signature> =
        tally.groups().in_order().iter().map(|group| group.signature.clone()).collect();
    let shown = progress.clone();
    let mut on_row = |row: &Row, tally: &Tally| {
        keep(row)?;
        for signature in &row.findings {
            if !known.contains(signature) {
                known.push(signature.clone());
                shown.clear_for(|| out::line(format_args!("seed {}: {signature}", row.seed)));
            }
        }
        shown.hunted(tally.groups().len());
        Ok(())
    };
    let threads = threads(arguments, hunt.base.plan.host);
    let over = campaign::run(hunt, lab, threads, tally, &is_over, &mut on_row);
    progress.clear();
    let over = over.map_err(CliError::machine)?;
    let seconds = clock.elapsed().as_secs_f64();
    Ok(Went { over, seconds, runs: tally.rows() - before, broken: lab.broken() })
}

/// A hunt in one process.
fn whole(arguments: &HuntArguments, hunt: &Hunt, lab: &CliLab) -> Result<ExitCode, CliError> {
    let mut tally = Tally::new(hunt);
    let mut folder = Folder::open(arguments, hunt, &mut tally)?;
    report::begin(arguments)?;
    let went = go(arguments, hunt, lab, &mut tally, &mut |row| {
        folder.push(row).map_err(|error| error.to_string())
    })?;
    let is_interrupted = lab.interrupt.is_requested();
    // In real time the runs would take their time once more.
    let is_too_late = is_interrupted && hunt.base.plan.host == Host::Processes;
    let found = match (is_too_late, is_interrupted || arguments.no_shrink) {
        (true, _) => Vec::new(),
        (false, true) => lab.store_smallest(hunt, &tally, &arguments.out)?,
        (false, false) => shrink_smallest(arguments, hunt, lab, &tally)?,
    };
    let is_interrupted = lab.interrupt.is_requested();
    let is_complete = went.over == Over::Complete || !is_interrupted;
    folder.finish(&tally, &found, is_complete)?;
    report::print(hunt, &tally, &went, &found, is_interrupted);
    report::junit(arguments, hunt, &tally, &went)?;
    Ok(exit_code(&tally, is_interrupted))
}

/// Shrinks the smallest run of each group: the command that shows what is left.
fn shrink_smallest(
    arguments: &HuntArguments,
    hunt: &Hunt,
    lab: &CliLab,
    tally: &Tally,
) -> Result<Vec<Found>, CliError> {
    if hunt.base.plan.host == Host::Processes {
        let found = tally.groups().in_order();
        if !found.is_empty() {
            out::note("runs of free processes are not shrunk: no two of them are the same");
        }
        return Ok(Vec::new());
    }
    let mut all = Vec::new();
    for group in tally.groups().in_order() {
        if lab.interrupt.is_requested() {
            break;
        }
        let drawn = tally.drawn(hunt, group.smallest.seed).map_err(CliError::machine)?;
        let wanted = Some(&group.signature);
        let (budget, folder) = (arguments.budget, &arguments.out);
        let command = match shrunk::write_down(&drawn.plan, wanted, lab, budget, folder) {
            Ok(small) => {
                out::text(&format!("\n{}", small.text()));
                small.shows()
            }
            Err(error) => {
                // It is shown as it was.
                out::error(error);
                let store = lab.store(&drawn.plan, &arguments.out.join("store"), "glomers hunt")?;
                shrunk::replay(&store, &drawn.plan)
            }
        };
        all.push(Found { signature: group.signature.clone(), command });
    }
    Ok(all)
}

/// The exit status of a hunt: that of `glomers test`, for all of its runs together.
pub(crate) fn exit_code(tally: &Tally, is_interrupted: bool) -> ExitCode {
    match () {
        () if is_interrupted => ExitCode::from(130),
        () if !tally.groups().is_empty() => ExitCode::from(1),
        () if is_unknown(tally) => ExitCode::from(2),
        () => ExitCode::SUCCESS,
    }
}

/// Whether there was nothing to judge by. Some runs are drawn so that nothing succeeds, and
/// that says nothing of the node; but it must not be so in all of them.
pub(crate) fn is_unknown(tally: &Tally) -> bool {
    tally.unknown() == tally.rows()
}
