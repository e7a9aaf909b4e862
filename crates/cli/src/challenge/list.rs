//! The challenges and their marks.

use std::time::Duration;

use glomers_check::Availability;
use glomers_session::RunOptions;
use glomers_sim::nemesis::Kind;
use glomers_sim::{Distribution, Inbox, Latency, Nemesis, NodeProgram, Plan, PlanBuilder, Rate};

use crate::error::CliError;

/// One challenge: the options of its test and the marks to reach.
pub(super) struct Challenge {
    pub(super) id: &'static str,
    pub(super) about: &'static str,
    workload: &'static str,
    /// The embedded node and its arguments.
    node: (&'static str, &'static [&'static str]),
    nodes: u32,
    workers_per_node: u32,
    seconds: u64,
    rate: f64,
    latency_ms: u64,
    partitions: bool,
    available: bool,
    /// What transactions must satisfy.
    models: Option<&'static str>,
    pub(super) marks: Option<Marks>,
    /// Another challenge: of its messages per operation this one may need half.
    pub(super) half_of: Option<&'static str>,
}

/// Upper bounds, all to be stayed below.
#[derive(Clone, Copy)]
pub(super) struct Marks {
    pub(super) messages_per_operation: f64,
    pub(super) median_ms: u64,
    pub(super) max_ms: u64,
}

const BASE: Challenge = Challenge {
    id: "",
    about: "",
    workload: "broadcast",
    node: ("flood-retry", &[]),
    nodes: 5,
    workers_per_node: 1,
    seconds: 20,
    rate: 10.0,
    latency_ms: 0,
    partitions: false,
    available: false,
    models: None,
    marks: None,
    half_of: None,
};

const KAFKA: Challenge =
    Challenge { workload: "kafka", nodes: 2, workers_per_node: 2, rate: 1000.0, ..BASE };

/// Registers that answer at once, whatever happens.
const TXN: Challenge = Challenge {
    workload: "txn-rw-register",
    node: ("rw-available", &[]),
    nodes: 2,
    workers_per_node: 2,
    rate: 1000.0,
    models: Some("read-uncommitted"),
    ..BASE
};

/// The default algorithm with the profiles that suit the marks. Their median
/// latency is about half a period and two latencies, their maximum a period and
/// two latencies; Maelstrom's inbox hides up to one latency of it.
const FAST: (&str, &[&str]) = ("hub-ft", &["--period", "450"]);
const FRUGAL: (&str, &[&str]) = ("hub-ft", &["--period", "1700"]);

const CHALLENGES: [Challenge; 17] = [
    Challenge {
        id: "1",
        about: "echo",
        workload: "echo",
        node: ("echo", &[]),
        nodes: 1,
        seconds: 10,
        rate: 5.0,
        ..BASE
    },
    Challenge {
        id: "2",
        about: "unique ids",
        workload: "unique-ids",
        node: ("unique-ids", &[]),
        nodes: 3,
        seconds: 30,
        rate: 1000.0,
        partitions: true,
        available: true,
        ..BASE
    },
    Challenge { id: "3a", about: "broadcast, one node", nodes: 1, ..BASE },
    Challenge { id: "3b", about: "broadcast", ..BASE },
    Challenge { id: "3c", about: "broadcast, partitions", partitions: true, ..BASE },
    Challenge {
        id: "3d",
        about: "broadcast, fast",
        node: FAST,
        nodes: 25,
        rate: 100.0,
        latency_ms: 100,
        marks: Some(Marks { messages_per_operation: 30.0, median_ms: 400, max_ms: 600 }),
        ..BASE
    },
    Challenge {
        id: "3d",
        about: "… with partitions",
        node: FAST,
        nodes: 25,
        rate: 100.0,
        latency_ms: 100,
        partitions: true,
        ..BASE
    },
    Challenge {
        id: "3e",
        about: "broadcast, frugal",
        node: FRUGAL,
        nodes: 25,
        rate: 100.0,
        latency_ms: 100,
        marks: Some(Marks { messages_per_operation: 20.0, median_ms: 1000, max_ms: 2000 }),
        ..BASE
    },
    Challenge {
        id: "3e",
        about: "… with partitions",
        node: FRUGAL,
        nodes: 25,
        rate: 100.0,
        latency_ms: 100,
        partitions: true,
        ..BASE
    },
    Challenge {
        id: "4",
        about: "counter, partitions",
        workload: "g-counter",
        node: ("counter-seq-kv", &[]),
        nodes: 3,
        rate: 100.0,
        partitions: true,
        ..BASE
    },
    Challenge { id: "5a", about: "logs, one node", node: ("kafka-single", &[]), nodes: 1, ..KAFKA },
    Challenge { id: "5b", about: "logs on lin-kv", node: ("kafka-lin-kv", &[]), ..KAFKA },
    Challenge {
        id: "5c",
        about: "logs, efficient",
        node: ("kafka-fast", &[]),
        half_of: Some("5b"),
        ..KAFKA
    },
    Challenge { id: "6a", about: "transactions, one node", nodes: 1, available: true, ..TXN },
    Challenge { id: "6b", about: "read uncommitted", ..TXN },
    Challenge { id: "6b", about: "… with partitions", partitions: true, available: true, ..TXN },
    Challenge {
        id: "6c",
        about: "read committed, partitions",
        partitions: true,
        available: true,
        models: Some("read-committed"),
        ..TXN
    },
];

impl Challenge {
    /// The reference node.
    pub(super) fn embedded(&self) -> NodeProgram {
        NodeProgram::Embedded {
            name: self.node.0.to_owned(),
            arguments: self.node.1.iter().map(|argument| (*argument).to_owned()).collect(),
        }
    }

    /// The run with this seed, but for what runs it.
    pub(super) fn plan(&self, program: NodeProgram, seed: u64, inbox: Inbox) -> PlanBuilder {
        let mut plan = Plan::builder(seed, program, self.workload);
        plan.nodes(self.nodes)
            .workers_per_node(self.workers_per_node)
            .time_limit(Duration::from_secs(self.seconds))
            .rate(Rate::PerSecond(self.rate))
            .latency(Latency { mean_ms: self.latency_ms, distribution: Distribution::Constant })
            .inbox(inbox);
        if let Some(models) = self.models {
            plan.option("consistency-models", models);
        }
        // With latency, operations overlap by themselves, and the marks were set
        // without service time.
        if self.latency_ms > 0 {
            plan.service_time(Duration::ZERO);
        }
        if self.partitions {
            plan.nemesis(Nemesis::new(&[Kind::Partition], Duration::from_secs(10)));
        }
        plan
    }

    pub(super) fn judge(&self) -> RunOptions {
        RunOptions {
            availability: if self.available { Availability::Total } else { Availability::None },
            ..RunOptions::default()
        }
    }
}

static ALL: [Challenge; CHALLENGES.len()] = CHALLENGES;

/// The ids of all challenges; those with several parts come several times.
pub(crate) fn ids() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|challenge| challenge.id)
}

