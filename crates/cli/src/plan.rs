//! From options to a Plan: what was typed is not what is run.

use glomers_session::SessionError;
use glomers_sim::{ClusterSize, Host, Inbox, NodeProgram, Plan, Wire};

use crate::arguments::TestArguments;
use crate::arguments::values::{InboxArgument, WireArgument};
use crate::error::CliError;
use crate::links;
use crate::node_choice::{NodeChoice, choose_node};
use crate::number::Concurrency;

/// How many nodes there are if nobody says.
const NODES: u32 = 5;

/// What nodes run, and where.
pub(crate) fn program(arguments: &TestArguments) -> Result<(NodeProgram, Host), CliError> {
    choose_node(&NodeChoice {
        workload: &arguments.workload,
        bin: arguments.bin.as_deref(),
        node: arguments.node.as_deref(),
        arguments: &arguments.node_arguments,
        time: arguments.time,
        schedule: arguments.traced.schedule.into(),
    })
}

/// The Plan of a test with this seed.
pub(crate) fn plan(
    arguments: &TestArguments,
    (program, host): (&NodeProgram, Host),
    seed: u64,
) -> Result<Plan, CliError> {
    let entry = glomers_workload::entry(&arguments.workload)
        .map_err(|error| CliError::usage(error.to_string()))?;
    let mut plan = Plan::builder(seed, program.clone(), &arguments.workload);
    plan.host(host);
    match (&arguments.nodes, arguments.node_count) {
        (Some(names), Some(count)) if names.len() != count as usize => {
            return Err(CliError::usage(format!(
                "--nodes names {} nodes, but --node-count is {count}",
                names.len()
            ))
            .hint("leave one of them out"));
        }
        (Some(names), _) => plan.named(names.iter().map(|name| name.trim().to_owned()).collect()),
        (None, count) => plan.nodes(count.unwrap_or(NODES)),
    };
    for (name, value) in arguments.options.given(entry.name)? {
        plan.option(name, value);
    }
    match arguments.concurrency.unwrap_or(Concurrency::PerNode(entry.workers_per_node)) {
        Concurrency::Workers(count) => plan.workers(count),
        Concurrency::PerNode(count) => plan.workers_per_node(count),
    };
    arguments.models.put_into(&mut plan, arguments.latency)?;
    plan.rate(arguments.rate.0)
        .time_limit(arguments.time_limit)
        .recovery(arguments.recovery)
        .recovery_bound(arguments.faults.recovery_bound)
        .init_timeout(arguments.init_timeout)
        .loss(arguments.loss)
        .service_time(arguments.service_time)
        .sync_time(arguments.sync_time)
        .inbox(match arguments.inbox {
            InboxArgument::Ideal => Inbox::Ideal,
            InboxArgument::Maelstrom => Inbox::Maelstrom,
        })
        .wire(match arguments.wire {
            WireArgument::Typed => Wire::Typed,
            WireArgument::Json => Wire::Json,
        })
        .fault_services(arguments.faults.fault_services);
    if let Some(file) = &arguments.link_latency {
        // It names nodes, which may have no names.
        plan.so_far().validate().map_err(SessionError::from)?;
        let rules = links::read(file, &plan.so_far().nodes)?;
        for rule in rules {
            plan.link(rule);
        }
    }
    plan.nemesis(arguments.faults.nemesis(host)?);
    let plan = plan.build().map_err(SessionError::from)?;
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
