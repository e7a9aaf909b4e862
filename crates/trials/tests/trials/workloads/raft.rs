//! Raft, over many seeds.

use glomers_check::AnsweredCount;
use glomers_sim::nemesis::{self, Kind};
use glomers_sim::{Distribution, Latency, Plan};
use glomers_testing::*;

use super::trial::{Trial, run, seeds};

/// Partitions and pauses for 60 s, about one every 10 s.
fn plan(seed: u64, distribution: Distribution, mean_ms: u64) -> Plan {
    let trial = Trial { nodes: 5, workers_per_node: 2, rate: 20.0, seconds: 60, ..RAFT };
    let mut plan = trial.plan(seed);
    plan.latency = Latency { mean_ms, distribution };
    plan.faults = nemesis::Schedule::new(
        seed,
        &[Kind::Partition, Kind::Pause],
        5,
        10 * SECOND,
        plan.time_limit,
    )
    .draw();
    // Errors 20 and 22 are statements, too.
    plan.workload.options.insert("check-refusals".to_owned(), "true".to_owned());
    plan
}

const RAFT: Trial = Trial::new("lin-kv", "raft");

#[test]
fn raft_is_linearizable_and_answers_when_all_is_well() {
    use Distribution::{Constant, Exponential};
    for (distribution, mean_ms) in [(Constant, 0), (Exponential, 10), (Exponential, 100)] {
        let mut all = AnsweredCount::default();
        for seed in seeds() {
            let report = run(&plan(seed, distribution, mean_ms));
            let findings = &report.verdict.findings;
            assert_eq!(report.verdict.strict, Validity::Valid, "seed {seed}: {findings:#?}");
            let count = report.verdict.measured.answered.expect("lin-kv tells");
            all.answered += count.answered;
            all.answerable += count.answerable;
        }
        let fraction = all.fraction().expect("not all the time is something broken");
        println!(
            "{mean_ms} ms: {} seeds linearizable; {} of {} answered ({fraction:.4})",
            seeds().end,
            all.answered,
            all.answerable
        );
        // A few seeds scatter more than a thousand do.
        let least = if seeds().end < 100 { 0.9 } else { 0.95 };
        assert!(fraction >= least, "latency {mean_ms} ms: {fraction:.4} answered");
    }
}

/// The share of answers is told where errors can be answers, and nowhere else.
#[test]
fn what_was_answered_is_told_of_registers() {
    let trial = Trial { workers_per_node: 2, ..Trial::new("lin-kv", "lin-kv-proxy") };
    let count = trial.run(1).verdict.measured.answered.unwrap();
    assert!(count.answerable > 500 && count.answered == count.answerable, "{count:?}");
    assert_eq!(Trial::new("g-set", "g-set").run(1).verdict.measured.answered, None);
}
