//! What the broadcast family must show: 25 nodes, 100 ms, 100 operations a second
//! for 20 s.

use crate::build;
use crate::measure;
use crate::readings::{after, latencies, named};
use crate::table::{Goal, Row};

use super::{Target, Tools, row, words};

pub(super) const TARGETS: &[Target] = &[
    Target { name: "broadcast", is_long: true, measure: virtual_time },
    Target { name: "broadcast on uneven networks", is_long: true, measure: uneven },
    Target { name: "broadcast as processes", is_long: true, measure: real_time },
];

/// A name in the output of the example, what it is, the most it may be, its unit,
/// and what else to know.
type Line = (&'static str, &'static str, f64, &'static str, &'static str);

const BLOG: &str = "hub-ft --period 1015, Maelstrom's inbox";
const FASTEST: &str = "hub-ft --period 510, Maelstrom's inbox";
const PROFILE_3D: &str = "hub-ft --period 450, Maelstrom's inbox";
const PROFILE_3E: &str = "hub-ft --period 1700, Maelstrom's inbox";
const IDEAL_3D: &str = "hub-ft --period 385, ideal inbox";
const IDEAL_3E: &str = "hub-ft --period 1550, ideal inbox";
const BLOG_SERVED: &str = "hub-ft --max-latency 1200, Maelstrom's inbox, default service time";
const OP: &str = "messages/operation";

const LINES: &[Line] = &[
    ("blog messages", "against the blog", 0.50, OP, BLOG),
    ("blog observed-median", "  observed median", 895.0, "ms", ""),
    ("blog observed-max", "  observed maximum", 1129.0, "ms", ""),
    ("fastest messages", "against the fastest batched result", 0.85, OP, FASTEST),
    ("fastest observed-median", "  observed median", 339.0, "ms", ""),
    ("fastest observed-max", "  observed maximum", 678.0, "ms", ""),
    ("3d messages", "marks of 3d", 0.95, OP, PROFILE_3D),
    ("3d observed-median", "  observed median", 399.0, "ms", ""),
    ("3d observed-max", "  observed maximum", 599.0, "ms", ""),
    ("3e messages", "marks of 3e", 0.33, OP, PROFILE_3E),
    ("3e observed-median", "  observed median", 999.0, "ms", ""),
    ("3e observed-max", "  observed maximum", 1999.0, "ms", ""),
    ("3d-ideal messages", "marks of 3d", 1.05, OP, IDEAL_3D),
    ("3d-ideal observed-median", "  observed median", 399.0, "ms", ""),
    ("3d-ideal observed-max", "  observed maximum", 599.0, "ms", ""),
    ("3e-ideal messages", "marks of 3e", 0.37, OP, IDEAL_3E),
    ("3e-ideal observed-median", "  observed median", 999.0, "ms", ""),
    ("3e-ideal observed-max", "  observed maximum", 1999.0, "ms", ""),
    ("direct messages", "one hop", 10.1, OP, "direct --max-latency 200, ideal inbox"),
    ("direct true-max", "  true maximum", 200.0, "ms", ""),
    ("hub-sync-400 over-single-hub", "hub-sync --period 400", 1.17, "× bound", "of one hub"),
    ("hub-sync-400 true-max", "  true maximum", 610.0, "ms", ""),
    ("hub-sync-800 over-single-hub", "hub-sync --period 800", 1.17, "× bound", "of one hub"),
    ("hub-sync-800 true-max", "  true maximum", 1010.0, "ms", ""),
    (
        "price-of-tolerance ratio",
        "hub-ft over hub-sync",
        1.08,
        "times",
        "--period 450, ideal inbox",
    ),
    ("loss messages", "5 % loss", 1.15, OP, PROFILE_3D),
    ("loss observed-max", "  observed maximum", 1500.0, "ms", ""),
    ("loss lost", "  values lost", 0.0, "", "in all seeds"),
    ("halves after-heal", "halves cut for 10 s: all everywhere after the heal", 1.0, "s", "true"),
    ("ring worst", "ring of majorities for 10 s: worst value", 5.0, "s", "observed"),
    ("hub-killed worst", "hub killed for good: worst value", 2.6, "s", "true"),
    ("silence messages", "silence: messages from 5 s after the last value", 0.0, "", "worst seed"),
    ("silence probes", "silence: probes of a dead node in 10 s", 1.0, "", "worst seed"),
    ("tree-sync over-formula", "tree-sync, 1,000 nodes, over its formula", 1.2, "times", "3 seeds"),
    ("tree-sync fan-out", "  widest fan-out", 64.0, "nodes", "32 sub-hubs"),
];

/// The wanted latency and, for each network, the most messages per operation.
const UNEVEN: [(u32, [f64; 4]); 5] = [
    (600, [1.07, 1.9, 3.2, 3.8]),
    (800, [0.80, 1.15, 2.1, 2.4]),
    (1000, [0.63, 0.85, 1.45, 1.65]),
    (1500, [0.44, 0.58, 0.97, 1.1]),
    (2000, [0.33, 0.40, 0.72, 0.85]),
];
/// Rough networks: the name in the output, what it is, the most messages per operation, and
/// within how many seconds of a change the promise is to be kept again (ten periods).
const ROUGH: [(&str, &str, f64, Option<f64>); 6] = [
    ("spikes-1000", "1 % of messages take a second longer, --max-latency 1000", 1.25, None),
    ("spikes-1500", "1 % of messages take a second longer, --max-latency 1500", 0.80, None),
    ("regions-1000", "five regions, --max-latency 1000", 0.72, None),
    ("doubling-1000", "latency doubles after 20 s, --max-latency 1000", 0.90, Some(7.8)),
    (
        "doubling-exponential-2000",
        "exponential latency doubles after 20 s, --max-latency 2000",
        0.85,
        Some(13.0),
    ),
    ("lossy-5-1000", "5 % loss, --max-latency 1000", 1.50, None),
];
/// Other nodes of the family: the name in the output, and the most that a figure of theirs may
/// be where latencies are exponential.
const FAMILY: [(&str, &str, f64, &str); 5] = [
    ("plumtree-exponential", "median", 800.0, "ms"),
    ("push-pull-exponential", "p99", 1060.0, "ms"),
    ("flood-retry-exponential", "messages", 24.0, OP),
    ("direct-exponential", "p99", 1800.0, "ms"),
    ("hub-timer-exponential", "p99", 1800.0, "ms"),
];
/// The networks' names in the output, and what they are.
const NETWORKS: [(&str, &str); 4] = [
    ("constant", "constant latencies"),
    ("uniform", "uniform latencies"),
    ("exponential", "exponential latencies"),
    ("lossy", "exponential latencies, 1 % loss"),
];
const RATES: [u32; 5] = [100, 1000, 5000, 20_000, 40_000];

