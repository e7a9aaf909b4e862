//! What faults did, as the history, the marks and the messages tell it.

use glomers_history::journal::{Disturbance, DropReason};
use glomers_history::{History, Mark, Op, OpKind, Process, SECOND, Time, Value};

use super::leaders::Leaders;
use super::{WORDS, Words};
use crate::driving::{DISK_TROUBLE, LOST_WRITES};

/// What one fault did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FaultReport {
    /// What kind: `partition`, `kill`, `pause`, `loss`, `slow-nodes`.
    pub kind: &'static str,
    /// Which, in words: `majority: n1 n2 | n0 n3 n4`.
    pub description: String,
    /// When it began, counted as operations are.
    pub from: Time,
    /// When it ended; `None` if the run ended first.
    pub until: Option<Time>,
    /// Messages between nodes that a partition swallowed.
    pub messages_cut: u64,
    /// Messages between nodes that were lost: drawn, or sent to the dead.
    pub messages_lost: u64,
    /// Messages between nodes that were held up.
    pub messages_delayed: u64,
    /// Messages between nodes that came twice.
    pub messages_doubled: u64,
    /// Messages that a slow link or a slow node held up.
    pub messages_slowed: u64,
    /// How often nodes read a wrong time.
    pub clock_reads: u64,
    /// Nodes that it was about; 0 for faults of links.
    pub nodes_hit: u64,
    /// Nodes that were started again at its end.
    pub nodes_restarted: u64,
    /// Writes to disks that were not synced and are gone.
    pub writes_lost: u64,
    /// Writes and syncs that a disk slowed or refused.
    pub disk_trouble: u64,
    /// Nodes hit, or with a link hit, that said they lead.
    pub leaders_hit: u64,
    /// Operations of clients that were under way during it.
    pub operations_in_flight: u64,
    /// Whether operations ended within a second of its beginning, so that there
    /// was no time to see anything.
    pub cut_short: bool,
}

/// What a fault does to a message or a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Harm {
    /// A message was cut by a partition.
    Cut,
    /// A message was lost because its receiver was dead.
    NodeDown,
    /// A message was lost by a draw.
    Lost,
    /// A message was doubled.
    Doubled,
    /// A message was held up.
    Delayed,
    /// A message took a slow link.
    SlowLink,
    /// A message waited at a slow node.
    SlowNode,
    /// A message waited at a node that was paused.
    Waited,
    /// A node was told a wrong time.
    ClockRead,
}

/// One thing that a fault did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Touch {
    /// When, counted as operations are.
    pub(crate) time: Time,
    /// The receiver of the message, or the node, by its place; services come after the
    /// nodes.
    pub(crate) node: u32,
    /// What.
    pub(crate) harm: Harm,
}

impl Harm {
    /// The harm in a message between nodes that was dropped, if a fault did it
    /// that is counted so.
    pub(crate) fn of_drop(reason: DropReason) -> Option<Harm> {
        match reason {
            DropReason::NodeDown => Some(Harm::NodeDown),
            DropReason::Fault => Some(Harm::Lost),
            DropReason::Partition => Some(Harm::Cut),
            DropReason::Loss | DropReason::Override | DropReason::ClientGone => None,
        }
    }

    /// The harm in a message that was disturbed.
    pub(crate) fn of(how: Disturbance) -> Harm {
        match how {
            Disturbance::Doubled => Harm::Doubled,
            Disturbance::Delayed => Harm::Delayed,
            Disturbance::SlowLink => Harm::SlowLink,
            Disturbance::SlowNode => Harm::SlowNode,
            Disturbance::Waited => Harm::Waited,
        }
    }
}

impl FaultReport {
    /// Whether the run would have been the same without it, as far as can be
    /// seen.
    pub fn touched_nothing(&self) -> bool {
        match self.kind {
            "kill" | "pause" => {
                let done = self.done() + self.operations_in_flight + self.leaders_hit;
                // A pause that is over when it begins stops nobody.
                let is_over = self.kind == "pause" && self.until == Some(self.from);
                self.nodes_hit == 0 || done == 0 || is_over
            }
            "disk" => self.disk_trouble + self.writes_lost == 0,
            _ => self.done() == 0,
        }
    }

    /// Whether it had the time to touch something, and did not: the run does not
    /// say what the cluster does under such a fault.
    pub fn proves_nothing(&self) -> bool {
        self.touched_nothing() && !self.cut_short
    }

    /// How often it did what is its own to do.
    fn done(&self) -> u64 {
        self.messages_cut
            + self.messages_lost
            + self.messages_delayed
            + self.messages_doubled
            + self.messages_slowed
            + self.clock_reads
    }

