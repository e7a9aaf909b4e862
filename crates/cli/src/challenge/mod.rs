//! `glomers challenge`: Fly.io's Gossip Glomers.

use std::process::ExitCode;

use comfy_table::{Table, presets};
use glomers_bench::Interrupt;
use glomers_check::{Availability, Validity};
use glomers_history::SECOND;
use glomers_sim::{Inbox, NodeProgram, Plan, Rate, ServiceTime, nemesis};
use glomers_testing::{RunOptions, RunReport};

use crate::arguments::{ChallengeArguments, TimeArgument};
use crate::error::CliError;
use crate::execute::{Settings, execute, store_root};
use crate::progress::Progress;
use crate::{out, summary};

/// One challenge: the options of its test and the marks to reach.
struct Challenge {
    id: &'static str,
    about: &'static str,
    workload: &'static str,
    /// The embedded node and its arguments.
    node: (&'static str, &'static [&'static str]),
    nodes: u32,
    seconds: u64,
    rate: f64,
    latency_ms: u64,
    partitions: bool,
    available: bool,
    marks: Option<Marks>,
}

/// Upper bounds, all to be stayed below.
#[derive(Clone, Copy)]
struct Marks {
    messages_per_operation: f64,
    median_ms: i64,
    max_ms: i64,
}

const BASE: Challenge = Challenge {
    id: "",
    about: "",
    workload: "broadcast",
    node: ("flood-retry", &[]),
    nodes: 5,
    seconds: 20,
    rate: 10.0,
    latency_ms: 0,
    partitions: false,
    available: false,
    marks: None,
};

/// The default algorithm with the profiles that suit the marks. Their median
/// latency is about half a period and two latencies, their maximum a period and
/// two latencies; Maelstrom's inbox hides up to one latency of it.
const FAST: (&str, &[&str]) = ("hub-ft", &["--period", "450"]);
const FRUGAL: (&str, &[&str]) = ("hub-ft", &["--period", "1700"]);

const CHALLENGES: [Challenge; 9] = [
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
];

impl Challenge {
    fn plan(&self, program: NodeProgram, seed: u64, inbox: Inbox) -> Plan {
        let is_embedded = matches!(program, NodeProgram::Embedded { .. });
        let mut plan = Plan::new(seed, program, self.workload);
        plan.set_node_count(self.nodes);
        plan.concurrency = self.nodes;
        plan.time_limit = self.seconds * SECOND;
        plan.rate = Rate::PerSecond(self.rate);
        plan.latency.mean_ms = self.latency_ms;
        plan.inbox = inbox;
        // With latency, operations overlap by themselves, and the marks were set
        // without service time.
        if self.latency_ms > 0 || !is_embedded {
            plan.service_time = ServiceTime::Off;
        }
        if self.partitions {
            plan.faults = nemesis::partitions(seed, self.nodes, 10 * SECOND, plan.time_limit);
        }
        plan
    }

    fn judge(&self) -> RunOptions {
        RunOptions {
            availability: if self.available { Availability::Total } else { Availability::None },
            ..RunOptions::default()
        }
    }
}

/// The challenges of these ids, in the order of the list; all if there are none.
fn chosen(ids: &[String]) -> Result<Vec<&'static Challenge>, CliError> {
    static ALL: [Challenge; CHALLENGES.len()] = CHALLENGES;
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

pub(crate) fn run(arguments: &ChallengeArguments) -> Result<ExitCode, CliError> {
    if arguments.bin.is_some() && arguments.ids.is_empty() {
        return Err(CliError::usage("one executable hardly solves all challenges")
            .hint("say which it is for, as in: glomers challenge 3a 3b 3c --bin FILE"));
    }
    if arguments.bin.is_none() && !arguments.node_arguments.is_empty() {
        return Err(CliError::usage("arguments after -- are for an executable")
            .hint("name it with --bin; the reference nodes are run with arguments of their own"));
    }
    let chosen = chosen(&arguments.ids)?;
    let bin = arguments.bin.as_deref().map(glomers_bench::check_program).transpose()?;
    let interrupt = Interrupt::install_signal_handlers()
        .map_err(|error| CliError::machine(format!("no signal handlers: {error}")))?;
    let _guard = interrupt.guard();
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header([
        "",
        "challenge",
        "node",
        "verdict",
        "msgs/op",
        "median ms",
        "max ms",
        "ideal inbox",
        "true",
    ]);
    let mut all_passed = true;
    let mut details = String::new();
    for challenge in chosen {
        let program = match &bin {
            Some(path) => NodeProgram::Program {
                path: path.to_string_lossy().into_owned(),
                arguments: arguments.node_arguments.clone(),
            },
            None => NodeProgram::Embedded {
                name: challenge.node.0.to_owned(),
                arguments: challenge.node.1.iter().map(|a| (*a).to_owned()).collect(),
            },
        };
        let settings = Settings {
            time: if bin.is_some() { TimeArgument::Real } else { TimeArgument::Virtual },
            judge: challenge.judge(),
            store: store_root(&arguments.store)?,
            max_line: 32 << 20,
            log_stderr: false,
            log_net_send: false,
            log_net_recv: false,
            interrupt: interrupt.clone(),
            command: command_of(challenge, arguments),
        };
        // Fly.io's marks were set on Maelstrom.
        let plan = challenge.plan(program.clone(), arguments.seed, Inbox::Maelstrom);
        let progress = match &bin {
            Some(_) => Progress::of_run(challenge.id),
            None => Progress::none(),
        };
        let executed = execute(&plan, &settings, &progress)?;
        let ideal = if challenge.marks.is_some() && bin.is_none() {
            let plan = challenge.plan(program, arguments.seed, Inbox::Ideal);
            let settings = Settings { store: None, ..settings.clone() };
            Some(execute(&plan, &settings, &Progress::none())?.report)
        } else {
            None
        };
        progress.clear();
        let passed = passes(challenge, &executed.report, &settings.judge);
        all_passed &= passed;
        table.add_row(row(challenge, &plan, &executed.report, ideal.as_ref(), &settings.judge));
        if executed.report.validity(&settings.judge) != Validity::Valid {
            details += &format!("\nchallenge {}:\n", challenge.id);
            details += &summary::whole(&plan, &executed, &settings.judge, &settings.command);
        }
        if interrupt.is_requested() {
            out::line(format_args!(
                "{table}\n{details}\nInterrupted: the last row is what there was until then."
            ));
            return Ok(ExitCode::from(130));
        }
    }
    out::line(&table);
    out::line(format_args!(
        "msgs/op: messages between servers per operation. Latencies: median and maximum of the \
         stable\nlatencies, observed by reads with Maelstrom's inbox, for which the marks (in \
         parentheses) were set;\nbeside them observed with an ideal inbox, and true: when the last \
         node had the value."
    ));
    out::text(&details);
    if all_passed {
        out::line("\nAll passed.");
        return Ok(ExitCode::SUCCESS);
    }
    out::line("\nNot all passed: ✗ marks what is invalid or misses its mark.");
    Ok(ExitCode::from(1))
}

fn command_of(challenge: &Challenge, arguments: &ChallengeArguments) -> String {
    let bin =
        arguments.bin.as_ref().map_or(String::new(), |bin| format!(" --bin {}", bin.display()));
    format!("glomers challenge {}{bin} --seed {}", challenge.id, arguments.seed)
}

fn passes(challenge: &Challenge, report: &RunReport, judge: &RunOptions) -> bool {
    report.validity(judge) == Validity::Valid
        && challenge.marks.is_none_or(|marks| {
            let latencies = summary::latencies(report, "stable-latencies");
            report.outcome.net.servers_per_operation() < marks.messages_per_operation
                && latencies.is_some_and(|[median, _, _, max]| {
                    median < marks.median_ms && max < marks.max_ms
                })
        })
}

fn row(
    challenge: &Challenge,
    plan: &Plan,
    report: &RunReport,
    ideal: Option<&RunReport>,
    judge: &RunOptions,
) -> Vec<String> {
    let marks = challenge.marks;
    let marked = |text: String, mark: Option<(bool, String)>| match mark {
        Some((true, mark)) => format!("{text} (< {mark})"),
        Some((false, mark)) => format!("{text} ✗ (< {mark})"),
        None => text,
    };
    let per_operation = report.outcome.net.servers_per_operation();
    let observed = summary::latencies(report, "stable-latencies");
    let latency = |place: usize, mark: Option<i64>| {
        let Some(found) = observed else { return "–".to_owned() };
        marked(found[place].to_string(), mark.map(|mark| (found[place] < mark, mark.to_string())))
    };
    let pair = |report: &RunReport, field: &str| {
        summary::latencies(report, field)
            .map_or_else(|| "–".to_owned(), |[median, _, _, max]| format!("{median} / {max}"))
    };
    let validity = report.validity(judge);
    vec![
        challenge.id.to_owned(),
        challenge.about.to_owned(),
        summary::program(plan),
        match validity {
            Validity::Valid => "valid".to_owned(),
            other => format!("✗ {}", summary::word(other)),
        },
        marked(
            format!("{per_operation:.2}"),
            marks.map(|marks| {
                let mark = marks.messages_per_operation;
                (per_operation < mark, format!("{mark:.0}"))
            }),
        ),
        latency(0, marks.map(|marks| marks.median_ms)),
        latency(3, marks.map(|marks| marks.max_ms)),
        ideal.map_or_else(|| "–".to_owned(), |ideal| pair(ideal, "stable-latencies")),
        pair(ideal.unwrap_or(report), "true-latencies"),
    ]
}
