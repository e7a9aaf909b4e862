//! The nodes that promise to lose nothing, on the kernel alone: a hostile network
//! delivers, drops, doubles and reorders at will, clocks drift, nodes are killed
//! and start again with nothing. Once the network is fair, all nodes hold the same
//! within a stated bound, and then fall silent.
//!
//! `GLOMERS_SEEDS` says how many seeds are tried.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use glomers_node::protocol::rpc::broadcast::{
    Broadcast, BroadcastOk, Read, ReadOk, Topology, TopologyOk,
};
use glomers_node::testing::{Sent, TestNode};
use glomers_node::{Identity, NodeId, Payload, Process, Rng};

const MS: Duration = Duration::from_millis(1);
/// One-way latency of the fair network.
const LATENCY: Duration = Duration::from_millis(50);
/// In the fair network, all hold the same after this: the longest pause between
/// probes of somebody silent (12 s; 2 s with flood-retry), and what it takes then.
const BOUND: Duration = Duration::from_secs(20);
/// All are silent after this.
const SILENT_AFTER: Duration = Duration::from_secs(30);

struct InFlight {
    from: usize,
    to: usize,
    payload: Payload,
    /// How long until a fair network delivers it.
    left: Duration,
}

struct Network {
    name: &'static str,
    arguments: Vec<String>,
    ids: Vec<String>,
    nodes: Vec<TestNode>,
    lives: Vec<u32>,
    in_flight: Vec<InFlight>,
    rng: Rng,
    /// Who took each value from a client, in which life.
    accepted: BTreeMap<u64, (usize, u32)>,
    next_value: u64,
    sent: u64,
    kills: bool,
    /// A node that neither hears nor says anything any more.
    dead: Option<usize>,
    /// How many messages were sent to it, by their sender.
    to_dead: Vec<u32>,
}

impl Network {
    fn new(name: &'static str, arguments: &[&str], count: usize, seed: u64) -> Network {
        let mut network = Network {
            name,
            arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
            ids: (0..count).map(|place| format!("n{place}")).collect(),
            nodes: Vec::new(),
            lives: vec![0; count],
            in_flight: Vec::new(),
            rng: Rng::from_seed(seed),
            accepted: BTreeMap::new(),
            next_value: 0,
            sent: 0,
            // Who floods does not ask for what it held in an earlier life.
            kills: name != "flood-retry",
            dead: None,
            to_dead: vec![0; count],
        };
        for place in 0..count {
            let node = network.start(place);
            network.nodes.push(node);
            network.suggest_topology(place);
        }
        network
    }

    fn start(&mut self, place: usize) -> TestNode {
        let entry = glomers_nodes::entry(self.name).expect("the node exists");
        let process: Box<dyn Process> = (entry.make)(&self.arguments).expect("arguments are right");
        let identity = Identity { seed: self.rng.bits(), incarnation: Some(self.lives[place]) };
        let mut node = TestNode::with_identity(process, identity);
        let ids: Vec<&str> = self.ids.iter().map(String::as_str).collect();
        let sent = node.init(&self.ids[place], &ids);
        self.send(place, sent);
        node
    }

    fn suggest_topology(&mut self, place: usize) {
        let all: Vec<NodeId> = self.ids.iter().map(NodeId::new).collect();
        let neighbours = |me: &NodeId| all.iter().filter(|id| *id != me).cloned().collect();
        let topology: BTreeMap<NodeId, Vec<NodeId>> =
            all.iter().map(|id| (id.clone(), neighbours(id))).collect();
        let sent = self.nodes[place].request_from("c0", 9, Topology { topology: topology.into() });
        assert!(sent[0].is::<TopologyOk>());
    }

    fn send(&mut self, from: usize, sent: Vec<Sent>) {
        for Sent { dest, payload } in sent {
            if let Some(to) = self.ids.iter().position(|id| *id == *dest) {
                self.sent += 1;
                self.to_dead[from] += u32::from(self.dead == Some(to));
                self.in_flight.push(InFlight { from, to, payload, left: LATENCY });
            }
        }
    }

