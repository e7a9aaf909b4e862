//! From text to a Plan.

use std::collections::BTreeSet;
use std::time::Duration;

use glomers_session::RunOptions;
use glomers_sim::{Fault, FaultList, ListedOperation, Plan, PlanBuilder, SERVICES};

use super::error::ScenarioError;
use super::line::{Line, Parsed, Word};
use super::output::{Output, OutputKind};

const OUTPUTS: [&str; 7] = ["history", "messages", "marks", "logs", "net", "verdict", "faults"];
pub(super) const SETTINGS: [&str; 29] = [
    "workload",
    "names",
    "schedule",
    "topology",
    "option",
    "seed",
    "latency",
    "latency-correlation",
    "latency-step",
    "in-order",
    "bandwidth",
    "loss-model",
    "regions",
    "link",
    "loss",
    "fault-services",
    "service-time",
    "sync-time",
    "inbox",
    "wire",
    "rpc-timeout",
    "init-timeout",
    "recovery",
    "recovery-bound",
    "concurrency",
    "availability",
    "jepsen-compat",
    "require-faults",
    "require-overlap",
];
const ACTIONS: [&str; 19] = [
    "client",
    "final",
    "partition",
    "cut",
    "heal",
    "kill",
    "start",
    "pause",
    "resume",
    "disk",
    "lose",
    "duplicate",
    "reorder",
    "slow",
    "clock",
    "drop",
    "delay",
    "double",
    "run",
];

/// Lines up to a blank one or the end: commands, and what they should print.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// How many lines of the file come before its outputs.
    pub(super) commands_end: usize,
    /// How many lines of the file come before the next block.
    pub(super) end: usize,
    pub(super) outputs: Vec<Output>,
}

/// What a file says.
pub(super) struct Parsing {
    pub(super) plan: Plan,
    pub(super) judge: RunOptions,
    pub(super) blocks: Vec<Block>,
    pub(super) has_expectations: bool,
}

pub(super) struct Parser {
    /// Since `nodes`.
    pub(super) plan: Option<PlanBuilder>,
    /// Whether the nodes are an executable, and nobody has said yet what it is for.
    pub(super) lacks_workload: bool,
    /// How the run is judged.
    pub(super) judge: RunOptions,
    /// What the file sets must not be set again, nor changed by a default.
    pub(super) concurrency: Option<u32>,
    pub(super) highest_worker: u32,
    actions_began: bool,
    /// The moment, as `run` adds up.
    base: u64,
    /// How many things have happened or were looked at. Each happens so many
    /// nanoseconds after the moment, so that the order of time is the order of
    /// the file: what an earlier command causes comes before what a later one
    /// does at the same moment.
    tick: u64,
    /// What is cut at present: (receiver, source).
    pub(super) cut: BTreeSet<(u32, u32)>,
    listed: Vec<ListedOperation>,
    pub(super) faults: FaultList,
}

/// Reads a whole file.
pub(super) fn parse(text: &str, file: &str) -> Parsed<Parsing> {
    let mut parser = Parser {
        plan: None,
        lacks_workload: false,
        judge: RunOptions::default(),
        concurrency: None,
        highest_worker: 0,
        actions_began: false,
        base: 0,
        tick: 0,
        cut: BTreeSet::new(),
        listed: Vec::new(),
        faults: FaultList::default(),
    };
    let lines: Vec<&str> = text.lines().collect();
    let mut blocks: Vec<Block> = Vec::new();
    let mut outputs = Vec::new();
    let mut has_expectations = false;
    let mut at = 0;
    while at < lines.len() {
        let text = lines[at];
        if text.trim_end() == "----" {
            if outputs.is_empty() {
                let line = Line::new(file, at + 1, text);
                let known = OUTPUTS.join(", ");
                return Err(line.error(
                    1,
                    format!("no command before this line prints anything; those that do: {known}"),
                ));
            }
            has_expectations = true;
            let blank = lines[at..].iter().position(|line| line.trim().is_empty());
            let end = blank.map_or(lines.len(), |offset| at + offset);
            blocks.push(Block { commands_end: at, end, outputs: std::mem::take(&mut outputs) });
            at = end;
            continue;
        }
        let mut line = Line::new(file, at + 1, text);
        if !line.is_empty() {
            outputs.extend(parser.command(&mut line)?);
        }
        at += 1;
        let ends = lines.get(at).is_none_or(|next| next.trim().is_empty());
        if ends && !outputs.is_empty() {
            blocks.push(Block { commands_end: at, end: at, outputs: std::mem::take(&mut outputs) });
        }
    }
    let judge = parser.judge.clone();
    let plan = parser.finish(file, &lines)?;
    Ok(Parsing { plan, judge, blocks, has_expectations })
}

