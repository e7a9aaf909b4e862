//! A run in words.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use glomers_check::{Exposure, Quantiles, Validity};
use glomers_protocol::printable;
use glomers_session::{Executed, RunOptions, RunReport, Traced};
use glomers_sim::{Clock, Ended, NodeProgram, Plan};

use crate::{findings, next_step};

/// The directory of what nodes logged, in the store.
const NODE_LOGS: &str = "node-logs";
/// A store of so many bytes is large.
const LARGE: u64 = 10_000_000;
/// How many bytes of a log are read at most to show how it begins.
const SHOWN_OF_LOG: u64 = 200;

fn quantiles(found: Quantiles) -> String {
    let Quantiles { median, p95, p99, max, .. } = found;
    format!("median {median} ms, 0.95 {p95} ms, 0.99 {p99} ms, max {max} ms")
}

/// "1 seed", "2 seeds".
pub(crate) fn counted(number: u64, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

/// What the run could have shown.
fn exposure(exposure: Exposure) -> String {
    let mut text = format!("at most {} at once", counted(exposure.overlap, "operation"));
    if exposure.contended_keys > 0 {
        text += &format!(", which met at {}", counted(exposure.contended_keys, "key"));
        if exposure.keys_with_rival_writers == 0 {
            text += " (never two writers)";
        }
    }
    if exposure.reads > 0 {
        text += &format!(
            ", {} of {} could have been stale",
            exposure.reads_that_could_be_stale,
            counted(exposure.reads, "read")
        );
    }
    text
}

/// The program in few words.
pub(crate) fn program(plan: &Plan) -> String {
    match &plan.program {
        NodeProgram::Embedded { name, .. } if plan.host.has_processes() => {
            format!("{name} as a process")
        }
        NodeProgram::Embedded { name, .. } => name.clone(),
        NodeProgram::Program { path, .. } => {
            let path = std::path::Path::new(path);
            path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
        }
    }
}

/// Which neighbours the nodes were told, where clients tell that.
fn topology(plan: &Plan) -> String {
    let entry = glomers_workload::entry(&plan.workload.name).ok();
    let Some(option) = entry.and_then(|entry| entry.option("topology")) else {
        return String::new();
    };
    let chosen = plan.workload.options.get(option.name);
    format!(", topology {}", chosen.map_or(option.default, String::as_str))
}

/// Which values the true latencies are of, if so many reached some nodes only.
fn reached(incomplete: u64) -> String {
    match incomplete {
        0 => String::new(),
        more => format!(" of the values that reached all nodes ({more} did not)"),
    }
}

pub(crate) fn word(validity: Validity) -> &'static str {
    match validity {
        Validity::Valid => "valid",
        Validity::Unknown => "unknown",
        Validity::Invalid => "INVALID",
    }
}

/// A whole run, as a person wants to read it.
pub(crate) fn whole(
    plan: &Plan,
    executed: &Executed,
    options: &RunOptions,
    command: &str,
) -> String {
    let report = &executed.report;
    let mut text = String::new();
    for (name, value) in facts(plan, executed, options, command) {
        let _ = writeln!(text, "  {name:<13}{value}");
    }
    text.push('\n');
    text.push_str(&findings::text(&report.verdict.findings));
    text.push_str(&next_step::text(plan, executed, options));
    let _ = writeln!(text, "{}", last_lines(report, options));
    text
}

/// What a run was and what came of it, but for its findings: facts with their names.
pub(crate) fn facts(
    plan: &Plan,
    executed: &Executed,
    options: &RunOptions,
    command: &str,
) -> Vec<(String, String)> {
    let report = &executed.report;
    let outcome = &report.outcome;
    let mut facts: Vec<(String, String)> = Vec::new();
    let mut row = |name: &str, value: String| facts.push((name.to_owned(), value));
    row("verdict", verdict(report, options));
    row(
        "cluster",
        format!(
            "{}, {} ({}){}, {} s, seed {}",
            plan.workload.name,
            counted(plan.nodes.len() as u64, "node"),
            program(plan),
            topology(plan),
            plan.time_limit as f64 / 1e9,
            plan.seed
        ),
    );
    let measured = &report.verdict.measured;
    if let Some(ends) = measured.operations {
        row(
            "operations",
            format!("{}: {} ok, {} fail, {} info", ends.total(), ends.ok, ends.fail, ends.info),
        );
    }
    if let Some(count) = measured.answered.filter(|count| count.answerable > 0) {
        row(
            "answered",
            format!(
                "{} of the {} that began after 5 s without any fault ({:.2} %)",
                count.answered,
                count.answerable,
                count.fraction().unwrap_or(1.0) * 100.0
            ),
        );
    }
    let net = &outcome.net;
    row(
        "messages",
        format!(
            "{} between servers ({:.3} per operation), {} with clients",
            net.servers.sent,
            net.servers_per_operation(),
            net.clients.sent
        ),
    );
    let of = reached(measured.incomplete);
    for (name, found, of) in
        [("observed", measured.observed, ""), ("true", measured.truth, of.as_str())]
    {
        if let Some(found) = found {
            let name = format!("{name:<9}");
            row(&name, format!("stable latency{of}: {}", quantiles(found)));
        }
    }
    for fault in &outcome.faults {
        let until = fault.until.map_or("the end".to_owned(), |until| until.to_string());
        row(
            fault.kind,
            format!("{} to {until}: {}; {}", fault.from, fault.description, fault.effects()),
        );
    }
    if report.exposure.overlap > 0 {
        row("tested", exposure(report.exposure));
    }
    for warning in &report.warnings {
        row("warning", printable(warning).into_owned());
    }
    for note in &report.verdict.notes {
        row("note", printable(note).into_owned());
    }
    if let Some(traced) = &executed.traced {
        row("guarantee", guarantee(traced));
        for note in &traced.notes {
            row("note", note.clone());
        }
    } else if plan.clock == Clock::Real {
        row("guarantee", REAL.to_owned());
    }
    if let Some(directory) = &executed.directory {
        if let Some(logs) = logs(directory, &plan.nodes) {
            row("logs", logs);
        }
        row("store", directory.display().to_string());
        if let Some(files) = files(directory) {
            row("files", files);
        }
    }
    row("took", took(executed));
    row("repeat", printable(command).into_owned());
    let can_be_virtual = cfg!(all(target_os = "linux", target_arch = "x86_64"));
    if can_be_virtual && plan.clock == Clock::Real {
        row("faster", FASTER.to_owned());
    }
    facts
}

