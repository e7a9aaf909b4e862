//! How the tests of this folder run a node over many seeds.

use glomers_history::{Op, SECOND, Unobserved};
use glomers_sim::nemesis::{self, Kind};
use glomers_sim::{Distribution, Latency, NodeProgram, Plan, Rate};
use glomers_testing::{RunOptions, RunReport, TestRun, Validity, Wire};
use glomers_trials::run_plan;

/// How many seeds reference nodes are tried with.
pub(crate) fn seeds() -> std::ops::Range<u64> {
    let number = std::env::var("GLOMERS_SEEDS");
    0..number.map_or(5, |text| text.parse().expect("GLOMERS_SEEDS is a number"))
}

/// A reference node and what it is put through.
#[derive(Clone)]
pub(crate) struct Trial {
    pub(crate) node: &'static str,
    pub(crate) workload: &'static str,
    pub(crate) nodes: u32,
    pub(crate) workers_per_node: u32,
    pub(crate) rate: f64,
    pub(crate) seconds: u64,
    pub(crate) mean_ms: u64,
    pub(crate) loss: f64,
    pub(crate) faults: &'static [Kind],
}

impl Trial {
    pub(crate) const fn new(workload: &'static str, node: &'static str) -> Trial {
        Trial {
            node,
            workload,
            nodes: 3,
            workers_per_node: 1,
            rate: 50.0,
            seconds: 20,
            mean_ms: 0,
            loss: 0.0,
            faults: &[],
        }
    }

    pub(crate) fn plan(&self, seed: u64) -> Plan {
        let program = NodeProgram::Embedded { name: self.node.to_owned(), arguments: Vec::new() };
        let mut plan = Plan::new(seed, program, self.workload);
        plan.set_node_count(self.nodes);
        plan.concurrency = self.nodes * self.workers_per_node;
        plan.rate = Rate::PerSecond(self.rate);
        plan.time_limit = self.seconds * SECOND;
        plan.latency = Latency { mean_ms: self.mean_ms, distribution: Distribution::Exponential };
        plan.loss = self.loss;
        // So many faults that none can keep all nodes down to the end, in any of
        // thousands of seeds.
        plan.faults =
            nemesis::Schedule::new(seed, self.faults, self.nodes, SECOND, plan.time_limit).draw();
        plan
    }

    pub(crate) fn run(&self, seed: u64) -> RunReport {
        run(&self.plan(seed))
    }

    /// The node passes with every seed, and whether messages travel as Rust
    /// values or as text makes no difference.
    #[track_caller]
    pub(crate) fn is_accepted(&self) {
        for seed in seeds() {
            let typed = self.run(seed);
            let (verdict, node) = (&typed.verdict, self.node);
            let told = (&verdict.findings, &verdict.notes);
            assert_eq!(verdict.strict, Validity::Valid, "{node}, seed {seed}: {told:#?}");
            assert_eq!(verdict.compat, Validity::Valid, "{node}, seed {seed}");
            if seed < 2 {
                let json = run(&Plan { wire: Wire::Json, ..self.plan(seed) });
                let ops = |report: &RunReport| -> Vec<Op> { report.outcome.history.ops().to_vec() };
                assert!(ops(&typed) == ops(&json), "{node}, seed {seed}: typed is not json");
            }
        }
    }
}

pub(crate) fn run(plan: &Plan) -> RunReport {
    run_plan(plan, &RunOptions::default(), &mut Unobserved).unwrap_or_else(|e| panic!("{e}"))
}

/// In how many of so many seeds a node is found out, each time by a finding of
/// this name.
#[track_caller]
pub(crate) fn found(seeds: u64, name: &str, run: impl Fn(u64) -> TestRun) -> u64 {
    let mut found = 0;
    let mut others = std::collections::BTreeSet::new();
    for seed in 0..seeds {
        let run = run(seed);
        let findings = &run.verdict.findings;
        match findings.iter().any(|finding| finding.name == name) {
            true => found += 1,
            false => others.extend(findings.iter().map(|finding| finding.name.clone())),
        }
    }
    println!("{name}: {found} of {seeds} seeds; where not, {others:?}");
    found
}