impl Parser {
    fn command(&mut self, line: &mut Line<'_>) -> Parsed<Option<Output>> {
        let word = line.word("a command")?;
        if word.text == "nodes" {
            self.nodes(line, word)?;
            line.end()?;
            return Ok(None);
        }
        let known: Vec<&'static str> =
            ["nodes"].into_iter().chain(SETTINGS).chain(ACTIONS).chain(OUTPUTS).collect();
        let Some(&name) = known.iter().find(|name| **name == word.text) else {
            return Err(line.unknown(word, "command", &known));
        };
        if self.plan.is_none() {
            return Err(line.error(
                word.column,
                format!(
                    "a scenario begins with its nodes, \"nodes 5 flood\", but here is {name:?}"
                ),
            ));
        }
        if self.lacks_workload && name != "workload" {
            let text = "an executable may be for any workload: say which before all else, as in \
                        \"workload broadcast\"";
            return Err(line.error(word.column, text));
        }
        let mut output = None;
        if SETTINGS.contains(&name) {
            // A link has settings only; loss and latency of all links, too.
            if self.actions_began {
                return Err(line.error(
                    word.column,
                    format!("{name:?} is a setting: it belongs above all that happens"),
                ));
            }
            self.setting(name, line)?;
        } else if OUTPUTS.contains(&name) {
            self.actions_began = true;
            let everything = name == "messages" && line.take("all");
            output = Some(Output {
                kind: OutputKind::named(name, everything),
                moment: self.next_moment(),
            });
        } else {
            self.actions_began = true;
            self.action(name, line)?;
        }
        line.end()?;
        Ok(output)
    }

    /// The place in time of what happens next.
    pub(super) fn next_moment(&mut self) -> u64 {
        let moment = self.base + self.tick;
        self.tick += 1;
        moment
    }

    /// A fault begins, in place of one of its kind that is on.
    pub(super) fn fault(&mut self, fault: impl Into<Fault>) {
        let (at, fault) = (self.next_moment(), fault.into());
        self.faults.end(at, |on| on.name() == fault.name());
        self.faults.begin(at, fault);
    }

    /// All faults end of which this is so.
    pub(super) fn mend(&mut self, is_meant: impl Fn(&Fault) -> bool) {
        let at = self.next_moment();
        self.faults.end(at, is_meant);
    }

    pub(super) fn operation(&mut self, operation: ListedOperation) {
        let at = self.next_moment();
        self.listed.push(ListedOperation { at, ..operation });
    }

    pub(super) fn run(&mut self, nanos: u64) {
        self.base = self.base.saturating_add(nanos);
    }

    /// The Plan so far.
    ///
    /// # Panics
    /// Before `nodes`, which `command` sees to.
    pub(super) fn plan(&self) -> &Plan {
        self.plan.as_ref().expect("nodes come first").so_far()
    }

    /// What it is made with.
    ///
    /// # Panics
    /// As [`Parser::plan`].
    pub(super) fn builder(&mut self) -> &mut PlanBuilder {
        self.plan.as_mut().expect("nodes come first")
    }

    /// Reads a node's name.
    pub(super) fn node(&mut self, line: &mut Line<'_>) -> Parsed<u32> {
        let word = line.word("the name of a node")?;
        self.node_named(word, line)
    }

    /// Reads the name of a node or, where faults touch these, of a service.
    pub(super) fn place(&mut self, line: &mut Line<'_>) -> Parsed<u32> {
        let word = line.word("the name of a node")?;
        self.place_named(word, line)
    }

    pub(super) fn place_named(&mut self, word: Word<'_>, line: &Line<'_>) -> Parsed<u32> {
        let count = self.plan().nodes.len();
        match SERVICES.iter().position(|service| *service == word.text) {
            Some(service) if self.plan().fault_services => Ok((count + service) as u32),
            Some(_) => Err(line.error(
                word.column,
                format!(
                    "faults do not touch services such as {} unless the settings say \
                     \"fault-services on\"",
                    word.text
                ),
            )),
            None => self.node_named(word, line),
        }
    }

    pub(super) fn node_named(&mut self, word: Word<'_>, line: &Line<'_>) -> Parsed<u32> {
        let names = &self.plan().nodes;
        if let Some(place) = names.iter().position(|name| name == word.text) {
            return Ok(place as u32);
        }
        let cluster = match names.as_slice() {
            [only] => format!("has only {only}"),
            [first, second] => format!("has {first} and {second}"),
            [first, .., last] => format!("has {first} … {last}"),
            [] => "is empty".to_owned(),
        };
        Err(line
            .error(word.column, format!("there is no node {}; the cluster {cluster}", word.text)))
    }

    fn finish(self, file: &str, lines: &[&str]) -> Parsed<Plan> {
        let at_end = |message: String| ScenarioError {
            file: file.to_owned(),
            line: lines.len().max(1),
            column: 1,
            message,
            source: lines.last().map_or_else(String::new, ToString::to_string),
        };
        let Some(mut plan) = self.plan else {
            return Err(at_end("a scenario needs nodes: \"nodes 5 flood\"".to_owned()));
        };
        if self.lacks_workload {
            let text = "a scenario of an executable needs its workload: \"workload broadcast\"";
            return Err(at_end(text.to_owned()));
        }
        let enough = (self.highest_worker + 1).max(plan.so_far().nodes.len() as u32);
        plan.workers(self.concurrency.unwrap_or(enough))
            .faults(self.faults.into_events())
            .operations(self.listed)
            // What happens at the last moment still happens.
            .time_limit(Duration::from_nanos(self.base + self.tick + 1))
            .build()
            .map_err(|error| at_end(error.to_string()))
    }
}