    fn broadcast(&mut self, place: usize) {
        let value = self.next_value;
        self.next_value += 1;
        let message = Broadcast { message: (value as i64).into() };
        let sent = self.nodes[place].request_from("c1", 10 + value, message);
        let is_reply = |sent: &Sent| sent.reply_to(10 + value).is_some();
        assert!(sent.iter().any(|sent| is_reply(sent) && sent.is::<BroadcastOk>()));
        self.accepted.insert(value, (place, self.lives[place]));
        self.send(place, sent);
    }

    fn deliver(&mut self, index: usize) {
        let InFlight { from, to, payload, .. } = self.in_flight.remove(index);
        let sent = self.nodes[to].deliver(&self.ids[from], payload);
        self.send(to, sent);
    }

    fn advance(&mut self, place: usize, by: Duration) {
        let sent = self.nodes[place].advance(by);
        self.send(place, sent);
    }

    fn kill(&mut self, place: usize) {
        self.lives[place] += 1;
        self.nodes[place] = self.start(place);
        self.suggest_topology(place);
    }

    /// One step in which the network does what it likes.
    fn hostile_step(&mut self) {
        let place = self.rng.below(self.nodes.len() as u64) as usize;
        let pick = |rng: &mut Rng, count: usize| rng.below(count as u64) as usize;
        match self.rng.below(100) {
            0..45 if !self.in_flight.is_empty() => {
                let index = pick(&mut self.rng, self.in_flight.len());
                self.deliver(index);
            }
            45..55 if !self.in_flight.is_empty() => {
                let index = pick(&mut self.rng, self.in_flight.len());
                self.in_flight.remove(index);
            }
            55..60 if !self.in_flight.is_empty() => {
                let InFlight { from, to, payload, .. } =
                    &self.in_flight[pick(&mut self.rng, self.in_flight.len())];
                let again =
                    InFlight { from: *from, to: *to, payload: payload.clone(), left: LATENCY };
                self.in_flight.push(again);
            }
            60..70 => self.broadcast(place),
            70..71 if self.kills => self.kill(place),
            // Clocks go at different speeds, and nodes sleep.
            _ => {
                let by = MS * self.rng.below(300) as u32;
                self.advance(place, by);
            }
        }
    }

    /// Lets a fair network and good clocks go on for so long.
    fn fair(&mut self, duration: Duration) {
        let step = 5 * MS;
        for _ in 0..duration.as_millis() / step.as_millis() {
            for message in &mut self.in_flight {
                message.left = message.left.saturating_sub(step);
            }
            let dead = self.dead;
            self.in_flight.retain(|message| Some(message.to) != dead);
            while let Some(index) = self.in_flight.iter().position(|one| one.left.is_zero()) {
                self.deliver(index);
            }
            for place in (0..self.nodes.len()).filter(|&place| Some(place) != dead) {
                self.advance(place, step);
            }
        }
    }

    fn held(&mut self, place: usize) -> BTreeSet<u64> {
        let ReadOk { messages } = self.nodes[place].call(Read {}).expect("reads succeed");
        messages.iter().map(|value| value.as_int().expect("an integer") as u64).collect()
    }
}

