//! Pages for the browser: how large they are, and what they cost.

use crate::table::{Goal, Row};
use crate::{build, measure};

use super::{Target, Tools, row, words};

pub(super) const TARGETS: &[Target] = &[
    Target { name: "report", is_long: false, measure: small },
    Target { name: "report of 1,000,000 messages", is_long: true, measure: large },
    Target { name: "report in a browser", is_long: true, measure: browser },
];

/// 28,000 messages.
const SMALL: &str = "test -w broadcast --node flood --topology tree4 --node-count 25 --rate 100 \
    --latency 100 --time-limit 20 --seed 1 --store store";

/// 1,000,000 messages.
const LARGE: &str = "test -w broadcast --node flood --topology total --node-count 25 --rate 200 \
    --latency 20 --latency-dist exponential --time-limit 18 --seed 1 --store store";

fn small(tools: &Tools) -> Vec<Row> {
    rows(tools, "28,000 messages", SMALL, 5, [400.0, 60.0])
}

fn large(tools: &Tools) -> Vec<Row> {
    rows(tools, "1,000,000 messages", LARGE, 1, [6000.0, 1000.0])
}

/// The size, and what a run costs more when a report is asked for.
fn rows(tools: &Tools, what: &str, line: &str, times: usize, goals: [f64; 2]) -> Vec<Row> {
    let plain = words(line);
    let with_report = [&plain[..], &["--report"]].concat();
    let cost = tools.best_of(times, &plain).and_then(|without| {
        let with = tools.best_of(times, &with_report)?;
        Ok((with.cpu - without.cpu) * 1e3)
    });
    let [most_kilobytes, most_ms] = goals;
    vec![
        row(
            format!("report.html of {what}"),
            Goal::AtMost(most_kilobytes),
            "KB",
            kilobytes(tools, &with_report),
            "",
        ),
        row(
            format!("report.html of {what}: written"),
            Goal::AtMost(most_ms),
            "ms",
            cost,
            format!("a run with --report less one without, best of {times} each"),
        ),
    ]
}

/// What a browser takes for a million messages, which `npm run measure` measures.
fn browser(tools: &Tools) -> Vec<Row> {
    let figures = measured(tools);
    let figure = |name: &str| {
        let figures = figures.as_ref().map_err(Clone::clone)?;
        figures[name].as_f64().ok_or_else(|| format!("no figure {name}"))
    };
    [
        ("report in a browser, 1,000,000 messages: opens", Goal::AtMost(1500.0), "ms", "opens_ms"),
        ("the same: pans", Goal::AtLeast(30.0), "frames/s", "frames_per_second"),
        ("the same: found in the page", Goal::AtMost(1000.0), "ms", "search_in_page_ms"),
        (
            "the same: found in all bodies by serve",
            Goal::AtMost(1000.0),
            "ms",
            "search_at_server_ms",
        ),
    ]
    .map(|(what, goal, unit, name)| row(what, goal, unit, figure(name), "wall time, Chromium"))
    .into()
}

fn measured(tools: &Tools) -> Result<serde_json::Value, String> {
    let web = build::root().join("crates/report/web");
    let output = std::process::Command::new("node")
        .args(["tests/measure.mjs", "--json"])
        .current_dir(&web)
        .env("GLOMERS", tools.glomers()?)
        .output()
        .map_err(|error| format!("node: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let line = said.lines().find(|line| line.contains(':')).unwrap_or_default().to_owned();
        return Err(format!("{line} (needs Node.js, npm ci in {}, Chromium)", web.display()));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
}

fn kilobytes(tools: &Tools, arguments: &[&str]) -> Result<f64, String> {
    let folder = tempfile::tempdir_in(&tools.room).map_err(|error| error.to_string())?;
    measure::run(tools.glomers()?, arguments, folder.path())?;
    let page = folder.path().join("store/latest/report.html");
    let data = std::fs::metadata(page).map_err(|error| format!("no page: {error}"))?;
    Ok(data.len() as f64 / 1e3)
}
