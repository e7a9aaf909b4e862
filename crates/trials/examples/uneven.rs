//! Measures `hub-ft` where latencies vary, messages are lost or clients are many, and the
//! other nodes of its family where latencies vary:
//! over 20 seeds in virtual time with the default service time, a line
//! `name figure` each. `cargo xtask targets broadcast` puts the goals beside them.
//! With words, only rows whose names contain one of them.

use std::collections::BTreeMap;
use std::time::Duration;

use glomers_check::Validity;
use glomers_history::{Event, Observer, Time, Unobserved};
use glomers_sim::{
    Distribution, Inbox, Latency, LatencyChange, LatencyStep, Plan, Regions, ServiceTime,
};
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

/// When each value was at the first node and when at the last so far.
#[derive(Default)]
struct Spreading {
    begins: Time,
    held: BTreeMap<String, (Time, Time)>,
}

impl Observer for Spreading {
    fn event(&mut self, time: Time, event: &Event<'_>) {
        match event {
            Event::MainBegan => self.begins = time,
            Event::Marked { label: "holds", value, .. } => {
                self.held.entry(value.to_string()).or_insert((time, time)).1 = time;
            }
            _ => {}
        }
    }
}

impl Spreading {
    /// How long after a moment of the run (from the beginning of its operations), in steps
    /// of half a second, the promise is kept again: of all values that are made later at
    /// most 1 in 100 take longer than `wanted`. `None` if it is not kept at the end.
    fn kept_after(&self, moment: Duration, wanted: Duration) -> Option<Duration> {
        (0..).map(|step| step * Duration::from_millis(500)).find_map(|pause| {
            let from = self.begins + moment + pause;
            let later = self.held.values().filter(|(first, _)| *first >= from);
            let took: Vec<_> = later.map(|(first, last)| last.since(*first)).collect();
            let late = took.iter().filter(|&&took| took > wanted).count();
            match (took.len() < 100, late * 100 <= took.len()) {
                (true, _) => Some(None),
                (false, is_kept) => is_kept.then_some(Some(pause)),
            }
        })?
    }
}

/// The Plan of a run with the default service time.
fn plan(node: &str, arguments: &[&str], setting: &Setting, inbox: Inbox, seed: u64) -> Plan {
    let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
    let mut plan = setting.plan(node, &arguments, seed, inbox).expect("a valid plan");
    plan.service_time = ServiceTime::DEFAULT;
    plan
}

/// One run, in which nothing may be lost.
fn measure(plan: &Plan, observer: &mut dyn Observer) -> Figures {
    let report = run_plan(plan, &RunOptions::default(), observer).expect("the node is known");
    assert_eq!(report.verdict.strict, Validity::Valid, "nothing is lost");
    Figures {
        messages_per_operation: report.outcome.net.servers_per_operation(),
        ..Figures::of_verdict(&report.verdict)
    }
}

/// One run of `hub-ft`.
fn run(wanted: u32, setting: &Setting, inbox: Inbox, seed: u64) -> Figures {
    let arguments = ["--max-latency", &wanted.to_string()];
    measure(&plan("hub-ft", &arguments, setting, inbox, seed), &mut Unobserved)
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
    println!("{name} median {:.0}", middle(&|run| truth(run).median));
    println!("{name} p99 {:.0}", middle(&|run| truth(run).p99));
    println!("{name} max {:.0}", most(&|run| truth(run).max));
    println!("{name} observed-median {:.0}", middle(&|run| observed(run).median));
    println!("{name} observed-max {:.0}", most(&|run| observed(run).max));
}

/// The name of a rough network, the wanted latency, and what changes in the middle.
const ROUGH: [(&str, u32); 6] = [
    ("spikes", 1000),
    ("spikes", 1500),
    ("regions", 1000),
    ("doubling", 1000),
    ("doubling-exponential", 2000),
    ("lossy-5", 1000),
];

/// The middle of the runs in which something changes.
const CHANGE: Duration = Duration::from_secs(20);

/// When the promise is to be kept: from a change on, or from the start.
fn change_of(name: &str) -> Duration {
    if name.starts_with("doubling") { CHANGE } else { Duration::ZERO }
}

/// A run of `hub-ft` on one of these.
fn rough(name: &str, wanted: u32, seed: u64) -> Plan {
    let mut setting = setting(Distribution::Constant, 0.0);
    let wanted = ["--max-latency", &wanted.to_string()];
    match name {
        // 1 in 100 messages takes a second longer.
        "spikes" => {
            let (per_million, extra_ms) = (10_000, 1000);
            setting.latency.distribution = Distribution::Spikes { per_million, extra_ms };
        }
        "lossy-5" => setting.loss = 0.05,
        "doubling" => setting.time_limit = 2 * CHANGE,
        "doubling-exponential" => {
            setting.latency.distribution = Distribution::Exponential;
            setting.time_limit = 2 * CHANGE;
        }
        _ => {}
    }
    let mut plan = plan("hub-ft", &wanted, &setting, Inbox::Ideal, seed);
    if name.starts_with("doubling") {
        let change = LatencyChange::Times { thousandths: 2000 };
        plan.latency_steps.push(LatencyStep { at: CHANGE.as_nanos() as u64, change });
    }
    if name == "regions" {
        let mut world = Regions::shipped("world").expect("it is shipped");
        world.names.truncate(5);
        plan.links = world.rules(25, Distribution::Constant);
    }
    plan
}

/// Nodes of the family beside `hub-ft`, and what they are asked for.
const FAMILY: [(&str, &[&str]); 5] = [
    ("hub-timer", &["--max-latency", "1500"]),
    ("direct", &["--max-latency", "1500"]),
    ("plumtree", &[]),
    ("push-pull", &[]),
    ("flood-retry", &["--tree", "4"]),
];

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
    for (network, wanted) in ROUGH {
        let name = format!("{network}-{wanted}");
        if !is_wanted(&name) {
            continue;
        }
        let mut settled = Vec::new();
        let runs: Vec<Figures> = SEEDS
            .map(|seed| {
                let mut spreading = Spreading::default();
                let figures = measure(&rough(network, wanted, seed), &mut spreading);
                let allowed = Duration::from_millis(u64::from(wanted) + 10);
                settled.push(spreading.kept_after(change_of(network), allowed));
                figures
            })
            .collect();
        say(&name, &runs);
        let not_kept = settled.iter().filter(|after| after.is_none()).count();
        let kept = settled.into_iter().flatten().map(|after| after.as_secs_f64());
        println!("{name} kept-after {:.1}", median(kept).unwrap_or(f64::NAN));
        println!("{name} not-kept {not_kept}");
    }
    for (network, distribution, loss) in NETWORKS {
        for (node, arguments) in FAMILY {
            let name = format!("{node}-{network}");
            // Nothing is repeated there.
            let is_repeated = node != "hub-timer" || loss == 0.0;
            if is_wanted(&name) && is_repeated {
                let setting = setting(distribution, loss);
                let measure_seed = |seed| {
                    let plan = plan(node, arguments, &setting, Inbox::Ideal, seed);
                    measure(&plan, &mut Unobserved)
                };
                say(&name, &SEEDS.map(measure_seed).collect::<Vec<_>>());
            }
        }
    }
}
