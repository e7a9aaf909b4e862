//! What to type after a run that is not valid: the commands that show what happened.

use std::path::Path;

use glomers_check::{Finding, Validity};
use glomers_history::{History, SECOND, Time};
use glomers_session::{Executed, RunOptions};
use glomers_sim::{Clock, NodeProgram, Plan};

use crate::shell::quoted;

/// The directory that `trace` and `replay` take if none is named.
const LATEST: &str = "store";

/// The next commands, one a line; empty if the run is valid or is not stored.
pub(crate) fn text(plan: &Plan, executed: &Executed, options: &RunOptions) -> String {
    let report = &executed.report;
    let Some(directory) = &executed.directory else { return String::new() };
    if report.validity(options) == Validity::Valid {
        return String::new();
    }
    let Some(place) = place(&report.verdict.findings, &report.outcome.history) else {
        return String::new();
    };
    let store = argument(directory);
    let mut text = String::new();
    let page = directory.join(crate::report::FILE);
    if page.is_file() {
        text += &format!("To see it in a browser, open {}\n", page.display());
    }
    text += "To see what happened around it:\n";
    text += &match place.operation {
        Some(index) => format!("  glomers trace{store} --around \"op {index}\"\n"),
        None => {
            let time = place.time.as_secs_f64();
            let from = (time - 0.5).max(0.0);
            format!("  glomers trace{store} --clients --between {from:.3}s {:.3}s\n", time + 0.5)
        }
    };
    let trust = match (plan.clock, &plan.program) {
        (Clock::Virtual, NodeProgram::Embedded { .. }) => Some(""),
        // It is the user's own.
        (Clock::Virtual, NodeProgram::Program { .. }) => Some(" --trust"),
        (Clock::Real, _) => None,
    };
    if let Some(trust) = trust {
        text += &format!("  glomers replay{store}{trust} --until {}\n", just_after(place.time));
    }
    text.push('\n');
    text
}

/// Where to look.
struct Place {
    operation: Option<u64>,
    time: Time,
    /// It is an operation at the end.
    is_final: bool,
}

/// The first operation that a finding names, else the first finding with a time. A final
/// read shows that something is missing, not what went wrong: one before it is preferred.
fn place(findings: &[Finding], history: &History) -> Option<Place> {
    let named = || {
        findings.iter().flat_map(|finding| &finding.operations).filter_map(|index| {
            let op = history.ops().iter().find(|op| op.index == *index)?;
            Some(Place { operation: Some(*index), time: op.time, is_final: op.is_final })
        })
    };
    let of_operation = named().find(|place| !place.is_final).or_else(|| named().next());
    of_operation.or_else(|| {
        let time = findings.iter().find_map(|finding| finding.time)?;
        Some(Place { operation: None, time, is_final: false })
    })
}

/// The next tenth of a second.
fn just_after(time: Time) -> String {
    const TENTH: u64 = SECOND / 10;
    let tenths = time.0 / TENTH + 1;
    format!("{}.{}s", tenths / 10, tenths % 10)
}

/// The store as an argument, unless it is the one that is taken anyway.
fn argument(directory: &Path) -> String {
    let root = directory.ancestors().nth(2);
    match root {
        Some(root) if root == Path::new(LATEST) && is_latest(directory) => String::new(),
        _ => format!(" {}", quoted(&directory.to_string_lossy())),
    }
}

/// Whether `latest` leads to this run: what is in its place may be no link.
fn is_latest(directory: &Path) -> bool {
    let latest = Path::new(LATEST).join("latest").canonicalize();
    // Where nothing can be looked up, nothing speaks against it.
    latest.is_err() || latest.ok() == directory.canonicalize().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_just_after_is_the_next_tenth() {
        assert_eq!(just_after(Time(0)), "0.1s");
        assert_eq!(just_after(Time(1_801_000_000)), "1.9s");
        assert_eq!(just_after(Time(12_900_000_000)), "13.0s");
    }

    #[test]
    fn the_latest_run_needs_no_name() {
        assert_eq!(argument(Path::new("store/broadcast/20260101T000000")), "");
        assert_eq!(argument(Path::new("runs/echo/1")), " runs/echo/1");
        assert_eq!(argument(Path::new("a b/echo/1")), " 'a b/echo/1'");
    }
}
