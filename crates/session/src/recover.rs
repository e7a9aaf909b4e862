//! A stored run, opened again: judged, and its files derived.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use glomers_check::{Context, CutMessage, Finding, Kept, Mark, Service, Validity};
use glomers_history::journal::Disturbance;
use glomers_history::{Time, Value};
use glomers_sim::{
    Asked, Counts, Ended, Harm, NOTE, NetStatistics, Outcome, Plan, SERVICES, Touch, Workload,
    kept, never_began,
};
use glomers_store::{Event, Lock, MessageRef, Recovered, StoreError};

use crate::error::SessionError;
use crate::judge::{RunOptions, RunReport, judge_outcome};
use crate::replay_file::ReplayFile;
use crate::results::results;
use crate::run::Executed;

/// Findings after which no run goes on.
const BREAKS: [&str; 11] = [
    "init-failed",
    "setup-failed",
    "node-crashed",
    "closed-stdin",
    "closed-stdout",
    "line-too-long",
    "runaway-output",
    "stopped-reading",
    "time-stands-still",
    "endless-computation",
    "tracer-failed",
];

/// A stored run, judged anew.
#[derive(Debug)]
pub struct Recovery {
    /// What was read.
    pub recovered: Recovered,
    /// What repeats it.
    pub replay: ReplayFile,
    /// What it amounts to.
    pub executed: Executed,
    _lock: Lock,
}

/// Judges what a store holds. Nothing is written yet; nobody else may write to it.
///
/// # Errors
/// If there is no store, somebody writes to it, or its Plan makes no sense here.
pub fn recover(directory: &Path) -> Result<Recovery, SessionError> {
    let directory = checked(directory)?;
    let lock = Lock::of_run(&directory).map_err(SessionError::Open)?;
    let recovered = open(&directory)?;
    let replay = ReplayFile::read(recovered.replay())?;
    let mut report = judged(&recovered, &replay.plan, &replay.judge)?;
    if recovered.is_damaged() {
        // Nobody can say what the rest would have shown.
        for verdict in [&mut report.verdict.strict, &mut report.verdict.compat] {
            if *verdict == Validity::Valid {
                *verdict = Validity::Unknown;
            }
        }
    }
    let executed = Executed {
        report,
        directory: Some(directory),
        wall_time: Duration::ZERO,
        traced: None,
        remarks: Vec::new(),
    };
    Ok(Recovery { recovered, replay, executed, _lock: lock })
}

impl Recovery {
    /// Derives the files of the store. Gives the names of those that were kept, as they
    /// may have been made of more than there is now.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn derive(&self) -> Result<Vec<&'static str>, StoreError> {
        let results = results(&self.executed.report, None);
        let results = if self.recovered.is_damaged() { unproven(results) } else { results };
        let mut kept = self.recovered.derive()?;
        kept.extend(self.recovered.save_results(&results)?);
        Ok(kept)
    }

    /// The command that repeats the run, which is in its log.
    pub fn command(&self) -> Option<String> {
        let log = std::fs::read_to_string(self.recovered.directory().join("run.log")).ok()?;
        log.lines().find_map(|line| line.strip_prefix("command: ").map(str::to_owned))
    }
}

/// The verdict on what a store holds.
///
/// # Errors
/// If the Plan names a workload that there is not.
pub fn judged(
    recovered: &Recovered,
    plan: &Plan,
    options: &RunOptions,
) -> Result<RunReport, SessionError> {
    let workload = glomers_workload::make(&plan.workload.name, &plan.workload.options)?;
    Ok(judge_outcome(outcome(recovered, plan, &*workload)?, &*workload, options))
}

/// Opens the store in a directory.
///
/// # Errors
/// If there is none, or it cannot be read.
pub fn open(directory: &Path) -> Result<Recovered, SessionError> {
    Recovered::open(&checked(directory)?).map_err(SessionError::Open)
}

/// The directory itself, where a link leads to it.
fn checked(directory: &Path) -> Result<PathBuf, SessionError> {
    if !directory.is_dir() {
        let (path, exists) = (directory.to_owned(), directory.exists());
        return Err(SessionError::NoDirectory { path, exists });
    }
    // What a link points to may change while we look.
    Ok(directory.canonicalize().unwrap_or_else(|_| directory.to_owned()))
}

/// Results that say "unknown" where they said "valid".
fn unproven(results: Value) -> Value {
    let Value::Map(pairs) = &results else { return results };
    let verdict = Value::keyword("valid?");
    Value::map(pairs.iter().map(|(key, value)| {
        let is_meant = *key == verdict && *value == Value::Bool(true);
        (key.clone(), if is_meant { Value::keyword("unknown") } else { value.clone() })
    }))
}

