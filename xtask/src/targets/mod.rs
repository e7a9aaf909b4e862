//! `cargo xtask targets`: every target with its goal and the figure of today.

mod broadcast;
mod checkers;
mod figures;
mod replays;
mod reports;
mod seeds;
mod speed;
mod stores;

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::measure::Measured;
use crate::table::{self, Goal, Row};
use crate::{build, measure};

/// One measurement, which may fill several rows.
struct Target {
    name: &'static str,
    /// Takes more than a few seconds, or runs in real time.
    is_long: bool,
    measure: fn(&Tools) -> Vec<Row>,
}

/// What is measured, built when it is first needed, and room for stores.
struct Tools {
    glomers: OnceCell<Result<PathBuf, String>>,
    room: TempDir,
}

/// Measures and prints; whether all targets were met.
pub(crate) fn run(quick: bool, only: Option<&str>) -> Result<bool, String> {
    let room = tempfile::tempdir().map_err(|error| error.to_string())?;
    let tools = Tools { glomers: OnceCell::new(), room };
    let all = [
        speed::TARGETS,
        stores::TARGETS,
        checkers::TARGETS,
        seeds::TARGETS,
        replays::TARGETS,
        reports::TARGETS,
        figures::TARGETS,
        broadcast::TARGETS,
    ]
    .concat();
    let wanted = |target: &&Target| {
        (!quick || !target.is_long) && only.is_none_or(|words| target.name.contains(words))
    };
    let mut rows = Vec::new();
    for target in all.iter().filter(wanted) {
        eprintln!("measuring: {}", target.name);
        rows.extend((target.measure)(&tools));
    }
    table::print(&rows);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("{cores} cores; CPU time where the table does not say otherwise.");
    Ok(rows.iter().all(Row::is_met))
}

impl Clone for Target {
    fn clone(&self) -> Target {
        Target { name: self.name, is_long: self.is_long, measure: self.measure }
    }
}

impl Tools {
    fn glomers(&self) -> Result<&Path, String> {
        let path = self.glomers.get_or_init(|| build::glomers("release"));
        path.as_deref().map_err(Clone::clone)
    }

    /// Runs `glomers` with these arguments in an empty folder of its own.
    fn run(&self, arguments: &[&str]) -> Result<Measured, String> {
        let folder = tempfile::tempdir_in(&self.room).map_err(|error| error.to_string())?;
        measure::run(self.glomers()?, arguments, folder.path())
    }

    /// As [`Tools::run`], of a run that must be valid.
    fn run_valid(&self, arguments: &[&str]) -> Result<Measured, String> {
        let measured = self.run(arguments)?;
        if measured.exit == 0 {
            return Ok(measured);
        }
        Err(format!("exit {}: glomers {}", measured.exit, arguments.join(" ")))
    }

    /// Several times the same; the one that used least, as other work on the
    /// machine only ever adds.
    fn best_of(&self, times: usize, arguments: &[&str]) -> Result<Measured, String> {
        let mut best = self.run_valid(arguments)?;
        for _ in 1..times {
            let next = self.run_valid(arguments)?;
            if next.cpu < best.cpu {
                best = next;
            }
        }
        Ok(best)
    }
}

/// Arguments as they are typed.
fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

fn row(
    what: impl Into<String>,
    goal: Goal,
    unit: &'static str,
    figure: Result<f64, String>,
    note: impl Into<String>,
) -> Row {
    Row { what: what.into(), goal, unit, figure, note: note.into() }
}
