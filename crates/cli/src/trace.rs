//! `glomers trace`: a stored run as a text that shows who said what to whom.

use std::collections::BTreeSet;
use std::process::ExitCode;

use glomers_check::Context;
use glomers_history::{History, OpKind, Process, Time, Value};
use glomers_protocol::printable;
use glomers_report::trace::{self, NodeState, Selection, Trace, What};
use glomers_sim::Plan;
use glomers_store::{Event, Fate, Recovered};

use crate::arguments::{AroundArgument, TraceArguments};
use crate::error::CliError;
use crate::{out, recover, replay_file};

/// How many types of messages are listed.
const MOST_TYPES: usize = 20;

pub(crate) fn run(arguments: &TraceArguments) -> Result<ExitCode, CliError> {
    let recovered = recover::open(&arguments.directory)?;
    let (plan, _) = replay_file::read(recovered.replay())?;
    // Beside what is printed, which programs may read.
    recover::losses(&recovered).iter().for_each(out::error);
    let selection = selection(arguments, &plan)?;
    let whole = trace(&recovered, &plan)?;
    types(arguments, &whole)?;
    let Some(part) = whole.select(&selection) else {
        let (what, how_many) = match arguments.around {
            Some(AroundArgument::Message(id)) => {
                (format!("message {id}"), format!("{} messages", recovered.message_count()))
            }
            _ => {
                let index = selection.around_operation.unwrap_or_default();
                (format!("operation {index}"), format!("{} entries", recovered.history().len()))
            }
        };
        return Err(CliError::usage(format!("there is no {what} in this run"))
            .hint(format!("its store has {how_many}, numbered from 0")));
    };
    if part.events.is_empty() {
        nothing(arguments, &whole, &selection)?;
    }
    match arguments.json {
        true => out::text(&part.to_json_lines()),
        false => out::text(&part.to_text()),
    }
    Ok(ExitCode::SUCCESS)
}

fn selection(arguments: &TraceArguments, plan: &Plan) -> Result<Selection, CliError> {
    if let Some(name) = arguments.only.iter().find(|name| !plan.nodes.contains(name)) {
        return Err(CliError::usage(format!("there is no node {name:?} in this run"))
            .hint(format!("its nodes are {}", plan.nodes.join(", "))));
    }
    let nanos = |duration: &std::time::Duration| i64::try_from(duration.as_nanos());
    let moment = |duration| nanos(duration).unwrap_or(i64::MAX);
    if let Some([from, until]) = arguments.between.as_deref()
        && from > until
    {
        return Err(CliError::usage("--between: the second time is before the first")
            .hint("give the earlier one first, as in --between 2s 2.5s"));
    }
    let mut selection = Selection {
        between: arguments.between.as_ref().map(|pair| moment(&pair[0])..moment(&pair[1])),
        only: arguments.only.clone(),
        kinds: arguments.kind.clone(),
        clients: arguments.clients,
        limit: (arguments.limit > 0).then_some(arguments.limit),
        ..Selection::default()
    };
    match arguments.around {
        Some(AroundArgument::Operation(index)) => selection.around_operation = Some(index),
        Some(AroundArgument::Message(id)) => selection.around_message = Some(id),
        None => {}
    }
    Ok(selection)
}

/// Refuses types of messages that the run has none of.
fn types(arguments: &TraceArguments, whole: &Trace) -> Result<(), CliError> {
    let kinds: BTreeSet<&str> = whole
        .events
        .iter()
        .filter_map(|event| match &event.what {
            What::Sent { message, .. } => Some(message.kind.as_str()),
            _ => None,
        })
        .collect();
    let Some(unknown) = arguments.kind.iter().find(|kind| !kinds.contains(kind.as_str())) else {
        return Ok(());
    };
    let mut known: Vec<String> =
        kinds.iter().take(MOST_TYPES).map(|kind| printable(kind).into_owned()).collect();
    if kinds.len() > MOST_TYPES {
        known.push(format!("{} others", kinds.len() - MOST_TYPES));
    }
    let error = CliError::usage(format!(
        "there is no message of type {unknown:?} in what is left of this run"
    ));
    Err(match known.is_empty() {
        true => error.hint("it has no messages at all"),
        false => error.hint(format!("its types are {}", known.join(", "))),
    })
}

/// Says why nothing is shown; a time at which there was no run is a mistake.
fn nothing(
    arguments: &TraceArguments,
    whole: &Trace,
    selection: &Selection,
) -> Result<(), CliError> {
    let (Some(first), Some(last)) = (whole.events.first(), whole.events.last()) else {
        out::error("Nothing is left of this run that could be shown.");
        return Ok(());
    };
    let seconds = |nanos: i64| format!("{:.3} s", nanos as f64 / 1e9);
    let lasts = format!("it lasts from {} to {}", seconds(first.time), seconds(last.time));
    match &selection.between {
        Some(between) if between.start > last.time || between.end < first.time => {
            Err(CliError::usage("nothing of this run is between these times").hint(lasts))
        }
        _ => {
            let asked = if arguments.between.is_some() { "these times" } else { "all of the run" };
            out::error(format_args!("Nothing of what was asked for happened in {asked}; {lasts}."));
            Ok(())
        }
    }
}

/// The whole run.
pub(crate) fn trace(recovered: &Recovered, plan: &Plan) -> Result<Trace, CliError> {
    let origin = recovered.initialised_at().unwrap_or_default();
    let mut events: Vec<trace::Event> = Vec::new();
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

fn of_journal(event: &Event<'_>, origin: Time, events: &mut Vec<trace::Event>) {
    let moment = |time: Time| time.0 as i64 - origin.0 as i64;
    let mut push = |time, what| events.push(trace::Event { time, what });
    match event {
        Event::Message(message) => {
            let known = trace::Message {
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
        Event::Mark(mark) => push(
            moment(mark.time),
            What::Mark {
                node: mark.node.to_owned(),
                label: mark.label.to_owned(),
                value: mark.value.to_owned(),
            },
        ),
        // The bar of its fault shows where clocks are wrong.
        Event::ClockRead { .. } => {}
        // The time of a finding counts as those of operations do.
        Event::Finding(finding) => push(
            finding.time.0 as i64,
            What::Finding {
                node: finding.node.to_owned(),
                text: format!("{}: {}", finding.name, finding.summary),
            },
        ),
    }
}

fn of_history(history: &History, plan: &Plan, events: &mut Vec<trace::Event>) {
    let context =
        Context { nodes: plan.nodes.clone(), concurrency: plan.concurrency, ..Context::default() };
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
        let node = context.node_of(op.process).map(str::to_owned);
        let what = What::Operation { index, node, began, text };
        events.push(trace::Event { time: op.time.0 as i64, what });
    }
}

/// A text that fits a line.
fn cut(text: String) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn of_faults(history: &History, events: &mut Vec<trace::Event>) {
    let reports = glomers_sim::reports_from(history, &[], &[], &[], &[]);
    for (number, report) in reports.iter().enumerate() {
        let mut push = |time: Time, begins| {
            let word = if begins { "begins" } else { "ends" };
            let text = format!("{} {word}: {}", report.kind, report.description);
            let what = What::Fault { number, begins, text };
            events.push(trace::Event { time: time.0 as i64, what });
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
        events.push(trace::Event { time: op.time.0 as i64, what });
    }
}