/// What a store lacks of a whole run, in lines.
pub fn losses(recovered: &Recovered) -> Vec<String> {
    let mut lines: Vec<String> = recovered.replay_damage().map(str::to_owned).into_iter().collect();
    lines.extend(recovered.losses().iter().map(ToString::to_string));
    if recovered.is_damaged() {
        lines.push("The store is damaged; this is what can be proven to be as it was.".to_owned());
    } else if !recovered.is_complete() {
        lines.push("The run was cut short; this is what there was until then.".to_owned());
    }
    lines
}

/// How the run ended. Journals of earlier builds do not tell, but the findings of
/// what breaks a run off do, and so do results that are there already.
fn ended(recovered: &Recovered, findings: &[Finding]) -> Ended {
    match recovered.ended() {
        Some("completed") if recovered.is_complete() => return Ended::Completed,
        Some("broken") => return Ended::Broken,
        Some("interrupted") => return Ended::Interrupted,
        _ => {}
    }
    let results = std::fs::read(recovered.directory().join("results.json")).ok();
    let results = results.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let said = results.as_ref().and_then(|results: &serde_json::Value| results["ended"].as_str());
    match said {
        _ if findings.iter().any(|finding| BREAKS.contains(&&*finding.name)) => Ended::Broken,
        Some("interrupted") => Ended::Interrupted,
        _ if recovered.is_complete() => Ended::Completed,
        _ => Ended::Interrupted,
    }
}

/// What the two streams tell of a run.
fn outcome(
    recovered: &Recovered,
    plan: &Plan,
    workload: &dyn Workload,
) -> Result<Outcome, SessionError> {
    let origin = recovered.initialised_at().unwrap_or_default();
    let mut reader = Reader {
        plan,
        origin,
        net: NetStatistics::default(),
        context: Context {
            nodes: plan.nodes.clone(),
            concurrency: plan.concurrency,
            ..Context::default()
        },
        findings: Vec::new(),
        notes: Vec::new(),
        touches: Vec::new(),
        requests: [0; SERVICES.len()],
        looks_into_kept: workload.looks_into_kept_messages(),
        length: Time::ZERO,
        answered: vec![false; 2 * plan.nodes.len()],
        main_start: origin,
    };
    recovered.for_each(|event| {
        reader.take(event);
        Ok(())
    })?;
    let history = recovered.history().clone();
    let operations = history
        .ops()
        .iter()
        .filter(|op| op.process.is_client() && op.kind == glomers_history::OpKind::Invoke);
    reader.net.operations = operations.count() as u64;
    reader.context.cut.sort_by_key(|cut| cut.time);
    reader.touches.sort_by_key(|touch| touch.time);
    let context = &reader.context;
    let faults = glomers_sim::reports_from(
        &history,
        &plan.nodes,
        &context.marks,
        &context.cut,
        &reader.touches,
    );
    let ended = ended(recovered, &reader.findings);
    let services = SERVICES.iter().zip(reader.requests);
    let services = services.map(|(name, requests)| Service { name: (*name).to_owned(), requests });
    reader.context.services = services.collect();
    reader.context.asked = plan.operations.asked(&history, plan.concurrency);
    Ok(Outcome {
        asked: Asked::of(plan),
        never_began: never_began(plan, &history),
        left_out: plan.left_out.clone(),
        recovery_bound: plan.recovery_bound(),
        history,
        context: reader.context,
        net: reader.net,
        findings: reader.findings,
        notes: reader.notes,
        rpc_timeout: plan.rpc_timeout_of(workload),
        faults,
        ended,
        length: reader.length,
        origin,
        main_start: Time(reader.main_start.0 - origin.0),
    })
}

struct Reader<'a> {
    plan: &'a Plan,
    origin: Time,
    net: NetStatistics,
    context: Context,
    findings: Vec<Finding>,
    notes: Vec<Finding>,
    touches: Vec<Touch>,
    /// How many requests of nodes each service got.
    requests: [u64; SERVICES.len()],
    looks_into_kept: bool,
    length: Time,
    /// Which clients of the start and the set-up had an answer: each node has two.
    answered: Vec<bool>,
    /// When the last of these had its first.
    main_start: Time,
}

