//! `cargo xtask determinism`: one seed, one store.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value as Json;

use crate::build;

/// Every workload with what makes it interesting.
const WORKLOADS: [(&str, &str); 5] = [
    ("echo", "--latency 20 --latency-dist exponential --rate 100 --time-limit 10"),
    (
        "broadcast",
        "--node push-pull --latency 40 --latency-dist lognormal:0.6 --latency-correlation 0.6 \
         --in-order --bandwidth 1mbit --loss-model gemodel:0.01,0.2 --rate 50 --time-limit 10",
    ),
    ("unique-ids", "--rate 100 --time-limit 10 --nemesis partition --nemesis-interval 2"),
    (
        "broadcast",
        "--node flood-retry --nemesis partition --nemesis-interval 3 --loss 0.05 --latency 20 \
         --latency-dist uniform --rate 50 --time-limit 10",
    ),
    (
        "broadcast",
        "--node flood --topology tree4 --node-count 25 --inbox maelstrom --latency 100 --rate 50 \
         --time-limit 10",
    ),
];

/// A short run with every hazard that has no flag of its own.
const LOAD: &str = "--latency 10 --latency-dist uniform --rate 20 --time-limit 5 --recovery 3 \
                    --nemesis-interval 1 --node-count";

/// Every node of the registry with each workload that it is for, without the faults.
fn nodes() -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    for node in &glomers_nodes::NODES {
        let count = if node.name == "kafka-single" { 1 } else { 3 };
        let line = format!("--node {} {LOAD} {count}", node.name);
        if node.workload == "g-counter" {
            lines.push(("pn-counter", line.clone()));
        }
        lines.push((node.workload, line));
    }
    lines
}

/// Every kind of fault.
fn kinds() -> Vec<&'static str> {
    glomers_sim::nemesis::KINDS.iter().map(|entry| entry.name).collect()
}

/// Plain workloads, every node under all faults at once, and one node under each alone.
fn some() -> Vec<(&'static str, String)> {
    let plain = WORKLOADS.map(|(workload, options)| (workload, options.to_owned()));
    let all = kinds().join(",");
    let together =
        nodes().into_iter().map(|(workload, line)| (workload, format!("{line} --nemesis {all}")));
    let alone = kinds()
        .into_iter()
        .map(|kind| ("broadcast", format!("--node flood-retry {LOAD} 5 --nemesis {kind}")));
    plain.into_iter().chain(together).chain(alone).collect()
}

/// Every node under no fault, each alone, and all at once.
fn every() -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    for (workload, line) in nodes() {
        lines.push((workload, line.clone()));
        for faults in kinds().into_iter().map(str::to_owned).chain([kinds().join(",")]) {
            lines.push((workload, format!("{line} --nemesis {faults}")));
        }
    }
    lines
}

/// What may not matter, besides what all are compared with: one thread, release,
/// typed.
const VARIANTS: [(&str, &str, &str); 5] = [
    ("once more", "release", "--threads 1"),
    ("8 threads", "release", "--threads 8"),
    ("--wire json", "release", "--threads 2 --wire json"),
    ("debug", "dev", "--threads 2"),
    ("debug, --wire json", "dev", "--threads 8 --wire json"),
];

/// Runs all and prints the first difference of each pair; whether there is none. With
/// `twice` every node under every fault, but only with itself.
pub(crate) fn run(seeds: u64, twice: bool) -> Result<bool, String> {
    let (lines, variants) = if twice { (every(), &VARIANTS[..1]) } else { (some(), &VARIANTS[..]) };
    let profiles: &[&str] = if twice { &["release"] } else { &["release", "dev"] };
    let builds: BTreeMap<&str, PathBuf> = profiles
        .iter()
        .map(|&profile| Ok((profile, build::glomers(profile)?)))
        .collect::<Result<_, String>>()?;
    let mut all_equal = true;
    for (workload, options) in lines {
        let line = format!("test -w {workload} {options}");
        println!("{line}: {seeds} seeds");
        let base = stores(&builds["release"], &format!("{line} --threads 1"), seeds)?;
        for &(name, profile, more) in variants {
            let other = stores(&builds[profile], &format!("{line} {more}"), seeds)?;
            let mut differing = 0;
            for (seed, directory) in &base.runs {
                let difference = match other.runs.get(seed) {
                    Some(other) => glomers_store::compare(directory, other)
                        .map_err(|error| error.to_string())?
                        .map(|difference| difference.to_string()),
                    None => Some("there is no run of this seed".to_owned()),
                };
                if let Some(difference) = difference {
                    differing += 1;
                    if differing == 1 {
                        println!("  {name}: seed {seed}: {difference}");
                    }
                }
            }
            all_equal &= differing == 0;
            println!("  {name}: {} equal, {differing} not", base.runs.len() - differing);
        }
    }
    Ok(all_equal)
}

/// Stored runs by seed, in a folder that goes with them.
struct Stores {
    runs: BTreeMap<u64, PathBuf>,
    _folder: tempfile::TempDir,
}

/// Runs a test with so many seeds.
fn stores(glomers: &Path, line: &str, seeds: u64) -> Result<Stores, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut runs = BTreeMap::new();
    // A run that is not valid ends the command: it goes on behind it.
    while let Some(first) = (0..seeds).find(|seed| !runs.contains_key(seed)) {
        let (seed, count) = (first.to_string(), (seeds - first).to_string());
        let output = Command::new(glomers)
            .args(line.split_whitespace())
            .args(["--seed", &seed, "--test-count", &count, "--store", "store"])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("{} cannot be run: {error}", glomers.display()))?;
        runs = stored(folder.path())?;
        if !matches!(output.status.code(), Some(0..=2)) || !runs.contains_key(&first) {
            let said = String::from_utf8_lossy(&output.stdout);
            let errors = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{line}: {}\n{said}{errors}", output.status));
        }
    }
    Ok(Stores { runs, _folder: folder })
}

/// All runs that are stored here, by seed.
fn stored(folder: &Path) -> Result<BTreeMap<u64, PathBuf>, String> {
    let mut runs = BTreeMap::new();
    for workload in entries(&folder.join("store"))? {
        for directory in entries(&workload)? {
            runs.insert(seed_of(&directory)?, directory);
        }
    }
    Ok(runs)
}

/// The directories in a folder, links left out.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |error| format!("{} cannot be read: {error}", folder.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_dir() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

fn seed_of(directory: &Path) -> Result<u64, String> {
    let path = directory.join("replay.json");
    let failed = |reason: String| format!("{}: {reason}", path.display());
    let text = std::fs::read_to_string(&path).map_err(|error| failed(error.to_string()))?;
    let replay: Json = serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
    replay["seed"].as_u64().ok_or_else(|| failed("it has no seed".to_owned()))
}
