//! Options that this run does not look at: they are named, so that nobody believes
//! that they did something.

use std::collections::BTreeSet;

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};
use glomers_sim::nemesis::Kind;
use glomers_sim::{Distribution, Host};

use crate::arguments::TestArguments;

/// The options that were typed, by the names of the fields they fill.
pub(crate) fn given(matches: &ArgMatches) -> BTreeSet<String> {
    let is_typed =
        |id: &&clap::Id| matches.value_source(id.as_str()) == Some(ValueSource::CommandLine);
    matches.ids().filter(is_typed).map(|id| id.as_str().to_owned()).collect()
}

/// The options that were typed, as words that mean the same wherever they are typed, but
/// for those of these fields. What follows `--` is not among them.
pub(crate) fn words(command: &Command, matches: &ArgMatches, but_for: &[&str]) -> Vec<String> {
    let mut words = Vec::new();
    for argument in command.get_arguments() {
        let id = argument.get_id().as_str();
        let is_typed = matches.value_source(id) == Some(ValueSource::CommandLine);
        let Some(flag) = argument.get_long().filter(|_| is_typed && !but_for.contains(&id)) else {
            continue;
        };
        if !argument.get_action().takes_values() {
            words.push(format!("--{flag}"));
            continue;
        }
        let comma = argument.get_value_delimiter().map(String::from);
        for values in matches.get_raw_occurrences(id).into_iter().flatten() {
            let values = values.map(|value| value.to_string_lossy().into_owned());
            words.push(format!("--{flag}"));
            match &comma {
                Some(comma) => words.push(values.collect::<Vec<String>>().join(comma)),
                None => words.extend(values),
            }
        }
    }
    words
}

/// Options of faults, each with the kinds that look at it.
const OF_FAULTS: [(&str, &[Kind]); 6] = [
    ("fault_loss", &[Kind::Loss]),
    ("fault_duplicate", &[Kind::Duplicate]),
    ("fault_reorder", &[Kind::Reorder]),
    ("fault_delay", &[Kind::Reorder, Kind::Duplicate]),
    ("fault_slow", &[Kind::Slow]),
    ("fault_clock", &[Kind::Clock]),
];

/// Options that mean nothing without faults.
const OF_NEMESIS: [&str; 4] =
    ["nemesis_interval", "nemesis_length", "nemesis_target", "recovery_bound"];

/// Options that embedded nodes alone have.
const OF_EMBEDDED: [&str; 4] = ["service_time", "sync_time", "wire", "threads"];

/// A sentence for each option that was typed and that this run does not look at.
pub(crate) fn notes(arguments: &TestArguments, host: Host) -> Vec<String> {
    let is_given = |field: &str| arguments.given.contains(field);
    let mut notes = Vec::new();
    let mut name = |field: &str, why: &str| {
        if is_given(field) {
            notes.push(format!("--{} has no effect: {why}", field.replace('_', "-")));
        }
    };
    let kinds = &arguments.faults.nemesis;
    for (field, needed) in OF_FAULTS {
        if !needed.iter().any(|kind| kinds.contains(kind)) {
            let names: Vec<&str> = needed.iter().map(|kind| kind.name()).collect();
            name(field, &format!("it belongs to --nemesis {}", names.join(" or ")));
        }
    }
    if kinds.is_empty() {
        for field in OF_NEMESIS {
            name(field, "there are no faults without --nemesis");
        }
    }
    if arguments.store == "none" {
        name("store_format", "nothing is stored");
    }
    match host {
        Host::Processes => {
            for field in OF_EMBEDDED {
                name(field, "nodes are processes, which take their own time");
            }
        }
        Host::Traced { .. } => {
            for field in ["sync_time", "wire"] {
                name(field, "nodes are processes, whose disks and messages are their own");
            }
            if arguments.test_count == 1 {
                name("threads", "one run takes one thread");
            }
        }
        _ => {
            name("max_line", "embedded nodes write no lines");
            if arguments.test_count == 1 {
                name("threads", "one run takes one thread");
            }
        }
    }
    let models = &arguments.models;
    let is_mean = matches!(
        models.latency_dist,
        Distribution::Constant
            | Distribution::Uniform
            | Distribution::Exponential
            | Distribution::Lognormal { .. }
            | Distribution::Pareto { .. }
    );
    if arguments.latency == 0 && models.regions.is_none() && is_mean {
        name("latency_dist", "messages take no time without --latency");
    }
    notes
}
