//! What the driver of real time costs. Prints, one figure a line:
//!
//! - `echo`: messages a second of one compiled node with ten clients as fast as
//!   they can, journal on;
//! - `cluster`: the share of one core that the workbench itself uses for 25 nodes
//!   that flood along a tree at 100 operations a second with 100 ms latency, and
//!   its resident memory;
//! - `start`: how long 1,000 nodes take to start, answer and stop.
//!
//! `cargo run --release -p glomers-bench --example throughput [NAME] [SECONDS]`

use std::path::Path;
use std::process::ExitCode;

use glomers_bench::{RealOptions, WatchdogProgram, run_real};
use glomers_history::SECOND;
use glomers_sim::{Distribution, Latency, NodeProgram, Outcome, Plan, Rate};
use glomers_store::Store;
use rustix::time::{ClockId, clock_gettime};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let word = |place: usize| arguments.get(place).map(String::as_str);
    if word(0) == Some("node") {
        let entry = word(1).and_then(glomers_nodes::entry).expect("a node of the registry");
        return glomers_node::run((entry.make)(&[]).expect("nodes need no arguments"));
    }
    if word(0) == Some(glomers_bench::WATCHDOG_ARGUMENT) {
        return glomers_bench::watchdog_main();
    }
    let seconds = word(1).and_then(|text| text.parse().ok()).unwrap_or(10);
    let name = word(0).unwrap_or("all");
    if matches!(name, "echo" | "all") {
        echo(seconds);
    }
    if matches!(name, "cluster" | "all") {
        cluster(seconds);
    }
    if matches!(name, "start" | "all") {
        start();
    }
    ExitCode::SUCCESS
}

/// Seconds that the clock shows.
fn seconds(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// The most memory that this process had resident, MB.
fn peak_memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok());
    kilobytes.unwrap_or(0.0) / 1024.0
}

fn plan(node: &str, nodes: u32, workload: &str) -> Plan {
    let path = std::env::current_exe().expect("this program is a file");
    let program = NodeProgram::Program {
        path: path.display().to_string(),
        arguments: vec!["node".to_owned(), node.to_owned()],
    };
    let mut plan = Plan::new(1, program, workload);
    plan.set_node_count(nodes);
    plan.concurrency = nodes;
    plan.recovery = 0;
    plan
}

/// The outcome of a run with a store in a temporary folder, and how many seconds
/// of a core this process used.
fn run(plan: &Plan) -> (Outcome, f64) {
    let folder = tempfile::tempdir().expect("there is room for a store");
    let now = std::time::SystemTime::UNIX_EPOCH;
    let store = Store::create(Path::new(folder.path()), &plan.workload.name, now);
    let store = store.expect("a new folder can be written");
    let mut writer = store.writer(b"{}").expect("a new folder can be written");
    let name = &plan.workload.name;
    let mut workload = glomers_workload::make(name, &plan.workload.options)
        .expect("this workload is in the registry");
    let options = RealOptions { watchdog: WatchdogProgram::CurrentExe, ..RealOptions::default() };
    let before = seconds(ClockId::ProcessCPUTime);
    let outcome = run_real(plan, &mut *workload, &mut writer, options).expect("the nodes run");
    let used = seconds(ClockId::ProcessCPUTime) - before;
    writer.finish().expect("the store can be written");
    assert!(outcome.findings.is_empty(), "{:?}", outcome.findings);
    (outcome, used)
}

fn echo(seconds: u64) {
    let mut plan = plan("echo", 1, "echo");
    plan.concurrency = 10;
    plan.rate = Rate::Max;
    plan.time_limit = seconds * SECOND;
    let (outcome, used) = run(&plan);
    let messages = outcome.net.clients.sent as f64;
    println!("echo messages-per-second {:.0}", messages / seconds as f64);
    println!("echo cpu-microseconds-per-message {:.2}", used * 1e6 / messages);
    println!("echo peak-memory-mb {:.0}", peak_memory());
}

fn cluster(seconds: u64) {
    let mut plan = plan("flood", 25, "broadcast");
    plan.workload.options.insert("topology".to_owned(), "tree4".to_owned());
    plan.rate = Rate::PerSecond(100.0);
    plan.latency = Latency { mean_ms: 100, distribution: Distribution::Constant };
    plan.time_limit = seconds * SECOND;
    let (outcome, used) = run(&plan);
    println!("cluster servers-messages {}", outcome.net.servers.sent);
    println!("cluster cpu-percent {:.2}", used / outcome.length.as_secs_f64() * 100.0);
    println!("cluster peak-memory-mb {:.0}", peak_memory());
}

fn start() {
    let mut plan = plan("echo", 1000, "echo");
    plan.rate = Rate::PerSecond(1000.0);
    plan.time_limit = SECOND;
    plan.init_timeout = 30 * SECOND;
    let before = seconds(ClockId::Monotonic);
    let (outcome, used) = run(&plan);
    println!("start until-all-answered-s {:.2}", outcome.origin.as_secs_f64());
    println!("start whole-run-s {:.2}", seconds(ClockId::Monotonic) - before);
    println!("start cpu-s {used:.2}");
    println!("start peak-memory-mb {:.0}", peak_memory());
}
