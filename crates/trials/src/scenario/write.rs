//! From a Plan to the text of a scenario.

use std::fmt::Write as _;

use glomers_check::Availability;
use glomers_history::{SECOND, Value};
use glomers_session::RunOptions;
use glomers_sim::{
    Change, Cut, DiskCondition, Distribution, Fault, FaultEvent, Host, Inbox, Latency,
    LatencyChange, Links, ListedOperation, MessageName, NodeProgram, Operations, OverrideAction,
    Partition, PartitionKind, Plan, SERVICES, Schedule, ServiceTime, Targets,
};

use super::line::quote;
use crate::embedded::workload_of;

/// What a Plan has as its times of starting and of recovering, ns, unless it says another.
const USUAL_TIME: u64 = 10 * SECOND;

/// How exactly moments are kept. In a scenario what happens at one moment happens one
/// after the other, a nanosecond apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moments {
    /// To the nanosecond, at the price of odd numbers.
    Exact,
    /// Times as they stand, with a few nanoseconds more for what comes later.
    Round,
}

/// The text of a scenario that does what a Plan does, up to a moment, in ns, and prints
/// these outputs at its end; it is judged so. `comments` stand at its head.
///
/// # Errors
/// If a scenario cannot say it; says what.
pub fn write(
    plan: &Plan,
    judge: &RunOptions,
    comments: &[String],
    until: u64,
    outputs: &[&str],
    moments: Moments,
) -> Result<String, String> {
    let Operations::Listed(list) = &plan.operations else {
        return Err("its operations are generated, not listed".to_owned());
    };
    let mut writer = Writer { plan, text: String::new(), base: 0, tick: 0, moments, cut: false };
    for line in comments {
        writer.line(format!("# {line}").trim_end());
    }
    writer.cluster()?;
    writer.judged(judge);
    writer.exceptions();
    writer.line("");
    let mut events: Vec<(u64, Event<'_>)> =
        plan.faults.iter().map(|event| (event.at, Event::Fault(event))).collect();
    events.extend(list.iter().map(|listed| (listed.at, Event::Operation(listed))));
    // Stable: at one moment faults come first, as in the engine.
    events.sort_by_key(|(at, _)| *at);
    for (at, event) in events {
        writer.advance(at);
        match event {
            Event::Fault(event) => match &event.change {
                Change::Begin { fault, .. } => writer.begin(fault)?,
                Change::End { id } => writer.end(*id),
            },
            Event::Operation(listed) => writer.operation(listed),
        }
    }
    writer.moments = Moments::Round;
    writer.advance(until);
    for output in outputs {
        writer.line(output);
    }
    Ok(writer.text)
}

enum Event<'a> {
    Fault(&'a FaultEvent),
    Operation(&'a ListedOperation),
}

struct Writer<'a> {
    plan: &'a Plan,
    text: String,
    /// The moment, as `run` adds up, and how many things happened.
    base: u64,
    tick: u64,
    moments: Moments,
    /// Whether links are cut, so that what is cut next comes beside it.
    cut: bool,
}

impl Writer<'_> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Something happens.
    fn happens(&mut self, line: &str) {
        self.line(line);
        self.tick += 1;
    }

    fn advance(&mut self, at: u64) {
        let base = match self.moments {
            Moments::Exact => at.saturating_sub(self.tick),
            // What is less than a microsecond only keeps things apart.
            Moments::Round => at / 1000 * 1000,
        };
        if base > self.base {
            let pause = duration(base - self.base);
            self.line(&format!("run {pause}"));
            self.base = base;
        }
    }

    fn cluster(&mut self) -> Result<(), String> {
        let plan = self.plan;
        self.program()?;
        for (name, value) in &plan.workload.options {
            match &**name {
                "topology" => self.line(&format!("topology {value}")),
                name => self.line(&format!("option {name} {}", quote(value))),
            }
        }
        if plan.seed != 0 {
            self.line(&format!("seed {}", plan.seed));
        }
        if plan.latency.mean_ms > 0 {
            self.line(&format!("latency {}", latency(plan.latency)));
        }
        if plan.latency_correlation > 0.0 {
            self.line(&format!("latency-correlation {}", plan.latency_correlation));
        }
        for step in &plan.latency_steps {
            let what = match step.change {
                LatencyChange::To(to) => latency(to),
                LatencyChange::Times { thousandths } => format!("x{}", thousandths as f64 / 1e3),
            };
            self.line(&format!("latency-step {}s {what}", step.at as f64 / 1e9));
        }
        if plan.in_order {
            self.line("in-order on");
        }
        if let Some(bits) = plan.bandwidth {
            self.line(&format!("bandwidth {bits}bit"));
        }
        if let Some(bursts) = plan.loss_bursts {
            self.line(&format!("loss-model {bursts}"));
        }
        for rule in &plan.links {
            let end = |place: Option<u32>| place.map_or("*".to_owned(), |place| self.node(place));
            let link = format!("link {} -> {}", end(rule.src), end(rule.dest));
            if let Some(of) = rule.latency {
                self.line(&format!("{link} latency {}", latency(of)));
            }
            if let Some(loss) = rule.loss {
                self.line(&format!("{link} loss {loss}"));
            }
        }
        if plan.loss > 0.0 {
            self.line(&format!("loss {}", plan.loss));
        }
        if plan.fault_services {
            self.line("fault-services on");
        }
        for (name, time) in [("service-time", plan.service_time), ("sync-time", plan.sync_time)] {
            if let ServiceTime::Exponential { mean } = time {
                self.line(&format!("{name} {}", mean as f64 / 1e6));
            }
        }
        if plan.inbox == Inbox::Maelstrom {
            self.line("inbox maelstrom");
        }
        if let Some(timeout) = plan.rpc_timeout {
            self.line(&format!("rpc-timeout {}", duration(timeout)));
        }
        for (name, time, usual) in [
            ("init-timeout", Some(plan.init_timeout), Some(USUAL_TIME)),
            ("recovery", Some(plan.recovery), Some(USUAL_TIME)),
            ("recovery-bound", plan.recovery_bound, None),
        ] {
            if let Some(time) = time.filter(|_| time != usual) {
                self.line(&format!("{name} {}", duration(time)));
            }
        }
        let Operations::Listed(list) = &plan.operations else { return Ok(()) };
        let highest = list.iter().map(|listed| listed.worker + 1).max().unwrap_or(0);
        if plan.concurrency != highest.max(plan.nodes.len() as u32) {
            self.line(&format!("concurrency {}", plan.concurrency));
        }
        Ok(())
    }

    /// What becomes of single messages.
    fn exceptions(&mut self) {
        for one in &self.plan.overrides {
            let which = match one.message {
                MessageName::Nth { src, dest, count } => {
                    format!("{} -> {} {count}", self.node(src), self.node(dest))
                }
                MessageName::Key(key) => format!("message {key}"),
            };
            let line = match one.action {
                OverrideAction::Drop => format!("drop {which}"),
                OverrideAction::Delay(nanos) => format!("delay {which} {}", duration(nanos)),
                OverrideAction::Double(nanos) => format!("double {which} {}", duration(nanos)),
            };
            self.line(&line);
        }
    }

    /// The nodes: how many, what they run, and what they are called.
    fn program(&mut self) -> Result<(), String> {
        let plan = self.plan;
        let count = plan.nodes.len();
        let words = |words: &[String]| -> String {
            words.iter().map(|word| format!(" {}", quote(word))).collect()
        };
        match (&plan.program, plan.host) {
            (NodeProgram::Embedded { name, arguments }, Host::InProcess) => {
                self.line(&format!("nodes {count} {name}{}", words(arguments)));
                if workload_of(name) != Some(&plan.workload.name) {
                    self.line(&format!("workload {}", plan.workload.name));
                }
            }
            (NodeProgram::Program { path, arguments }, Host::Traced { schedule }) => {
                let dashes = if arguments.is_empty() { "" } else { " --" };
                let arguments = words(arguments);
                self.line(&format!("nodes {count} --bin {}{dashes}{arguments}", quote(path)));
                self.line(&format!("workload {}", plan.workload.name));
                if schedule == Schedule::Random {
                    self.line("schedule random");
                }
            }
            _ => return Err("its nodes are free processes, which follow no script".to_owned()),
        }
        if !plan.nodes.iter().enumerate().all(|(at, name)| *name == format!("n{at}")) {
            if let Some(name) = plan.nodes.iter().find(|name| quote(name) != **name) {
                return Err(format!("a node has the name {name:?}, which is not one word"));
            }
            self.line(&format!("names {}", plan.nodes.join(" ")));
        }
        Ok(())
    }

    /// How it is judged, where that is not as usual.
    fn judged(&mut self, judge: &RunOptions) {
        match judge.availability {
            Availability::None => {}
            Availability::Total => self.line("availability total"),
            Availability::Answered => self.line("availability answered"),
            Availability::Fraction(fraction) => self.line(&format!("availability {fraction}")),
        }
        for (name, is_on) in [
            ("jepsen-compat", judge.jepsen_compat),
            ("require-faults", judge.require_faults),
            ("require-overlap", judge.require_overlap),
        ] {
            if is_on {
                self.line(&format!("{name} on"));
            }
        }
    }

    fn node(&self, place: u32) -> String {
        match self.plan.nodes.get(place as usize) {
            Some(name) => name.clone(),
            None => SERVICES[place as usize - self.plan.nodes.len()].to_owned(),
        }
    }

    fn names(&self, places: &[u32]) -> String {
        places.iter().map(|&place| self.node(place)).collect::<Vec<String>>().join(" ")
    }

    fn targets(&self, targets: &Targets) -> String {
        match targets {
            Targets::Nodes(nodes) => self.names(nodes),
            Targets::Marked(_) => "leader".to_owned(),
        }
    }

    fn links(&self, links: &Links) -> String {
        match links {
            Links::All => String::new(),
            Links::Around(nodes) => format!(" around {}", self.targets(nodes)),
            Links::Single(links) => format!(" on {}", self.arrows(links)),
        }
    }

    fn arrows(&self, links: &[(u32, u32)]) -> String {
        let arrow = |&(from, to): &(u32, u32)| format!("{} -> {}", self.node(from), self.node(to));
        links.iter().map(arrow).collect::<Vec<String>>().join(", ")
    }

    fn partition(&mut self, cut: &Cut) {
        let groups = groups(cut);
        if Cut::components(&groups) == *cut && groups.len() > 1 {
            let sides: Vec<String> = groups.iter().map(|side| self.names(side)).collect();
            self.happens(&format!("partition {}", sides.join(" | ")));
        } else {
            if self.cut {
                // What is cut comes in addition to what was, and this is instead of it.
                self.happens("heal");
            }
            let pairs = cut.iter().flat_map(|(to, all)| all.iter().map(move |&from| (from, to)));
            let arrows = self.arrows(&pairs.collect::<Vec<(u32, u32)>>());
            self.happens(&format!("cut {arrows}"));
        }
        self.cut = true;
    }

    fn begin(&mut self, fault: &Fault) -> Result<(), String> {
        let line = match fault {
            Fault::Partition(Partition { kind: PartitionKind::Leader, .. }) => {
                self.cut = true;
                "partition leader".to_owned()
            }
            // Cuts nothing, so it mends what was cut.
            Fault::Partition(Partition { cut, .. }) if cut.is_empty() => {
                self.cut = false;
                "heal".to_owned()
            }
            Fault::Partition(Partition { cut, .. }) => {
                self.partition(cut);
                return Ok(());
            }
            Fault::Kill(kill) => format!("kill {}", self.targets(&kill.nodes)),
            Fault::Pause(pause) => format!("pause {}", self.targets(&pause.nodes)),
            Fault::Loss(loss) => format!("lose {}{}", loss.probability, self.links(&loss.links)),
            Fault::Duplicate(of) => {
                let (most, links) = (duration(of.most), self.links(&of.links));
                format!("duplicate {} {most}{links}", of.probability)
            }
            Fault::Reorder(of) => {
                let (most, links) = (duration(of.most), self.links(&of.links));
                format!("reorder {} {most}{links}", of.probability)
            }
            Fault::SlowLinks(slow) => {
                let extra = match slow.extra {
                    0 => String::new(),
                    extra => format!(" {}", duration(extra)),
                };
                format!("slow links {}{extra}{}", slow.factor, self.links(&slow.links))
            }
            Fault::SlowNodes(slow) => {
                format!("slow nodes {} {}", slow.factor, self.targets(&slow.nodes))
            }
            Fault::WrongClocks(clocks) => {
                let nodes = self.targets(&clocks.nodes);
                let by = duration(clocks.jump.unsigned_abs());
                let drift = match clocks.drift {
                    0 => String::new(),
                    drift => format!("drift {drift} "),
                };
                match clocks.jump {
                    0 if clocks.drift != 0 => format!("clock {drift}{nodes}"),
                    jump if jump < 0 => format!("clock behind {by} {drift}{nodes}"),
                    _ => format!("clock ahead {by} {drift}{nodes}"),
                }
            }
            Fault::BadDisks(bad) => {
                let nodes = self.targets(&bad.nodes);
                match bad.condition {
                    DiskCondition::Full => format!("disk full {nodes}"),
                    DiskCondition::Slow { factor } => format!("disk slow {factor} {nodes}"),
                    DiskCondition::Failing { percent } => format!("disk failing {percent} {nodes}"),
                }
            }
        };
        self.happens(&line);
        Ok(())
    }

    /// The end of the fault of this number.
    fn end(&mut self, id: u32) {
        let same = |event: &&FaultEvent| event.id() == id;
        let Some(fault) = self.plan.faults.iter().find(same).and_then(FaultEvent::fault) else {
            return;
        };
        let line = match fault {
            Fault::Partition(_) => {
                self.cut = false;
                "heal".to_owned()
            }
            Fault::Kill(kill) => format!("start {}", self.targets(&kill.nodes)),
            Fault::Pause(pause) => format!("resume {}", self.targets(&pause.nodes)),
            Fault::Loss(_) => "lose heal".to_owned(),
            Fault::Duplicate(_) => "duplicate heal".to_owned(),
            Fault::Reorder(_) => "reorder heal".to_owned(),
            Fault::SlowLinks(_) => "slow links heal".to_owned(),
            Fault::SlowNodes(_) => "slow nodes heal".to_owned(),
            Fault::WrongClocks(_) => "clock heal".to_owned(),
            Fault::BadDisks(_) => "disk heal".to_owned(),
        };
        self.happens(&line);
    }

    fn operation(&mut self, listed: &ListedOperation) {
        let who = if listed.is_final { "final" } else { "client" };
        let mut line = format!("{who} c{} {}", listed.worker + 1, listed.f);
        for word in words(&self.plan.workload.name, &listed.f, &listed.value) {
            let _ = write!(line, " {word}");
        }
        let own = listed.worker % self.plan.nodes.len() as u32;
        let node = listed.node.unwrap_or(own);
        let before = match &*listed.f {
            "read" | "poll" => "from",
            "generate" | "txn" | "crash" => "at",
            _ => "to",
        };
        let _ = write!(line, " {before} {}", self.node(node));
        if let Some(number) = listed.number {
            let _ = write!(line, " number {number}");
        }
        self.happens(&line);
    }
}

