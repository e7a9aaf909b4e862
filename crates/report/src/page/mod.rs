//! A run as one page for the browser, without a network: verdict and findings in
//! words with links to what proves them, plots, and a viewer of the whole run.
//!
//! What is small is written as HTML, and can be read without scripts. The run itself
//! is in columns of numbers, deflated, which a script in the page unpacks and draws
//! (`web/` has its sources).

mod bodies;
pub(crate) mod html;
mod journal;
mod lags;
mod links;
mod marks;
mod names;
mod operations;
mod pack;
mod pictures;
mod plain;

use glomers_check::{Context, Explanation, Finding, Validity};
use glomers_history::{History, OpKind, Process, Time, Value};
use glomers_store::{Recovered, StoreError};
use serde_json::{Value as Json, json};

pub use html::policy;
use journal::{Journal, micros};
use lags::Lags;
use operations::Operations;
use pack::Packer;

/// How far around an operation that a finding names bodies are kept whole, µs.
const NEAR: i64 = 100_000;

/// The most operations of findings around which bodies are kept whole.
const MOST_NEAR: usize = 64;

/// How much of a value is shown, bytes.
const SHOWN: usize = 400;

/// How much of the value of a final read is kept: what is missing is read off it.
const SHOWN_OF_FINAL: usize = 100_000;

/// The workload of logs, whose consumers may be behind.
const LOGS: &str = "kafka";

/// The workload of registers.
const REGISTERS: &str = "lin-kv";

/// What is known of a run beside its store.
#[derive(Debug, Clone)]
pub struct About<'a> {
    /// The run in few words: `broadcast, 5 nodes (flood), 20 s, seed 7`.
    pub title: String,
    /// The name of its workload.
    pub workload: &'a str,
    /// The names of its nodes.
    pub nodes: &'a [String],
    /// How many clients it had.
    pub concurrency: u32,
    /// The verdict that counts.
    pub validity: Validity,
    /// Facts, each with its name, as they are told in the terminal.
    pub facts: Vec<(String, String)>,
    /// What is wrong.
    pub findings: &'a [Finding],
    /// What checkers knew besides the history.
    pub context: &'a Context,
    /// Where a register got stuck, if that is known already.
    pub stuck: Option<&'a Explanation>,
    /// The results, as they are stored.
    pub results: &'a Value,
    /// What each fault did.
    pub faults: Vec<Fault>,
    /// The command that repeats the run.
    pub command: String,
    /// Where the run is stored; `None`: nowhere, this is of a history alone.
    pub store: Option<String>,
    /// What the store lacks of the whole run, in sentences.
    pub missing: Vec<String>,
    /// Where a server has the bodies of messages, as whole as the journal has them.
    pub bodies: Option<String>,
}

/// A fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind.
    pub kind: String,
    /// Which, in words.
    pub description: String,
    /// What it did, in words.
    pub effects: String,
    /// When it began.
    pub from: Time,
    /// When it ended, if it did.
    pub until: Option<Time>,
}

/// A run, read and ready to be shown.
#[derive(Debug)]
pub struct Page<'a> {
    about: &'a About<'a>,
    history: &'a History,
    journal: Journal,
    operations: Operations,
    /// Of a workload of logs.
    lags: Option<Lags>,
    logs: Vec<Log>,
}

/// What a node logged.
#[derive(Debug)]
struct Log {
    node: String,
    text: String,
    /// How many bytes are left out.
    left_out: u64,
}

/// How much of a node's log a page holds.
const SHOWN_OF_LOG: u64 = 32 * 1024;

