//! What `deploy/` has runs as it is written, where its engine is installed; a task of a
//! Slurm array is a script with a few variables, so it runs anywhere.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{GLOMERS, Place, has};

const HUNT: [&str; 8] =
    ["-w", "broadcast", "--node", "flood", "--seeds", "1..=60", "--time-limit", "2"];

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(name)
}

/// The rows of one process.
fn whole(place: &Place) -> Vec<u8> {
    let said = place.run(&[&["hunt", "--shard", "1/1", "--out", "whole"], &HUNT[..]].concat());
    assert_eq!(said.code, Some(1), "{said:?}");
    std::fs::read(place.path("whole/shard-0001-of-0001.parquet")).unwrap()
}

#[test]
fn tasks_of_a_slurm_array_give_the_rows_of_one_process() {
    let place = Place::new();
    let whole = whole(&place);
    // Tasks end in any order, and one is run again.
    for task in [12, 10, 11, 10] {
        let mut command = Command::new("sh");
        command.arg(script("slurm.sh")).arg("parts").args(HUNT);
        command.current_dir(place.folder.path()).env("GLOMERS", GLOMERS);
        command.env("SLURM_ARRAY_TASK_ID", task.to_string());
        command.env("SLURM_ARRAY_TASK_MIN", "10").env("SLURM_ARRAY_TASK_COUNT", "3");
        let output = command.output().unwrap();
        assert!(output.status.success(), "what is found is a success of the task: {output:?}");
    }
    assert_eq!(place.run(&["merge", "parts"]).code, Some(1));
    assert_eq!(std::fs::read(place.path("parts/rows.parquet")).unwrap(), whole);
}

#[test]
fn a_slurm_array_gives_the_rows_of_one_process() {
    if !has("sbatch") {
        println!("left out, as there is no sbatch");
        return;
    }
    let place = Place::new();
    let whole = whole(&place);
    let mut command = Command::new("sbatch");
    command.args(["--array=1-8", "--wait"]).arg(script("slurm.sh")).arg("parts").args(HUNT);
    command.current_dir(place.folder.path()).env("GLOMERS", GLOMERS);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(place.run(&["merge", "parts"]).code, Some(1));
    assert_eq!(std::fs::read(place.path("parts/rows.parquet")).unwrap(), whole);
}

#[test]
fn gnu_parallel_gives_the_rows_of_one_process() {
    if !has("parallel") {
        println!("left out, as there is no GNU parallel");
        return;
    }
    let place = Place::new();
    let whole = whole(&place);
    let mut command = Command::new("sh");
    command.arg(script("parallel.sh")).args(["8", "parts"]).args(HUNT);
    command.current_dir(place.folder.path()).env("GLOMERS", GLOMERS);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "something is found: {output:?}");
    assert_eq!(std::fs::read(place.path("parts/rows.parquet")).unwrap(), whole);
}
