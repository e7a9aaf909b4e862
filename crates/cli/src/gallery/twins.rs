//! Every reference node hunted within what it claims to survive: nothing may be found.

use std::collections::BTreeMap;

use glomers_bench::Interrupt;
use glomers_hunt::{Fixed, Hunt, Row, Seeds, Signature, Tally, Weights, campaign};
use glomers_session::RunOptions;
use glomers_trials::gallery::Claim;
use serde_json::{Value as Json, json};

use super::hunt::{base, interrupted, shipped};
use super::{GalleryArguments, claims, print_table};
use crate::error::CliError;
use crate::hunt::lab::{Calm, CliLab};
use crate::out;
use crate::progress::Progress;

/// What a hunt came to.
#[derive(Default)]
struct Hunted {
    runs: u64,
    unknown: u64,
    /// How many runs had a finding.
    found: u64,
    /// How many runs had each finding, and the first of them.
    findings: BTreeMap<Signature, (u64, u64)>,
}

pub(super) fn run(arguments: &GalleryArguments) -> Result<(bool, Json), CliError> {
    let mut all = claims::chosen(&arguments.only)?;
    all.retain(Claim::is_whole);
    let interrupt = Interrupt::install_signal_handlers()
        .map_err(|error| CliError::machine(format!("no signal handlers: {error}")))?;
    let lab = CliLab::new(RunOptions::default(), Calm::IsAnswered, interrupt);
    let _guard = lab.interrupt.guard();
    let progress = Progress::of_runs(arguments.cap * all.len() as u64);
    let mut rows = vec![
        ["node", "workload", "runs", "unknown", "found in", "under"].map(str::to_owned).to_vec(),
    ];
    let mut complaints = String::new();
    let mut document = Vec::new();
    for claim in &all {
        let hunted = hunted(claim, arguments, &lab, &progress)?;
        for (signature, (runs, first)) in &hunted.findings {
            let runs = if *runs == 1 { "1 run".to_owned() } else { format!("{runs} runs") };
            complaints +=
                &format!("\n✗ {}: {signature} in {runs}, first with seed {first}", claim.node);
        }
        if !hunted.findings.is_empty() {
            complaints += &format!("\n  {}", command(claim, arguments.cap));
        }
        rows.push(vec![
            claim.node.to_owned(),
            claim.workload.to_owned(),
            hunted.runs.to_string(),
            hunted.unknown.to_string(),
            hunted.found.to_string(),
            claim.hazards_in_words(),
        ]);
        document.push(json!({
            "node": claim.node,
            "workload": claim.workload,
            "runs": hunted.runs,
            "unknown": hunted.unknown,
            "found": hunted.found,
        }));
    }
    progress.clear();
    print_table(rows);
    let is_good = complaints.is_empty();
    out::line(match is_good {
        true => "\nNothing was found.".to_owned(),
        false => {
            format!("{complaints}\n\nEach command does the same hunt, and shrinks what it finds.")
        }
    });
    Ok((is_good, json!({ "version": 1, "seeds": arguments.cap, "hunts": document })))
}

/// The command that does the same hunt.
fn command(claim: &Claim, cap: u64) -> String {
    let names: Vec<&str> = claim.hazards.iter().map(|hazard| hazard.name()).collect();
    let mut command = format!(
        "glomers hunt -w {} --node {} --claims {} --seeds 1..={cap}",
        claim.workload,
        claim.node,
        names.join(",")
    );
    for (option, value) in claim.options() {
        command += &format!(" --{option} {value}");
    }
    if let Some(nodes) = claim.node_count() {
        command += &format!(" --node-count {nodes}");
    }
    command
}

fn hunted(
    claim: &Claim,
    arguments: &GalleryArguments,
    lab: &CliLab,
    progress: &Progress,
) -> Result<Hunted, CliError> {
    let mut base = base(claim.node.to_owned(), claim.workload)?;
    base.claims = Some(claim.kinds());
    for (option, value) in claim.options() {
        base.plan.workload.options.insert((*option).to_owned(), (*value).to_owned());
    }
    if let Some(nodes) = claim.node_count() {
        base.fixed.insert("node-count".to_owned(), Fixed::Number(nodes.into()));
    }
    let hunt = Hunt {
        families: shipped(),
        base,
        seeds: Seeds { from: 1, end: Some(1 + arguments.cap) },
        shard: None,
        weights: Weights::default(),
        adapts: true,
    };
    let threads = arguments.threads.map_or_else(
        || std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        usize::from,
    );
    let mut hunted = Hunted::default();
    let mut on_row = |row: &Row, _: &Tally| {
        hunted.runs += 1;
        hunted.found += u64::from(row.is_found());
        hunted.unknown += u64::from(row.verdict == glomers_hunt::Verdict::Unknown);
        for signature in &row.findings {
            let (runs, _) = hunted.findings.entry(signature.clone()).or_insert((0, row.seed));
            *runs += 1;
        }
        progress.advance();
        Ok(())
    };
    let is_over = || lab.interrupt.is_requested();
    let mut tally = Tally::new(&hunt);
    campaign::run(&hunt, lab, threads, &mut tally, &is_over, &mut on_row)
        .map_err(CliError::machine)?;
    if lab.interrupt.is_requested() {
        progress.clear();
        return Err(interrupted());
    }
    Ok(hunted)
}
