//! Fault schedules: what is drawn at random is drawn into the Plan.

mod possible;
mod targets;

use crate::draws::{Draws, Purpose};
use crate::faults::{
    BadDisks, Duplicate, Fault, FaultEvent, Kill, Loss, Partition, Pause, Reorder, SlowLinks,
    SlowNodes, Targets, WrongClocks,
};
use crate::partition::{Cut, PartitionKind};
pub(crate) use possible::because;
pub use targets::Target;

/// A kind of fault that can be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Links are cut in the four ways that Maelstrom has.
    Partition,
    /// Some nodes are no longer heard by the others, but hear them.
    OneWay,
    /// Two halves, and one node that hears and is heard by both.
    Bridge,
    /// Two nodes do not hear each other.
    SingleLink,
    /// Nodes are killed and started again.
    Kill,
    /// Nodes are stopped where they are and go on again.
    Pause,
    /// Messages get lost.
    Loss,
    /// Messages are delivered twice.
    Duplicate,
    /// Messages overtake each other.
    Reorder,
    /// Links or nodes are slow.
    Slow,
    /// Wall clocks jump or drift.
    Clock,
    /// Disks are slow, full, or fail.
    Disk,
}

/// A kind of fault, for who chooses among them.
#[derive(Debug)]
pub struct Entry {
    /// The kind.
    pub kind: Kind,
    /// Its name on the command line.
    pub name: &'static str,
    /// One line for help texts.
    pub about: &'static str,
    /// How its faults are drawn, and why they cannot touch a cluster, if it has a
    /// schedule of its own; of a process or of a partition it is shared.
    window: Option<(Draw, WhyImpossible)>,
}

/// Draws a fault.
type Draw = fn(&Schedule, &mut Draws) -> Fault;

/// Why a kind cannot touch a cluster, if it cannot.
type WhyImpossible = fn(&Schedule) -> Option<String>;

/// All kinds.
pub const KINDS: [Entry; 12] = [
    entry(Kind::Partition, "partition", "cut links between nodes, mend them, and again", None),
    entry(Kind::OneWay, "one-way", "cut them in one direction only", None),
    entry(Kind::Bridge, "bridge", "cut all but one node into two halves that do not meet", None),
    entry(Kind::SingleLink, "single-link", "cut one link, in both directions", None),
    entry(Kind::Kill, "kill", "kill nodes and start them again, with nothing in memory", None),
    entry(Kind::Pause, "pause", "stop nodes where they are and let them go on", None),
    entry(
        Kind::Loss,
        "loss",
        "lose messages between nodes",
        Some((Loss::draw, Loss::why_impossible)),
    ),
    entry(
        Kind::Duplicate,
        "duplicate",
        "deliver messages twice",
        Some((Duplicate::draw, Duplicate::why_impossible)),
    ),
    entry(
        Kind::Reorder,
        "reorder",
        "let messages overtake each other",
        Some((Reorder::draw, Reorder::why_impossible)),
    ),
    entry(Kind::Slow, "slow", "slow down links or nodes", Some((slow, why_not_slow))),
    entry(
        Kind::Clock,
        "clock",
        "let wall clocks jump or drift",
        Some((WrongClocks::draw, WrongClocks::why_impossible)),
    ),
    entry(
        Kind::Disk,
        "disk",
        "have disks slow, full or failing",
        Some((BadDisks::draw, BadDisks::why_impossible)),
    ),
];

impl Kind {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        let entry = KINDS.iter().find(|entry| entry.kind == self);
        entry.map_or("unknown", |entry| entry.name)
    }
}

const fn entry(
    kind: Kind,
    name: &'static str,
    about: &'static str,
    window: Option<(Draw, WhyImpossible)>,
) -> Entry {
    Entry { kind, name, about, window }
}

