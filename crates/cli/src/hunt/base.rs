//! From options to a hunt: what is held fixed in all its Plans.

use std::collections::BTreeMap;
use std::path::Path;

use glomers_hunt::{Base, Family, Fixed, Hunt, Weights, family};
use glomers_sim::nemesis::Kind;
use glomers_sim::{Host, Plan, ServiceTime};

use super::arguments::{Claim, HuntArguments};
use crate::arguments::values::TimeArgument;
use crate::error::CliError;
use crate::node_choice::{NodeChoice, choose_node};
use crate::number::Concurrency;

/// The families that were named, or all that are shipped.
pub(super) fn families(names: &[String]) -> Result<Vec<Family>, CliError> {
    let shipped = family::SHIPPED.iter().map(|(name, _)| (*name).to_owned());
    let names: Vec<String> = match names {
        [] => shipped.collect(),
        names => names.to_vec(),
    };
    let mut all: Vec<Family> = Vec::new();
    for name in names {
        let family = one(&name)?;
        if all.iter().any(|other| other.name == family.name) {
            return Err(CliError::usage(format!("two families have the name {:?}", family.name))
                .hint("give one of them another, with name = \"…\" in its file"));
        }
        all.push(family);
    }
    Ok(all)
}

fn one(name: &str) -> Result<Family, CliError> {
    if let Some(family) = Family::shipped(name) {
        return Ok(family);
    }
    let text = std::fs::read_to_string(name).map_err(|error| {
        let shipped: Vec<&str> = family::SHIPPED.iter().map(|(name, _)| *name).collect();
        let mut message = format!("the family {name} cannot be read: {error}");
        if let Some(near) = glomers_workload::nearest(name, &shipped) {
            message += &format!("; did you mean {near:?}?");
        }
        CliError::usage(message)
            .hint(format!("--family takes a TOML file or one of {}", shipped.join(", ")))
    })?;
    Family::parse(name, &text).map_err(|error| {
        CliError::usage(error.to_string().trim_end().to_owned())
            .hint("glomers doc hunting shows a family with all that it may have")
    })
}

/// The weights that a hunt begins with.
pub(super) fn weights(file: Option<&Path>) -> Result<Weights, CliError> {
    let Some(file) = file else { return Ok(Weights::default()) };
    let refuse = |reason: String| {
        CliError::usage(format!("{} is no file of weights: {reason}", file.display()))
            .hint("glomers merge DIR writes one: weights.json")
    };
    let text = std::fs::read_to_string(file).map_err(|error| refuse(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| refuse(error.to_string()))
}

/// What is the same in all Plans.
pub(super) fn base(arguments: &HuntArguments) -> Result<Base, CliError> {
    let entry = glomers_workload::entry(&arguments.workload)
        .map_err(|error| CliError::usage(error.to_string()))?;
    let (program, host) = choose_node(&NodeChoice {
        workload: &arguments.workload,
        bin: arguments.bin.as_deref(),
        node: arguments.node.as_deref(),
        arguments: &arguments.node_arguments,
        time: arguments.fixed.time.or(Some(TimeArgument::Virtual)),
        schedule: arguments.fixed.schedule.into(),
    })?;
    let given = &arguments.fixed;
    let mut builder = Plan::builder(0, program, entry.name);
    let mut plan = builder.host(host).recovery(given.recovery).so_far().clone();
    if host == Host::Processes {
        plan.service_time = ServiceTime::Off;
    }
    plan.workload.options = arguments.options.given(entry.name)?.clone();
    let mut workers_per_node = entry.workers_per_node;
    let mut fixed: BTreeMap<String, Fixed> = BTreeMap::new();
    let mut hold = |name: &str, number: Option<f64>| {
        fixed.extend(number.map(|number| (name.to_owned(), Fixed::Number(number))));
    };
    hold("node-count", given.node_count.map(f64::from));
    hold("time-limit", given.time_limit.map(|time| time.as_secs_f64()));
    hold("latency", given.latency.map(|ms| ms as f64));
    hold("loss", given.loss);
    hold("service-time", given.service_time.map(|time| time.as_secs_f64() * 1e3));
    hold("sync-time", given.sync_time.map(|time| time.as_secs_f64() * 1e3));
    hold("nemesis-interval", given.nemesis_interval.map(|time| time.as_secs_f64()));
    hold("nemesis-length", given.nemesis_length.map(|time| time.as_secs_f64()));
    hold("fault-services", given.fault_services.then_some(1.0));
    if let Some(rate) = given.rate {
        plan.rate = rate.0;
        hold("rate", Some(0.0));
    }
    if let Some(keys) = plan.workload.options.get("key-count") {
        hold("key-count", keys.parse().ok());
    }
    match given.concurrency {
        Some(Concurrency::Workers(workers)) => hold("concurrency", Some(workers.into())),
        Some(Concurrency::PerNode(workers)) => {
            workers_per_node = workers;
            hold("clients", Some(1.0));
        }
        None => {}
    }
    if let Some(spread) = given.latency_dist {
        fixed.insert("latency-dist".to_owned(), Fixed::Word(spread.to_string()));
    }
    if let Some(target) = given.nemesis_target {
        let word = format!("{target:?}").to_lowercase();
        fixed.insert("nemesis-target".to_owned(), Fixed::Word(word));
    }
    plan.concurrency = workers_per_node * plan.nodes.len() as u32;
    let claims = arguments.claims.as_ref().map(|claims| {
        let kind = |claim: &Claim| match claim {
            Claim::Kind(kind) => Some(*kind),
            Claim::Latency | Claim::None => None,
        };
        claims.iter().filter_map(kind).collect::<Vec<Kind>>()
    });
    let kinds = given.nemesis.clone();
    refuse_impossible(host, kinds.as_deref())?;
    if let (Some(kinds), Some(claims)) = (&kinds, &claims)
        && let Some(kind) = kinds.iter().find(|kind| !claims.contains(kind))
    {
        let name = kind.name();
        return Err(CliError::usage(format!("--nemesis has {name}, which --claims has not"))
            .hint("name it in both, or leave out one of them"));
    }
    let takes_keys = entry.option("key-count").is_some();
    Ok(Base { plan, fixed, kinds, claims, workers_per_node, takes_keys })
}

/// Says which families have none of their faults, because of what the node claims.
pub(super) fn without_faults(hunt: &Hunt) -> Option<String> {
    // Who claims nothing knows that nothing is broken.
    hunt.base.claims.as_ref().filter(|claims| !claims.is_empty())?;
    let left: Vec<String> = hunt
        .families
        .iter()
        .filter_map(|family| {
            let kinds = hunt.base.without(family);
            let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
            (!names.is_empty()).then(|| format!("{} ({})", family.name, names.join(", ")))
        })
        .collect();
    (!left.is_empty())
        .then(|| format!("--claims leaves these families without any fault: {}", left.join(", ")))
}

/// What cannot be done to processes is not left out in silence.
fn refuse_impossible(host: Host, kinds: Option<&[Kind]>) -> Result<(), CliError> {
    let has = |kind| kinds.is_some_and(|kinds: &[Kind]| kinds.contains(&kind));
    match host {
        Host::InProcess => Ok(()),
        _ if has(Kind::Disk) => {
            Err(CliError::usage("nothing can be wrong with the disks of processes")
                .hint("leave disk out of --nemesis, or hunt with an embedded node"))
        }
        Host::Processes if has(Kind::Clock) => Err(CliError::usage(
            "--nemesis clock cannot be done to processes in real time: their clock is the \
             machine's",
        )
        .hint("leave out clock, or add --time virtual")),
        _ => Ok(()),
    }
}
