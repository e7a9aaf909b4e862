//! `glomers check`: judges a history that somebody recorded.

mod counts;
mod file;
mod model;
mod page;

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use glomers_check::{
    Budget, CheckResult, Checker, ConsistencyModels, Context, Explanation, Keyed, Refusals,
    Register, TxnBudget, TxnListAppend, TxnRwRegister, UnknownModel, Validity,
};
use glomers_history::{History, Value, edn};
use glomers_report::picture;

use crate::arguments::CheckArguments;
use crate::error::CliError;
use crate::{findings, out, summary};

/// What judges, and how it explains itself.
enum Judge {
    Register(Register),
    Other(Box<dyn Checker>),
}

pub(crate) fn run(arguments: &CheckArguments) -> Result<ExitCode, CliError> {
    // Mistakes are reported before a large file is read.
    if let Some(workload) = &arguments.workload {
        by_workload(workload, arguments)?;
        if arguments.keyed || arguments.unkeyed {
            let flag = if arguments.keyed { "--keyed" } else { "--unkeyed" };
            if workload != "g-set" {
                return Err(CliError::usage(format!("{flag} means nothing to {workload}"))
                    .hint("it is about a --model and about --workload g-set"));
            }
        }
    }
    let of_transactions =
        arguments.workload.as_ref().is_some_and(|workload| workload.starts_with("txn-"));
    let history = file::read(&arguments.file, of_transactions)?;
    let (judge, objects) = judge(arguments, &history)?;
    let context = Context::default();
    let result = match &judge {
        Judge::Register(register) => register.check(&history, &context),
        Judge::Other(checker) => checker.check(&history, &context),
    };
    let stuck = match &judge {
        Judge::Register(register)
            if arguments.explain || arguments.svg.is_some() || arguments.report.is_some() =>
        {
            register.explain(&history)
        }
        _ => None,
    };
    let explanation =
        arguments.explain.then(|| explain(&history, &context, &result, stuck.as_ref()));
    let drawn = match &arguments.svg {
        Some(file) => Some(draw(file, &history, &context, &result, stuck.as_ref())?),
        None => None,
    };
    let validity = if arguments.jepsen_compat { result.compat } else { result.strict };
    let judged = page::Judged { history: &history, context: &context, result: &result, validity };
    let written = match &arguments.report {
        Some(file) => Some(page::write(file, arguments, &judged, stuck.as_ref())?),
        None => None,
    };
    let more = explanation.into_iter().chain(drawn).chain(written).collect::<Vec<_>>().join("\n");
    let objects = objects.map(|objects| objects.count(&result));
    out::text(&whole(arguments, &history, &result, validity, objects, &more));
    Ok(match validity {
        Validity::Valid => ExitCode::SUCCESS,
        Validity::Invalid => ExitCode::from(1),
        Validity::Unknown => ExitCode::from(2),
    })
}

/// What a history is about, of which there may be one for each key.
struct Objects {
    /// What they are called.
    name: &'static str,
    keyed: bool,
}

impl Objects {
    /// How many there were.
    fn count(&self, result: &CheckResult) -> (&'static str, String) {
        let results = result.fields.iter().find(|(name, _)| *name == "results");
        let text = match results {
            Some((_, Value::Map(keys))) if self.keyed => {
                format!("{}, one for each key", keys.len())
            }
            _ => "1".to_owned(),
        };
        (self.name, text)
    }
}

/// Who judges what, as was asked for.
fn judge(
    arguments: &CheckArguments,
    history: &History,
) -> Result<(Judge, Option<Objects>), CliError> {
    let keyed = |is_read: fn(&str) -> bool| match (arguments.keyed, arguments.unkeyed) {
        (false, false) => glomers_check::is_keyed(history, is_read),
        (keyed, _) => keyed,
    };
    let registers = |keyed| Objects { name: "registers", keyed };
    let (judge, objects) = match (&arguments.workload, arguments.model) {
        (Some(workload), _) if workload == "g-set" => {
            let objects = Objects { name: "sets", keyed: keyed(|f| f == "read") };
            let known = by_workload(workload, arguments)?;
            match known {
                Judge::Other(checker) if objects.keyed => {
                    (Judge::Other(Box::new(Keyed { checker })), Some(objects))
                }
                judge => (judge, Some(objects)),
            }
        }
        (Some(workload), _) => {
            let judge = by_workload(workload, arguments)?;
            let objects = matches!(judge, Judge::Register(_)).then(|| registers(true));
            (judge, objects)
        }
        (None, Some(model)) => model::judge(model, arguments, keyed)?,
        (None, None) => return Err(CliError::usage("give a --workload or a --model")),
    };
    let judge = match judge {
        Judge::Register(register) => {
            let refusals = match (arguments.check_refusals, arguments.model) {
                (false, _) => Refusals::Ignored,
                (true, None) => Refusals::Judged,
                (true, Some(_)) => Refusals::Literal,
            };
            let budget = Budget::millions(arguments.budget);
            Judge::Register(Register { refusals, budget, ..register })
        }
        Judge::Other(_) if arguments.check_refusals => {
            return Err(CliError::usage("--check-refusals is about registers")
                .hint("give it with --workload lin-kv or with a --model, or leave it out"));
        }
        judge => judge,
    };
    Ok((judge, objects))
}