/// What a schedule is drawn from. Times are in ns.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// The run's seed.
    pub seed: u64,
    /// What is broken.
    pub kinds: Vec<Kind>,
    /// How many nodes there are.
    pub nodes: u32,
    /// Mean time between the end of a fault and the beginning of the next of its
    /// kind.
    pub interval: u64,
    /// Mean length of a fault.
    pub length: u64,
    /// The length of the main phase.
    pub time_limit: u64,
    /// Whom faults hit.
    pub target: Target,
    /// The probability that a message is lost.
    pub loss: f64,
    /// The probability that a message is doubled.
    pub duplicate: f64,
    /// The probability that a message is held up.
    pub reorder: f64,
    /// How much later a message that is held up, or a copy, comes at most.
    pub delay: u64,
    /// How many times as long slow links and nodes take.
    pub slow: u32,
    /// What slow links take in addition to that; for links without latency.
    pub slow_extra: u64,
    /// How wrong clocks are at most.
    pub clock: u64,
    /// Whether nodes are processes of their own, whose clocks and speed are not
    /// ours to change.
    pub processes: bool,
    /// Whether nodes take time for a message, so that they can be slow.
    pub takes_time: bool,
    /// How many services there are whose links faults hit, too.
    pub services: u32,
}

/// How many faults a schedule may have: more than anybody wants to see, less than
/// fills the memory.
const MOST_FAULTS: u64 = 100_000;

impl Schedule {
    /// Whether there would be too many faults to draw.
    ///
    /// # Errors
    /// Says how many it would be.
    pub fn check(&self) -> Result<(), String> {
        let gap = (self.interval + self.length) / 2;
        if self.kinds.is_empty() || self.time_limit / gap.max(1) <= MOST_FAULTS {
            return Ok(());
        }
        Err(format!(
            "a fault about every {} s for {} s would be more than {MOST_FAULTS} faults",
            self.interval as f64 / 1e9,
            self.time_limit as f64 / 1e9
        ))
    }

    /// These kinds, with their usual intensity.
    pub fn new(seed: u64, kinds: &[Kind], nodes: u32, interval: u64, time_limit: u64) -> Schedule {
        Schedule {
            seed,
            kinds: kinds.to_vec(),
            nodes,
            interval,
            length: interval,
            time_limit,
            target: Target::Any,
            loss: 0.2,
            duplicate: 0.2,
            reorder: 0.2,
            delay: 500_000_000,
            slow: 10,
            slow_extra: 10_000_000,
            clock: 5_000_000_000,
            processes: false,
            takes_time: true,
            services: 0,
        }
    }

    /// The faults, in order of time. Gaps are uniform, from nothing to twice
    /// their mean.
    ///
    /// Kinds that cannot touch this cluster are not drawn (see
    /// [`Schedule::left_out`]).
    ///
    /// As in Maelstrom, partitions have one schedule, which begins at time 0:
    /// start and stop by turns. Kills and pauses share another, on which each
    /// kind begins and ends by turns. Each start draws how and whom; `start` and
    /// `resume` name all nodes. Other kinds have each a schedule of its own, which
    /// begins within the first interval. Faults of leaders do not begin at once,
    /// but after half an interval, when somebody may lead.
    ///
    /// Depends on the fields only, and each kind's schedule on no other's.
    pub fn draw(&self) -> Vec<FaultEvent> {
        let has = |kind| self.kinds.contains(&kind) && self.why_impossible(kind).is_none();
        let partitions: Vec<PartitionKind> =
            [Kind::Partition, Kind::OneWay, Kind::Bridge, Kind::SingleLink]
                .into_iter()
                .filter(|&kind| has(kind))
                .flat_map(|kind| self.possible_partitions(kind))
                .collect();
        let mut events = Vec::new();
        if !partitions.is_empty() {
            events.extend(self.partitions(&partitions));
        }
        let processes: Vec<Kind> =
            [Kind::Kill, Kind::Pause].into_iter().filter(|&kind| has(kind)).collect();
        if !processes.is_empty() {
            events.extend(self.process_faults(&processes));
        }
        for entry in KINDS.iter().filter(|entry| has(entry.kind)) {
            if let Some((draw, _)) = entry.window {
                events.extend(self.windows(entry.kind, draw));
            }
        }
        // Stable: at one moment partitions come first.
        events.sort_by_key(|event| event.at);
        events
    }

