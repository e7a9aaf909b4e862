//! From what a run left to a verdict.

use glomers_check::{
    Answered, AsMaelstrom, Availability, Exposure, Finding, JudgeOptions, Standard, Verdict, judge,
    maelstroms_history, unavailable_after_heal,
};
use glomers_history::{Stop, Time};
use glomers_sim::{Ended, Outcome, Workload};

use crate::pace;

/// How a run is judged.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// How many operations must succeed.
    pub availability: Availability,
    /// Whether Jepsen's verdict counts, not the stricter one.
    pub jepsen_compat: bool,
    /// Whether a fault that touched nothing, or that there was none, makes the run
    /// invalid.
    pub require_faults: bool,
    /// Whether the run is invalid if changes of a key that must overlap did not: see
    /// [`Workload::needs_contention`].
    pub require_overlap: bool,
    /// When a run in virtual time is to end, and long searches of checkers are to be
    /// given up.
    pub stop: Stop,
}

/// A run and its verdict.
#[derive(Debug)]
#[non_exhaustive]
pub struct RunReport {
    /// What happened.
    pub outcome: Outcome,
    /// What it amounts to.
    pub verdict: Verdict,
    /// Faults that touched nothing, and other reasons why a wrong cluster would have
    /// passed, too, in words.
    pub warnings: Vec<String>,
    /// How many faults touched nothing.
    pub idle_faults: usize,
    /// How much the run exposes its cluster to mistakes.
    pub exposure: Exposure,
}

/// Judges what a run left.
pub fn judge_outcome(
    mut outcome: Outcome,
    workload: &dyn Workload,
    options: &RunOptions,
) -> RunReport {
    let idle: Vec<&glomers_sim::FaultReport> =
        outcome.faults.iter().filter(|report| report.proves_nothing()).collect();
    let mut warnings: Vec<String> = idle
        .iter()
        .map(|report| {
            format!(
                "the {} from {} ({}) touched nothing: {}, so it proves nothing",
                report.kind,
                report.from,
                report.description,
                report.idle_reason()
            )
        })
        .collect();
    let idle_faults = warnings.len();
    let is_complete = outcome.ended == Ended::Completed;
    if is_complete {
        warnings.extend(outcome.never_began.iter().cloned());
    }
    if options.require_faults {
        outcome.findings.extend(without_effect(&outcome, &warnings));
    }
    if is_complete {
        let cannot = |why: &String| format!("what cannot touch this cluster was left out: {why}");
        warnings.extend(outcome.left_out.iter().map(cannot));
        warnings.extend(pace::warning(&outcome));
    }
    if let Some(finding) = unavailable(&outcome) {
        outcome.findings.push(finding);
    }
    outcome.context.is_cut_short = outcome.ended == Ended::Interrupted;
    outcome.context.stop = options.stop.clone();
    let exposure = Exposure::of(&outcome.history, &outcome.context, |op| workload.accesses(op));
    if let Some(warning) = harmless(&outcome, exposure, workload) {
        if options.require_overlap {
            let summary = "No two writers of a key overlapped, so this test can hardly fail, and \
                           --require-overlap asks that some do. A higher --rate or \
                           --concurrency makes them meet.";
            outcome.findings.push(Finding::new("no-overlap", summary));
        }
        warnings.push(warning);
    }
    warnings.extend(silent(&outcome, exposure));
    let answers = workload.errors_that_answer();
    let answered = (!answers.is_empty()).then(|| Answered {
        errors: answers.to_vec(),
        faults: outcome.faults.iter().map(|fault| (fault.from, fault.until)).collect(),
    });
    let maelstroms = maelstroms_history(
        &outcome.history,
        &outcome.context,
        &AsMaelstrom {
            rpc_timeout: outcome.rpc_timeout,
            is_idempotent: &|f| workload.is_idempotent(f),
            trusts_no_error: workload.jepsen_trusts_no_error(),
        },
    );
    let judge_options = JudgeOptions {
        maelstroms,
        notes: outcome.notes.iter().map(note).collect(),
        availability: options.availability,
        answered,
        exempt_from_stats: workload.may_never_succeed().iter().map(|f| (*f).to_owned()).collect(),
        asks_nothing: outcome.asked.is_nothing(),
        standard: if options.jepsen_compat { Standard::JepsenCompat } else { Standard::Strict },
    };
    let verdict = judge(
        &outcome.history,
        &outcome.context,
        &*workload.checker(),
        judge_options,
        outcome.net.to_value(),
        outcome.findings.clone(),
    );
    RunReport { outcome, verdict, warnings, idle_faults, exposure }
}