impl Reader<'_> {
    fn place(&self, name: &str) -> Option<u32> {
        self.plan.nodes.iter().position(|node| node == name).map(|place| place as u32)
    }

    /// Whether this is the name of a client: `c` and a number.
    fn is_client(&self, name: &str) -> bool {
        let number = name.strip_prefix('c').unwrap_or_default();
        !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
            && self.place(name).is_none()
    }

    /// The place of a node, or of a service behind the nodes.
    fn end(&self, name: &str) -> Option<u32> {
        let service = || SERVICES.iter().position(|service| *service == name);
        let behind = || Some((self.plan.nodes.len() + service()?) as u32);
        self.place(name).or_else(behind)
    }

    /// A moment of the journal, counted as operations are.
    fn moment(&self, time: Time) -> Time {
        Time(time.0.saturating_sub(self.origin.0))
    }

    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Message(message) => self.message(&message),
            Event::Mark(mark) => {
                let Some(node) = self.place(mark.node) else { return };
                self.context.marks.push(Mark {
                    time: self.moment(mark.time),
                    node,
                    label: Arc::from(mark.label),
                    value: Value::from_json(mark.value).unwrap_or(Value::Null),
                });
            }
            Event::ClockRead { time, node } => {
                let Some(node) = self.place(node) else { return };
                let time = self.moment(time);
                self.touches.push(Touch { time, node, harm: Harm::ClockRead });
            }
            Event::Finding(finding) => {
                let is_note = finding.name.starts_with(NOTE);
                let all = if is_note { &mut self.notes } else { &mut self.findings };
                all.push(Finding {
                    name: finding.name.to_owned().into(),
                    summary: finding.summary.to_owned(),
                    evidence: finding.evidence.lines().map(str::to_owned).collect(),
                    operations: Vec::new(),
                    node: Some(finding.node.to_owned()),
                    time: Some(finding.time),
                });
            }
        }
    }

    fn message(&mut self, message: &MessageRef<'_>) {
        self.length = self.length.max(message.received_at.unwrap_or(message.sent_at));
        self.answered(message);
        let ends = (self.end(message.src), self.end(message.dest));
        let of_client = self.is_client(message.src) || self.is_client(message.dest);
        let counts: &mut Counts =
            if of_client { &mut self.net.clients } else { &mut self.net.servers };
        counts.sent += 1;
        let delivered = message.endings.iter().filter(|ending| ending.dropped.is_none());
        counts.received += delivered.count() as u64;
        if let (Some(src), Some(dest)) = ends {
            let is_delivered = message.endings.iter().any(|ending| ending.dropped.is_none());
            let service = (dest as usize).checked_sub(self.plan.nodes.len());
            if let Some(service) = service.filter(|_| is_delivered) {
                self.requests[service] += 1;
            }
            self.between_servers(message, src, dest);
        } else if let Some(node) = self.place(message.dest) {
            self.disturbed(message, node);
        }
    }

    /// The main phase begins when all of the start and the set-up is answered.
    fn answered(&mut self, message: &MessageRef<'_>) {
        let Some(received) = message.received_at.filter(|_| self.is_client(message.dest)) else {
            return;
        };
        let number = message.dest[1..].parse::<usize>();
        let answered = number.ok().and_then(|number| self.answered.get_mut(number));
        if answered.is_some_and(|answered| !std::mem::replace(answered, true)) {
            self.main_start = self.main_start.max(received);
        }
    }

    /// A slow node takes its time for messages of clients, too.
    fn disturbed(&mut self, message: &MessageRef<'_>, node: u32) {
        for disturbed in message.disturbances {
            let (time, harm) = (self.moment(disturbed.time), Harm::of(disturbed.how));
            self.touches.push(Touch { time, node, harm });
        }
    }

    /// What faults did to a message from one node or service to another.
    fn between_servers(&mut self, message: &MessageRef<'_>, src: u32, dest: u32) {
        self.disturbed(message, dest);
        let mut kept_back = Vec::new();
        for disturbed in message.disturbances.iter().filter(|d| d.how == Disturbance::Waited) {
            kept_back.push((disturbed.time, Kept::Paused));
        }
        for ending in message.endings {
            if let Some(how) = ending.dropped.and_then(kept) {
                kept_back.push((ending.time, how));
            }
        }
        for (time, how) in kept_back {
            if how == Kept::Cut || self.looks_into_kept {
                let body = Value::from_json(message.body).unwrap_or(Value::Null);
                let time = self.moment(time);
                self.context.cut.push(CutMessage { time, src, dest, body, how });
            }
        }
        for ending in message.endings {
            let time = self.moment(ending.time);
            if let Some(harm) = ending.dropped.and_then(Harm::of_drop) {
                self.touches.push(Touch { time, node: dest, harm });
            }
        }
    }
}
