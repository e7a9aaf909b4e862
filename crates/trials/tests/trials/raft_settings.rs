//! The right Raft under settings that nobody chose by hand: no false finding.
//!
//! `GLOMERS_SETTINGS=10000` tries that many; figures are printed (`--nocapture`).

use glomers_sim::draws::Purpose;
use glomers_sim::nemesis::{KINDS, Kind, Schedule};
use glomers_sim::{Distribution, Latency, NodeProgram, Rate, ServiceTime};
use glomers_testing::*;
use glomers_trials::run_plan;

fn count() -> u64 {
    let number = std::env::var("GLOMERS_SETTINGS");
    number.map_or(60, |text| text.parse().expect("GLOMERS_SETTINGS is a number"))
}

/// One of the settings under which Raft must be right, and serve again when all is
/// mended: drawn from a seed.
fn plan(seed: u64) -> Plan {
    let mut draws = Draws::keyed(seed, Purpose::Worker, 1 << 40, 0, 0);
    let mut one_of = |choices: &[u64]| choices[draws.below(choices.len() as u64) as usize];
    let program = NodeProgram::Embedded { name: "raft".into(), arguments: Vec::new() };
    let mut plan = Plan::new(seed, program, "lin-kv");
    let nodes = one_of(&[1, 2, 3, 4, 5, 5, 5, 7]) as u32;
    plan.set_node_count(nodes);
    plan.concurrency = nodes * one_of(&[2, 4, 6]) as u32;
    plan.rate = Rate::PerSecond(one_of(&[5, 20, 50, 100, 200]) as f64);
    plan.time_limit = one_of(&[20, 30, 60]) * SECOND;
    let distribution = [Distribution::Constant, Distribution::Uniform, Distribution::Exponential]
        [one_of(&[0, 1, 2]) as usize];
    // Up to what the time-outs of the node are made for.
    plan.latency = Latency { mean_ms: one_of(&[0, 1, 10, 50, 100]), distribution };
    plan.loss = one_of(&[0, 0, 0, 2, 10]) as f64 / 100.0;
    plan.sync_time = match one_of(&[0, 1, 10, 100]) {
        0 => ServiceTime::Off,
        mean => ServiceTime::Exponential { mean: mean * MILLISECOND },
    };
    let kinds: Vec<Kind> = match one_of(&[0, 1, 1, 2, 3]) {
        0 => Vec::new(),
        1 => vec![KINDS[one_of(&(0..KINDS.len() as u64).collect::<Vec<_>>()) as usize].kind],
        2 => vec![Kind::Kill, Kind::Partition],
        _ => KINDS.map(|entry| entry.kind).to_vec(),
    };
    let interval = one_of(&[1, 2, 5, 10]) * SECOND;
    plan.faults = Schedule::new(seed, &kinds, nodes, interval, plan.time_limit).draw();
    plan
}

#[test]
fn raft_is_right_under_any_settings_and_serves_when_all_is_mended() {
    let (mut unknown, mut served, mut asked) = (0, 0, 0);
    let mut wrong = Vec::new();
    for seed in 0..count() {
        let plan = plan(seed);
        let report =
            run_plan(&plan, &RunOptions::default(), &mut glomers_history::Unobserved).unwrap();
        let verdict = &report.verdict;
        unknown += u64::from(verdict.strict == Validity::Unknown);
        if let Some(count) = report.verdict.measured.answered {
            served += count.answered;
            asked += count.answerable;
        }
        if verdict.strict == Validity::Invalid {
            let names: Vec<&str> = verdict.findings.iter().map(|it| &*it.name).collect();
            let Plan { latency, loss, sync_time, rate, concurrency, time_limit, .. } = &plan;
            let nodes = plan.nodes.len();
            let faults: Vec<String> = report
                .outcome
                .faults
                .iter()
                .map(|it| format!("{} {}-{}", it.kind, it.from, it.until.unwrap_or(Time::MAX)))
                .collect();
            wrong.push(format!(
                "setting {seed}: {names:?}: {nodes} nodes, {concurrency} clients, {rate:?}, \
                 {} s, {latency:?}, loss {loss}, sync {sync_time:?}, {faults:?}\n{}",
                time_limit / SECOND,
                verdict.findings[0]
            ));
        }
    }
    println!("{} settings: {unknown} unknown; {served} of {asked} answered", count());
    assert!(wrong.is_empty(), "{} false findings:\n{}", wrong.len(), wrong.join("\n"));
    // Where something is broken all the time no verdict may be possible.
    assert!(unknown * 20 <= count(), "{unknown} unknown");
}
