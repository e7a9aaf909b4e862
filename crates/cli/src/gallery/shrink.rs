//! What each broken node is found by, made as small as possible: how large it was and is.

use std::num::NonZero;
use std::time::{Duration, Instant};

use glomers_bench::Interrupt;
use glomers_check::Availability;
use glomers_hunt::shrink::{self, Extent, Shrunk};
use glomers_hunt::{Lab as _, Signature};
use glomers_session::RunOptions;
use glomers_trials::gallery::{Case, broken_plan};
use serde_json::{Value as Json, json};

use super::hunt::interrupted;
use super::{GalleryArguments, print_table};
use crate::error::CliError;
use crate::hunt::lab::{Calm, CliLab};
use crate::hunt::shrunk::scenario;
use crate::out;
use crate::progress::Progress;

/// Findings of more operations or faults are not what a person sees at a glance.
const FEW: (u64, u64) = (10, 2);

/// A node's finding in its smallest form.
struct Small {
    seed: u64,
    shrunk: Shrunk,
    has_scenario: bool,
    seconds: f64,
}

pub(super) fn run(
    arguments: &GalleryArguments,
    chosen: &[&'static Case],
) -> Result<(bool, Json), CliError> {
    let interrupt = Interrupt::install_signal_handlers()
        .map_err(|error| CliError::machine(format!("no signal handlers: {error}")))?;
    let _guard = interrupt.guard();
    let threads = arguments.threads.map(usize::from).and_then(NonZero::new);
    let progress = Progress::of_runs(chosen.len() as u64);
    let all = glomers_session::all(chosen.len() as u64, threads, |place| {
        let done = small(chosen[place as usize], arguments, &interrupt);
        progress.advance();
        done
    })?;
    progress.clear();
    if interrupt.is_requested() {
        return Err(interrupted());
    }
    let header = [
        "node",
        "finding",
        "seed",
        "nodes",
        "operations",
        "faults",
        "messages",
        "runs",
        "s",
        "as small as possible",
        "scenario",
    ];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    let (mut document, mut few) = (Vec::new(), 0);
    for (case, small) in chosen.iter().zip(&all) {
        let Some(small) = small else {
            rows.push([case.name, case.finding, "not found"].map(str::to_owned).to_vec());
            document.push(json!({ "node": case.name, "finding": case.finding, "seed": null }));
            continue;
        };
        let Small { seed, shrunk, has_scenario, seconds } = small;
        let (before, after) = (shrunk.before, shrunk.after);
        few += u64::from(after.operations <= FEW.0 && after.faults <= FEW.1);
        let yes = |is_so: bool| if is_so { "yes" } else { "no" }.to_owned();
        let mut row = vec![case.name.to_owned(), case.finding.to_owned(), seed.to_string()];
        row.extend(sizes(before, after).map(|(_, was, is)| format!("{was} → {is}")));
        row.extend([shrunk.tests.to_string(), format!("{seconds:.1}")]);
        row.extend([yes(shrunk.is_minimal), yes(*has_scenario)]);
        rows.push(row);
        let mut of_node = json!({
            "node": case.name,
            "finding": case.finding,
            "seed": seed,
            "runs": shrunk.tests,
            "seconds": seconds,
            "minimal": shrunk.is_minimal,
            "scenario": has_scenario,
        });
        for (name, was, is) in sizes(before, after) {
            of_node[name] = json!({ "before": was, "after": is });
        }
        document.push(of_node);
    }
    print_table(rows);
    out::line(format_args!(
        "\n{few} of {} nodes end with at most {} operations and {} faults.",
        chosen.len(),
        FEW.0,
        FEW.1
    ));
    Ok((true, json!({ "version": 1, "shrunk": document })))
}

fn sizes(before: Extent, after: Extent) -> [(&'static str, u64, u64); 4] {
    [
        ("nodes", before.nodes, after.nodes),
        ("operations", before.operations, after.operations),
        ("faults", before.faults, after.faults),
        ("messages", before.messages, after.messages),
    ]
}

/// The first run of a node that has its finding, shrunk; `None` if no seed has it.
fn small(
    case: &Case,
    arguments: &GalleryArguments,
    interrupt: &Interrupt,
) -> Result<Option<Small>, CliError> {
    let availability = if case.under.total { Availability::Total } else { Availability::default() };
    let judge = RunOptions { availability, ..RunOptions::default() };
    let lab = CliLab::new(judge, Calm::AsSaid, interrupt.clone());
    for seed in 0..arguments.seeds {
        let plan = broken_plan(case, seed).map_err(|error| CliError::machine(error.to_string()))?;
        let Some(run) = lab.run(&plan).map_err(CliError::machine)? else { return Ok(None) };
        let found = run.findings.iter().find(|finding| finding.name == case.finding);
        let Some(finding) = found else { continue };
        let wanted = Signature::of(finding, &run.outcome.history);
        #[expect(clippy::disallowed_methods, reason = "shrinking has a budget of time")]
        let clock = Instant::now();
        let budget: Duration = arguments.budget;
        let stops = interrupt.clone();
        let is_over = move || clock.elapsed() >= budget || stops.is_requested();
        let lab_in_time = lab.until(is_over.clone());
        let shrunk = shrink::shrink(&plan, Some(&wanted), &lab_in_time, &is_over)
            .map_err(|error| CliError::machine(format!("{}: {error}", case.name)))?;
        let seconds = clock.elapsed().as_secs_f64();
        let has_scenario = scenario(&shrunk, &lab).is_ok();
        return Ok(Some(Small { seed, shrunk, has_scenario, seconds }));
    }
    Ok(None)
}