/// What is wrong with a run whose faults must all touch something. `idle` says of each
/// that did not why.
fn without_effect(outcome: &Outcome, idle: &[String]) -> Option<Finding> {
    let touched = outcome.faults.iter().filter(|report| !report.touched_nothing()).count();
    let is_complete = outcome.ended == Ended::Completed;
    let all = outcome.faults.len() + outcome.never_began.len();
    let mut evidence = idle.to_vec();
    let summary = if all == 0 && is_complete {
        evidence.extend(outcome.left_out.iter().cloned());
        "No fault could touch the cluster, as there was none, and --require-faults asks for one. \
         --nemesis names kinds of faults; tests call fault()."
            .to_owned()
    } else if !idle.is_empty() {
        format!(
            "{} of {all} faults touched nothing, and --require-faults asks that all do.",
            idle.len()
        )
    } else if touched == 0 && is_complete {
        let told = outcome.faults.iter().map(|report| {
            format!(
                "the {} from {} came within a second of the last operation: {}",
                report.kind,
                report.from,
                report.idle_reason()
            )
        });
        evidence.extend(told);
        format!("None of {all} faults touched anything, and --require-faults asks that all do.")
    } else {
        return None;
    };
    let mut finding = Finding::new("fault-without-effect", summary);
    finding.evidence = evidence;
    Some(finding)
}

/// A note on a node, with what it wrote.
fn note(note: &Finding) -> String {
    let shown = note.evidence.first().map(|line| format!(" The first: {line}"));
    format!("{}{}", note.summary, shown.unwrap_or_default())
}

/// Whether nodes did not serve again after all faults were over.
fn unavailable(outcome: &Outcome) -> Option<Finding> {
    if outcome.ended != Ended::Completed {
        return None;
    }
    let ends: Option<Vec<Time>> = outcome.faults.iter().map(|fault| fault.until).collect();
    let healed = ends?.into_iter().max()?;
    let (history, context) = (&outcome.history, &outcome.context);
    let (bound, loss) = (outcome.recovery_bound, outcome.steady_loss);
    unavailable_after_heal(history, context, healed, bound, loss)
}

/// Why a wrong cluster would have passed, too, as far as can be seen.
fn harmless(outcome: &Outcome, exposure: Exposure, workload: &dyn Workload) -> Option<String> {
    let is_complete = outcome.ended == Ended::Completed;
    let met = exposure.keys_with_rival_writers > 0;
    (is_complete && workload.needs_contention() && !met).then(|| {
        "no two writers of a key overlapped, so this test can hardly fail; a higher --rate or \
         --concurrency makes them meet"
            .to_owned()
    })
}

/// That nodes which should have told each other never did.
fn silent(outcome: &Outcome, exposure: Exposure) -> Option<String> {
    let is_complete = outcome.ended == Ended::Completed;
    let nodes = outcome.context.nodes.len();
    let stale = exposure.reads_that_could_be_stale;
    (is_complete && nodes > 1 && stale > 0 && outcome.net.servers.sent == 0).then(|| {
        format!(
            "no node ever sent a message to another or to a service: each of the {nodes} answers from \
             what it was told itself, though {stale} reads came after a write at another node"
        )
    })
}

impl RunReport {
    /// The verdict that counts.
    pub fn validity(&self, options: &RunOptions) -> glomers_check::Validity {
        if options.jepsen_compat { self.verdict.compat } else { self.verdict.strict }
    }
}
