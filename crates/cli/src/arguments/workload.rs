//! What only some workloads take, and what workloads there are: as they say themselves.

use std::collections::BTreeMap;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use glomers_workload::{Entry, OptionFacts, Takes};

use crate::error::CliError;
use crate::number;

fn entries() -> impl Iterator<Item = &'static Entry> {
    glomers_workload::NAMES.into_iter().filter_map(|name| glomers_workload::entry(name).ok())
}

/// The workloads and the embedded nodes, for the help.
pub(super) fn workloads_and_nodes() -> String {
    let workloads: String = entries()
        .map(|entry| format!("\n  {:<17}{} ({})", entry.name, entry.about, entry.default_node))
        .collect();
    let nodes: String = glomers_nodes::NODES
        .iter()
        .map(|node| format!("\n  {:<16}{:<17}{}", node.name, node.workload, node.about))
        .collect();
    format!(
        "Workloads, each with the node that it runs by default:{workloads}\n\n\
         Embedded nodes, each with the workload that it is for:{nodes}"
    )
}

/// All options of workloads, each once.
fn options() -> Vec<&'static OptionFacts> {
    let mut all: Vec<&OptionFacts> = Vec::new();
    for option in entries().flat_map(|entry| entry.options) {
        if !all.iter().any(|other| other.name == option.name) {
            all.push(option);
        }
    }
    all
}

/// Who takes an option.
fn takers(option: &str) -> Vec<&'static str> {
    entries().filter(|entry| entry.option(option).is_some()).map(|entry| entry.name).collect()
}

/// What only some workloads take: the options that were given.
#[derive(Debug, Clone, Default)]
pub(crate) struct WorkloadArguments(BTreeMap<String, String>);

fn argument(option: &'static OptionFacts) -> Arg {
    let heading = if option.of_verdict { "Verdict" } else { "Workload" };
    let (all, transactions) = (takers(option.name), ["txn-list-append", "txn-rw-register"]);
    let mut who = all.clone();
    if transactions.iter().all(|name| who.contains(name)) {
        who.retain(|name| !transactions.contains(name));
        who.push("txn-*");
    }
    let mut help = format!("{} ({})", option.about, who.join(", "));
    if !option.default.is_empty() && !matches!(option.takes, Takes::Switch { .. }) {
        help += &format!(" [default: {}]", option.default);
    }
    let argument = Arg::new(option.name).long(option.name).help_heading(heading).help(help);
    match option.takes {
        Takes::Number => argument.value_name("N").value_parser(number::small_count),
        Takes::OneOf(words) => {
            argument.value_name("WHAT").value_parser(PossibleValuesParser::new(words))
        }
        Takes::Text(name) => argument.value_name(name),
        Takes::Switch { no } => argument.id(no).long(no).action(ArgAction::SetTrue),
    }
}

impl Args for WorkloadArguments {
    fn augment_args(command: Command) -> Command {
        options().into_iter().fold(command, |command, option| {
            let command = command.arg(argument(option));
            match option.takes {
                // As is the default; and what takes back a no.
                Takes::Switch { no } => command.arg(
                    Arg::new(option.name)
                        .long(option.name)
                        .hide(true)
                        .action(ArgAction::SetTrue)
                        .overrides_with(no),
                ),
                _ => command,
            }
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        WorkloadArguments::augment_args(command)
    }
}

impl FromArgMatches for WorkloadArguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<WorkloadArguments, clap::Error> {
        let mut given = WorkloadArguments::default();
        given.update_from_arg_matches(matches)?;
        Ok(given)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for option in options() {
            let value = match option.takes {
                Takes::Number => matches.get_one::<u32>(option.name).map(u32::to_string),
                Takes::OneOf(_) | Takes::Text(_) => matches.get_one::<String>(option.name).cloned(),
                Takes::Switch { no } => {
                    match (matches.get_flag(option.name), matches.get_flag(no)) {
                        (false, false) => None,
                        (yes, _) => Some(yes.to_string()),
                    }
                }
            };
            if let Some(value) = value {
                self.0.insert(option.name.to_owned(), value);
            }
        }
        Ok(())
    }
}

impl WorkloadArguments {
    /// The options that were given, as the workload takes them.
    ///
    /// # Errors
    /// If one means nothing to this workload.
    pub(crate) fn given(&self, workload: &str) -> Result<&BTreeMap<String, String>, CliError> {
        let entry = glomers_workload::entry(workload)
            .map_err(|error| CliError::usage(error.to_string()))?;
        let Some((name, value)) = self.0.iter().find(|(name, _)| entry.option(name).is_none())
        else {
            return Ok(&self.0);
        };
        let option = options().into_iter().find(|option| option.name == name);
        let flag = match option.map(|option| option.takes) {
            Some(Takes::Switch { no }) if value == "false" => no,
            _ => name,
        };
        Err(CliError::usage(format!("--{flag} means nothing to workload {workload}"))
            .hint(format!("it is an option of {}; leave it out", takers(name).join(", "))))
    }
}
