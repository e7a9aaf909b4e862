//! `glomers check`: judges a history that somebody recorded.

mod picture;

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use glomers_check::{
    CheckResult, Checker, ConsistencyModels, Context, Counter, Echo, Explanation, Kafka, Register,
    RegisterModel, SetFull, TxnBudget, TxnListAppend, TxnRwRegister, UniqueIds, UnknownModel,
    Validity,
};
use glomers_history::{History, Op, OpKind, Value, edn};

use crate::arguments::{CheckArguments, ModelArgument};
use crate::error::CliError;
use crate::{findings, out, summary};

/// The workloads whose histories can be judged.
const WORKLOADS: [&str; 10] = [
    "echo",
    "unique-ids",
    "broadcast",
    "g-set",
    "g-counter",
    "pn-counter",
    "kafka",
    "lin-kv",
    "txn-list-append",
    "txn-rw-register",
];

/// What judges, and how it explains itself.
enum Judge {
    Register(Register),
    Other(Box<dyn Checker>),
}

pub(crate) fn run(arguments: &CheckArguments) -> Result<ExitCode, CliError> {
    // Mistakes are told before a large file is read.
    if let Some(workload) = &arguments.workload {
        by_workload(workload, arguments)?;
    }
    let history = read(&arguments.file)?;
    let judge = match (&arguments.workload, arguments.model) {
        (Some(workload), _) => by_workload(workload, arguments)?,
        (None, Some(model)) => Judge::Register(by_model(model, &history)),
        (None, None) => return Err(CliError::usage("give a --workload or a --model")),
    };
    let judge = match judge {
        Judge::Register(register) => {
            Judge::Register(Register { check_refusals: arguments.check_refusals, ..register })
        }
        Judge::Other(_) if arguments.check_refusals => {
            return Err(CliError::usage("--check-refusals is about registers")
                .hint("give it with --workload lin-kv or with a --model, or leave it out"));
        }
        judge => judge,
    };
    let context = Context::default();
    let result = match &judge {
        Judge::Register(register) => register.check(&history, &context),
        Judge::Other(checker) => checker.check(&history, &context),
    };
    let stuck = match &judge {
        Judge::Register(register) if arguments.explain || arguments.svg.is_some() => {
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
    let more = explanation.into_iter().chain(drawn).collect::<Vec<_>>().join("\n");
    out::text(&whole(arguments, &history, &result, validity, &more));
    Ok(match validity {
        Validity::Valid => ExitCode::SUCCESS,
        Validity::Invalid => ExitCode::from(1),
        Validity::Unknown => ExitCode::from(2),
    })
}

fn by_workload(name: &str, arguments: &CheckArguments) -> Result<Judge, CliError> {
    let of_transactions = ["txn-list-append", "txn-rw-register"].contains(&name);
    let models = match &arguments.consistency_models {
        None => ConsistencyModels::default(),
        Some(_) if !of_transactions => {
            return Err(CliError::usage("--consistency-models is about transactions").hint(
                "give it with --workload txn-list-append or txn-rw-register, or leave it out",
            ));
        }
        Some(text) => text.parse().map_err(|error: UnknownModel| {
            let known: Vec<&str> = UnknownModel::known().collect();
            CliError::usage(error.to_string()).hint(format!("there are {}", known.join(", ")))
        })?,
    };
    let budget = match arguments.budget {
        None => TxnBudget::default(),
        Some(_) if !of_transactions => {
            return Err(CliError::usage("--budget is about transactions").hint(
                "give it with --workload txn-list-append or txn-rw-register, or leave it out",
            ));
        }
        Some(steps) => TxnBudget { steps },
    };
    Ok(Judge::Other(match name {
        "txn-list-append" => Box::new(TxnListAppend { models, budget }),
        "txn-rw-register" => Box::new(TxnRwRegister { models, budget }),
        "echo" => Box::new(Echo),
        "unique-ids" => Box::new(UniqueIds),
        "broadcast" => Box::new(SetFull::BROADCAST),
        "g-set" => Box::new(SetFull::G_SET),
        "g-counter" => Box::new(Counter::G_COUNTER),
        "pn-counter" => Box::new(Counter::PN_COUNTER),
        "kafka" => Box::new(Kafka),
        "lin-kv" => return Ok(Judge::Register(Register::LIN_KV)),
        _ => {
            let near = glomers_workload::nearest(name, &WORKLOADS)
                .map_or(String::new(), |near| format!("; did you mean {near:?}?"));
            return Err(CliError::usage(format!(
                "there is no checker for workload {name:?}{near}"
            ))
            .hint(format!("there is one for {}", WORKLOADS.join(", "))));
        }
    }))
}

/// The register that a history is about: one, or one for each key.
fn by_model(model: ModelArgument, history: &History) -> Register {
    let model = match model {
        ModelArgument::Register => RegisterModel::Register,
        ModelArgument::CasRegister => RegisterModel::CasRegister,
    };
    Register { model, keyed: is_keyed(history), ..Register::CAS_REGISTER }
}

/// Whether all values of operations are lists of a key and the value itself.
fn is_keyed(history: &History) -> bool {
    let mut any = false;
    let of_register = |op: &&Op| matches!(&*op.f, "read" | "r" | "write" | "w" | "cas");
    for op in history.ops().iter().filter(|op| op.process.is_client()).filter(of_register) {
        let Some(list) = op.value.as_list() else {
            if op.value != Value::Null {
                return false;
            }
            continue;
        };
        // Of cas the value itself is a list: of what was and what is to be.
        let of_cas = || list.get(1).is_some_and(|inner| matches!(inner, Value::List(_)));
        if list.len() != 2 || (&*op.f == "cas" && !of_cas()) {
            return false;
        }
        any = true;
    }
    any
}

fn read(file: &Path) -> Result<History, CliError> {
    let name = if file == Path::new("-") {
        "standard input".to_owned()
    } else {
        file.display().to_string()
    };
    let cannot = |error| CliError::usage(format!("{name} cannot be read: {error}"));
    if file.is_dir() {
        return Err(CliError::usage(format!("{name} is a directory")).hint(
            "a run's history is its file history.jsonl; glomers recover judges all of a run again",
        ));
    }
    let bytes = if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(cannot)?;
        bytes
    } else {
        std::fs::read(file).map_err(cannot)?
    };
    glomers_history::read(&bytes).map_err(|error| {
        CliError::usage(format!("{name} is no history: {error}")).hint(
            "a history is EDN, such as {:process 0, :type :invoke, :f :read, :value nil}, one \
             operation a line or all in a vector; or a history.txt; or the history.jsonl of a run",
        )
    })
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
    let Some(chart) = picture::picture(history, context, result, stuck) else {
        return Ok(format!(
            "{} was not written: no operation is known to be wrong.\n",
            file.display()
        ));
    };
    std::fs::write(file, chart.figure()).map_err(|error| {
        CliError::usage(format!("{} cannot be written: {error}", file.display()))
    })?;
    Ok(format!("{} shows the operations around it.\n", file.display()))
}

fn whole(
    arguments: &CheckArguments,
    history: &History,
    result: &CheckResult,
    validity: Validity,
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
    let ops = || history.ops().iter().filter(|op| op.process.is_client());
    let count = |kind| ops().filter(|op| op.kind == kind).count();
    row("history", arguments.file.display().to_string());
    row(
        "operations",
        format!(
            "{}: {} ok, {} fail, {} info",
            count(OpKind::Invoke),
            count(OpKind::Ok),
            count(OpKind::Fail),
            count(OpKind::Info)
        ),
    );
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