    /// The streams of a schedule. The moments have a stream of their own, so that
    /// what is drawn leaves them in place.
    fn streams(&self, number: u64) -> (Draws, Draws) {
        let stream = |number| Draws::keyed(self.seed, Purpose::Nemesis, number, 0, 0);
        (stream(number), stream(number + 1))
    }

    /// The time after a beginning or an end. At least a nanosecond, so that an
    /// interval of 0 ends, too.
    fn gap(&self, begins: bool, times: &mut Draws) -> u64 {
        let mean = if begins { self.length } else { self.interval };
        times.below(2 * mean.max(1)).max(1)
    }

    fn first_of_maelstrom(&self) -> u64 {
        if self.target == Target::Leader { self.interval / 2 } else { 0 }
    }

    fn partitions(&self, kinds: &[PartitionKind]) -> Vec<FaultEvent> {
        let (mut times, mut draws) = self.streams(1);
        let mut events = Vec::new();
        let mut at = self.first_of_maelstrom();
        while at < self.time_limit {
            let begins = events.len() % 2 == 0;
            let id = number(Kind::Partition, events.len() / 2);
            let event = if begins {
                let kind = kinds[draws.below(kinds.len() as u64) as usize];
                let cut = match kind {
                    PartitionKind::Leader => Cut::default(),
                    kind => kind.draw(self.nodes, &mut draws),
                };
                let cut = match (self.services, kind) {
                    (0, _) | (_, PartitionKind::Leader) => cut,
                    (services, _) => {
                        // A stream for each, so that nodes are cut as without services.
                        let number = events.len() as u64;
                        let mut draws = Draws::keyed(self.seed, Purpose::Nemesis, 5, number, 0);
                        cut.with_services(self.nodes, services, &mut draws)
                    }
                };
                FaultEvent::begin(at, id, Partition { kind, cut })
            } else {
                FaultEvent::end(at, id)
            };
            events.push(event);
            at += self.gap(begins, &mut times);
        }
        events
    }

    fn process_faults(&self, kinds: &[Kind]) -> Vec<FaultEvent> {
        let (mut times, mut draws) = self.streams(3);
        // The number of the fault of each kind that is on.
        let mut is_on: [Option<u32>; 2] = [None; 2];
        let mut down: Vec<u32> = Vec::new();
        let mut events = Vec::new();
        let mut at = self.first_of_maelstrom();
        while at < self.time_limit {
            let kind = kinds[draws.below(kinds.len() as u64) as usize];
            let all_down = down.len() == self.nodes as usize;
            let begins_pause = kind == Kind::Pause && is_on[1].is_none();
            // Nobody is left to pause: it is time for the dead to come back.
            let kind = if begins_pause && all_down { Kind::Kill } else { kind };
            let on = &mut is_on[usize::from(kind == Kind::Pause)];
            let begins = on.is_none();
            let event = match on.take() {
                None => {
                    let id = number(kind, events.len());
                    *on = Some(id);
                    if kind == Kind::Pause {
                        let nodes = self.alive(&down, &mut draws);
                        FaultEvent::begin(at, id, Pause { nodes })
                    } else {
                        let nodes = self.target.nodes(self.nodes, &mut draws);
                        if let Targets::Nodes(nodes) = &nodes {
                            down.clone_from(nodes);
                        }
                        FaultEvent::begin(at, id, Kill { nodes })
                    }
                }
                Some(id) => {
                    if kind == Kind::Kill {
                        down.clear();
                    }
                    FaultEvent::end(at, id)
                }
            };
            events.push(event);
            at += self.gap(begins, &mut times);
        }
        events
    }

