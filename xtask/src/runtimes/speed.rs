//! `cargo xtask runtimes --speed`: how much faster than real time a node of each
//! runtime is under the loads that are usual, and what it costs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde_json::Value as Json;

use super::Runtime;

/// Nodes, operations a second, latency in ms.
const LOADS: [(u32, u32, u32); 4] = [(5, 100, 100), (5, 50, 50), (5, 10, 100), (25, 100, 100)];
/// The better of so many runs counts: others may use the machine.
const RUNS: u32 = 2;

/// A load for one runtime.
struct Bench<'a> {
    glomers: &'a Path,
    node: &'a Path,
    folder: &'a Path,
    load: (u32, u32, u32),
}

/// What a run took.
#[derive(Debug, Clone, Copy)]
struct Took {
    is_valid: bool,
    cluster_seconds: f64,
    wall_seconds: f64,
    /// Of the nodes and of the command.
    cpu_seconds: f64,
}

/// How many times as fast as real time a run is.
#[derive(Debug)]
struct Speed {
    by_wall: f64,
    /// By the time of a processor, nodes and command together. They take turns on one
    /// processor, so on a machine that does nothing else this is the same.
    by_cpu: f64,
    run: Took,
}

/// Measures nodes that broadcast, and prints a table.
pub(super) fn speed(
    glomers: &Path,
    nodes: &[(&Runtime, PathBuf)],
    folder: &Path,
) -> Result<bool, String> {
    let mut table = comfy_table::Table::new();
    let heads =
        LOADS.map(|(nodes, rate, latency)| format!("{nodes} nodes, {rate} op/s, {latency} ms"));
    let costs = ["CPU-s", "in real time"].map(str::to_owned);
    table.set_header(["runtime".to_owned()].into_iter().chain(heads).chain(costs));
    let mut all_valid = true;
    for (runtime, node) in nodes.iter().filter(|(runtime, _)| runtime.workload == "broadcast") {
        let mut row = vec![runtime.name.to_owned()];
        let mut cpu = None;
        for load in LOADS {
            eprintln!("{}: {load:?}", runtime.name);
            let bench = Bench { glomers, node, folder, load };
            let Speed { by_wall, by_cpu, run } = bench.speed()?;
            all_valid &= run.is_valid;
            cpu.get_or_insert(run.cpu_seconds);
            let mark = if run.is_valid { "" } else { ", invalid" };
            row.push(format!("{by_cpu:.1}× ({by_wall:.1}×{mark})"));
        }
        let real = Bench { glomers, node, folder, load: LOADS[0] }.run("real", "20", "5")?;
        row.push(format!("{:.1}", cpu.unwrap_or(f64::NAN)));
        row.push(format!("{:.1}", real.cpu_seconds));
        table.add_row(row);
    }
    println!("{table}");
    println!(
        "20 s of load and 5 s to recover, topology tree4, service time on, the start of the \
         processes left out; the better of {RUNS} runs. First by the processor's time of nodes and \
         command, which is what it takes when nobody else uses the machine; in brackets by \
         the clock on the wall. CPU-s: first load, with the start, in virtual and in real time."
    );
    Ok(all_valid)
}

impl Bench<'_> {
    /// How much faster than real time it is without the start of the processes, which is
    /// what a run without load takes.
    fn speed(&self) -> Result<Speed, String> {
        let mut best: Option<Speed> = None;
        for _ in 0..RUNS {
            let run = self.run("virtual", "20", "5")?;
            let start = self.run("virtual", "1/10", "0")?;
            let cluster = run.cluster_seconds - start.cluster_seconds;
            let than = |of: fn(&Took) -> f64| cluster / (of(&run) - of(&start)).max(1e-3);
            let found = Speed {
                by_wall: than(|took| took.wall_seconds),
                by_cpu: than(|took| took.cpu_seconds),
                run,
            };
            if best.as_ref().is_none_or(|best| best.by_cpu < found.by_cpu) {
                best = Some(found);
            }
        }
        best.ok_or_else(|| "no run came to its end".to_owned())
    }

    fn run(&self, time: &str, limit: &str, recovery: &str) -> Result<Took, String> {
        let (nodes, rate, latency) = self.load;
        let store = self.folder.join("speed");
        let before = used()?;
        let status = Command::new(self.glomers)
            .args(["test", "-w", "broadcast", "--topology", "tree4", "--time", time, "--bin"])
            .arg(self.node)
            .args(["--time-limit", limit, "--recovery", recovery, "--seed", "1"])
            .args(["--node-count", &nodes.to_string(), "--rate", &rate.to_string()])
            .args(["--latency", &latency.to_string(), "--store"])
            .arg(&store)
            .stdout(Stdio::null())
            .status()
            .map_err(|error| error.to_string())?;
        let cpu_seconds = used()? - before;
        let text = std::fs::read_to_string(store.join("latest/run.json")).unwrap_or_default();
        let run: Json = serde_json::from_str(&text).unwrap_or_default();
        let seconds = |name: &str| run[name].as_f64().unwrap_or(f64::NAN);
        let took = Took {
            is_valid: status.success(),
            cluster_seconds: seconds("cluster_seconds"),
            wall_seconds: seconds("wall_seconds"),
            cpu_seconds,
        };
        let _ = std::fs::remove_dir_all(&store);
        Ok(took)
    }
}

/// What processes that ended have used of processors until now, s.
fn used() -> Result<f64, String> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|error| error.to_string())?;
    let all = usage.user_time() + usage.system_time();
    Ok(all.num_microseconds() as f64 / 1e6)
}
