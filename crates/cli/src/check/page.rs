//! A history alone as a page for the browser.

use std::path::Path;

use clap::ValueEnum as _;
use glomers_check::{CheckResult, Context, Explanation, Validity};
use glomers_history::{History, OpKind, Process, Value};
use glomers_report::page::{About, Page};

use super::counts;
use crate::arguments::CheckArguments;
use crate::error::CliError;
use crate::{findings, summary};

/// What only a run knows.
const MISSING: [&str; 2] = [
    "A history says what clients asked and were answered. There are no messages here, no marks, \
     no logs, and nothing that tells which node was asked.",
    "Faults are only there as far as the history names them. glomers test stores all of this.",
];

/// A history and the verdict on it.
pub(super) struct Judged<'a> {
    pub(super) history: &'a History,
    pub(super) context: &'a Context,
    pub(super) result: &'a CheckResult,
    pub(super) validity: Validity,
}

/// Writes the page, and says where.
pub(super) fn write(
    file: &Path,
    arguments: &CheckArguments,
    judged: &Judged<'_>,
    stuck: Option<&Explanation>,
) -> Result<String, CliError> {
    let Judged { history, context, result, validity } = judged;
    let named = arguments.workload.as_deref();
    let workload = match (named, stuck) {
        (Some(workload), _) => workload,
        (None, Some(_)) => "lin-kv",
        (None, None) => "history",
    };
    let about = About {
        title: title(arguments),
        workload,
        nodes: &[],
        concurrency: concurrency(history),
        validity: *validity,
        facts: facts(arguments, judged),
        findings: &result.findings,
        context,
        stuck,
        results: &Value::Null,
        faults: Vec::new(),
        command: command(),
        store: None,
        missing: MISSING.map(str::to_owned).to_vec(),
        bodies: None,
    };
    std::fs::write(file, Page::of_history(history, &about).to_html()).map_err(|error| {
        CliError::usage(format!("{} cannot be written: {error}", file.display()))
    })?;
    Ok(format!("Wrote {}. Open it in a browser.\n", file.display()))
}

fn title(arguments: &CheckArguments) -> String {
    let model = arguments.model.and_then(|model| model.to_possible_value());
    match (&arguments.workload, model) {
        (Some(workload), _) => format!("{workload}, a history"),
        (None, Some(model)) => format!("a history, by the model {}", model.get_name()),
        (None, None) => "a history".to_owned(),
    }
}

fn facts(arguments: &CheckArguments, judged: &Judged<'_>) -> Vec<(String, String)> {
    let names = findings::names(&judged.result.findings);
    let word = summary::word(judged.validity);
    let verdict = match names.is_empty() {
        true => word.to_owned(),
        false => format!("{word}: {names}"),
    };
    let file = arguments.file.display().to_string();
    let first =
        [("verdict", verdict), ("history", file), ("operations", counts::text(judged.history))];
    let notes = judged.result.notes.iter().map(|note| ("note", note.clone()));
    first.into_iter().chain(notes).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// How many clients there were, as a run has them: one that crashes goes on as a process
/// whose number is larger by as many. So it is the processes before the first crash.
fn concurrency(history: &History) -> u32 {
    let mut most = 0;
    for op in history.ops() {
        let Process::Client(process) = op.process else { continue };
        if op.kind == OpKind::Info && most > 0 {
            break;
        }
        most = most.max(process.saturating_add(1));
    }
    most.max(1)
}

fn command() -> String {
    let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    let quoted = words.map(|word| {
        shlex::try_quote(&word).map_or_else(|_| word.clone(), std::borrow::Cow::into_owned)
    });
    std::iter::once("glomers".to_owned()).chain(quoted).collect::<Vec<_>>().join(" ")
}