/// Which nodes logged something, and how the first began: what is wrong with the
/// machine is often told there alone.
fn logs(directory: &Path, nodes: &[String]) -> Option<String> {
    let log = |node: &str| directory.join(NODE_LOGS).join(format!("{node}.log"));
    let logged: Vec<&str> =
        nodes.iter().map(String::as_str).filter(|node| log(node).is_file()).collect();
    let first = logged.first()?;
    let file = std::fs::File::open(log(first)).ok()?;
    let mut line = Vec::new();
    BufReader::new(file.take(SHOWN_OF_LOG)).read_until(b'\n', &mut line).ok()?;
    let line = String::from_utf8_lossy(&line);
    // Each begins with the time.
    let words = line.split_once(' ').map_or("", |(_, words)| words).trim_end();
    Some(format!("{}, in {NODE_LOGS}; {first} began: {}", logged.join(" "), printable(words)))
}

/// How large the files of a store are, if they are large, and how packed ones are read.
fn files(directory: &Path) -> Option<String> {
    let mut files: Vec<(u64, String)> = std::fs::read_dir(directory)
        .ok()?
        .flatten()
        .filter_map(|entry| Some((entry.metadata().ok()?, entry.file_name())))
        .filter(|(data, _)| data.is_file())
        .map(|(data, name)| (data.len(), name.to_string_lossy().into_owned()))
        .collect();
    let total = files.iter().map(|(length, _)| length).sum::<u64>();
    if total < LARGE {
        return None;
    }
    files.sort_by(|a, b| b.cmp(a));
    let size = |length: u64| match length {
        length if length < 10_000_000 => format!("{:.1} MB", length as f64 / 1e6),
        length => format!("{} MB", length / 1_000_000),
    };
    let largest: Vec<String> = files
        .iter()
        .take(3)
        .filter(|(length, _)| length * 20 >= total)
        .map(|(length, name)| format!("{} {}", printable(name), size(*length)))
        .collect();
    let mut text = format!("{}, of which {}", size(total), largest.join(", "));
    let path = directory.join("history.edn.zst");
    if path.is_file() {
        let path = crate::shell::quoted(&path.to_string_lossy());
        let _ = write!(text, "; read the history with: zstd -dc {path}");
    }
    Some(text)
}

/// The verdict, and what it rests on.
fn verdict(report: &RunReport, options: &RunOptions) -> String {
    let validity = report.validity(options);
    let mut text = word(validity).to_owned();
    if report.outcome.ended == Ended::Interrupted {
        text += " so far";
    }
    if validity != Validity::Valid && !report.verdict.findings.is_empty() {
        let names = findings::names(&report.verdict.findings);
        let _ = write!(text, ": {names} (explained below)");
    }
    text
}

/// What can be said of a run in real time.
const REAL: &str = "none: in real time the seed fixes operations and faults only";

/// What a run in real time could have been.
const FASTER: &str = "--time virtual runs the same executable many times faster, and each time \
                      the same (glomers doctor says what holds here)";

/// How far one can rely on a run of traced nodes.
fn guarantee(traced: &Traced) -> String {
    match traced.is_exact {
        true => "exact: another run on this machine is the same, byte for byte",
        false => "virtual: time is virtual, but another run may differ",
    }
    .to_owned()
}

/// How long the run lasted for the cluster, and for who waited for it.
fn took(executed: &Executed) -> String {
    let (length, wall) = (executed.report.outcome.length.as_secs_f64(), executed.wall_time);
    let wall = wall.as_secs_f64();
    if wall == 0.0 {
        return format!("{length:.1} s");
    }
    format!("{wall:.3} s for {length:.1} s of the cluster's time")
}

fn last_lines(report: &RunReport, options: &RunOptions) -> String {
    let validity = report.validity(options);
    let mut text = String::new();
    if report.outcome.ended == Ended::Interrupted {
        text.push_str("Interrupted: this is the verdict on what there was until then.\n");
    }
    if report.verdict.compat != report.verdict.strict {
        let _ = writeln!(
            text,
            "Strict verdict: {}; Jepsen's would be: {}.",
            word(report.verdict.strict),
            word(report.verdict.compat)
        );
    }
    text.push_str(last_line(validity));
    text
}

/// What Jepsen says at last.
pub(crate) fn last_line(validity: Validity) -> &'static str {
    match validity {
        Validity::Valid => "Everything looks good! ヽ(‘ー`)ノ",
        Validity::Unknown => "Errors occurred during analysis, but no anomalies found. ಠ~ಠ",
        Validity::Invalid => "Analysis invalid! (ﾉಥ益ಥ）ﾉ ┻━┻",
    }
}