    /// What it did, in words: `12 messages cut, 3 operations under way meanwhile`.
    pub fn effects(&self) -> String {
        let own = match self.kind {
            "partition" => (self.messages_cut, "message", "cut"),
            "duplicate" => (self.messages_doubled, "message", "doubled"),
            "reorder" => (self.messages_delayed, "message", "held up"),
            "slow-links" | "slow-nodes" => (self.messages_slowed, "message", "slowed"),
            "clock" => (self.clock_reads, "wrong reading", "of a clock"),
            _ => (self.messages_lost, "message", "lost"),
        };
        let mut parts = Vec::new();
        match self.kind {
            "pause" => {}
            "disk" => parts.push((self.disk_trouble, "write or sync", "slowed or refused")),
            _ => parts.push(own),
        }
        parts.push((self.operations_in_flight, "operation", "under way meanwhile"));
        if self.kind == "kill" {
            parts.push((self.nodes_restarted, "node", "restarted"));
        }
        if self.writes_lost > 0 {
            parts.push((self.writes_lost, "write", "not synced and lost"));
        }
        if self.leaders_hit > 0 {
            parts.push((self.leaders_hit, "leader", "hit"));
        }
        let words = parts.into_iter().map(|(number, noun, what)| match (number, noun) {
            (1, noun) => format!("1 {noun} {what}"),
            (number, "write or sync") => format!("{number} writes or syncs {what}"),
            (number, noun) => format!("{number} {noun}s {what}"),
        });
        words.collect::<Vec<String>>().join(", ")
    }

    /// Why it touched nothing, in words.
    pub fn idle_reason(&self) -> &'static str {
        match self.kind {
            "partition" => "no message was cut",
            "kill" | "pause" | "slow-nodes" | "clock" | "disk" if self.nodes_hit == 0 => {
                "it hit no node"
            }
            "loss" => "no message was lost",
            "duplicate" => "no message was doubled",
            "reorder" => "no message was held up",
            "slow-links" | "slow-nodes" => "no message was slowed",
            "disk" => "no write or sync was slowed, refused or lost",
            "pause" if self.until == Some(self.from) => "it was over when it began",
            "clock" => "no node looked at its wall clock (cx.wall_clock())",
            _ => "no message was lost and no operation was under way",
        }
    }
}

/// A report that is being made.
struct Draft {
    report: FaultReport,
    /// The nodes that are still in it, for kills and pauses.
    affected: Vec<Value>,
    /// All that it was about.
    nodes: Vec<Value>,
    /// What the history says that it did.
    did: Value,
}

/// The faults of a history, in order, with what each did. `names` are those of
/// the nodes; `touches` are in order of time.
pub(crate) fn reports_from(
    history: &History,
    names: &[String],
    marks: &[Mark],
    touches: &[Touch],
) -> Vec<FaultReport> {
    let mut drafts: Vec<Draft> = Vec::new();
    let mut announced: Option<&Op> = None;
    for op in history.ops().iter().filter(|op| op.process == Process::Nemesis) {
        // The nemesis says each twice: what it is about to do, and what it did.
        match announced.take_if(|before| before.f == op.f) {
            Some(before) => take(&mut drafts, before, op),
            None => announced = Some(op),
        }
    }
    if drafts.is_empty() {
        return Vec::new();
    }
    let leaders = Leaders::new(history, names, marks);
    let pairs = history.pairs();
    let last_begin = last_begin(history);
    for draft in &mut drafts {
        draft.count_operations(history, &pairs, last_begin);
        draft.count_messages(names, touches);
        draft.count_writes(names, marks);
        draft.report.leaders_hit = leaders
            .at(draft.report.from)
            .filter(|leader| draft.is_about(&Value::string(*leader)))
            .count() as u64;
    }
    drafts.into_iter().map(|draft| draft.report).collect()
}

/// The faults of a history, in order: when each began and ended, and what operations
/// it met.
pub fn faults_of(history: &History) -> Vec<FaultReport> {
    reports_from(history, &[], &[], &[])
}

/// When the last operation began that is not a final one.
fn last_begin(history: &History) -> Time {
    let begins = history
        .ops()
        .iter()
        .rev()
        .find(|op| op.kind == OpKind::Invoke && op.process.is_client() && !op.is_final);
    begins.map_or(Time::ZERO, |op| op.time)
}

