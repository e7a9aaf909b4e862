//! What is compared.

use std::path::{Path, PathBuf};

use glomers_bench::Interrupt;
use glomers_session::SessionError;
use glomers_sim::{Host, Inbox, NodeProgram, Plan, PlanError};
use glomers_trials::embedded_factory;
use glomers_trials::frontier::Figures;

use crate::error::CliError;
use crate::frontier::NetworkArguments;
use crate::measured::{self, ProgramArguments, Runs};
use crate::out;

/// One side.
pub(super) enum Side {
    Node(NodeSide),
    Store(PathBuf),
}

/// What runs on a side.
pub(super) struct NodeSide {
    /// As the comparison calls it.
    pub(super) name: String,
    pub(super) runs: Runs,
    /// What an embedded node is made for; an executable does not say.
    workload: Option<&'static str>,
}

impl NodeSide {
    pub(super) fn is_executable(&self) -> bool {
        matches!(self.runs.0, NodeProgram::Program { .. })
    }
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

/// What a word on the command line means: an embedded node if there is one of this
/// name, else a directory or an executable.
pub(super) fn side(text: &str, programs: &ProgramArguments) -> Result<Side, CliError> {
    let mut words = text.split_whitespace().map(str::to_owned);
    let name = words.next().unwrap_or_default();
    let arguments: Vec<String> = words.collect();
    let (path, file) = (Path::new(text), Path::new(&name));
    let is_node = glomers_nodes::entry(&name).is_some();
    if !is_node && path.is_dir() {
        return Ok(Side::Store(path.to_owned()));
    }
    if !is_node && file.is_file() {
        let runs = programs.program(file.to_owned(), arguments).map_err(|error| {
            let hint = match error.hint.as_deref() {
                Some(hint) => format!("{hint}; or "),
                None => String::new(),
            };
            error.hint(format!(
                "{hint}name the directory of a run, such as store/latest, an executable, or an \
                 embedded node"
            ))
        })?;
        return Ok(Side::Node(NodeSide { name: text.to_owned(), runs, workload: None }));
    }
    if !is_node && text.contains('/') {
        return Err(CliError::usage(format!("{text} is not there")).hint(
            "name the directory of a run, such as store/latest, or of many; or an executable",
        ));
    }
    let program = NodeProgram::Embedded { name: name.clone(), arguments };
    let _factory = embedded_factory(&Plan::new(0, program.clone(), ""))
        .map_err(|error| CliError::from(SessionError::from(error)))
        .map_err(|error| match error.hint {
            None => error.hint(
                "a store is named by its directory, such as store/latest; an executable by its \
                 file, or with --bin",
            ),
            Some(_) => error,
        })?;
    let workload = glomers_nodes::entry(&name).map(|entry| entry.workload);
    let runs = (program, Host::InProcess);
    Ok(Side::Node(NodeSide { name: text.to_owned(), runs, workload }))
}

/// The side that `--bin` names.
pub(super) fn of_bin(runs: Runs) -> Side {
    let words = measured::arguments(&runs).iter().map(|word| format!(" {word}"));
    let name = measured::name(&runs) + &words.collect::<String>();
    Side::Node(NodeSide { name, runs, workload: None })
}

/// The workload of both sides: what they are made for, else what was asked for.
fn workload(sides: [&NodeSide; 2], asked: Option<&str>) -> Result<&'static str, CliError> {
    let asked = asked
        .map(|name| glomers_workload::entry(name).map(|entry| entry.name))
        .transpose()
        .map_err(|error| CliError::usage(error.to_string()))?;
    match (sides[0].workload, sides[1].workload, asked) {
        (Some(a), Some(b), _) if a != b => Err(different_workloads(a, b)),
        (Some(made_for), _, Some(asked)) | (_, Some(made_for), Some(asked))
            if made_for != asked =>
        {
            Err(CliError::usage(format!(
                "the embedded node is made for the workload {made_for}, not {asked}"
            ))
            .hint("leave out -w, or name another node"))
        }
        (Some(made_for), _, _) | (_, Some(made_for), _) => Ok(made_for),
        (None, None, asked) => Ok(asked.unwrap_or("broadcast")),
    }
}

const INBOXES: [(Inbox, &str); 2] =
    [(Inbox::Ideal, " (ideal inbox)"), (Inbox::Maelstrom, " (Maelstrom’s inbox)")];

/// Runs both nodes over the same seeds. `None` after an interrupt.
pub(super) fn run_nodes(
    sides: [&NodeSide; 2],
    network: &NetworkArguments,
    programs: &ProgramArguments,
    asked: Option<&str>,
    interrupt: &Interrupt,
) -> Result<Option<Measured>, CliError> {
    let workload = workload(sides, asked)?;
    network.check()?;
    let has_executable = sides.iter().any(|side| side.is_executable());
    let (setting, seeds) = (network.setting(), network.seeds(has_executable));
    let plan = |side: &NodeSide, seed, inbox| {
        let mut plan = setting.plan_of(side.runs.clone(), workload, seed, inbox)?;
        programs.apply(&mut plan);
        Ok::<_, PlanError>(plan)
    };
    let first = plan(sides[0], 0, Inbox::Ideal).map_err(SessionError::from)?;
    let real = sides.iter().filter(|side| measured::is_real(&side.runs)).count();
    if real > 0 {
        let runs = (real * INBOXES.len() * seeds.len()) as u64;
        out::note(measured::announced(&first, runs)?);
    }
    // Inboxes, in them seeds, in them sides.
    let job = |number: usize| {
        let (inbox, _) = INBOXES[number / (2 * seeds.len())];
        (sides[number % 2], seeds[number / 2 % seeds.len()], inbox)
    };
    let figures = measured::measure_all(
        INBOXES.len() * seeds.len() * 2,
        |number| {
            let (side, seed, inbox) = job(number);
            plan(side, seed, inbox)
        },
        |number| measured::is_real(&sides[number % 2].runs),
        interrupt,
    )?;
    let Some(figures) = figures.into_iter().collect::<Option<Vec<Figures>>>() else {
        return Ok(None);
    };
    let groups = INBOXES.iter().zip(figures.chunks(2 * seeds.len())).map(|((_, suffix), runs)| {
        let pairs = runs.chunks(2).map(|pair| [pair[0].clone(), pair[1].clone()]).collect();
        Group { suffix, pairs }
    });
    let mut about = network.describe(has_executable).text();
    if workload != "broadcast" {
        about = format!("workload {workload}, {about}");
    }
    if real > 0 {
        about += "\nExecutables run in real time: no two runs of one are the same.";
    }
    Ok(Some(Measured { about, seeds: seeds.len(), groups: groups.collect() }))
}

pub(super) fn different_workloads(a: &str, b: &str) -> CliError {
    CliError::usage(format!("different workloads cannot be compared: A is {a}, B is {b}"))
        .hint("name two sides of one workload")
}