/// `100`, `100 exponential`.
fn latency(latency: Latency) -> String {
    match latency.distribution {
        Distribution::Constant => latency.mean_ms.to_string(),
        other => format!("{} {other}", latency.mean_ms),
    }
}

/// A duration with the largest unit that it is a whole number of.
fn duration(nanos: u64) -> String {
    match nanos {
        _ if nanos.is_multiple_of(1_000_000_000) => format!("{}s", nanos / 1_000_000_000),
        _ if nanos.is_multiple_of(1_000_000) => format!("{}ms", nanos / 1_000_000),
        _ if nanos.is_multiple_of(1000) => format!("{}us", nanos / 1000),
        _ => format!("{}.{:03}us", nanos / 1000, nanos % 1000),
    }
}

/// The sides of a cut, if it has sides: who does not hear the same others is one.
fn groups(cut: &Cut) -> Vec<Vec<u32>> {
    let mut sides: Vec<(Vec<u32>, Vec<u32>)> = Vec::new();
    for (receiver, sources) in cut.iter() {
        match sides.iter_mut().find(|(_, deaf_to)| deaf_to == sources) {
            Some((side, _)) => side.push(receiver),
            None => sides.push((vec![receiver], sources.to_vec())),
        }
    }
    sides.into_iter().map(|(side, _)| side).collect()
}

/// The arguments of an operation, in the words of its workload.
fn words(workload: &str, f: &str, value: &Value) -> Vec<String> {
    let part = |at: usize| value.as_list().and_then(|list| list.get(at)).unwrap_or(Value::Null);
    let inner = |at: usize| part(0).as_list().and_then(|list| list.get(at)).unwrap_or(Value::Null);
    match (workload, f) {
        ("lin-kv", "read") => vec![part(0).to_json()],
        ("lin-kv", "write") => vec![part(0).to_json(), part(1).to_json()],
        ("lin-kv", "cas") => {
            let pair = part(1);
            let of =
                |at: usize| pair.as_list().and_then(|list| list.get(at)).unwrap_or(Value::Null);
            vec![part(0).to_json(), of(0).to_json(), of(1).to_json()]
        }
        ("kafka", "send") => vec![inner(1).to_json(), inner(2).to_json()],
        ("kafka", "poll") => Vec::new(),
        ("kafka", "assign") => match value.as_list() {
            Some(list) => list.iter().map(|key| key.to_json()).collect(),
            None => Vec::new(),
        },
        _ if *value == Value::Null => Vec::new(),
        _ => vec![value.to_json()],
    }
}
