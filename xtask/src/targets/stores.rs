//! What storing a run costs: time, and room.

use std::path::Path;

use crate::table::{Goal, Row};

use super::{Target, Tools, row, words};

pub(super) const TARGETS: &[Target] = &[
    Target { name: "store: with and without", is_long: true, measure: ratios },
    Target { name: "store: room", is_long: true, measure: room },
];

const FLOOD: &str = "test -w broadcast --node flood --topology tree4 --node-count 25 --rate 100 \
    --latency 100 --time-limit 200 --seed 1";
const RAFT: &str = "test -w lin-kv --node raft --node-count 5 --concurrency 2n --rate 100 \
    --latency 10 --time-limit 200 --seed 1";
const KAFKA: &str = "test -w kafka --node kafka-lin-kv --node-count 2 --concurrency 2n --rate 500 \
    --time-limit 60 --seed 1";

/// Of turns, so that both sides have the same machine.
const TURNS: usize = 5;

fn ratios(tools: &Tools) -> Vec<Row> {
    let runs = [("flood, 25 nodes, 200 s", FLOOD), ("raft, 200 s", RAFT), ("kafka, 60 s", KAFKA)];
    let measured = runs.map(|(name, line)| {
        let mut least = [None; 2];
        let result = (0..TURNS).try_for_each(|_| -> Result<(), String> {
            for (place, store) in ["none", "store"].into_iter().enumerate() {
                let mut arguments = words(line);
                arguments.extend(["--store", store]);
                let run = tools.run_valid(&arguments)?;
                let best: f64 = least[place].unwrap_or(f64::MAX);
                least[place] = Some(best.min(run.cpu));
            }
            Ok(())
        });
        let [without, with] = least.map(Option::unwrap_or_default);
        let note = format!("{:.0} ms and {:.0} ms; best of {TURNS}", with * 1e3, without * 1e3);
        let what = format!("CPU time with a store and without: {name}");
        row(what, Goal::AtMost(1.6), "times", result.map(|()| with / without), note)
    });
    measured.into()
}

/// How large the store of the long flood is.
fn room(tools: &Tools) -> Vec<Row> {
    let folder = tempfile::tempdir_in(&tools.room).map_err(|error| error.to_string());
    let figure = folder.and_then(|folder| {
        let path = folder.path().to_string_lossy().into_owned();
        let arguments = [words(FLOOD), vec!["--store", &path]].concat();
        tools.run_valid(&arguments)?;
        size(&folder.path().join("latest")).map_err(|error| error.to_string())
    });
    let what = "store of flood on 25 nodes for 200 s: 20,000 operations";
    vec![row(what, Goal::AtMost(30.0), "MB", figure, "all its files")]
}

/// How many MB the files of a folder have.
fn size(folder: &Path) -> std::io::Result<f64> {
    let mut all = 0;
    for entry in std::fs::read_dir(folder)? {
        let data = entry?.metadata()?;
        all += if data.is_file() { data.len() } else { 0 };
    }
    Ok(all as f64 / 1e6)
}
