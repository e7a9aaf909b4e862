//! What is taken out of a Plan changes what follows from it and nothing else: draws are
//! keyed by cause. `GLOMERS_SEEDS=1000` tries more Plans than usual, over all nodes.

use std::collections::{BTreeMap, BTreeSet};

use glomers_history::{Event, MILLISECOND, Observer, SECOND, Time};
use glomers_nodes::NODES;
use glomers_session::{RunOptions, RunReport};
use glomers_sim::draws::{Draws, Purpose};
use glomers_sim::{
    Cut, Distribution, Fault, FaultEvent, Kill, Latency, NodeProgram, Operations, Partition, Pause,
    Plan, Rate, Targets,
};
use glomers_trials::run_plan;

/// A message of a run: who sent what to whom, when, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Message {
    sent: Time,
    src: String,
    dest: String,
    body: String,
    /// When it, and its copy, were received.
    received: Vec<Time>,
    dropped: Option<String>,
}

#[derive(Default)]
struct Seen(Vec<Message>);

impl Observer for Seen {
    fn event(&mut self, time: Time, event: &Event<'_>) {
        match *event {
            Event::Sent { message, src, dest } => {
                assert_eq!(message.id, self.0.len() as u64);
                self.0.push(Message {
                    sent: time,
                    src: src.to_owned(),
                    dest: dest.to_owned(),
                    body: message.payload.to_json().get().to_owned(),
                    received: Vec::new(),
                    dropped: None,
                });
            }
            Event::Received(message) => self.0[message.id as usize].received.push(time),
            Event::Dropped(message, reason) => {
                self.0[message.id as usize].dropped = Some(format!("{reason:?}"));
            }
            _ => {}
        }
    }
}

fn run(plan: &Plan) -> (RunReport, Vec<Message>) {
    let mut seen = Seen::default();
    let report = run_plan(plan, &RunOptions::default(), &mut seen).expect("a Plan that can be run");
    (report, seen.0)
}

/// Some node of the registry under some conditions.
fn plan(seed: u64) -> Plan {
    let entry = &NODES[(seed % NODES.len() as u64) as usize];
    let program = NodeProgram::Embedded { name: entry.name.to_owned(), arguments: Vec::new() };
    let mut plan = Plan::new(seed, program, entry.workload);
    let mut draws = Draws::keyed(seed, Purpose::Choice, 77, 0, 0);
    plan.set_node_count(3 + draws.below(3) as u32);
    plan.concurrency = 2 * plan.nodes.len() as u32;
    plan.rate = Rate::PerSecond(20.0);
    plan.time_limit = 5 * SECOND / 2;
    plan.latency = Latency { mean_ms: 10, distribution: Distribution::Exponential };
    plan.loss = if draws.below(2) == 0 { 0.0 } else { 0.02 };
    let node = draws.below(plan.nodes.len() as u64) as u32;
    let at = 300 * MILLISECOND + draws.below(SECOND);
    let fault: Fault = match draws.below(3) {
        0 => Partition::by_hand(Cut::links([(node, 0), (0, node)])).into(),
        1 => Pause::nodes(vec![node]).into(),
        _ => Kill::nodes(vec![node]).into(),
    };
    let end = at + 300 * MILLISECOND;
    plan.faults = vec![FaultEvent::begin(at, 0, fault), FaultEvent::end(end, 0)];
    plan
}

/// A name for both ends of a client's way: its worker, whose order of operations counts.
fn place(name: &str, plan: &Plan) -> String {
    let first = 2 * plan.nodes.len() as u32;
    match name.strip_prefix('c').and_then(|number| number.parse::<u32>().ok()) {
        Some(number) if number >= first => {
            format!("worker {}", (number - first) % plan.concurrency)
        }
        _ => name.to_owned(),
    }
}

/// From when on each place may differ between two runs of which one lacks something.
/// Whatever a place sends from then on, its receiver may be reached by in the same
/// moment, as nobody says when a message begins to wait.
fn future(
    runs: [&[Message]; 2],
    plan: &Plan,
    begin: impl IntoIterator<Item = (String, Time)>,
) -> BTreeMap<String, Time> {
    let mut since: BTreeMap<String, Time> = begin.into_iter().collect();
    let mut all: Vec<&Message> = runs.into_iter().flatten().collect();
    all.sort_by_key(|message| message.sent);
    loop {
        let before = since.clone();
        for message in &all {
            let (src, dest) = (place(&message.src, plan), place(&message.dest, plan));
            if since.get(&src).is_some_and(|since| *since <= message.sent) {
                let moment = since.entry(dest).or_insert(message.sent);
                *moment = message.sent.min(*moment);
            }
        }
        if since == before {
            return since;
        }
    }
}

