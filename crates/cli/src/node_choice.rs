//! Which node is run, and where.

use std::path::Path;

use glomers_session::SessionError;
use glomers_sim::{Host, NodeProgram, Schedule};

use crate::arguments::values::TimeArgument;
use crate::error::CliError;
use crate::out;
use crate::shell::relative_files;

/// Which node was asked for.
pub(crate) struct NodeChoice<'a> {
    pub(crate) workload: &'a str,
    pub(crate) bin: Option<&'a Path>,
    pub(crate) node: Option<&'a str>,
    pub(crate) arguments: &'a [String],
    pub(crate) time: Option<TimeArgument>,
    pub(crate) schedule: Schedule,
}

/// What a node is, and where it runs.
pub(crate) fn choose_node(choice: &NodeChoice<'_>) -> Result<(NodeProgram, Host), CliError> {
    let arguments = choice.arguments.to_vec();
    let schedule = choice.schedule;
    if let Some(bin) = choice.bin {
        let path = glomers_bench::check_program(bin)?;
        relative_files(&arguments).iter().for_each(out::note);
        let path = path.to_str().ok_or_else(|| CliError::usage("--bin must be valid UTF-8"))?;
        let program = NodeProgram::Program { path: path.to_owned(), arguments };
        return Ok(match choice.time {
            Some(TimeArgument::Virtual) => (program, Host::Traced { schedule }),
            _ => (program, Host::Processes),
        });
    }
    let entry = glomers_workload::entry(choice.workload)
        .map_err(|error| CliError::usage(error.to_string()))?;
    let name = choice.node.unwrap_or(entry.default_node).to_owned();
    check_workload(&name, entry.name)?;
    // Names the nearest if there is no such node, whatever the clock.
    glomers_trials::make_embedded(&name, &arguments).map_err(SessionError::from)?;
    let program = NodeProgram::Embedded { name, arguments };
    Ok(match choice.time {
        // The same node as a process: this very program runs it.
        Some(TimeArgument::Real) => (program, Host::Processes),
        _ => (program, Host::InProcess),
    })
}

/// An embedded node that is made for another workload answers nothing that this one
/// asks: that is no verdict on it.
fn check_workload(node: &str, workload: &str) -> Result<(), CliError> {
    let made_for = match node.strip_prefix("broken/") {
        Some(broken) => glomers_broken_nodes::entry(broken).map(|entry| entry.workload),
        None => glomers_nodes::entry(node).map(|entry| entry.workload),
    };
    // One node serves both workloads of counters.
    let family = |name: &str| if name == "pn-counter" { "g-counter" } else { name }.to_owned();
    match made_for {
        Some(made_for) if family(made_for) != family(workload) => Err(CliError::usage(format!(
            "the node {node} is made for the workload {made_for}, not {workload}"
        ))
        .hint(format!("say -w {made_for}, or leave out --node"))),
        // If there is no such node, that is said with the nearest name.
        _ => Ok(()),
    }
}
