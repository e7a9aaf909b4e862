//! From options to a Plan: what was typed is not what is run.

use std::time::Duration;

use glomers_session::SessionError;
use glomers_sim::{
    ClusterSize, Distribution, Inbox, Latency, NodeProgram, Plan, ServiceTime, Wire,
};

use crate::arguments::{
    DistributionArgument, InboxArgument, TestArguments, TimeArgument, WireArgument,
};
use crate::error::CliError;
use crate::links;
use crate::number::Concurrency;

impl From<DistributionArgument> for Distribution {
    fn from(argument: DistributionArgument) -> Distribution {
        match argument {
            DistributionArgument::Constant => Distribution::Constant,
            DistributionArgument::Uniform => Distribution::Uniform,
            DistributionArgument::Exponential => Distribution::Exponential,
        }
    }
}

/// How many nodes there are if nobody says.
const NODES: u32 = 5;

pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// What nodes run, and by whose clock.
pub(crate) fn program(arguments: &TestArguments) -> Result<(NodeProgram, TimeArgument), CliError> {
    let node_arguments = arguments.node_arguments.clone();
    if let Some(bin) = &arguments.bin {
        let path = glomers_bench::check_program(bin)?;
        let path = path.to_str().ok_or_else(|| CliError::usage("--bin must be valid UTF-8"))?;
        if arguments.time == Some(TimeArgument::Virtual) {
            let program = NodeProgram::Traced {
                path: path.to_owned(),
                arguments: node_arguments,
                schedule: arguments.traced.schedule.into(),
            };
            return Ok((program, TimeArgument::Virtual));
        }
        let program = NodeProgram::Program { path: path.to_owned(), arguments: node_arguments };
        return Ok((program, TimeArgument::Real));
    }
    let entry = glomers_workload::entry(&arguments.workload)
        .map_err(|error| CliError::usage(error.to_string()))?;
    let name = arguments.node.clone().unwrap_or_else(|| entry.default_node.to_owned());
    check_workload(&name, entry.name)?;
    let embedded = NodeProgram::Embedded { name: name.clone(), arguments: node_arguments.clone() };
    // Names the nearest if there is no such node, whatever the clock.
    let probe = Plan::new(0, embedded.clone(), &arguments.workload);
    let _factory = glomers_trials::embedded_factory(&probe).map_err(SessionError::from)?;
    if arguments.time == Some(TimeArgument::Real) {
        // The same node as a free process: this very program runs it.
        let path = std::env::current_exe()
            .ok()
            .and_then(|path| path.to_str().map(str::to_owned))
            .ok_or_else(|| CliError::machine("the path of this program cannot be found"))?;
        let mut all = vec!["node".to_owned(), name];
        all.extend(node_arguments);
        return Ok((NodeProgram::Program { path, arguments: all }, TimeArgument::Real));
    }
    Ok((embedded, TimeArgument::Virtual))
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

/// The Plan of a test with this seed.
pub(crate) fn plan(
    arguments: &TestArguments,
    program: &NodeProgram,
    seed: u64,
) -> Result<Plan, CliError> {
    let mut plan = Plan::new(seed, program.clone(), &arguments.workload);
    match (&arguments.nodes, arguments.node_count) {
        (Some(names), Some(count)) if names.len() != count as usize => {
            return Err(CliError::usage(format!(
                "--nodes names {} nodes, but --node-count is {count}",
                names.len()
            ))
            .hint("leave one of them out"));
        }
        (Some(names), _) => {
            plan.nodes = names.iter().map(|name| name.trim().to_owned()).collect();
        }
        (None, count) => plan.set_node_count(count.unwrap_or(NODES)),
    }
    let entry = glomers_workload::entry(&arguments.workload)
        .map_err(|error| CliError::usage(error.to_string()))?;
    plan.workload.options = arguments.options.given(entry.name)?;
    let concurrency = arguments.concurrency.unwrap_or(Concurrency::PerNode(entry.workers_per_node));
    plan.concurrency = concurrency.workers(plan.nodes.len());
    plan.rate = arguments.rate.0;
    plan.time_limit = nanos(arguments.time_limit);
    plan.recovery = nanos(arguments.recovery);
    plan.init_timeout = nanos(arguments.init_timeout);
    plan.latency =
        Latency { mean_ms: arguments.latency, distribution: arguments.latency_dist.into() };
    plan.loss = arguments.loss;
    plan.service_time = match (nanos(arguments.service_time), &plan.program) {
        (0, _) | (_, NodeProgram::Program { .. }) => ServiceTime::Off,
        (mean, NodeProgram::Embedded { .. } | NodeProgram::Traced { .. }) => {
            ServiceTime::Exponential { mean }
        }
    };
    plan.sync_time = match nanos(arguments.sync_time) {
        0 => ServiceTime::Off,
        mean => ServiceTime::Exponential { mean },
    };
    plan.inbox = match arguments.inbox {
        InboxArgument::Ideal => Inbox::Ideal,
        InboxArgument::Maelstrom => Inbox::Maelstrom,
    };
    plan.wire = match arguments.wire {
        WireArgument::Typed => Wire::Typed,
        WireArgument::Json => Wire::Json,
    };
    // Files of links and faults name them.
    plan.validate().map_err(SessionError::from)?;
    if let Some(file) = &arguments.link_latency {
        plan.links = links::read(file, &plan.nodes)?;
    }
    plan.recovery_bound = arguments.faults.recovery_bound.map(nanos);
    plan.fault_services = arguments.faults.fault_services;
    (plan.faults, plan.left_out) = arguments.faults.draw(&plan)?;
    plan.validate().map_err(SessionError::from)?;
    // Names the nearest if there is no such workload or topology.
    let mut workload = glomers_workload::make(&plan.workload.name, &plan.workload.options)
        .map_err(|error| CliError::usage(error.to_string()))?;
    let size = ClusterSize { nodes: plan.nodes.len() as u32, concurrency: plan.concurrency };
    workload.begin(size).map_err(CliError::usage)?;
    if arguments.require_overlap && !workload.needs_contention() {
        let text = format!("--require-overlap means nothing to workload {}", workload.name());
        return Err(CliError::usage(text).hint("it is about registers: give it with lin-kv"));
    }
    Ok(plan)
}
