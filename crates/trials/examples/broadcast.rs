//! Measures the broadcast family as its targets are set: medians over 20 seeds in
//! virtual time, a line `name figure` each. `cargo xtask targets broadcast` puts
//! the goals beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use glomers_check::Validity;

use glomers_history::{Event, Observer, SECOND, Time, Unobserved, Value};
use glomers_sim::draws::{Draws, Purpose};
use glomers_sim::{
    Distribution, FaultEvent, FaultList, Inbox, Kill, Latency, Partition, PartitionKind, Plan,
};
use glomers_testing::{RunOptions, RunReport};
use glomers_trials::frontier::{Bounds, Figures, Setting, Summary, measure, median};
use glomers_trials::run_plan;

const SEEDS: std::ops::RangeInclusive<u64> = 1..=20;

/// As the challenges 3d and 3e set it.
fn setting() -> Setting {
    Setting {
        nodes: 25,
        latency: Latency { mean_ms: 100, distribution: Distribution::Constant },
        rate: 100.0,
        loss: 0.0,
        nemesis: Vec::new(),
        nemesis_interval: Duration::from_secs(10),
        time_limit: Duration::from_secs(20),
    }
}

fn plan(node: &str, seed: u64, inbox: Inbox, setting: &Setting) -> Plan {
    let words: Vec<String> = node.split(' ').map(str::to_owned).collect();
    setting.plan(&words[0], &words[1..], seed, inbox).expect("the setting makes sense")
}

fn summary(node: &str, inbox: Inbox, setting: &Setting) -> Figures {
    let run = |seed| measure(&plan(node, seed, inbox, setting)).expect("the plan makes sense");
    let runs: Vec<Figures> = SEEDS.map(run).collect();
    Summary::of(&runs).expect("there are seeds").figures
}

fn say(name: &str, figure: f64) {
    println!("{name} {figure:.4}");
}

/// Messages per operation, latencies in ms, and how many values were lost.
fn say_all(name: &str, figures: &Figures) {
    say(&format!("{name} messages"), figures.messages_per_operation);
    for (kind, found) in [("observed", figures.observed), ("true", figures.truth)] {
        let found = found.expect("there were values");
        say(&format!("{name} {kind}-median"), found.median);
        say(&format!("{name} {kind}-max"), found.max);
    }
    say(&format!("{name} lost"), figures.lost as f64);
}

fn without_faults() {
    let normal = setting();
    for (name, node, inbox) in [
        ("blog", "hub-ft --period 1015", Inbox::Maelstrom),
        ("fastest", "hub-ft --period 510", Inbox::Maelstrom),
        ("3d", "hub-ft --period 450", Inbox::Maelstrom),
        ("3e", "hub-ft --period 1700", Inbox::Maelstrom),
        ("3d-ideal", "hub-ft --period 385", Inbox::Ideal),
        ("3e-ideal", "hub-ft --period 1550", Inbox::Ideal),
        ("direct", "direct --max-latency 200", Inbox::Ideal),
    ] {
        say_all(name, &summary(node, inbox, &normal));
    }
    for period in [400, 800] {
        let figures = summary(&format!("hub-sync --period {period}"), Inbox::Ideal, &normal);
        let name = format!("hub-sync-{period}");
        say_all(&name, &figures);
        let wanted = Duration::from_millis(period + 210);
        let bounds = Bounds::new(25, Duration::from_millis(100), 100.0);
        let bound = bounds.single_hub(wanted).expect("two hops fit");
        say(&format!("{name} over-single-hub"), figures.messages_per_operation / bound);
    }
    let [tolerant, plain] = ["hub-ft --period 450", "hub-sync --period 450"]
        .map(|node| summary(node, Inbox::Ideal, &normal).messages_per_operation);
    say("price-of-tolerance ratio", tolerant / plain);
}

/// The median of what `figure` makes of each run with these faults.
fn with_faults(faults: impl Fn(u64) -> Vec<FaultEvent>, figure: impl Fn(&RunReport) -> f64) -> f64 {
    let of = |seed| {
        let mut plan = plan("hub-ft --period 450", seed, Inbox::Ideal, &setting());
        plan.faults = faults(seed);
        let report = run_plan(&plan, &RunOptions::default(), &mut Unobserved);
        figure(&report.expect("the plan makes sense"))
    };
    median(SEEDS.map(of)).expect("there are seeds")
}

/// A partition of this kind from 5 to 15 s.
fn partition(kind: PartitionKind) -> impl Fn(u64) -> Vec<FaultEvent> {
    move |seed| {
        let mut draws = Draws::keyed(seed, Purpose::Nemesis, 0, 0, 0);
        let fault = Partition { kind, cut: kind.draw(25, &mut draws) };
        let mut list = FaultList::default();
        list.during(5 * SECOND, 15 * SECOND, fault);
        list.into_events()
    }
}

/// When each node had each value, counted from the first possible operation.
fn holders(report: &RunReport) -> BTreeMap<Value, BTreeMap<u32, Time>> {
    let mut holders: BTreeMap<_, BTreeMap<u32, Time>> = BTreeMap::new();
    for mark in report.outcome.context.marks.iter().filter(|mark| &*mark.label == "holds") {
        holders.entry(mark.value.clone()).or_default().entry(mark.node).or_insert(mark.time);
    }
    holders
}