/// Who judges transactions, if that is what the workload is about.
fn of_transactions(name: &str, arguments: &CheckArguments) -> Result<Option<Judge>, CliError> {
    let is_of_lists = match name {
        "txn-list-append" => true,
        "txn-rw-register" => false,
        _ if arguments.consistency_models.is_some() => {
            return Err(CliError::usage("--consistency-models is about transactions").hint(
                "give it with --workload txn-list-append or txn-rw-register, or leave it out",
            ));
        }
        _ => return Ok(None),
    };
    let models = match &arguments.consistency_models {
        None => ConsistencyModels::default(),
        Some(text) => text.parse().map_err(|error: UnknownModel| {
            let known: Vec<&str> = UnknownModel::known().collect();
            CliError::usage(error.to_string()).hint(format!("there are {}", known.join(", ")))
        })?,
    };
    let budget = TxnBudget { steps: u64::from(arguments.budget) * 1_000_000 };
    let checker: Box<dyn Checker> = match is_of_lists {
        true => Box::new(TxnListAppend { models, budget }),
        false => Box::new(TxnRwRegister { models, budget }),
    };
    Ok(Some(Judge::Other(checker)))
}

fn by_workload(name: &str, arguments: &CheckArguments) -> Result<Judge, CliError> {
    if let Some(judge) = of_transactions(name, arguments)? {
        return Ok(judge);
    }
    // Which says itself what it does not know.
    if name == "lin-kv" {
        return Ok(Judge::Register(Register::LIN_KV));
    }
    match glomers_workload::entry(name) {
        Ok(entry) => Ok(Judge::Other((entry.checker)())),
        Err(_) => {
            let known = glomers_workload::NAMES;
            let near = glomers_workload::nearest(name, &known)
                .map_or(String::new(), |near| format!("; did you mean {near:?}?"));
            Err(CliError::usage(format!("there is no checker for workload {name:?}{near}"))
                .hint(format!("there is one for {}", known.join(", "))))
        }
    }
}

/// What a verdict rests on, beyond the findings.
fn explain(
    history: &History,
    context: &Context,
    result: &CheckResult,
    stuck: Option<&Explanation>,
) -> String {
    if let Some(stuck) = stuck {
        return stuck.render(history, context).join("\n") + "\n";
    }
    let fields = result.fields.iter().map(|(name, value)| (*name, value.clone()));
    format!(
        "What was counted, by the names that Jepsen has for it:\n{}\n",
        edn::pretty(&Value::record(fields))
    )
}

/// Draws what is wrong, and says where.
fn draw(
    file: &Path,
    history: &History,
    context: &Context,
    result: &CheckResult,
    stuck: Option<&Explanation>,
) -> Result<String, CliError> {
    let Some(picture) = picture::of_findings(history, context, &result.findings, stuck) else {
        return Ok(format!(
            "{} was not written: no operation is known to be wrong.\n",
            file.display()
        ));
    };
    std::fs::write(file, picture.svg).map_err(|error| {
        CliError::usage(format!("{} cannot be written: {error}", file.display()))
    })?;
    Ok(format!("{} shows {}.\n", file.display(), picture.shows))
}

fn whole(
    arguments: &CheckArguments,
    history: &History,
    result: &CheckResult,
    validity: Validity,
    objects: Option<(&str, String)>,
    more: &str,
) -> String {
    let mut text = String::new();
    let mut row = |name: &str, value: String| {
        let _ = writeln!(text, "  {name:<13}{value}");
    };
    let names = findings::names(&result.findings);
    let explained = validity != Validity::Valid && !names.is_empty();
    let word = summary::word(validity);
    row(
        "verdict",
        if explained { format!("{word}: {names} (explained below)") } else { word.to_owned() },
    );
    row("history", arguments.file.display().to_string());
    row("operations", counts::text(history));
    if let Some((name, count)) = objects {
        row(name, count);
    }
    for note in &result.notes {
        row("note", note.clone());
    }
    text.push('\n');
    for finding in &result.findings {
        let _ = writeln!(text, "{finding}\n");
    }
    if !more.is_empty() {
        text += more;
        text.push('\n');
    }
    if result.compat != result.strict {
        let _ = writeln!(
            text,
            "Strict verdict: {}; Jepsen's would be: {}.",
            summary::word(result.strict),
            summary::word(result.compat)
        );
    }
    let _ = writeln!(text, "{}", summary::last_line(validity));
    text
}