    /// Nodes to pause, which those that are down cannot be; not all are.
    fn alive(&self, down: &[u32], draws: &mut Draws) -> Targets {
        let Targets::Nodes(mut nodes) = self.target.nodes(self.nodes, draws) else {
            return Targets::LEADER;
        };
        nodes.retain(|node| !down.contains(node));
        if nodes.is_empty() {
            let alive: Vec<u32> = (0..self.nodes).filter(|node| !down.contains(node)).collect();
            nodes.push(alive[draws.below(alive.len() as u64) as usize]);
        }
        nodes.into()
    }

    /// A schedule of one kind of its own.
    fn windows(&self, kind: Kind, draw: Draw) -> Vec<FaultEvent> {
        let (mut times, mut draws) = self.streams(100 + 2 * kind as u64);
        let mut events = Vec::new();
        let mut at = self.first_of_maelstrom() + times.below(self.interval.max(1));
        while at < self.time_limit {
            let id = number(kind, events.len() / 2);
            events.push(FaultEvent::begin(at, id, draw(self, &mut draws)));
            at += self.gap(true, &mut times);
            if at < self.time_limit {
                events.push(FaultEvent::end(at, id));
            }
            at += self.gap(false, &mut times);
        }
        events
    }
}

/// More than there will be kinds.
const MOST_KINDS: u32 = 32;

/// The number of the fault of this place in the schedule of its kind; of kinds that
/// share a schedule, in that. So it does not depend on the other kinds.
fn number(kind: Kind, place: usize) -> u32 {
    place as u32 * MOST_KINDS + kind as u32
}

/// Slow links or slow nodes, by chance.
fn slow(schedule: &Schedule, draws: &mut Draws) -> Fault {
    let links = match (schedule.can_slow_links(), schedule.can_slow_nodes()) {
        (true, true) => draws.below(2) == 0,
        (links, _) => links,
    };
    if links { SlowLinks::draw(schedule, draws) } else { SlowNodes::draw(schedule, draws) }
}