/// Takes what the nemesis did into the reports.
fn take(drafts: &mut Vec<Draft>, before: &Op, op: &Op) {
    let words = |test: fn(&Words, &str) -> bool| WORDS.iter().find(|words| test(words, &op.f));
    if let Some(words) = words(|words, f| words.begin == f) {
        let mut nodes = op.value.get("nodes").map(elements).unwrap_or_default();
        let has_nodes = ["kill", "pause"].contains(&words.kind);
        let mut did = op.value.clone();
        if has_nodes {
            nodes = keys(&op.value);
            if words.kind == "kill" {
                // The dead are not paused any more.
                release(drafts, "pause", &nodes, op.time);
            } else {
                // Nor can they be.
                nodes.retain(|node| !is_dead(drafts, node));
                did = Value::map(nodes.iter().map(|node| (node.clone(), Value::Null)));
            }
        }
        let description = (words.describe)(&before.value, &did);
        let mut draft = Draft::new(words.kind, description, op, nodes);
        if has_nodes {
            // Nobody was hit, so nobody has to get well.
            draft.report.until = draft.nodes.is_empty().then_some(op.time);
        }
        drafts.push(draft);
    } else if let Some(words) = words(|words, f| words.end == f) {
        match words.kind {
            "kill" | "pause" => release(drafts, words.kind, &keys(&op.value), op.time),
            kind => close(drafts, kind, &before.value, op.time),
        }
    }
}

/// Whether a kill that is not over has hit a node.
fn is_dead(drafts: &[Draft], node: &Value) -> bool {
    let open = drafts.iter().filter(|draft| draft.report.until.is_none());
    open.filter(|draft| draft.report.kind == "kill").any(|draft| draft.affected.contains(node))
}

/// Ends the fault of a kind; of several the one that did what the history says.
fn close(drafts: &mut [Draft], kind: &str, did: &Value, time: Time) {
    let is_on = |draft: &&mut Draft| {
        let is_meant = *did == Value::Null || draft.did == *did;
        draft.report.kind == kind && draft.report.until.is_none() && is_meant
    };
    if let Some(draft) = drafts.iter_mut().find(is_on) {
        draft.report.until = Some(time);
    }
}

/// Some nodes are well again: a kill or pause is over when the last of its nodes
/// is.
fn release(drafts: &mut [Draft], kind: &str, well: &[Value], time: Time) {
    for draft in drafts {
        if draft.report.kind == kind && draft.report.until.is_none() {
            let before = draft.affected.len();
            draft.affected.retain(|node| !well.contains(node));
            if kind == "kill" {
                draft.report.nodes_restarted += (before - draft.affected.len()) as u64;
            }
            draft.report.until = draft.affected.is_empty().then_some(time);
        }
    }
}

impl Draft {
    fn new(kind: &'static str, description: String, op: &Op, nodes: Vec<Value>) -> Draft {
        let report = FaultReport {
            kind,
            description,
            from: op.time,
            nodes_hit: nodes.len() as u64,
            ..FaultReport::default()
        };
        Draft { report, affected: nodes.clone(), nodes, did: op.value.clone() }
    }

    /// Whether a node, or one of its links, is hit.
    fn is_about(&self, node: &Value) -> bool {
        if !self.nodes.is_empty() {
            return self.nodes.contains(node);
        }
        if self.report.kind == "partition" {
            let cut = self.did.as_list().and_then(|list| list.get(1));
            let Some(Value::Map(pairs)) = &cut else { return false };
            return pairs.iter().any(|(receiver, sources)| {
                let sources = elements(sources);
                sources.contains(node) || (receiver == node && !sources.is_empty())
            });
        }
        let Some(links) = self.did.get("links") else { return false };
        match links.get("around") {
            Some(nodes) => elements(nodes).contains(node),
            None if links.as_list().is_some() => {
                elements(links).iter().any(|link| elements(link).contains(node))
            }
            None => true,
        }
    }

    fn count_operations(&mut self, history: &History, pairs: &[Option<usize>], last_begin: Time) {
        let ops = history.ops();
        let (from, until) = (self.report.from, self.report.until.unwrap_or(Time::MAX));
        self.report.operations_in_flight = ops
            .iter()
            .zip(pairs)
            .filter(|(op, _)| op.kind == OpKind::Invoke && op.process.is_client())
            .filter(|(op, end)| op.time <= until && end.is_none_or(|end| ops[end].time >= from))
            .count() as u64;
        self.report.cut_short = until > last_begin && last_begin.0.saturating_sub(from.0) < SECOND;
    }

