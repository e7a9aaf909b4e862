//! The executable of a stored run, which may come from anybody: none that a store names
//! is started unless its user says so.

use std::path::PathBuf;

use clap::Args;
use glomers_protocol::printable;
use glomers_sim::{NodeProgram, Plan};

use crate::error::CliError;
use crate::shell::quoted;

#[derive(Debug, Args)]
pub(crate) struct TrustArguments {
    /// Run this executable where the run had another; its arguments follow after --
    #[arg(long, value_name = "FILE", conflicts_with = "trust")]
    pub(crate) bin: Option<PathBuf>,

    /// Run the executable that the run names: only for runs of your own
    #[arg(long)]
    pub(crate) trust: bool,

    /// Arguments of the executable that --bin names
    #[arg(last = true, value_name = "ARGUMENTS", requires = "bin")]
    pub(crate) node_arguments: Vec<String>,
}

impl TrustArguments {
    /// What nodes run when a run is done again by a command of this name. A node of
    /// Glomers itself is run by this Glomers.
    ///
    /// # Errors
    /// If the run started an executable, and it is neither named anew nor trusted. `what` it
    /// is that names the executable: a store or a scenario.
    pub(crate) fn program(
        &self,
        plan: &Plan,
        command: &str,
        what: &str,
    ) -> Result<NodeProgram, CliError> {
        let (path, stored) = match &plan.program {
            NodeProgram::Program { path, arguments } => (path, arguments),
            embedded @ NodeProgram::Embedded { .. } => {
                return match self.bin.is_some() || self.trust {
                    false => Ok(embedded.clone()),
                    true => Err(CliError::usage(match what {
                        "store" => "this run was one of embedded nodes".to_owned(),
                        _ => format!("this {what} has embedded nodes"),
                    })
                    .hint("--bin and --trust are for runs of executables; leave them out")),
                };
            }
        };
        if let Some(bin) = &self.bin {
            let path = glomers_bench::check_program(bin)?;
            crate::shell::relative_files(&self.node_arguments).iter().for_each(crate::out::note);
            let path = path.to_str().ok_or_else(|| CliError::usage("--bin must be valid UTF-8"))?;
            let (path, arguments) = (path.to_owned(), self.node_arguments.clone());
            return Ok(NodeProgram::Program { path, arguments });
        }
        if self.trust {
            return Ok(plan.program.clone());
        }
        let words: Vec<String> = std::iter::once(path)
            .chain(stored)
            .map(|word| printable(&quoted(word)).into())
            .collect();
        let error = match what {
            "store" => format!("this run started an executable: {}", words.join(" ")),
            _ => format!("this {what} starts an executable: {}", words.join(" ")),
        };
        Err(CliError::usage(error).hint(format!(
            "a {what} may come from anybody, so {command} starts nothing that it names: name it \
             yourself with --bin FILE -- ARGUMENTS, or say --trust if it is your own"
        )))
    }
}
