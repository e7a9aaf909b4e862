//! Measures `hub-ft` where latencies vary, messages are lost or clients are many:
//! over 20 seeds in virtual time with the default service time, a line
//! `name figure` each. `cargo xtask targets broadcast` puts the goals beside them.
//! With words, only rows whose names contain one of them.

use std::time::Duration;

use glomers_check::Validity;
use glomers_history::Unobserved;
use glomers_sim::{Distribution, Inbox, Latency, ServiceTime};
use glomers_testing::RunOptions;
use glomers_trials::frontier::{Figures, Setting, median};
use glomers_trials::run_plan;

const SEEDS: std::ops::RangeInclusive<u64> = 1..=20;

/// A name, how latencies are spread, and the part of messages that is lost.
const NETWORKS: [(&str, Distribution, f64); 4] = [
    ("constant", Distribution::Constant, 0.0),
    ("uniform", Distribution::Uniform, 0.0),
    ("exponential", Distribution::Exponential, 0.0),
    ("lossy", Distribution::Exponential, 0.01),
];

fn setting(distribution: Distribution, loss: f64) -> Setting {
    Setting {
        nodes: 25,
        latency: Latency { mean_ms: 100, distribution },
        rate: 100.0,
        loss,
        nemesis: Vec::new(),
        nemesis_interval: Duration::from_secs(10),
        time_limit: Duration::from_secs(20),
    }
}

/// One run.
fn run(wanted: u32, setting: &Setting, inbox: Inbox, seed: u64) -> Figures {
    let arguments = ["--max-latency".to_owned(), wanted.to_string()];
    let mut plan = setting.plan("hub-ft", &arguments, seed, inbox).expect("a valid plan");
    plan.service_time = ServiceTime::DEFAULT;
    let report =
        run_plan(&plan, &RunOptions::default(), &mut Unobserved).expect("the node is known");
    assert_eq!(report.verdict.strict, Validity::Valid, "nothing is lost");
    Figures {
        messages_per_operation: report.outcome.net.servers_per_operation(),
        ..Figures::of_verdict(&report.verdict)
    }
}

/// Messages per operation, the 0.99 quantile of true latencies (both medians over the
/// runs), and the greatest true and observed latency of all runs.
fn say(name: &str, runs: &[Figures]) {
    let middle =
        |of: &dyn Fn(&Figures) -> f64| median(runs.iter().map(of)).expect("there are runs");
    let most = |of: &dyn Fn(&Figures) -> f64| runs.iter().map(of).fold(0.0, f64::max);
    let truth = |run: &Figures| run.truth.expect("there were values");
    let observed = |run: &Figures| run.observed.expect("there were values");
    println!("{name} messages {:.4}", middle(&|run| run.messages_per_operation));
    println!("{name} p99 {:.0}", middle(&|run| truth(run).p99));
    println!("{name} max {:.0}", most(&|run| truth(run).max));
    println!("{name} observed-median {:.0}", middle(&|run| observed(run).median));
    println!("{name} observed-max {:.0}", most(&|run| observed(run).max));
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let is_wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word));
    for (network, distribution, loss) in NETWORKS {
        for wanted in [600, 800, 1000, 1500, 2000] {
            let name = format!("{network}-{wanted}");
            if is_wanted(&name) {
                let setting = setting(distribution, loss);
                let runs: Vec<Figures> =
                    SEEDS.map(|seed| run(wanted, &setting, Inbox::Ideal, seed)).collect();
                say(&name, &runs);
            }
        }
    }
    let constant = setting(Distribution::Constant, 0.0);
    if is_wanted("uneven-blog") {
        let runs: Vec<Figures> =
            SEEDS.map(|seed| run(1200, &constant, Inbox::Maelstrom, seed)).collect();
        say("uneven-blog", &runs);
    }
    for rate in [100, 1000, 5000, 20_000, 40_000] {
        let name = format!("load-{rate}");
        if is_wanted(&name) {
            let setting = Setting {
                rate: f64::from(rate),
                time_limit: Duration::from_secs(10),
                ..constant.clone()
            };
            let seeds = if rate > 1000 { 1..=1 } else { 1..=5 };
            let runs: Vec<Figures> =
                seeds.map(|seed| run(1200, &setting, Inbox::Ideal, seed)).collect();
            say(&name, &runs);
        }
    }
}
