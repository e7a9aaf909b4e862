//! How fast, and how much memory.

use crate::measure::Measured;
use crate::readings::{divan, named};
use crate::table::{Goal, Row};
use crate::{build, measure};

use super::{Target, Tools, row, words};

pub(super) const TARGETS: &[Target] = &[
    Target { name: "engine", is_long: false, measure: engine },
    Target { name: "one run", is_long: false, measure: one_run },
    Target { name: "growing reads", is_long: true, measure: growing_reads },
    Target { name: "version", is_long: false, measure: version },
    Target { name: "disk", is_long: false, measure: disk },
    Target { name: "memory", is_long: false, measure: memory },
    Target { name: "1,000 seeds", is_long: true, measure: thousand_seeds },
    Target { name: "5,000 nodes", is_long: true, measure: many_nodes },
    Target { name: "50,000 nodes", is_long: true, measure: very_many_nodes },
    Target { name: "memory of operations", is_long: true, measure: operations },
    Target { name: "free processes", is_long: true, measure: free_processes },
];

const ONE_RUN: &str = "test -w broadcast --node flood --topology tree4 --node-count 25 --rate 100 \
    --latency 100 --time-limit 20 --seed 1";

/// What a benchmark or an example prints.
fn output_of(build: &[&str], target: &str, arguments: &[&str]) -> Result<String, String> {
    let path = build::executable(build, target)?;
    let measured = measure::run(&path, arguments, &build::root())?;
    if measured.exit == 0 { Ok(measured.output) } else { Err(format!("{target} failed")) }
}

fn bench(package: &str, name: &str) -> Result<String, String> {
    output_of(&["bench", "--no-run", "--package", package, "--bench", name], name, &["--bench"])
}

fn engine(_: &Tools) -> Vec<Row> {
    let output = bench("glomers-sim", "engine");
    let figure =
        |name: &str| output.as_deref().map_err(String::clone).and_then(|text| named(text, name));
    let rate = |what: &str, way: &str, goal| {
        let figure = figure(&format!("engine {way}-messages-per-cpu-second"));
        let what = format!("engine: async rpc nodes, service time on, one core: {what}");
        row(what, Goal::AtLeast(goal), "messages/s", figure, "best of 9 in turns")
    };
    vec![
        rate("25 nodes", "bare", 5e6),
        rate("5 nodes", "bare-5", 5e6),
        rate("25 nodes, with the journal", "journal", 2.5e6),
        rate("5 nodes, with the journal", "journal-5", 2.5e6),
        row(
            "engine: cost of a fault of each kind that is planned and not on",
            Goal::AtMost(2.0),
            "%",
            figure("engine planned-faults-percent"),
            "CPU time for a message, without a journal; best of 9 in turns".to_owned(),
        ),
    ]
}

fn one_run(tools: &Tools) -> Vec<Row> {
    [("with store", "store", 150.0), ("--store none", "none", 60.0)]
        .map(|(name, store, goal)| {
            let mut arguments = words(ONE_RUN);
            arguments.extend(["--store", store]);
            let best = tools.best_of(7, &arguments);
            let wall =
                |best: &Measured| format!("best of 7; {:.0} ms on the wall", best.wall * 1e3);
            let note = best.as_ref().map_or(String::new(), wall);
            let what = format!("tree4 flood, 25 nodes, 20 s, whole process, {name}");
            row(what, Goal::AtMost(goal), "ms", best.map(|best| best.cpu * 1e3), note)
        })
        .into()
}

/// Half of the operations are reads, of all values that there are.
fn growing_reads(tools: &Tools) -> Vec<Row> {
    [("200,000", "10000", 3.0), ("100,000", "5000", 0.8)]
        .map(|(operations, rate, goal)| {
            let mut arguments = words("test -w broadcast --node flood --node-count 5 --seed 1");
            // Nodes that take time for each message cannot serve so many.
            arguments.extend(words("--service-time 0 --time-limit 20 --store none --rate"));
            arguments.push(rate);
            let run = tools.run_valid(&arguments).and_then(|run| {
                let wanted = rate.parse::<f64>().map_or(0.0, |rate| rate * 20.0);
                match operations_of(&run.output) {
                    Some(done) if done >= 0.99 * wanted => Ok(run),
                    done => Err(format!("there were only {} operations", done.unwrap_or_default())),
                }
            });
            let note = run.as_ref().map_or(String::new(), |run| format!("{:.0} MB", run.memory));
            let what = format!("broadcast on 5 nodes: {operations} operations, half of them reads");
            row(what, Goal::AtMost(goal), "s", run.map(|run| run.cpu), note)
        })
        .into()
}

/// How many operations a run's summary counts.
fn operations_of(output: &str) -> Option<f64> {
    let line = output.lines().find_map(|line| line.trim().strip_prefix("operations"))?;
    line.trim().split(':').next()?.parse().ok()
}

fn version(tools: &Tools) -> Vec<Row> {
    let runs: Result<Vec<Measured>, String> =
        (0..20).map(|_| tools.run_valid(&["--version"])).collect();
    let least = |runs: Vec<Measured>| runs.iter().map(|run| run.wall).fold(f64::MAX, f64::min);
    let figure = runs.map(|runs| least(runs) * 1e3);
    vec![row("glomers --version", Goal::AtMost(10.0), "ms", figure, "on the wall, best of 20")]
}

fn disk(_: &Tools) -> Vec<Row> {
    let output = bench("glomers-node", "disk");
    let figure = output.and_then(|text| Ok(100_000.0 / (divan(&text, "─ 10 ")? / 1e9)));
    vec![row(
        "simulated disk: appends of 100 bytes, a sync after each ten",
        Goal::AtLeast(1_000_000.0),
        "writes/s",
        figure,
        "",
    )]
}