fn why_not_slow(schedule: &Schedule) -> Option<String> {
    let is_nothing = !schedule.can_slow_links() && !schedule.can_slow_nodes();
    because(is_nothing, "there is nothing here that it would slow down")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::Whom;
    use glomers_history::SECOND;

    fn places(nodes: &Targets) -> &[u32] {
        match nodes {
            Targets::Nodes(nodes) => nodes,
            Targets::Marked(mark) => panic!("{mark:?} was not asked for"),
        }
    }

    /// The faults of one kind have the same times and content whatever else there
    /// is, and lengths and gaps have their means.
    #[test]
    fn every_kind_has_a_schedule_that_no_other_changes() {
        let kinds: Vec<Kind> = KINDS.iter().map(|entry| entry.kind).collect();
        for entry in KINDS.iter().filter(|entry| entry.window.is_some()) {
            let draw = |kinds: &[Kind]| {
                let mut schedule = Schedule::new(7, kinds, 5, 10 * SECOND, 100_000 * SECOND);
                schedule.length = 2 * SECOND;
                schedule.draw()
            };
            let alone = draw(&[entry.kind]);
            let all = draw(&kinds);
            assert!(alone.iter().all(|event| all.contains(event)), "{}", entry.name);
            let gaps = |odd: usize| -> u64 {
                let pairs = alone.windows(2).enumerate();
                let gaps: Vec<u64> = pairs
                    .filter(|(place, _)| place % 2 == odd)
                    .map(|(_, pair)| pair[1].at - pair[0].at)
                    .collect();
                gaps.iter().sum::<u64>() / gaps.len() as u64
            };
            let near = |mean: u64, of: u64| mean.abs_diff(of) < of / 20;
            assert!(near(gaps(0), 2 * SECOND) && near(gaps(1), 10 * SECOND), "{}", entry.name);
        }
    }

    #[test]
    fn each_kind_begins_and_ends_by_turns_and_leaves_the_others_in_place() {
        for seed in 0..200 {
            let drawn =
                |kinds: &[Kind]| Schedule::new(seed, kinds, 5, 10 * SECOND, 100 * SECOND).draw();
            let all = drawn(&[Kind::Partition, Kind::Kill, Kind::Pause]);
            let partitions: Vec<FaultEvent> = all
                .iter()
                .filter(|event| event.id() % MOST_KINDS == Kind::Partition as u32)
                .cloned()
                .collect();
            assert_eq!(partitions, drawn(&[Kind::Partition]));
            assert_eq!(all[0].at, 0);
            assert!(all.windows(2).all(|pair| pair[0].at <= pair[1].at));
            let killed: Vec<bool> = all
                .iter()
                .filter(|event| event.id() % MOST_KINDS == Kind::Kill as u32)
                .map(|event| match event.fault() {
                    Some(Fault::Kill(kill)) => {
                        assert!(places(&kill.nodes).len() <= 5);
                        true
                    }
                    other => {
                        assert_eq!(other, None);
                        false
                    }
                })
                .collect();
            assert!(killed.iter().enumerate().all(|(place, &kill)| kill == (place % 2 == 0)));
        }
    }

    /// Whatever the cluster, every fault that is drawn has something to touch.
    #[test]
    fn nothing_is_drawn_that_can_touch_nothing() {
        let kinds: Vec<Kind> = KINDS.iter().map(|entry| entry.kind).collect();
        for (seed, nodes) in (0..60).flat_map(|seed| (1..6).map(move |nodes| (seed, nodes))) {
            for services in [0, 4] {
                let mut schedule = Schedule::new(seed, &kinds, nodes, SECOND, 60 * SECOND);
                schedule.services = services;
                let mut down: Vec<u32> = Vec::new();
                for event in schedule.draw() {
                    let told = format!("{nodes} nodes, {services} services: {event:?}");
                    let Some(fault) = event.fault() else {
                        if event.id() % MOST_KINDS == Kind::Kill as u32 {
                            down.clear();
                        }
                        continue;
                    };
                    let is_about_links = !matches!(fault.whom(), Whom::Nodes(_));
                    assert!(!is_about_links || nodes > 1 || services > 0, "{told}");
                    match fault {
                        Fault::Partition(partition) => {
                            assert!(!partition.cut.is_empty(), "{told}");
                        }
                        Fault::Kill(kill) => {
                            down = places(&kill.nodes).to_vec();
                            assert!(!down.is_empty(), "{told}");
                        }
                        Fault::Pause(pause) => {
                            let nodes = places(&pause.nodes);
                            let alive = nodes.iter().any(|node| !down.contains(node));
                            assert!(alive, "{told}");
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_left_out_is_said() {
        let left_out = |kinds: &[Kind], nodes, change: fn(&mut Schedule)| {
            let mut schedule = Schedule::new(1, kinds, nodes, SECOND, 60 * SECOND);
            change(&mut schedule);
            assert_eq!(schedule.draw().is_empty(), schedule.left_out().len() == kinds.len());
            schedule.left_out()
        };
        let none = |_: &mut Schedule| {};
        assert_eq!(
            left_out(&[Kind::Partition, Kind::Kill], 1, none),
            ["partition: 1 node has no link to another"]
        );
        assert_eq!(left_out(&[Kind::Partition], 1, |schedule| schedule.services = 4), [""; 0]);
        assert_eq!(
            left_out(&[Kind::Bridge], 2, none),
            ["bridge: it needs 3 nodes, and there are 2"]
        );
        assert_eq!(left_out(&[Kind::Loss], 3, |schedule| schedule.loss = 0.0).len(), 1);
        assert_eq!(left_out(&[Kind::Disk], 3, |schedule| schedule.processes = true).len(), 1);
        assert_eq!(left_out(&[Kind::Slow], 1, |schedule| schedule.takes_time = false).len(), 1);
        assert_eq!(left_out(&[Kind::Slow], 3, |schedule| schedule.takes_time = false).len(), 0);
    }

    #[test]
    fn the_mean_gap_is_the_interval() {
        let kinds = [Kind::Partition];
        let events = Schedule::new(1, &kinds, 5, 10 * SECOND, 100_000 * SECOND).draw();
        assert!((9_000..11_000).contains(&events.len()), "{}", events.len());
    }
}