    /// Nodes that are killed are marked with what they lose, at that moment; nodes
    /// whose disks are in trouble with how often that showed.
    fn count_writes(&mut self, names: &[String], marks: &[Mark]) {
        let until = match self.report.kind {
            "kill" => self.report.from,
            "disk" => self.report.until.unwrap_or(Time::MAX),
            _ => return,
        };
        let begin = marks.partition_point(|mark| mark.time < self.report.from);
        let during = marks[begin..].iter().take_while(|mark| mark.time <= until);
        for mark in during.filter(|mark| [LOST_WRITES, DISK_TROUBLE].contains(&&*mark.label)) {
            let name = names.get(mark.node as usize).map(Value::string);
            if !name.is_some_and(|name| self.nodes.contains(&name)) {
                continue;
            }
            let count = mark.value.as_int().map_or(0, |count| count.max(0) as u64);
            if &*mark.label == LOST_WRITES {
                self.report.writes_lost += count;
            } else if self.report.kind == "disk" {
                self.report.disk_trouble += count;
            }
        }
    }

    fn count_messages(&mut self, names: &[String], touches: &[Touch]) {
        let report = &mut self.report;
        let during = report.from..=report.until.unwrap_or(Time::MAX);
        if report.kind == "partition" {
            let cut = touches.iter().filter(|one| one.harm == Harm::Cut);
            report.messages_cut = cut.filter(|one| during.contains(&one.time)).count() as u64;
            return;
        }
        let begin = touches.partition_point(|touch| touch.time < *during.start());
        let touches = touches[begin..].iter().take_while(|touch| touch.time <= *during.end());
        if report.kind == "kill" {
            let is_of = |node: u32| {
                let name = names.get(node as usize).map(Value::string);
                name.is_some_and(|name| self.nodes.contains(&name))
            };
            let lost = touches.filter(|t| t.harm == Harm::NodeDown && is_of(t.node)).count();
            report.messages_lost = lost as u64;
            return;
        }
        if report.kind == "pause" {
            let is_of = |node: u32| {
                let name = names.get(node as usize).map(Value::string);
                name.is_some_and(|name| self.nodes.contains(&name))
            };
            let waited = touches.filter(|t| t.harm == Harm::Waited && is_of(t.node)).count();
            report.messages_delayed = waited as u64;
            return;
        }
        let words = WORDS.iter().find(|words| words.kind == report.kind);
        let Some(harm) = words.and_then(|words| words.harm) else { return };
        let count = touches.filter(|touch| touch.harm == harm).count() as u64;
        let counter = match harm {
            Harm::NodeDown | Harm::Lost => &mut report.messages_lost,
            Harm::Doubled => &mut report.messages_doubled,
            Harm::Delayed | Harm::Waited => &mut report.messages_delayed,
            Harm::SlowLink | Harm::SlowNode => &mut report.messages_slowed,
            Harm::ClockRead => &mut report.clock_reads,
            Harm::Cut => &mut report.messages_cut,
        };
        *counter = count;
    }
}

/// The elements of a list or set.
pub(super) fn elements(value: &Value) -> Vec<Value> {
    match value {
        Value::List(list) => list.iter().collect(),
        Value::Set(elements) => elements.to_vec(),
        _ => Vec::new(),
    }
}

/// The keys of a map.
pub(super) fn keys(value: &Value) -> Vec<Value> {
    match value {
        Value::Map(pairs) => pairs.iter().map(|(key, _)| key.clone()).collect(),
        _ => Vec::new(),
    }
}

/// A cut in words: two sides where it is that, else who does not hear whom.
pub(super) fn describe_cut(cut: Option<&Value>) -> String {
    let Some(Value::Map(pairs)) = cut else { return String::new() };
    let words = |nodes: &Value| {
        let names = elements(nodes);
        let names = names.iter().map(|name| name.as_str().unwrap_or("?"));
        names.collect::<Vec<&str>>().join(" ")
    };
    let mut groups: Vec<(Vec<Value>, &Value)> = Vec::new();
    for (receiver, sources) in pairs.iter() {
        match groups.iter_mut().find(|(_, deaf_to)| *deaf_to == sources) {
            Some((group, _)) => group.push(receiver.clone()),
            None => groups.push((vec![receiver.clone()], sources)),
        }
    }
    let groups: Vec<(String, String)> = groups
        .into_iter()
        .map(|(group, deaf_to)| (words(&Value::set(group)), words(deaf_to)))
        .collect();
    match &*groups {
        [(a, not_a), (b, not_b)] if a == not_b && b == not_a && !a.is_empty() => {
            format!("{a} | {b}")
        }
        groups if groups.iter().all(|(_, deaf_to)| deaf_to.is_empty()) => "cuts no link".to_owned(),
        groups => {
            let deaf = groups.iter().filter(|(_, deaf_to)| !deaf_to.is_empty());
            let deaf = deaf.map(|(group, deaf_to)| format!("{group} not from {deaf_to}"));
            deaf.collect::<Vec<String>>().join("; ")
        }
    }
}
