//! `cargo xtask runtimes`: an ordinary node of each runtime in virtual time, under
//! faults, each seed twice, and what that costs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value as Json;

use crate::build;

mod soak;
mod speed;

/// A runtime.
struct Runtime {
    name: &'static str,
    /// What must be on the machine.
    needs: &'static str,
    workload: &'static str,
    /// The file in `xtask/runtimes`.
    source: &'static str,
    /// How the node is made of it, as words after the shell's `-c`, with `$source`,
    /// `$out` and `$folder`; empty: it is run as it is.
    build: &'static str,
}

const fn runtime(
    name: &'static str,
    needs: &'static str,
    workload: &'static str,
    source: &'static str,
    build: &'static str,
) -> Runtime {
    Runtime { name, needs, workload, source, build }
}

const JAVA: &str = "javac -d $folder/classes $source && printf '#!/bin/sh\\nexec java -cp %s \
                    Broadcast\\n' $folder/classes > $out && chmod +x $out";
/// The interpreter itself: what is called `python3` may be a script that looks for it.
const PYTHON: &str = "python3 -c 'import sys; print(\"#!\" + sys.executable)' > $out && cat \
                      $source >> $out && chmod +x $out";
const OCAML: &str = "cp $source $folder/node.ml && ocamlopt -I +unix -I +str -I +threads \
                     unix.cmxa str.cmxa threads.cmxa $folder/node.ml -o $out";

/// Its packages come from where cargo has them.
const TOKIO: &str = "mkdir -p $folder/crate/src && cp $source $folder/crate/src/main.rs && cd \
                     $folder/crate && cat > Cargo.toml <<'END'
[package]
name = 'node'
version = '0.1.0'
edition = '2024'
[dependencies]
serde_json = '1'
tokio = { version = '1', features = ['full'] }
[workspace]
END
host=$(rustc -vV | sed -n 's/^host: //p')
cargo build --quiet --release --target-dir target --target $host && cp \
                     target/$host/release/node $out";

const RUNTIMES: [Runtime; 14] = [
    runtime(
        "Go, static",
        "go",
        "broadcast",
        "broadcast.go",
        "CGO_ENABLED=0 go build -o $out $source",
    ),
    runtime("CPython, threads", "python3", "broadcast", "threads.py", PYTHON),
    runtime("CPython, asyncio", "python3", "broadcast", "asyncio_node.py", PYTHON),
    runtime("Node.js", "node", "broadcast", "node.js", ""),
    runtime("Java", "javac", "broadcast", "Broadcast.java", JAVA),
    runtime("Ruby", "ruby", "broadcast", "broadcast.rb", ""),
    runtime("C, threads", "cc", "broadcast", "broadcast.c", "cc -O2 -w -pthread -o $out $source"),
    runtime(
        "C, static",
        "cc",
        "broadcast",
        "broadcast.c",
        "cc -O2 -w -static -pthread -o $out $source",
    ),
    runtime("Rust, threads", "rustc", "echo", "echo.rs", "rustc --edition 2024 -O -o $out $source"),
    runtime("Rust, tokio", "cargo", "broadcast", "tokio.rs", TOKIO),
    runtime("Rust, tokio, static", "cargo", "broadcast", "tokio.rs", TOKIO),
    runtime("POSIX shell", "sh", "echo", "echo.sh", ""),
    runtime("OCaml", "ocamlopt", "echo", "echo.ml", OCAML),
    runtime("Erlang", "escript", "echo", "echo.escript", ""),
];

/// What every run is under; the faults are mixed into the seeds.
const LOAD: &str = "--time virtual --rate 20 --latency 50 --time-limit 5 --recovery 3";
const EVERY: [&str; 2] = ["--nemesis-interval", "2"];
const FAULTS: [&str; 6] = ["none", "partition", "kill", "pause", "loss", "clock"];

/// What is to be done with the nodes of all runtimes.
pub(crate) struct Chore {
    /// How many seeds with 5 nodes; a fifth as many with 25.
    pub(crate) seeds: u64,
    /// Only runtimes whose names contain this.
    pub(crate) only: Option<String>,
    /// So many runs in place of the table, some of them killed.
    pub(crate) soak: Option<u64>,
    /// A table of speeds in place of that of seeds.
    pub(crate) speed: bool,
    /// The command, if it is built already.
    pub(crate) glomers: Option<PathBuf>,
}

/// Runs all runtimes that this machine has. Whether all was as it should be.
pub(crate) fn run(chore: &Chore) -> Result<bool, String> {
    let glomers = match &chore.glomers {
        Some(built) => built.clone(),
        None => build::glomers("release")?,
    };
    let doctor = Command::new(&glomers).arg("doctor").stdout(Stdio::null()).status();
    if !doctor.is_ok_and(|status| status.success()) {
        println!("programs cannot be traced here; glomers doctor says why");
        return Ok(true);
    }
    let place = tempfile::tempdir().map_err(|error| error.to_string())?;
    let wanted = |runtime: &&Runtime| {
        let words = chore.only.as_deref().unwrap_or_default().to_lowercase();
        runtime.name.to_lowercase().contains(&words)
    };
    let mut nodes = Vec::new();
    for (number, runtime) in RUNTIMES.iter().filter(wanted).enumerate() {
        if !has(runtime.needs) {
            println!("{}: not run, because there is no {} here", runtime.name, runtime.needs);
            continue;
        }
        let folder = place.path().join(number.to_string());
        std::fs::create_dir(&folder).map_err(|error| error.to_string())?;
        match make(runtime, &folder) {
            Ok(node) => nodes.push((runtime, node)),
            Err(error) => println!("{}: not run, because {error}", runtime.name),
        }
    }
    if let Some(runs) = chore.soak {
        return soak::soak(&glomers, &nodes, place.path(), runs);
    }
    if chore.speed {
        return speed::speed(&glomers, &nodes, place.path());
    }
    seeds(&glomers, &nodes, place.path(), chore.seeds)
}

