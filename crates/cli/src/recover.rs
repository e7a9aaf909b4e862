//! `glomers recover`: what a run that was cut short left, checked and readable.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use glomers_check::{Context, CutMessage, Finding, Mark, Validity};
use glomers_history::journal::DropReason;
use glomers_history::{Time, Value};
use glomers_sim::{Counts, Ended, Harm, NetStatistics, Outcome, Plan, Touch};
use glomers_store::{Event, MessageRef, Recovered};
use glomers_testing::judge_outcome;

use crate::arguments::RecoverArguments;
use crate::error::CliError;
use crate::execute::Executed;
use crate::{out, replay_file, summary};

/// Findings after which no run goes on.
const BREAKS: [&str; 10] = [
    "init-failed",
    "setup-failed",
    "node-crashed",
    "closed-stdin",
    "closed-stdout",
    "line-too-long",
    "runaway-output",
    "stopped-reading",
    "endless-computation",
    "tracer-failed",
];

pub(crate) fn run(arguments: &RecoverArguments) -> Result<ExitCode, CliError> {
    let recovered = open(&arguments.directory)?;
    let directory = recovered.directory();
    let (plan, options) = replay_file::read(recovered.replay())?;
    losses(&recovered).iter().for_each(out::line);
    let workload = glomers_workload::make(&plan.workload.name, &plan.workload.options)
        .map_err(|error| CliError::usage(error.to_string()))?;
    let report = judge_outcome(outcome(&recovered, &plan)?, &*workload, &options);
    let executed = Executed {
        traced: None,
        report,
        directory: Some(directory.to_owned()),
        wall_time: std::time::Duration::ZERO,
    };
    let command = command(directory);
    out::text(&summary::whole(&plan, &executed, &options, &command));
    // Last, as the disk may be full, which is why one recovers.
    recovered.derive()?;
    recovered.save_results(&summary::results(&executed.report, None))?;
    // That the run was cut short is not news: the verdict is what was asked for.
    Ok(match executed.report.validity(&options) {
        Validity::Valid => ExitCode::SUCCESS,
        Validity::Invalid => ExitCode::from(1),
        Validity::Unknown => ExitCode::from(2),
    })
}

/// The store in a directory.
pub(crate) fn open(directory: &Path) -> Result<Recovered, CliError> {
    if !directory.is_dir() {
        let what = if directory.exists() { "is no directory" } else { "is not there" };
        return Err(CliError::usage(format!("{} {what}", directory.display()))
            .hint("name the directory of a run, such as store/latest"));
    }
    // What a link points to may change while we look.
    let directory = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
    Recovered::open(&directory).map_err(|error| CliError::usage(error.to_string()))
}

/// What a store lacks of a whole run, in lines.
pub(crate) fn losses(recovered: &Recovered) -> Vec<String> {
    let mut lines: Vec<String> = recovered.losses().iter().map(ToString::to_string).collect();
    if !recovered.is_complete() {
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

/// How the run ended. The journal does not tell, but the findings of what breaks
/// a run off do, and so do results that are there already.
fn ended(recovered: &Recovered, findings: &[Finding]) -> Ended {
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
fn outcome(recovered: &Recovered, plan: &Plan) -> Result<Outcome, CliError> {
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
        touches: Vec::new(),
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
    Ok(Outcome {
        recovery_bound: plan.recovery_bound(),
        history,
        context: reader.context,
        net: reader.net,
        findings: reader.findings,
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
    touches: Vec<Touch>,
    length: Time,
}

impl Reader<'_> {
    fn place(&self, name: &str) -> Option<u32> {
        self.plan.nodes.iter().position(|node| node == name).map(|place| place as u32)
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
            Event::Finding(finding) => self.findings.push(Finding {
                name: finding.name.to_owned().into(),
                summary: finding.summary.to_owned(),
                evidence: finding.evidence.lines().map(str::to_owned).collect(),
                operations: Vec::new(),
                node: Some(finding.node.to_owned()),
                time: Some(finding.time),
            }),
        }
    }

    fn message(&mut self, message: &MessageRef<'_>) {
        self.length = self.length.max(message.received_at.unwrap_or(message.sent_at));
        let ends = (self.place(message.src), self.place(message.dest));
        let counts: &mut Counts = match ends {
            (Some(_), Some(_)) => &mut self.net.servers,
            _ => &mut self.net.clients,
        };
        counts.sent += 1;
        let delivered = message.endings.iter().filter(|ending| ending.dropped.is_none());
        counts.received += delivered.count() as u64;
        if let (Some(src), Some(dest)) = ends {
            self.between_nodes(message, src, dest);
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

    /// What faults did to a message from one node to another.
    fn between_nodes(&mut self, message: &MessageRef<'_>, src: u32, dest: u32) {
        self.disturbed(message, dest);
        for ending in message.endings {
            let time = self.moment(ending.time);
            if ending.dropped == Some(DropReason::Partition) {
                let body = Value::from_json(message.body).unwrap_or(Value::Null);
                self.context.cut.push(CutMessage { time, src, dest, body });
            }
            if let Some(harm) = ending.dropped.and_then(Harm::of_drop) {
                self.touches.push(Touch { time, node: dest, harm });
            }
        }
    }
}
