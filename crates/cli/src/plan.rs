//! From options to a Plan: what was typed is not what is run.

use std::time::Duration;

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

fn nanos(duration: Duration) -> u64 {
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
    let embedded = NodeProgram::Embedded { name: name.clone(), arguments: node_arguments.clone() };
    // Names the nearest if there is no such node, whatever the clock.
    let probe = Plan::new(0, embedded.clone(), &arguments.workload);
    let _factory =
        glomers_testing::embedded_factory(&probe).map_err(glomers_testing::RunError::from)?;
    if arguments.time == Some(TimeArgument::Real) {
        // The same node as a free process: this very program runs it.
        let path = std::env::current_exe()
            .ok()
            .and_then(|path| path.to_str().map(str::to_owned))
            .ok_or_else(|| CliError::machine("the path of this program cannot be found"))?;
        let mut all = vec!["__node".to_owned(), name];
        all.extend(node_arguments);
        return Ok((NodeProgram::Program { path, arguments: all }, TimeArgument::Real));
    }
    Ok((embedded, TimeArgument::Virtual))
}

/// Names that would be taken for something else.
fn check_names(names: &[String]) -> Result<(), CliError> {
    const SERVICES: [&str; 4] = ["lin-kv", "seq-kv", "lww-kv", "lin-tso"];
    if names.iter().any(String::is_empty) {
        return Err(CliError::usage("a node has an empty name")
            .hint("--nodes takes names with commas between, as in --nodes n1,n2,n3"));
    }
    match names.iter().find(|name| SERVICES.contains(&name.as_str())) {
        Some(name) => Err(CliError::usage(format!("a node cannot be called {name:?}"))
            .hint("that is the name of a service; call nodes n1, n2 and so on")),
        None => Ok(()),
    }
}

/// The Plan of a test with this seed.
pub(crate) fn plan(
    arguments: &TestArguments,
    program: &NodeProgram,
    seed: u64,
) -> Result<Plan, CliError> {
    let mut plan = Plan::new(seed, program.clone(), &arguments.workload);
    match &arguments.nodes {
        Some(names) => plan.nodes = names.iter().map(|name| name.trim().to_owned()).collect(),
        None => plan.set_node_count(arguments.node_count),
    }
    check_names(&plan.nodes)?;
    let entry = glomers_workload::entry(&arguments.workload)
        .map_err(|error| CliError::usage(error.to_string()))?;
    plan.workload.options = arguments.options.given(entry.name)?;
    let concurrency = arguments.concurrency.unwrap_or(Concurrency::PerNode(entry.workers_per_node));
    plan.concurrency = concurrency.workers(plan.nodes.len());
    plan.rate = arguments.rate.0;
    plan.time_limit = nanos(arguments.time_limit);
    plan.recovery = nanos(arguments.recovery);
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
    if let Some(file) = &arguments.link_latency {
        plan.links = links::read(file, &plan.nodes)?;
    }
    plan.recovery_bound = arguments.faults.recovery_bound.map(nanos);
    plan.faults = arguments.faults.draw(&plan)?;
    plan.validate().map_err(|error| CliError::usage(error.to_string()))?;
    // Names the nearest if there is no such workload or topology.
    let mut workload = glomers_workload::make(&plan.workload.name, &plan.workload.options)
        .map_err(|error| CliError::usage(error.to_string()))?;
    let size = ClusterSize { nodes: plan.nodes.len() as u32, concurrency: plan.concurrency };
    workload.begin(size).map_err(CliError::usage)?;
    Ok(plan)
}
