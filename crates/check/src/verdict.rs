use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use glomers_history::{History, Time, Value};

/// What a checker thinks of a history. The order is from good to bad, so the
/// verdict on several aspects is the maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Validity {
    /// Nothing wrong was found, and it would have been.
    #[default]
    Valid,
    /// It cannot be said.
    Unknown,
    /// Something is certainly wrong.
    Invalid,
}

impl Validity {
    /// `Valid` or `Invalid`.
    pub fn from_bool(valid: bool) -> Validity {
        if valid { Validity::Valid } else { Validity::Invalid }
    }

    /// As results spell it: `true`, `false` or `:unknown`.
    pub fn to_value(self) -> Value {
        match self {
            Validity::Valid => Value::Bool(true),
            Validity::Unknown => Value::keyword("unknown"),
            Validity::Invalid => Value::Bool(false),
        }
    }
}

/// Something that is wrong, in words a person can act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The kind of finding: `lost`, `duplicated`, `node-crashed`.
    pub name: Cow<'static, str>,
    /// One sentence: what is wrong and the rule that it breaks.
    pub summary: String,
    /// The operations or lines that prove it, one a line, a dozen at most.
    pub evidence: Vec<String>,
    /// Where to look: indexes into the history.
    pub operations: Vec<u64>,
    /// The node it is about, if it is about one.
    pub node: Option<String>,
    /// When it showed, counted as operations are.
    pub time: Option<Time>,
}

/// How many lines a rendered finding may have: what a person reads at a glance.
const LINES: usize = 12;

impl Finding {
    /// A finding without evidence yet.
    pub fn new(name: &'static str, summary: impl Into<String>) -> Finding {
        Finding {
            name: Cow::Borrowed(name),
            summary: summary.into(),
            evidence: Vec::new(),
            operations: Vec::new(),
            node: None,
            time: None,
        }
    }

    /// The finding as text: its name and summary, then the evidence, indented; at
    /// most a dozen lines.
    pub fn render(&self) -> Vec<String> {
        let mut lines = vec![format!("{}: {}", self.name, safe(&self.summary))];
        let room = LINES - 1;
        let fits = self.evidence.len() <= room;
        let shown = if fits { room } else { room - 1 };
        lines.extend(self.evidence.iter().take(shown).map(|line| format!("  {}", safe(line))));
        if !fits {
            lines.push(format!("  and {} lines more", self.evidence.len() - shown));
        }
        lines
    }
}

/// What may have been written by a node: a terminal obeys none of it, and its lines
/// are not taken for ours.
fn safe(text: &str) -> String {
    glomers_protocol::printable_lines(text).replace('\n', "\n    ")
}

impl fmt::Display for Finding {
    /// The lines of [`Finding::render`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render().join("\n"))
    }
}

/// An observation that a node made about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// When, counted as operations are (0 if before the first could be).
    pub time: Time,
    /// Which node, by its place in [`Context::nodes`].
    pub node: u32,
    /// What about.
    pub label: Arc<str>,
    /// What.
    pub value: Value,
}

/// What kept a message from its receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kept {
    /// A partition cut its link.
    Cut,
    /// It was lost on its way.
    Lost,
    /// Its receiver was not running, or was killed before it took the message.
    Down,
    /// Its receiver was paused, and took it only afterwards.
    Paused,
}

/// A message that a fault kept from its receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutMessage {
    /// When, counted as operations are.
    pub time: Time,
    /// The sender, by its place in [`Context::nodes`]; services come after the
    /// nodes, in the order of [`Context::services`].
    pub src: u32,
    /// The receiver, likewise.
    pub dest: u32,
    /// The body.
    pub body: Value,
    /// What kept it from its receiver.
    pub how: Kept,
}

/// A service that nodes can ask, and how often they did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its name: `seq-kv`.
    pub name: String,
    /// How many requests of nodes reached it.
    pub requests: u64,
}

