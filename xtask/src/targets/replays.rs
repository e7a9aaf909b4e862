//! Stored runs, replayed in another process.

use crate::measure;
use crate::table::{Goal, Row};

use super::{Target, Tools, row, words};

pub(super) const TARGETS: &[Target] =
    &[Target { name: "replays", is_long: true, measure: replays }];

/// One short run of each kind, with faults.
const RUNS: [&str; 5] = [
    "-w broadcast --node flood-retry --nemesis partition,kill,loss,duplicate,reorder --rate 20",
    "-w broadcast --node hub-ft --latency 20 --nemesis kill,slow,clock,disk -- --durable on",
    "-w lin-kv --node raft --concurrency 2n --latency 10 --nemesis partition,kill,pause,disk",
    "-w kafka --node kafka-lin-kv --node-count 2 --rate 50 --nemesis partition,loss",
    "-w unique-ids --rate 50 --nemesis partition,kill,disk",
];
const STORES: u32 = 1000;

fn replays(tools: &Tools) -> Vec<Row> {
    let same: Result<u32, String> = (0..STORES).map(|number| replay(tools, number)).sum();
    vec![row(
        "stored runs replayed byte for byte in another process",
        Goal::AtLeast(STORES.into()),
        "runs",
        same.map(f64::from),
        "broadcast, lin-kv, kafka and unique-ids under faults",
    )]
}

/// 1 if the replay is the same.
fn replay(tools: &Tools, number: u32) -> Result<u32, String> {
    let folder = tempfile::tempdir_in(&tools.room).map_err(|error| error.to_string())?;
    let glomers = tools.glomers()?;
    let seed = number.to_string();
    let mut arguments = vec!["test", "--seed", &seed];
    arguments.extend(words("--time-limit 8 --recovery 5 --nemesis-interval 2"));
    arguments.extend(words(RUNS[number as usize % RUNS.len()]));
    let run = measure::run(glomers, &arguments, folder.path())?;
    // Not every run of nodes under all this is valid; it is to be the same.
    if run.exit > 2 {
        return Err(format!("exit {}: glomers {}", run.exit, arguments.join(" ")));
    }
    let replay = measure::run(glomers, &["replay"], folder.path())?;
    if replay.exit != 0 {
        eprintln!("glomers {}\n{}", arguments.join(" "), replay.output);
    }
    Ok(u32::from(replay.exit == 0))
}
