//! The text form of histories, for tests.
//!
//! One entry a line: `TIME PROCESS KIND F [VALUE]`, time in ms, kind one of
//! `invoke ok fail info` with `!` behind it if the entry is final, the value as
//! JSON; a string as the value of a `fail` or `info` is its error. Workers and
//! nodes n0, n1 and n2 unless `nodes N` says otherwise. More lines: `check NAME`,
//! `mark TIME NODE VALUE` (a node holds a value), `cut TIME SRC DEST BODY` (likewise
//! `lost`, `down` and `held`: how a message was kept from its receiver), `service NAME
//! REQUESTS` and `# comment`.

use std::fmt::Write as _;
use std::sync::Arc;

use glomers_check::{CheckResult, Context, CutMessage, Kept, Mark, Service};
use glomers_history::{History, MILLISECOND, Op, OpKind, Process, Time, Value};
use glomers_protocol::Payload;

pub(crate) struct Case {
    pub(crate) checker: String,
    pub(crate) history: History,
    pub(crate) context: Context,
}

pub(crate) fn parse(text: &str) -> Case {
    let mut case =
        Case { checker: String::new(), history: History::new(), context: Context::default() };
    let mut nodes = 3;
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (first, rest) = line.split_once(' ').expect("words");
        match first {
            "check" => case.checker = rest.to_owned(),
            "nodes" => nodes = rest.parse().expect("a number"),
            "service" => {
                let (name, requests) = rest.split_once(' ').expect("two words");
                let requests = requests.parse().expect("a number");
                case.context.services.push(Service { name: name.to_owned(), requests });
            }
            "mark" => {
                let words: Vec<&str> = rest.splitn(3, ' ').collect();
                case.context.marks.push(Mark {
                    time: time(words[0]),
                    node: node(words[1]),
                    label: "holds".into(),
                    value: json(words[2]),
                });
            }
            "cut" | "lost" | "down" | "held" => {
                let words: Vec<&str> = rest.splitn(4, ' ').collect();
                let id = case.context.cut.len() as u64;
                let body = Payload::from_json(words[3]).expect("the body is JSON");
                case.context.bodies.insert(id, body);
                case.context.cut.push(CutMessage {
                    time: time(words[0]),
                    id,
                    src: node(words[1]),
                    dest: node(words[2]),
                    how: match first {
                        "lost" => Kept::Lost,
                        "down" => Kept::Down,
                        "held" => Kept::Paused,
                        _ => Kept::Cut,
                    },
                });
            }
            _ => {
                case.history.push(operation(line));
            }
        }
    }
    case.context.nodes = (0..nodes).map(|n| format!("n{n}")).collect();
    case.context.concurrency = nodes;
    case
}

fn operation(line: &str) -> Op {
    let words: Vec<&str> = line.splitn(5, ' ').collect();
    let is_final = words[2].ends_with('!');
    let kind = match words[2].trim_end_matches('!') {
        "invoke" => OpKind::Invoke,
        "ok" => OpKind::Ok,
        "fail" => OpKind::Fail,
        "info" => OpKind::Info,
        other => panic!("{other} is no kind of entry"),
    };
    let value = words.get(4).map_or(Value::Null, |text| json(text));
    // An error stands for the value where there is neither ok nor invoke.
    let (value, error) = match (kind, value) {
        (OpKind::Fail | OpKind::Info, Value::String(error)) => {
            (Value::Null, Some(Value::Keyword(error)))
        }
        (_, value) => (value, None),
    };
    Op {
        index: 0,
        time: time(words[0]),
        process: match words[1] {
            "nemesis" => Process::Nemesis,
            number => Process::Client(number.parse().expect("a process")),
        },
        kind,
        f: Arc::from(words[3]),
        value,
        error,
        is_final,
    }
}

fn time(text: &str) -> Time {
    Time(text.parse::<u64>().expect("milliseconds") * MILLISECOND)
}

fn node(text: &str) -> u32 {
    text.trim_start_matches('n').parse().expect("a node")
}

fn json(text: &str) -> Value {
    Value::from_json(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Findings, with what they point at, and notes.
pub(crate) fn in_words(result: &CheckResult) -> String {
    let mut text = String::new();
    for finding in &result.findings {
        let lines = finding.render();
        assert!(lines.len() <= 12, "too long:\n{finding}");
        let node = finding.node.as_deref().unwrap_or("-");
        let time = finding.time.map_or("-".to_owned(), |time| time.to_string());
        let _ = writeln!(text, "\n{finding}\n  @ {:?} {node} {time}", finding.operations);
    }
    for note in &result.notes {
        let _ = writeln!(text, "\nnote: {note}");
    }
    text
}
