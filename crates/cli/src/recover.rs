//! `glomers recover`: what a run that was cut short left, checked and readable.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use glomers_check::{Context, CutMessage, Finding, Kept, Mark, Service, Validity};
use glomers_history::journal::Disturbance;
use glomers_history::{Time, Value};
use glomers_sim::{
    Asked, Counts, Ended, Harm, NOTE, NetStatistics, Outcome, Plan, SERVICES, Touch, Workload,
    kept, never_began,
};
use glomers_store::{Event, Lock, MessageRef, Recovered};
use glomers_testing::{RunOptions, RunReport, judge_outcome};

use crate::arguments::RecoverArguments;
use crate::error::CliError;
use crate::execute::Executed;
use crate::{out, replay_file, summary};

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

pub(crate) fn run(arguments: &RecoverArguments) -> Result<ExitCode, CliError> {
    let directory = directory(&arguments.directory)?;
    let directory = &*directory;
    let _lock = Lock::of_run(directory).map_err(|error| CliError::usage(error.to_string()))?;
    let recovered = open(directory)?;
    let (plan, options) = replay_file::read(recovered.replay())?;
    losses(&recovered).iter().for_each(out::line);
    let mut report = judged(&recovered, &plan, &options)?;
    if recovered.is_damaged() {
        // Nobody can say what the rest would have shown.
        for verdict in [&mut report.verdict.strict, &mut report.verdict.compat] {
            if *verdict == Validity::Valid {
                *verdict = Validity::Unknown;
            }
        }
    }
    let executed = Executed {
        traced: None,
        report,
        directory: Some(directory.to_owned()),
        wall_time: std::time::Duration::ZERO,
    };
    let command = command(directory);
    out::text(&summary::whole(&plan, &executed, &options, &command));
    // Last, as the disk may be full, which is why one recovers.
    let results = summary::results(&executed.report, None);
    let results = if recovered.is_damaged() { unproven(results) } else { results };
    let written = recovered.derive().and_then(|mut kept| {
        kept.extend(recovered.save_results(&results)?);
        Ok(kept)
    });
    let kept = written.map_err(|error| {
        CliError::machine(error.to_string()).hint(
            "the verdict above holds all the same; for the files to be made, free some space or \
             copy the run's directory to where it can be written",
        )
    })?;
    if !kept.is_empty() {
        out::line(format_args!(
            "Kept as they were: {}. What can be read now is not the whole run, and they may have \
             been made of more; move one away to have it made anew.",
            kept.join(", ")
        ));
    }
    // That the run was cut short is not news: the verdict is what was asked for.
    Ok(match executed.report.validity(&options) {
        Validity::Valid => ExitCode::SUCCESS,
        Validity::Invalid => ExitCode::from(1),
        Validity::Unknown => ExitCode::from(2),
    })
}

/// The verdict on what is there.
pub(crate) fn judged(
    recovered: &Recovered,
    plan: &Plan,
    options: &RunOptions,
) -> Result<RunReport, CliError> {
    let workload = glomers_workload::make(&plan.workload.name, &plan.workload.options)
        .map_err(|error| CliError::usage(error.to_string()))?;
    Ok(judge_outcome(outcome(recovered, plan, &*workload)?, &*workload, options))
}

/// The store in a directory.
pub(crate) fn open(path: &Path) -> Result<Recovered, CliError> {
    Recovered::open(&directory(path)?).map_err(|error| CliError::usage(error.to_string()))
}

/// The directory itself, where a link leads to it.
fn directory(directory: &Path) -> Result<PathBuf, CliError> {
    if !directory.is_dir() {
        let what = if directory.exists() { "is no directory" } else { "is not there" };
        return Err(CliError::usage(format!("{} {what}", directory.display()))
            .hint("name the directory of a run, such as store/latest"));
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
pub(crate) fn losses(recovered: &Recovered) -> Vec<String> {
    let mut lines: Vec<String> = recovered.replay_damage().map(str::to_owned).into_iter().collect();
    lines.extend(recovered.losses().iter().map(ToString::to_string));
    if recovered.is_damaged() {
        lines.push("The store is damaged; this is what can be proven to be as it was.".to_owned());
    } else if !recovered.is_complete() {
        lines.push("The run was cut short; this is what there was until then.".to_owned());
    }
    lines
}

/// The command that repeats the run, which is in its log.
fn command(directory: &Path) -> String {
    std::fs::read_to_string(directory.join("run.log"))
        .ok()
        .and_then(|log| {
            log.lines().find_map(|line| line.strip_prefix("command: ").map(str::to_owned))
        })
        .unwrap_or_else(|| "unknown: run.log, which says it, cannot be read".to_owned())
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
) -> Result<Outcome, CliError> {
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