impl<'a> Page<'a> {
    /// Reads the run.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn read(recovered: &'a Recovered, about: &'a About<'a>) -> Result<Page<'a>, StoreError> {
        let history = recovered.history();
        let journal = Journal::read(recovered, about.nodes, near(history, about.findings))?;
        let logs = logs(recovered.directory(), about.nodes);
        Ok(Page { journal, logs, ..Page::of_history(history, about) })
    }

    /// The page of a history, without a store.
    pub fn of_history(history: &'a History, about: &'a About<'a>) -> Page<'a> {
        Page {
            about,
            history,
            journal: Journal::empty(about.nodes),
            operations: Operations::read(history, about.context),
            lags: (about.workload == LOGS).then(|| Lags::read(history, about.concurrency)),
            logs: Vec::new(),
        }
    }

    /// The page. The same store and build give the same bytes.
    pub fn to_html(&self) -> String {
        html::page(self)
    }

    /// This run and another side by side, aligned where they differ first.
    pub fn beside(&self, other: &Page<'_>) -> String {
        html::pair(self, other)
    }

    /// What the script needs to know besides the columns, and these: deflated, in
    /// base64.
    fn data(&self) -> (Json, String) {
        let mut packer = Packer::default();
        self.journal.pack(&mut packer);
        self.operations.pack(&mut packer);
        if let Some(lags) = &self.lags {
            lags.pack(&mut packer);
        }
        let (columns, packed) = packer.finish();
        let about = self.about;
        let time = |time: Time| micros(time.0 as i64);
        let faults: Vec<Json> = about
            .faults
            .iter()
            .map(|fault| {
                json!({
                    "kind": fault.kind,
                    "text": fault.description,
                    "effects": fault.effects,
                    "from": time(fault.from),
                    "until": fault.until.map(time),
                })
            })
            .collect();
        let findings: Vec<Json> = about
            .findings
            .iter()
            .map(|finding| {
                json!({
                    "name": finding.name,
                    "summary": finding.summary,
                    "ops": finding.operations,
                    "node": finding.node,
                    "time": finding.time.map(time),
                })
            })
            .collect();
        let meta = json!({
            "version": 1,
            "title": about.title,
            "workload": about.workload,
            "nodes": about.nodes,
            "concurrency": about.concurrency,
            "store": about.store,
            "command": about.command,
            "names": self.journal.names.all(),
            "kinds": self.journal.kinds.all(),
            "fates": self.journal.fates.all(),
            "labels": self.journal.labels.all(),
            "functions": self.operations.functions.all(),
            "faults": faults,
            "findings": findings,
            "states": self.states(),
            "cut": self.journal.bodies.is_cut,
            "bodies": about.bodies,
            "stable": self.stable(),
            "last": self.last(),
            "columns": columns,
        });
        (meta, packed)
    }

    /// The last moment that the page shows, µs.
    fn last(&self) -> i64 {
        let of_history = self.history.ops().last().map_or(0, |op| micros(op.time.0 as i64));
        self.journal.last.max(of_history)
    }

    /// When which nodes went down, were paused, came back.
    fn states(&self) -> Vec<Json> {
        let ops = self.history.ops().iter().filter(|op| op.process == Process::Nemesis);
        ops.filter_map(|op| {
            let state = match &*op.f {
                "kill" => "down",
                "pause" => "paused",
                "start" | "resume" => "up",
                _ => return None,
            };
            let Value::Map(states) = &op.value else { return None };
            let nodes: Vec<&str> = states.iter().filter_map(|(node, _)| node.as_str()).collect();
            Some(json!({"time": micros(op.time.0 as i64), "state": state, "nodes": nodes}))
        })
        .collect()
    }

    /// Quantiles of stable latencies, as the results have them.
    fn stable(&self) -> Json {
        let of = |name: &str| -> Option<Json> {
            let quantiles = self.about.results.get("workload")?.get(name)?;
            serde_json::from_str(&quantiles.to_json()).ok()
        };
        json!({"observed": of("stable-latencies"), "true": of("true-latencies")})
    }

    /// Whether a message that evidence names is one that never arrived.
    fn never_arrived(&self, id: u64) -> bool {
        self.journal.dropped.contains(&id)
    }
}

/// The times around what findings name, µs.
fn near(history: &History, findings: &[Finding]) -> Vec<std::ops::Range<i64>> {
    let pairs = history.pairs();
    let named = findings.iter().flat_map(|finding| &finding.operations).take(MOST_NEAR);
    let mut near = Vec::new();
    for &index in named {
        let Some(op) = history.ops().get(index as usize) else { continue };
        let other = pairs.get(index as usize).copied().flatten().map(|at| &history.ops()[at]);
        let (begin, end) = match (op.kind, other) {
            (OpKind::Invoke, Some(end)) => (op.time, end.time),
            (_, Some(begin)) => (begin.time, op.time),
            (_, None) => (op.time, op.time),
        };
        near.push(micros(begin.0 as i64) - NEAR..micros(end.0 as i64) + NEAR);
    }
    for time in findings.iter().filter_map(|finding| finding.time).take(MOST_NEAR) {
        let time = micros(time.0 as i64);
        near.push(time - NEAR..time + NEAR);
    }
    near
}

/// A text that is not too long.
fn shortened(text: &str) -> String {
    cut(text, SHOWN)
}

/// The beginning of a text, at most so many bytes of it.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = (0..=most).rev().find(|&at| text.is_char_boundary(at)).unwrap_or_default();
    format!("{}…", &text[..end])
}

/// The logs of nodes that logged something: their beginnings.
fn logs(directory: &std::path::Path, nodes: &[String]) -> Vec<Log> {
    use std::io::Read as _;
    let read = |node: &String| {
        let path = directory.join("node-logs").join(format!("{node}.log"));
        let file = std::fs::File::open(path).ok()?;
        let length = file.metadata().ok()?.len();
        let mut bytes = Vec::new();
        file.take(SHOWN_OF_LOG).read_to_end(&mut bytes).ok()?;
        let left_out = length.saturating_sub(bytes.len() as u64);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        (!text.is_empty()).then(|| Log { node: node.clone(), text, left_out })
    };
    nodes.iter().filter_map(read).collect()
}
