//! What only some workloads take, and what workloads there are.

use std::collections::BTreeMap;

use clap::Args;

use crate::error::CliError;
use crate::number;

/// The workloads and the embedded nodes, for the help.
pub(super) fn workloads_and_nodes() -> String {
    let workloads =
        glomers_workload::NAMES.into_iter().filter_map(|name| glomers_workload::entry(name).ok());
    let workloads: String = workloads
        .map(|entry| format!("\n  {:<13}{} ({})", entry.name, entry.about, entry.default_node))
        .collect();
    let nodes: String = glomers_nodes::NODES
        .iter()
        .map(|node| format!("\n  {:<15}{:<12}{}", node.name, node.workload, node.about))
        .collect();
    format!(
        "Workloads, each with the node that it runs by default:{workloads}\n\n\
         Embedded nodes, each with the workload that it is for:{nodes}"
    )
}

/// What only some workloads take.
#[derive(Debug, Args)]
pub(crate) struct WorkloadArguments {
    /// Which neighbours each node is told: line, grid, tree, tree2, tree3, tree4, total
    /// (broadcast) [default: grid]
    #[arg(long, help_heading = "Workload")]
    topology: Option<String>,

    /// What transactions must satisfy, with commas between: read-committed,
    /// snapshot-isolation, … (txn-*) [default: strict-serializable]
    #[arg(long, value_name = "MODELS", help_heading = "Verdict")]
    consistency_models: Option<String>,

    /// How many steps a transaction has at most (txn-*) [default: 4]
    #[arg(long, value_name = "N", help_heading = "Workload", value_parser = number::small_count)]
    max_txn_length: Option<u32>,

    /// What transactions look like: mixed, or mini, in which a write follows a read of
    /// its key (txn-*) [default: mixed]
    #[arg(long, value_name = "STYLE", help_heading = "Workload",
          value_parser = glomers_workload::TxnStyle::NAMES)]
    txn_style: Option<String>,

    /// How many keys are in use at a time (kafka, txn-*) [default: 10]
    #[arg(long, value_name = "N", help_heading = "Workload", value_parser = number::small_count)]
    key_count: Option<u32>,

    /// How often a key is written before another takes its place (kafka, txn-*)
    /// [default: 16]
    #[arg(long, value_name = "N", help_heading = "Workload", value_parser = number::small_count)]
    max_writes_per_key: Option<u32>,

    /// Where the order of versions comes from: inferred from what was read, or marked, in
    /// which nodes also say it, by marks "txn-order" (txn-rw-register) [default: inferred]
    #[arg(long, value_name = "HOW", help_heading = "Verdict",
          value_parser = ["inferred", "marked"])]
    version_order: Option<String>,

    /// What a set must do besides: "monotonic-reads", reads at one node never lack what
    /// an earlier one held (g-set; broadcast must anyhow)
    #[arg(long, value_name = "WHAT", help_heading = "Verdict",
          value_parser = [glomers_workload::MONOTONIC_READS])]
    require: Option<String>,

    /// Do not judge refusals. Without this a refusal that cannot be true is a finding:
    /// that a key does not exist, or that the value of a cas does not hold (lin-kv)
    #[arg(long, help_heading = "Verdict")]
    no_check_refusals: bool,

    /// Judge refusals, as is the default
    #[arg(long, hide = true, overrides_with = "no_check_refusals")]
    check_refusals: bool,
}

impl WorkloadArguments {
    /// The options that were given, as the workload takes them.
    ///
    /// # Errors
    /// If one means nothing to this workload.
    pub(crate) fn given(&self, workload: &str) -> Result<BTreeMap<String, String>, CliError> {
        let refusals = match (self.check_refusals, self.no_check_refusals) {
            (false, false) => None,
            (check, _) => Some(check),
        };
        let given = [
            ("topology", self.topology.clone()),
            ("key-count", self.key_count.map(|count| count.to_string())),
            ("max-writes-per-key", self.max_writes_per_key.map(|count| count.to_string())),
            ("consistency-models", self.consistency_models.clone()),
            ("max-txn-length", self.max_txn_length.map(|count| count.to_string())),
            ("txn-style", self.txn_style.clone()),
            ("version-order", self.version_order.clone()),
            ("require", self.require.clone()),
            ("check-refusals", refusals.map(|check| check.to_string())),
        ];
        let entry = glomers_workload::entry(workload)
            .map_err(|error| CliError::usage(error.to_string()))?;
        let given: BTreeMap<String, String> =
            given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        let Some(option) = given.keys().find(|name| !entry.options.contains(&name.as_str())) else {
            return Ok(given);
        };
        let all = glomers_workload::NAMES.into_iter();
        let takers: Vec<&str> = all
            .filter(|name| {
                let entry = glomers_workload::entry(name);
                entry.is_ok_and(|entry| entry.options.contains(&option.as_str()))
            })
            .collect();
        let option = match refusals {
            Some(false) if option == "check-refusals" => "no-check-refusals",
            _ => option,
        };
        Err(CliError::usage(format!("--{option} means nothing to workload {workload}"))
            .hint(format!("it is an option of {}; leave it out", takers.join(", "))))
    }
}
