//! What is compared.

use std::path::{Path, PathBuf};

use glomers_session::{SessionError, all};
use glomers_sim::{Inbox, NodeProgram, Plan};
use glomers_trials::embedded_factory;
use glomers_trials::frontier::{Figures, measure};

use crate::error::CliError;
use crate::frontier::NetworkArguments;
use crate::progress::Progress;

/// One side.
pub(super) enum Side {
    Node(NodeSide),
    Store(PathBuf),
}

/// An embedded node with its arguments.
pub(super) struct NodeSide {
    name: String,
    arguments: Vec<String>,
    workload: &'static str,
}

/// Figures of both sides, by seed.
pub(super) struct Measured {
    /// In what circumstances, for a line.
    pub(super) about: String,
    pub(super) seeds: usize,
    pub(super) groups: Vec<Group>,
}

/// Runs in one inbox mode.
pub(super) struct Group {
    /// Behind the names of figures.
    pub(super) suffix: &'static str,
    pub(super) pairs: Vec<[Figures; 2]>,
}

/// What a word on the command line means: a node if there is one of this name,
/// else a directory.
pub(super) fn side(text: &str) -> Result<Side, CliError> {
    let mut words = text.split_whitespace().map(str::to_owned);
    let name = words.next().unwrap_or_default();
    let path = Path::new(text);
    let is_node = glomers_nodes::entry(&name).is_some();
    if !is_node && path.is_dir() {
        return Ok(Side::Store(path.to_owned()));
    }
    if !is_node && (path.exists() || text.contains('/')) {
        let what = if path.exists() { "is no directory" } else { "is not there" };
        return Err(CliError::usage(format!("{text} {what}"))
            .hint("name the directory of a run, such as store/latest, or of many"));
    }
    let arguments: Vec<String> = words.collect();
    let program = NodeProgram::Embedded { name: name.clone(), arguments: arguments.clone() };
    let _factory = embedded_factory(&Plan::new(0, program, ""))
        .map_err(|error| CliError::from(SessionError::from(error)))
        .map_err(|error| match error.hint {
            None => error.hint("a store is named by its directory, such as store/latest"),
            Some(_) => error,
        })?;
    let workload = glomers_nodes::entry(&name).map_or("broadcast", |entry| entry.workload);
    Ok(Side::Node(NodeSide { name, arguments, workload }))
}

/// Runs both nodes over the same seeds, on all cores.
pub(super) fn run_nodes(
    sides: [&NodeSide; 2],
    network: &NetworkArguments,
) -> Result<Measured, CliError> {
    if sides[0].workload != sides[1].workload {
        return Err(different_workloads(sides[0].workload, sides[1].workload));
    }
    let (setting, seeds) = (network.setting(), network.seeds());
    let plan =
        |side: &NodeSide, seed, inbox| setting.plan(&side.name, &side.arguments, seed, inbox);
    plan(sides[0], 0, Inbox::Ideal).map_err(SessionError::from)?;
    let progress = Progress::of_runs(4 * seeds.len() as u64);
    let group = |inbox, suffix| -> Result<Group, CliError> {
        let pair = |number| {
            let seed = seeds[number as usize];
            let one = |side| {
                let figures = measure(&plan(side, seed, inbox)?);
                progress.advance();
                figures
            };
            Ok::<_, SessionError>([one(sides[0])?, one(sides[1])?])
        };
        let pairs = all(seeds.len() as u64, None, pair)?;
        Ok(Group { suffix, pairs })
    };
    let groups = vec![
        group(Inbox::Ideal, " (ideal inbox)")?,
        group(Inbox::Maelstrom, " (Maelstrom’s inbox)")?,
    ];
    progress.clear();
    Ok(Measured { about: network.describe().text(), seeds: seeds.len(), groups })
}

pub(super) fn different_workloads(a: &str, b: &str) -> CliError {
    CliError::usage(format!("different workloads cannot be compared: A is {a}, B is {b}"))
        .hint("name two sides of one workload")
}
