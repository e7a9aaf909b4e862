//! `glomers trace`: a stored run as a text that shows who said what to whom.

use std::collections::BTreeSet;
use std::process::ExitCode;

use glomers_protocol::printable;
use glomers_report::trace::{to_json_lines, to_text};
use glomers_session::ReplayFile;
use glomers_session::trace::{Selection, Trace, What};
use glomers_sim::Plan;

use crate::arguments::TraceArguments;
use crate::arguments::values::AroundArgument;
use crate::error::CliError;
use crate::out;

/// How many types of messages are listed.
const MOST_TYPES: usize = 20;

pub(crate) fn run(arguments: &TraceArguments) -> Result<ExitCode, CliError> {
    let recovered = glomers_session::open(&arguments.directory)?;
    let plan = ReplayFile::read(recovered.replay())?.plan;
    // Besides the output, which programs may read.
    glomers_session::losses(&recovered).iter().for_each(out::error);
    let selection = selection(arguments, &plan)?;
    let whole = Trace::read(&recovered, &plan)?;
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
        true => out::text(&to_json_lines(&part)),
        false => out::text(&to_text(&part)),
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
