//! `cargo xtask runtimes --speed`: how much faster than real time a node of each
//! runtime is under the loads that are usual.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value as Json;

use super::Runtime;

/// Nodes, operations a second, latency in ms.
const LOADS: [(u32, u32, u32); 4] = [(5, 100, 100), (5, 50, 50), (5, 10, 100), (25, 100, 100)];

/// Measures nodes that broadcast, and prints a table.
pub(super) fn speed(
    glomers: &Path,
    nodes: &[(&Runtime, PathBuf)],
    folder: &Path,
) -> Result<bool, String> {
    let mut table = comfy_table::Table::new();
    let heads =
        LOADS.map(|(nodes, rate, latency)| format!("{nodes} nodes, {rate} op/s, {latency} ms"));
    table.set_header(["runtime".to_owned()].into_iter().chain(heads));
    for (runtime, node) in nodes.iter().filter(|(runtime, _)| runtime.workload == "broadcast") {
        let mut row = vec![runtime.name.to_owned()];
        for (count, rate, latency) in LOADS {
            let store = folder.join(format!("speed-{count}-{rate}"));
            let status = Command::new(glomers)
                .args(["test", "-w", "broadcast", "--time", "virtual", "--bin"])
                .arg(node)
                .args(["--time-limit", "20", "--recovery", "5", "--seed", "1"])
                .args(["--node-count", &count.to_string(), "--rate", &rate.to_string()])
                .args(["--latency", &latency.to_string(), "--store"])
                .arg(&store)
                .stdout(Stdio::null())
                .status()
                .map_err(|error| error.to_string())?;
            let text = std::fs::read_to_string(store.join("latest/run.json")).unwrap_or_default();
            let run: Json = serde_json::from_str(&text).unwrap_or_default();
            let seconds = |name: &str| run[name].as_f64().unwrap_or(f64::NAN);
            let ratio = seconds("cluster_seconds") / seconds("wall_seconds");
            let mark = if status.success() { "" } else { " (invalid)" };
            row.push(format!("{ratio:.1}×{mark}"));
            let _ = std::fs::remove_dir_all(&store);
        }
        table.add_row(row);
    }
    println!("{table}");
    Ok(true)
}