/// Compares two runs. How many messages of `full` are outside of the future, how many in
/// it, and how many of these are the same all the same.
fn compare(
    full: &[Message],
    less: &[Message],
    plan: &Plan,
    begin: impl IntoIterator<Item = (String, Time)>,
) -> [u64; 3] {
    let since = future([full, less], plan, begin);
    let is_outside = |message: &Message| {
        // What is received after the receiver differs may wait for longer.
        let is_before = |name: &str, time: Time| {
            since.get(&place(name, plan)).is_none_or(|since| time < *since)
        };
        is_before(&message.src, message.sent)
            && message.received.iter().all(|time| is_before(&message.dest, *time))
            && (!message.received.is_empty() || !since.contains_key(&place(&message.dest, plan)))
    };
    let outside = |messages: &[Message]| {
        let mut all: Vec<Message> =
            messages.iter().filter(|message| is_outside(message)).cloned().collect();
        all.sort();
        all
    };
    let (a, b) = (outside(full), outside(less));
    let only = |all: &[Message], other: &[Message]| {
        all.iter().find(|message| !other.contains(message)).cloned()
    };
    let difference = [only(&a, &b), only(&b, &a)];
    assert!(
        difference == [None, None],
        "seed {} of {:?}: {} and {} messages do not follow from what was taken out, and the first \
         that the other run lacks are {difference:#?}",
        plan.seed,
        plan.program,
        a.len(),
        b.len()
    );
    let known: BTreeSet<&Message> = less.iter().collect();
    let inside: Vec<&Message> = full.iter().filter(|message| !is_outside(message)).collect();
    let same = inside.iter().filter(|message| known.contains(*message)).count();
    [a.len() as u64, inside.len() as u64, same as u64]
}

#[test]
fn what_is_taken_out_changes_nothing_but_what_follows_from_it() {
    let count = std::env::var("GLOMERS_SEEDS").map_or(46, |text| text.parse().expect("a number"));
    let mut sums = [("an operation", [0; 3]), ("a fault", [0; 3])];
    for seed in 0..count {
        let generated = plan(seed);
        let (report, messages) = run(&generated);
        let mut listed = generated.clone();
        let (history, main_start) = (&report.outcome.history, report.outcome.main_start);
        listed.operations = Operations::listed(&generated, history, main_start);
        let (_, full) = run(&listed);
        // A run without something may end sooner, with messages under way.
        let start = report.outcome.origin.0 + main_start.0;
        let main = Time(start + generated.time_limit - 400 * MILLISECOND);
        let of_main = |all: &[Message]| -> Vec<Message> {
            all.iter().filter(|message| message.sent < main).cloned().collect()
        };
        let sent = |all: &[Message]| -> Vec<(Time, String)> {
            of_main(all).into_iter().map(|one| (one.sent, one.body)).collect()
        };
        assert_eq!(sent(&full), sent(&messages), "seed {seed}: the list is another run");

        let Operations::Listed(list) = &mut listed.operations else { unreachable!() };
        let all = list.clone();
        if !list.is_empty() {
            let gone = list.remove(list.len() / 2);
            let begin = start + gone.at;
            let (_, less) = run(&listed);
            let cause = [(format!("worker {}", gone.worker), Time(begin))];
            let counts = compare(&of_main(&full), &of_main(&less), &listed, cause);
            (0..3).for_each(|at| sums[0].1[at] += counts[at]);
        }
        listed.operations = Operations::Listed(all);
        let faults = std::mem::take(&mut listed.faults);
        let begin = Time(start + faults[0].at);
        let (_, less) = run(&listed);
        let touched = match faults[0].fault() {
            Some(Fault::Partition(_)) => listed.nodes.clone(),
            Some(
                Fault::Pause(Pause { nodes: Targets::Nodes(nodes) })
                | Fault::Kill(Kill { nodes: Targets::Nodes(nodes) }),
            ) => nodes.iter().map(|place| listed.nodes[*place as usize].clone()).collect(),
            other => unreachable!("{other:?}"),
        };
        let cause = touched.into_iter().map(|node| (node, begin));
        let counts = compare(&of_main(&full), &of_main(&less), &listed, cause);
        (0..3).for_each(|at| sums[1].1[at] += counts[at]);
    }
    let [_, inside, same] = without_an_idle_node(count);
    println!(
        "without a node that nobody asks: of {inside} messages among the others {same} ({:.1} %) \
         are the same",
        100.0 * same as f64 / inside.max(1) as f64
    );
    assert!(same * 10 > inside, "{same} of {inside}");
    for (what, [outside, inside, same]) in sums {
        println!(
            "without {what}: {outside} messages do not follow from it and are the same; of the \
             {inside} that may, {same} ({:.1} %) are",
            100.0 * same as f64 / inside.max(1) as f64
        );
        assert!(outside > 0 && inside > 0);
    }
}

/// Takes a node away that no client asks. All nodes are told who there is, so all may
/// differ; the messages among the others are compared.
fn without_an_idle_node(count: u64) -> [u64; 3] {
    let mut sum = [0; 3];
    for seed in 0..count {
        let mut listed = plan(seed);
        listed.faults.clear();
        let (report, _) = run(&listed);
        let outcome = &report.outcome;
        listed.operations = Operations::listed(&listed, &outcome.history, outcome.main_start);
        let last = listed.nodes.len() as u32 - 1;
        let Operations::Listed(list) = &mut listed.operations else { unreachable!() };
        list.retain(|one| one.node != Some(last));
        let (_, full) = run(&listed);
        let gone = listed.nodes.pop().expect("a node");
        let (_, less) = run(&listed);
        let others: BTreeSet<&String> = listed.nodes.iter().collect();
        let among = |one: &&Message| others.contains(&one.src) && others.contains(&one.dest);
        assert!(!less.iter().any(|one| one.src == gone || one.dest == gone));
        let known: BTreeSet<&Message> = less.iter().filter(among).collect();
        let inside = full.iter().filter(among);
        sum[1] += inside.clone().count() as u64;
        sum[2] += inside.filter(|one| known.contains(*one)).count() as u64;
    }
    sum
}