const ABOVE: &str = "\
The challenges. Each part is a run that must be valid and stay below its marks, if it has any:
";
const BELOW: &str = "

With latency, nodes take no time for a message (--service-time 0); messages wait as Maelstrom's do
(--inbox maelstrom).

Exit status: 0 all passed, 1 not all passed, 130 interrupted, 254 usage, 255 machine.";

/// What each challenge is, and what it takes to pass, for a help text.
pub(crate) fn about() -> String {
    let mut text = ABOVE.to_owned();
    for challenge in &ALL {
        let Challenge { id, about, seconds, rate, latency_ms, .. } = challenge;
        let nodes = crate::summary::counted(challenge.nodes.into(), "node");
        text += &format!("\n  {id:<4}{about:<28}{nodes}, {rate} operations/s for {seconds} s");
        if *latency_ms > 0 {
            text += &format!(", latency {latency_ms} ms");
        }
        if challenge.partitions {
            text += ", partitions";
        }
        let mut below = Vec::new();
        if let Some(marks) = challenge.marks {
            let Marks { messages_per_operation, median_ms, max_ms } = marks;
            below.push(format!("< {messages_per_operation} messages per operation"));
            below.push(format!("median < {median_ms} ms, maximum < {max_ms} ms"));
        }
        if let Some(other) = challenge.half_of {
            below.push(format!(
                "at most half of the messages that the reference node of {other} needs"
            ));
        }
        if challenge.available {
            below.push("every operation succeeds".to_owned());
        }
        if !below.is_empty() {
            text += &format!("\n      {}", below.join(", "));
        }
    }
    text + BELOW
}

/// The challenge of this id, which is one of ours.
pub(super) fn named(id: &str) -> &'static Challenge {
    ALL.iter().find(|challenge| challenge.id == id).expect("it is in the list")
}

/// The challenges of these ids, in the order of the list; all if there are none.
pub(super) fn chosen(ids: &[String]) -> Result<Vec<&'static Challenge>, CliError> {
    if let Some(id) = ids.iter().find(|id| !ALL.iter().any(|challenge| challenge.id == **id)) {
        let mut known: Vec<&str> = ALL.iter().map(|challenge| challenge.id).collect();
        known.dedup();
        return Err(CliError::usage(format!("there is no challenge {id:?}"))
            .hint(format!("known: {}", known.join(", "))));
    }
    let is_chosen =
        |challenge: &&Challenge| ids.is_empty() || ids.iter().any(|id| id == challenge.id);
    Ok(ALL.iter().filter(is_chosen).collect())
}