fn seeds(few: u64) -> u64 {
    std::env::var("GLOMERS_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(few)
}

/// How many values were lost because every node that held them was killed.
fn converges(name: &'static str, arguments: &[&str], seed: u64) -> usize {
    let mut draws = Rng::from_seed(seed ^ 0x5eed);
    let count = 1 + draws.below(8) as usize;
    let mut network = Network::new(name, arguments, count, seed);
    // Flooding sends so much that longer runs take long.
    let most = if name == "flood-retry" { 500 } else { 3000 };
    for _ in 0..draws.below(most) {
        network.hostile_step();
    }
    network.fair(BOUND);
    let first = network.held(0);
    for place in 1..count {
        let other = network.held(place);
        let missing: Vec<&u64> = first.symmetric_difference(&other).collect();
        assert!(
            missing.is_empty(),
            "{name}, seed {seed}: n0 and n{place} of {count} differ in {missing:?}"
        );
    }
    // Whatever is nowhere was taken by a life that is over.
    let lost: Vec<u64> =
        network.accepted.keys().copied().filter(|value| !first.contains(value)).collect();
    for value in &lost {
        let (place, life) = network.accepted[value];
        assert!(life < network.lives[place], "{name}, seed {seed}: {value} was lost by a survivor");
    }
    network.fair(SILENT_AFTER - BOUND);
    let sent = network.sent;
    network.fair(Duration::from_secs(60));
    assert_eq!(network.sent, sent, "{name}, seed {seed}: {count} nodes are not silent");
    lost.len()
}

fn all_converge(name: &'static str, arguments: &[&str], few: u64) {
    let seeds = seeds(few);
    let lost: usize = (0..seeds).map(|seed| converges(name, arguments, seed)).sum();
    println!("{name}: {seeds} seeds, {lost} values held only by nodes that were killed");
}

#[test]
fn hub_ft_converges_and_falls_silent() {
    all_converge("hub-ft", &["--period", "100"], 20);
}

#[test]
fn hub_ft_with_a_long_period_and_short_messages_converges_and_falls_silent() {
    all_converge("hub-ft", &["--period", "700", "--nack", "off", "--items", "25"], 20);
}

#[test]
fn hub_ft_without_time_for_a_hub_converges_and_falls_silent() {
    all_converge("hub-ft", &["--max-latency", "80"], 20);
}

#[test]
fn hub_ft_with_a_plan_of_its_own_converges_and_falls_silent() {
    all_converge("hub-ft", &["--max-latency", "400"], 20);
}

#[test]
fn push_pull_converges_and_falls_silent() {
    all_converge("push-pull", &["--pause", "100"], 20);
}

#[test]
fn push_pull_with_short_messages_converges_and_falls_silent() {
    all_converge("push-pull", &["--items", "25"], 20);
}

#[test]
fn flood_retry_converges_and_falls_silent() {
    all_converge("flood-retry", &["--timeout", "200"], 10);
}

#[test]
fn plumtree_converges_and_falls_silent() {
    all_converge("plumtree", &["--lazy", "200"], 20);
}

#[test]
fn plumtree_with_few_neighbours_and_short_messages_converges_and_falls_silent() {
    all_converge("plumtree", &["--degree", "1", "--items", "25"], 20);
}

/// Who does not answer is tried ever more rarely: after a minute at most once in
/// ten seconds by each, and by nobody but the hub where there is one.
#[test]
fn a_silent_node_is_hardly_ever_tried() {
    for (name, arguments, triers) in [
        ("hub-ft", &["--period", "450"][..], 1),
        ("hub-ft", &["--max-latency", "900"], 1),
        ("hub-ft", &["--max-latency", "80"], 1),
        ("push-pull", &[], 4),
        ("plumtree", &[], 4),
    ] {
        let mut network = Network::new(name, arguments, 5, 1);
        for round in 0..50 {
            network.dead = (round >= 20).then_some(3);
            network.broadcast(round % 3);
            network.fair(100 * MS);
        }
        network.fair(Duration::from_secs(60));
        network.to_dead.fill(0);
        network.fair(Duration::from_secs(100));
        let tried = network.to_dead;
        assert!(tried.iter().all(|&times| times <= 10), "{name} {arguments:?}: {tried:?}");
        let count = tried.iter().filter(|&&times| times > 0).count();
        assert!((1..=triers).contains(&count), "{name} {arguments:?}: {tried:?}");
    }
}
