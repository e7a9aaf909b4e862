//! From a store to events in order of time.

use glomers_check::Context;
use glomers_history::{History, OpKind, Process, Time, Value};
use glomers_sim::Plan;
use glomers_store::{Event as Stored, Fate, Recovered};

use super::{Event, Message, NodeState, Trace, What};
use crate::error::SessionError;

impl Trace {
    /// The whole of a stored run.
    ///
    /// # Errors
    /// If its journal cannot be read.
    pub fn read(recovered: &Recovered, plan: &Plan) -> Result<Trace, SessionError> {
        let origin = recovered.initialised_at().unwrap_or_default();
        let mut events: Vec<Event> = Vec::new();
        recovered.for_each(|event| {
            of_journal(&event, origin, &mut events);
            Ok(())
        })?;
        of_history(recovered.history(), plan, &mut events);
        of_faults(recovered.history(), &mut events);
        // Stable: at one moment messages are in the order of the journal.
        events.sort_by_key(|event| (event.time, rank(&event.what)));
        Ok(Trace { nodes: plan.nodes.clone(), events, before: 0, after: 0 })
    }
}

/// Causes before effects at one moment.
fn rank(what: &What) -> (u8, u64, bool) {
    match what {
        What::Fault { .. } => (0, 0, false),
        What::State { .. } => (1, 0, false),
        What::Operation { index, began, .. } if index == began => (2, *index, false),
        // What makes a node send has a lower id than what it sends.
        What::Sent { message, .. } => (3, message.id, false),
        What::Arrived { message, .. } => (3, message.id, true),
        What::Mark { .. } | What::Finding { .. } => (4, 0, false),
        What::Operation { index, .. } => (5, *index, false),
    }
}

fn of_journal(event: &Stored<'_>, origin: Time, events: &mut Vec<Event>) {
    let moment = |time: Time| time.0 as i64 - origin.0 as i64;
    let mut push = |time, what| events.push(Event { time, what });
    match event {
        Stored::Message(message) => {
            let known = Message {
                id: message.id,
                src: message.src.to_owned(),
                dest: message.dest.to_owned(),
                kind: message.kind.unwrap_or_default().to_owned(),
            };
            let fate = match message.fate {
                Fate::Dropped(reason) => Some(reason.name().to_owned()),
                _ => None,
            };
            let sent = moment(message.sent_at);
            if let Some(received) = message.received_at {
                let what = What::Arrived { message: known.clone(), sent };
                push(moment(received), what);
            }
            let until = message.received_at.or(message.dropped_at).map(moment);
            let body = message.body.to_owned();
            push(sent, What::Sent { message: known, fate, until, body });
        }
        Stored::Mark(mark) => push(
            moment(mark.time),
            What::Mark {
                node: mark.node.to_owned(),
                label: mark.label.to_owned(),
                value: mark.value.to_owned(),
            },
        ),
        // The bar of its fault shows where clocks are wrong.
        Stored::ClockRead { .. } => {}
        // The time of a finding counts as those of operations do.
        Stored::Finding(finding) => push(
            finding.time.0 as i64,
            What::Finding {
                node: finding.node.to_owned(),
                text: format!("{}: {}", finding.name, finding.summary),
            },
        ),
    }
}

fn of_history(history: &History, plan: &Plan, events: &mut Vec<Event>) {
    let context = Context {
        nodes: plan.nodes.clone(),
        concurrency: plan.concurrency,
        asked: plan.operations.asked(history, plan.concurrency),
        ..Context::default()
    };
    let mut began = vec![0; history.len()];
    for (place, end) in history.pairs().into_iter().enumerate() {
        if let Some(end) = end {
            began[end] = history.ops()[place].index;
        }
    }
    for (op, began) in history.ops().iter().zip(began) {
        let Process::Client(process) = op.process else { continue };
        let began = if op.kind == OpKind::Invoke { op.index } else { began };
        let kind = match op.kind {
            OpKind::Invoke => "begins",
            OpKind::Ok => "ok",
            OpKind::Fail => "fails",
            OpKind::Info => "unknown",
        };
        let value = match &op.value {
            Value::Null => String::new(),
            value => format!(" {}", cut(value.to_string())),
        };
        let error = op.error.as_ref().map(|error| format!(" ({error})")).unwrap_or_default();
        let index = op.index;
        let text = format!("op {index} {kind}: {}{value}{error}, process {process}", op.f);
        let node = context.node_of(op).map(str::to_owned);
        let what = What::Operation { index, node, began, text };
        events.push(Event { time: op.time.0 as i64, what });
    }
}

/// A text that fits a line.
fn cut(text: String) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn of_faults(history: &History, events: &mut Vec<Event>) {
    let reports = glomers_sim::faults_of(history);
    for (number, report) in reports.iter().enumerate() {
        let mut push = |time: Time, begins| {
            let word = if begins { "begins" } else { "ends" };
            let text = format!("{} {word}: {}", report.kind, report.description);
            let what = What::Fault { number, begins, text };
            events.push(Event { time: time.0 as i64, what });
        };
        push(report.from, true);
        if let Some(until) = report.until {
            push(until, false);
        }
    }
    for op in history.ops().iter().filter(|op| op.process == Process::Nemesis) {
        let (state, Value::Map(states)) = (&*op.f, &op.value) else { continue };
        let state = match state {
            "kill" => NodeState::Down,
            "pause" => NodeState::Paused,
            "start" | "resume" => NodeState::Up,
            _ => continue,
        };
        let nodes = states.iter().filter_map(|(node, _)| Some(node.as_str()?.to_owned()));
        let what = What::State { nodes: nodes.collect(), state };
        events.push(Event { time: op.time.0 as i64, what });
    }
}
