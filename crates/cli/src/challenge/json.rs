//! What came of challenges, for programs: `--json`.

use glomers_check::Quantiles;
use serde_json::{Value as Json, json};

use super::table::Attempt;
use crate::ci::Run;
use crate::summary;

/// The number of this form; it grows when a field changes its meaning.
pub(super) const VERSION: u32 = 1;

/// One challenge.
pub(super) fn attempt(attempt: &Attempt<'_>, run: &Run<'_>) -> Json {
    let report = attempt.report;
    let latency = |found: Option<Quantiles>| {
        found.map(|Quantiles { median, p95, p99, max, .. }| {
            json!({"median_ms": median, "p95_ms": p95, "p99_ms": p99, "max_ms": max})
        })
    };
    let measured = &report.verdict.measured;
    let findings = report.verdict.findings.iter().map(|finding| {
        json!({
            "name": finding.name,
            "summary": finding.summary,
            "evidence": finding.evidence,
            "node": finding.node,
        })
    });
    json!({
        "id": attempt.challenge.id,
        "about": attempt.challenge.about,
        "node": summary::program(attempt.plan),
        "seed": attempt.plan.seed,
        "verdict": summary::word(report.validity(attempt.judge)).to_lowercase(),
        "passed": attempt.passes(),
        "missed": attempt.missed(),
        "messages_per_operation": report.outcome.net.servers_per_operation(),
        "observed_latency": latency(measured.observed),
        "true_latency": latency(measured.truth),
        "findings": findings.collect::<Vec<Json>>(),
        "store": run.executed.directory.as_ref().map(|path| path.display().to_string()),
        "repeat": run.command,
    })
}

/// All of them.
pub(super) fn whole(attempts: &[Json], is_interrupted: bool) -> String {
    let passed = attempts.iter().filter(|attempt| attempt["passed"] == true).count();
    let whole = json!({
        "version": VERSION,
        "passed": passed,
        "total": attempts.len(),
        "interrupted": is_interrupted,
        "challenges": attempts,
    });
    format!("{whole:#}\n")
}