fn memory(tools: &Tools) -> Vec<Row> {
    let broadcast = "test -w broadcast --node flood --node-count 100 --rate 100 --latency 100 \
        --time-limit 77 --seed 1 --store store";
    let echo = "test -w echo --node-count 25 --rate 20000 --time-limit 25 --seed 1 --store none";
    [("broadcast, with store", broadcast), ("echo: 500,000 operations", echo)]
        .map(|(name, line)| {
            let run = tools.run_valid(&words(line));
            let what = format!("memory: virtual run of 1,000,000 messages, {name}");
            row(what, Goal::AtMost(300.0), "MB", run.map(|run| run.memory), "most resident")
        })
        .into()
}

fn thousand_seeds(tools: &Tools) -> Vec<Row> {
    let mut arguments = words(ONE_RUN);
    arguments.extend(words("--store none --test-count 1000 --threads 2"));
    let run = tools.run_valid(&arguments);
    let note = |run: &Measured| format!("CPU time / 2; {:.1} s on the wall", run.wall);
    let note = run.as_ref().map_or(String::new(), note);
    let figure = run.map(|run| run.cpu / 2.0);
    vec![row("1,000 seeds of that run, two cores", Goal::AtMost(30.0), "s", figure, note)]
}

fn many_nodes(tools: &Tools) -> Vec<Row> {
    let line = "test -w broadcast --node flood --topology tree4 --node-count 5000 --rate 100 \
        --latency 100 --time-limit 20 --seed 1 --store none";
    let run = tools.run_valid(&words(line));
    let pair = match run {
        Ok(run) => (Ok(run.cpu), Ok(run.memory)),
        Err(error) => (Err(error.clone()), Err(error)),
    };
    vec![
        row("5,000 embedded nodes, tree4 flood, 20 s", Goal::AtMost(5.0), "s", pair.0, ""),
        row("memory of that run", Goal::AtMost(2000.0), "MB", pair.1, "most resident"),
    ]
}

/// Ten values, each of which all nodes hear of.
fn very_many_nodes(tools: &Tools) -> Vec<Row> {
    let line = "test -w broadcast --node flood --topology tree4 --node-count 50000 --rate 1 \
        --latency 100 --time-limit 20 --seed 1 --store none";
    let run = tools.run_valid(&words(line));
    let figure = |of: fn(&Measured) -> f64| run.as_ref().map(of).map_err(Clone::clone);
    let (time, memory) = (figure(|run| run.cpu), figure(|run| run.memory));
    vec![
        row(
            "50,000 embedded nodes, tree4 flood, some 10 values",
            Goal::AtMost(30.0),
            "s",
            time,
            "",
        ),
        row("memory of that run", Goal::AtMost(4000.0), "MB", memory, "most resident"),
    ]
}

/// What an operation costs: the difference of two runs that differ in nothing but their
/// number, in virtual time, and the most that a run in real time makes of them.
fn operations(tools: &Tools) -> Vec<Row> {
    let run = |line: &str| {
        let run = tools.run_valid(&words(line))?;
        let count = operations_of(&run.output).ok_or("the summary counts no operations")?;
        Ok::<_, String>((run.memory, count))
    };
    let echo = |rate: u32| {
        run(&format!(
            "test -w echo --node-count 25 --rate {rate} --time-limit 20 --seed 1 --store none"
        ))
    };
    let each = echo(5000).and_then(|(few_memory, few)| {
        let (memory, many) = echo(20_000)?;
        Ok((memory - few_memory) * 1e6 / (many - few))
    });
    let free = run("test -w echo --time real --node-count 1 --concurrency 10 --rate max \
        --time-limit 5 --store none");
    let note = free.as_ref().map_or(String::new(), |(memory, count)| {
        format!("{count:.0} operations, {:.0} bytes each", memory * 1e6 / count)
    });
    vec![
        row(
            "memory of an operation of echo",
            Goal::AtMost(150.0),
            "bytes",
            each,
            "and its messages",
        ),
        row(
            "memory: echo in real time, --rate max, 5 s",
            Goal::AtMost(400.0),
            "MB",
            free.map(|of| of.0),
            note,
        ),
    ]
}

fn free_processes(_: &Tools) -> Vec<Row> {
    let build = ["build", "--release", "--package", "glomers-bench", "--example", "throughput"];
    // Each in a process of its own, so that none has the memory of another.
    let [echo, cluster, start] =
        ["echo", "cluster", "start"].map(|name| output_of(&build, "throughput", &[name, "20"]));
    let figure = |output: &Result<String, String>, name| {
        output.as_deref().map_err(String::clone).and_then(|text| named(text, name))
    };
    let per_message = figure(&echo, "echo cpu-microseconds-per-message");
    let note = per_message.map_or(String::new(), |micros| format!("{micros:.2} µs CPU a message"));
    vec![
        row(
            "free processes: one echo node, 10 clients, --rate max, journal",
            Goal::AtLeast(120_000.0),
            "messages/s",
            figure(&echo, "echo messages-per-second"),
            format!("on the wall, node included; {note}"),
        ),
        row(
            "25 free nodes, tree4 flood, 20 s: the workbench itself",
            Goal::AtMost(4.0),
            "% of a core",
            figure(&cluster, "cluster cpu-percent"),
            "",
        ),
        row(
            "memory: workbench with 25 processes",
            Goal::AtMost(60.0),
            "MB",
            figure(&cluster, "cluster peak-memory-mb"),
            "most resident, of that run",
        ),
        row(
            "1,000 free echo processes start, answer and stop",
            Goal::AtMost(30.0),
            "s",
            figure(&start, "start whole-run-s"),
            "on the wall",
        ),
    ]
}