/// Each seed twice, with 5 nodes and with 25. Whether all were repeated.
fn seeds(
    glomers: &Path,
    nodes: &[(&Runtime, PathBuf)],
    folder: &Path,
    seeds: u64,
) -> Result<bool, String> {
    let mut table = comfy_table::Table::new();
    table.set_header([
        "runtime",
        "nodes",
        "seeds",
        "repeated",
        "guarantee",
        "speed",
        "stops a message",
    ]);
    let mut all_repeated = true;
    for (runtime, node) in nodes {
        for (count, seeds) in [(5, seeds), (25, seeds.div_ceil(5))] {
            let mut total = Total::default();
            eprintln!("{}, {count} nodes: {seeds} seeds", runtime.name);
            for seed in 0..seeds {
                total.add(&twice(glomers, runtime, node, folder, count, seed)?);
            }
            all_repeated &= total.repeated == seeds;
            table.add_row([
                runtime.name.to_owned(),
                count.to_string(),
                seeds.to_string(),
                format!("{} of {seeds}", total.repeated),
                if total.exact == seeds {
                    "exact".to_owned()
                } else {
                    format!("exact in {}", total.exact)
                },
                format!("{:.1} times real time", total.cluster_seconds / total.wall_seconds),
                format!("{:.1}", total.stops / total.messages.max(1.0)),
            ]);
        }
    }
    println!("{table}");
    Ok(all_repeated)
}

/// What came of one seed.
struct Twice {
    is_repeated: bool,
    is_exact: bool,
    wall_seconds: f64,
    cluster_seconds: f64,
    stops: f64,
    messages: f64,
}

#[derive(Default)]
struct Total {
    repeated: u64,
    exact: u64,
    wall_seconds: f64,
    cluster_seconds: f64,
    stops: f64,
    messages: f64,
}

impl Total {
    fn add(&mut self, twice: &Twice) {
        self.repeated += u64::from(twice.is_repeated);
        self.exact += u64::from(twice.is_exact);
        self.wall_seconds += twice.wall_seconds;
        self.cluster_seconds += twice.cluster_seconds;
        self.stops += twice.stops;
        self.messages += twice.messages;
    }
}

fn has(program: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", &format!("command -v {program}")])
        .stdout(Stdio::null())
        .status();
    found.is_ok_and(|status| status.success())
}

/// The node of a runtime, ready to run.
fn make(runtime: &Runtime, folder: &Path) -> Result<PathBuf, String> {
    let source = build::root().join("xtask/runtimes").join(runtime.source);
    if runtime.build.is_empty() {
        return Ok(source);
    }
    let out = folder.join("node");
    let output = Command::new("sh")
        .args(["-ec", runtime.build])
        .env("source", &source)
        .env("out", &out)
        .env("folder", folder)
        .env(
            "RUSTFLAGS",
            if runtime.name.ends_with("static") { "-C target-feature=+crt-static" } else { "" },
        )
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(out);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("the node of {} cannot be built: {said}", runtime.name))
}

/// Runs a seed twice and compares the stores.
fn twice(
    glomers: &Path,
    runtime: &Runtime,
    node: &Path,
    folder: &Path,
    nodes: u32,
    seed: u64,
) -> Result<Twice, String> {
    let fault = FAULTS[seed as usize % FAULTS.len()];
    let runs = ["a", "b"].map(|name| {
        let store = folder.join(format!("{nodes}-{seed}-{name}"));
        let mut command = Command::new(glomers);
        command.args(["test", "-w", runtime.workload, "--bin"]).arg(node);
        command.args(LOAD.split_whitespace());
        if runtime.workload == "broadcast" {
            command.args(["--topology", "tree4"]);
        }
        command.args(["--seed", &seed.to_string(), "--node-count", &nodes.to_string(), "--store"]);
        command.arg(&store);
        if fault != "none" {
            command.args(["--nemesis", fault]).args(EVERY);
        }
        command.stdout(Stdio::null()).status().map(|_| store.join("latest"))
    });
    let [a, b] = runs;
    let (a, b) = (a.map_err(|e| e.to_string())?, b.map_err(|e| e.to_string())?);
    let json = |name: &str| -> Json {
        let text = std::fs::read_to_string(a.join(name)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    };
    let (run, results) = (json("run.json"), json("results.json"));
    let difference = glomers_store::compare(&a, &b).map_err(|error| error.to_string())?;
    if let Some(difference) = &difference {
        println!(
            "{}, {nodes} nodes, seed {seed}, {fault}: two runs differ. {difference}",
            runtime.name
        );
    }
    for run in ["a", "b"] {
        let _ = std::fs::remove_dir_all(folder.join(format!("{nodes}-{seed}-{run}")));
    }
    let guarantee = results["virtual-time"]["guarantee"].to_string();
    Ok(Twice {
        is_repeated: difference.is_none(),
        is_exact: guarantee.contains("exact"),
        wall_seconds: run["wall_seconds"].as_f64().unwrap_or(0.0),
        cluster_seconds: run["cluster_seconds"].as_f64().unwrap_or(0.0),
        stops: run["stops"].as_f64().unwrap_or(0.0),
        messages: run["messages"].as_f64().unwrap_or(0.0),
    })
}