fn assert_valid(report: &RunReport) {
    assert_eq!(report.verdict.strict, Validity::Valid, "nothing is lost");
}

fn under_faults() {
    let lossy = Setting { loss: 0.05, ..setting() };
    say_all("loss", &summary("hub-ft --period 450", Inbox::Maelstrom, &lossy));

    let heal = Time(15 * SECOND);
    let after_heal = |report: &RunReport| {
        assert_valid(report);
        let nodes = holders(report).into_values();
        let older = nodes.filter(|nodes| nodes.values().any(|&time| time < heal));
        let last = older.filter_map(|nodes| nodes.into_values().max()).max();
        last.map_or(0.0, |last| last.since(heal).as_secs_f64())
    };
    say("halves after-heal", with_faults(partition(PartitionKind::Majority), after_heal));
    let observed_max = |report: &RunReport| {
        assert_valid(report);
        let figures = Figures::of_verdict(&report.verdict);
        figures.observed.expect("there were values").max / 1e3
    };
    say("ring worst", with_faults(partition(PartitionKind::MajoritiesRing), observed_max));

    let kill = |_| vec![FaultEvent::begin(8 * SECOND, 0, Kill::nodes(vec![0]))];
    let worst = |report: &RunReport| {
        let mut worst = 0.0f64;
        for nodes in holders(report).into_values() {
            let first = *nodes.values().min().expect("somebody has it");
            let survivors: Vec<Time> =
                nodes.into_iter().filter(|(node, _)| *node != 0).map(|(_, time)| time).collect();
            assert!(survivors.is_empty() || survivors.len() == 24, "survivors lose nothing");
            let last = survivors.into_iter().max().unwrap_or(first);
            worst = worst.max(last.since(first).as_secs_f64());
        }
        worst
    };
    say("hub-killed worst", with_faults(kill, worst));
}

/// Messages between nodes: when, from whom and to whom.
#[derive(Default)]
struct Sent(Vec<(Time, Box<str>, Box<str>)>);

impl Observer for Sent {
    fn event(&mut self, at: Time, event: &Event<'_>) {
        if let &Event::Sent { message, src, dest } = event
            && !message.is_of_client()
        {
            self.0.push((at, src.into(), dest.into()));
        }
    }
}

/// How many messages are sent in the minute that begins so many seconds after
/// the last value was everywhere; to one node only, if it is named.
fn in_a_quiet_minute(seed: u64, faults: &[FaultEvent], after: u64, to: Option<&str>) -> f64 {
    let mut plan = plan("hub-ft --period 450", seed, Inbox::Ideal, &setting());
    plan.recovery = 120 * SECOND;
    plan.faults = faults.to_vec();
    let mut sent = Sent::default();
    let report = run_plan(&plan, &RunOptions::default(), &mut sent).expect("makes sense");
    let marks = report.outcome.context.marks.iter().filter(|mark| &*mark.label == "holds");
    let last = marks.map(|mark| mark.time.nanos()).max().unwrap_or(0);
    let begin = report.outcome.origin.nanos() + last + after * SECOND;
    let minute = begin..begin + 60 * SECOND;
    let is_counted = |(at, _, dest): &&(Time, Box<str>, Box<str>)| {
        minute.contains(&at.nanos()) && to.is_none_or(|to| &**dest == to)
    };
    sent.0.iter().filter(is_counted).count() as f64
}

fn silence() {
    let most = |counts: Vec<f64>| counts.into_iter().fold(0.0, f64::max);
    let quiet = SEEDS.map(|seed| in_a_quiet_minute(seed, &[], 5, None)).collect();
    say("silence messages", most(quiet));
    let kill = [FaultEvent::begin(15 * SECOND, 0, Kill::nodes(vec![7]))];
    let tried = SEEDS.map(|seed| in_a_quiet_minute(seed, &kill, 50, Some("n7")) / 6.0).collect();
    say("silence probes", most(tried));
}

fn thousand_nodes() {
    let setting = Setting { nodes: 1000, ..setting() };
    let mut found = Vec::new();
    let mut widest = 0;
    for seed in 1..=3 {
        let plan = plan("tree-sync --period 600 --sub-hubs 32", seed, Inbox::Ideal, &setting);
        let mut sent = Sent::default();
        let report = run_plan(&plan, &RunOptions::default(), &mut sent).expect("makes sense");
        assert_valid(&report);
        found.push(report.outcome.net.servers_per_operation());
        let mut fan_outs: BTreeMap<Box<str>, BTreeSet<Box<str>>> = BTreeMap::new();
        for (_, src, dest) in sent.0 {
            fan_outs.entry(src).or_default().insert(dest);
        }
        widest = widest.max(fan_outs.values().map(BTreeSet::len).max().unwrap_or(0));
    }
    // What the algorithm's formula says, in messages a second.
    let (n, s, p, all) = (1000.0, 32.0, 0.6, 50.0);
    let with_news = |rate: f64| 1.0 - (-rate * p).exp();
    let up = (n - 1.0 - s) * with_news(all / n) + s * with_news(all / s);
    let formula = (up + (n - 1.0) * with_news(all)) / p / 100.0;
    say("tree-sync over-formula", median(found).expect("there are seeds") / formula);
    say("tree-sync fan-out", widest as f64);
}

fn main() {
    without_faults();
    under_faults();
    silence();
    thousand_nodes();
}