/// What a checker may know beside the history.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// The names of the nodes. The operations of process p went to node
    /// (p mod `concurrency`) mod (number of nodes).
    pub nodes: Vec<String>,
    /// How many workers there were; 0 if unknown.
    pub concurrency: u32,
    /// What nodes noted about themselves, in order of time.
    pub marks: Vec<Mark>,
    /// What faults kept from its receivers, in order of time: all that partitions
    /// cut; the rest only where a workload asks for it.
    pub cut: Vec<CutMessage>,
    /// The services that nodes can ask.
    pub services: Vec<Service>,
    /// Operations that asked another node than that of their process, by the index
    /// of their invocation: the node's place in [`Context::nodes`].
    pub asked: BTreeMap<u64, u32>,
    /// Whether the history ends before its time: what was on its way then had no
    /// chance to arrive.
    pub is_cut_short: bool,
}

impl Context {
    /// The name of the node that a process talks to, if known.
    pub fn node_of(&self, process: glomers_history::Process) -> Option<&str> {
        let glomers_history::Process::Client(process) = process else {
            return None;
        };
        let worker = process.checked_rem(self.concurrency)? as usize;
        self.nodes.get(worker.checked_rem(self.nodes.len())?).map(String::as_str)
    }

    /// The place in [`Context::nodes`] of the node that a process talks to.
    pub(crate) fn node_index_of(&self, process: glomers_history::Process) -> Option<usize> {
        let glomers_history::Process::Client(process) = process else {
            return None;
        };
        let worker = process.checked_rem(self.concurrency)? as usize;
        worker.checked_rem(self.nodes.len())
    }

    /// The place in [`Context::nodes`] of the node that an invocation asked.
    pub(crate) fn node_asked(&self, invoke: &glomers_history::Op) -> Option<usize> {
        match self.asked.get(&invoke.index) {
            Some(&place) => Some(place as usize),
            None => self.node_index_of(invoke.process),
        }
    }

    /// The name of the node at a place in [`Context::nodes`], or of the service
    /// behind them.
    pub(crate) fn node_name(&self, index: u32) -> &str {
        let index = index as usize;
        match (self.nodes.get(index), index.checked_sub(self.nodes.len())) {
            (Some(name), _) => name,
            (None, Some(place)) => {
                self.services.get(place).map_or("an unknown node", |service| &service.name)
            }
            (None, None) => "an unknown node",
        }
    }

    /// Whether nodes asked the service of this name.
    pub(crate) fn uses(&self, service: &str) -> bool {
        self.services.iter().any(|one| one.name == service && one.requests > 0)
    }
}

/// The verdict of one checker. A finding makes it invalid, whatever `strict` says: see
/// [`CheckResult::verdict`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckResult {
    /// What Jepsen's checker of this name would say.
    pub compat: Validity,
    /// What we say, as far as findings leave that open.
    pub strict: Validity,
    /// The entries of the checker's map in the results, but for `valid?`, in
    /// order; names as Jepsen has them, then ours.
    pub fields: Vec<(&'static str, Value)>,
    /// What is wrong, the worst first.
    pub findings: Vec<Finding>,
    /// Sentences that help to read a verdict that is not bad: why a fault did
    /// no harm, say.
    pub notes: Vec<String>,
}

impl CheckResult {
    /// Invalid by these findings, if there are any; else valid. What Jepsen would say
    /// is left at valid.
    pub fn of_findings(findings: impl IntoIterator<Item = Finding>) -> CheckResult {
        let findings: Vec<Finding> = findings.into_iter().collect();
        let strict = Validity::from_bool(findings.is_empty());
        CheckResult { strict, findings, ..CheckResult::default() }
    }

    /// The strict verdict: invalid if there is a finding, else what `strict` says. It
    /// is this that counts wherever results are put together.
    pub fn verdict(&self) -> Validity {
        self.strict.max(Validity::from_bool(self.findings.is_empty()))
    }
}

/// Judges a history.
pub trait Checker {
    /// Judges a history. Never panics, whatever the history holds.
    fn check(&self, history: &History, context: &Context) -> CheckResult;
}