/// What the example `uneven` prints beside what it should.
fn uneven(_: &Tools) -> Vec<Row> {
    let output = example("uneven");
    let figure = |name: &str| output.as_deref().map_err(String::clone).and_then(|t| named(t, name));
    let mut rows = Vec::new();
    let mut add = |name: &str, what: String, most: f64, unit, note| {
        rows.push(row(format!("broadcast: {what}"), Goal::AtMost(most), unit, figure(name), note));
    };
    for (place, (network, what)) in NETWORKS.into_iter().enumerate() {
        for (wanted, messages) in UNEVEN {
            let name = |figure: &str| format!("{network}-{wanted} {figure}");
            let row = format!("{what}, --max-latency {wanted}");
            add(&name("messages"), row, messages[place], OP, "default service time, ideal inbox");
            let (which, text, most) = match network {
                "constant" => ("max", "  true maximum of all seeds", wanted + 10),
                _ => ("p99", "  0.99 of true latencies", wanted),
            };
            add(&name(which), text.to_owned(), f64::from(most), "ms", "");
        }
    }
    for (name, what, most, kept_after) in ROUGH {
        add(&format!("{name} messages"), what.to_owned(), most, OP, "default service time");
        if let Some(seconds) = kept_after {
            let what = "  D is kept again by 99 of 100 values".to_owned();
            add(&format!("{name} kept-after"), what, seconds, "s", "after the change, median");
            let what = "  seeds in which it is not kept at the end".to_owned();
            add(&format!("{name} not-kept"), what, 0.0, "", "of 20");
        }
    }
    for (name, figure, most, unit) in FAMILY {
        add(&format!("{name} {figure}"), format!("{name}: {figure}"), most, unit, "");
    }
    add("uneven-blog messages", "against the blog, served".to_owned(), 0.5, OP, BLOG_SERVED);
    add("uneven-blog observed-median", "  observed median".to_owned(), 895.0, "ms", "");
    let worst = "  observed maximum of all seeds".to_owned();
    add("uneven-blog observed-max", worst, 1129.0, "ms", "");
    for rate in RATES {
        let what = format!("{rate} operations/s, --max-latency 1200");
        add(&format!("load-{rate} messages"), what, 0.55, OP, "default service time");
        add(&format!("load-{rate} max"), "  true maximum".to_owned(), 1215.0, "ms", "");
    }
    rows
}

fn example(name: &str) -> Result<String, String> {
    let build = ["build", "--release", "--package", "glomers-trials", "--example", name];
    let path = build::executable(&build, name)?;
    let run = measure::run::<&str>(&path, &[], &build::root())?;
    match run.exit {
        0 => Ok(run.output),
        exit => Err(format!("exit {exit}: something was lost")),
    }
}

/// All that virtual time can tell: medians over 20 seeds, and nothing lost in any.
fn virtual_time(_: &Tools) -> Vec<Row> {
    let output = example("broadcast");
    let figure = |name| output.as_deref().map_err(String::clone).and_then(|text| named(text, name));
    LINES
        .iter()
        .map(|&(name, what, most, unit, note)| {
            let what = format!("broadcast: {what}");
            row(what, Goal::AtMost(most), unit, figure(name), note)
        })
        .collect()
}

/// `hub-ft` as free processes in real time, against virtual time.
fn real_time(tools: &Tools) -> Vec<Row> {
    [("3d", "450"), ("3e", "1700")]
        .map(|(profile, period)| {
            let real = profile_run(tools, &["--node", "hub-ft", "--time", "real"], period);
            let figure = real.and_then(|real| {
                let simulated = profile_run(tools, &["--node", "hub-ft"], period)?;
                let off = |(real, simulated): (&f64, &f64)| (real / simulated - 1.0).abs() * 100.0;
                Ok(real.iter().zip(&simulated).map(off).fold(0.0, f64::max))
            });
            let what = format!("broadcast: free processes with the profile of {profile}");
            let note = "messages, observed median or maximum, whichever is off most";
            row(what, Goal::AtMost(10.0), "% off", figure, note)
        })
        .into()
}

/// Messages per operation, observed median and maximum of a run.
fn profile_run(tools: &Tools, node: &[&str], period: &str) -> Result<[f64; 3], String> {
    let mut arguments = words(
        "test -w broadcast --node-count 25 --rate 100 --latency 100 --time-limit 20 \
         --inbox maelstrom --service-time 0 --store none --seed 1",
    );
    arguments.extend(node);
    arguments.extend(["--", "--period", period]);
    let output = tools.run_valid(&arguments)?.output;
    let [median, _, _, max] = latencies(&output)?;
    Ok([after(&output, "servers (")?, median, max])
}
