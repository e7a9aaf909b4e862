//! What is wrong, to be drawn: a circle of operations, or the operations around it.

use std::collections::BTreeMap;

use glomers_check::{Context, Explanation, Finding};
use glomers_history::{History, Op, OpKind, Process, Time};

use crate::circle::{Circle, Stop};
use crate::operations::{Bar, Operations, Role, Row};

/// How many operations of the order that there is are shown.
const OF_PREFIX: usize = 6;
/// How many operations are shown that went on at the same time.
const AT_THE_SAME_TIME: usize = 8;
/// How many operations are shown that a finding names.
const NAMED: usize = 10;
/// How many steps of a transaction are shown.
const STEPS: usize = 5;

/// A figure as SVG, and what it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The figure.
    pub svg: String,
    /// What can be seen on it.
    pub shows: &'static str,
}

const CIRCLE: &str = "the cycle";
const AROUND: &str = "the operations around it";

/// What there is to draw of findings: of a register where it got stuck, of others the
/// circle that the first finding is, or else the operations that it names.
pub fn of_findings(
    history: &History,
    context: &Context,
    findings: &[Finding],
    explanation: Option<&Explanation>,
) -> Option<Picture> {
    if explanation.is_none()
        && let Some(finding) = findings.first()
        && finding.circle.len() > 1
    {
        let figure = Circle { notes: finding.render(), ..circle(history, context, finding) };
        return Some(Picture { svg: figure.figure(), shows: CIRCLE });
    }
    let figure = match explanation {
        Some(explanation) => stuck(history, context, explanation),
        None => {
            let finding = findings.iter().find(|finding| !finding.operations.is_empty())?;
            Operations { notes: finding.render(), ..named(history, context, finding) }
        }
    };
    Some(Picture { svg: figure.figure(), shows: AROUND })
}

/// What there is to draw of one finding on a page that tells it in words already, with
/// links to the operations (`#op-29`). `explanation`: where a register got stuck; it is
/// used if it is about this finding.
pub fn of_finding(
    history: &History,
    context: &Context,
    finding: &Finding,
    explanation: Option<&Explanation>,
) -> Option<Picture> {
    if finding.circle.len() > 1 {
        let figure = Circle { is_linked: true, ..circle(history, context, finding) };
        return Some(Picture { svg: figure.figure(), shows: CIRCLE });
    }
    let is_meant = |explanation: &&Explanation| {
        explanation.finding == finding.name && finding.operations.contains(&explanation.stuck)
    };
    let figure = match explanation.filter(is_meant) {
        Some(explanation) => stuck(history, context, explanation),
        None if finding.operations.is_empty() => return None,
        None => named(history, context, finding),
    };
    let figure = Operations { is_linked: true, notes: Vec::new(), ..figure };
    Some(Picture { svg: figure.figure(), shows: AROUND })
}

/// The operations of a circle, and why each comes before the next.
fn circle(history: &History, context: &Context, finding: &Finding) -> Circle {
    let ops = history.ops();
    let is_timed = ops.iter().any(|op| op.time != Time::ZERO);
    let stops = finding.circle.iter().filter_map(|step| {
        let op = ops.get(step.operation as usize)?;
        let mut place = match context.node_of(op) {
            Some(node) => format!("process {} at {node}", op.process),
            None => format!("process {}", op.process),
        };
        if is_timed {
            place = format!("{place}, {}", op.time);
        }
        Some(Stop {
            name: format!("T{}", op.index),
            operation: op.index,
            lines: few(steps(op)).into_iter().chain([place]).collect(),
            edge: step.edge,
            about: step.key.as_ref().map_or(String::new(), |key| format!("key {}", key.to_json())),
        })
    });
    Circle {
        title: finding.name.to_string(),
        stops: stops.collect(),
        notes: Vec::new(),
        is_linked: false,
    }
}

/// What an operation did, step by step, if it is a transaction.
pub fn steps(op: &Op) -> Vec<String> {
    let is_plain = |text: &&str| text.bytes().all(|byte| byte.is_ascii_graphic());
    let word = |word: glomers_history::Value| match word.as_str().filter(is_plain) {
        Some(text) => text.to_owned(),
        None => word.to_json(),
    };
    let step = |part: glomers_history::Value| match part.as_list() {
        Some(words) => words.iter().map(word).collect::<Vec<String>>().join(" "),
        None => part.to_json(),
    };
    match op.value.as_list() {
        Some(list) if !list.is_empty() => list.iter().map(step).collect(),
        _ => vec![format!("{} {}", op.f, op.value.to_json())],
    }
}

/// The first of them, if there are many.
fn few(steps: Vec<String>) -> Vec<String> {
    if steps.len() <= STEPS {
        return steps;
    }
    let more = format!("and {} more", steps.len() - STEPS + 1);
    steps.into_iter().take(STEPS - 1).chain([more]).collect()
}

/// The operations around the one at which a register got stuck.
fn stuck(history: &History, context: &Context, explanation: &Explanation) -> Operations {
    let mut scene = Scene::new(history, context);
    scene.stuck(explanation);
    let subject = explanation.key.as_ref();
    let subject = subject.map_or("the register".to_owned(), |key| format!("key {}", key.to_json()));
    let label = |place| explanation.label(history, place);
    // The figure itself shows the order and what went on at the same time.
    let notes = explanation.render(history, context).into_iter();
    let states = ["when it ended", "what it could hold"];
    let is_states = |line: &String| states.iter().any(|start| line.starts_with(start));
    let notes = notes.skip_while(|line| !is_states(line));
    let notes = notes.take_while(|line| !line.starts_with("under way")).collect();
    let title = format!("{}: where {subject} fits no order", explanation.finding);
    scene.chart(title, &label, notes)
}

/// The operations that a finding names, and those that were under way at the first.
fn named(history: &History, context: &Context, finding: &Finding) -> Operations {
    let mut scene = Scene::new(history, context);
    scene.found(finding);
    let label = |place: u64| {
        let op = &history.ops()[place as usize];
        format!("{} {}", op.f, op.value.to_json())
    };
    scene.chart(finding.name.to_string(), &label, Vec::new())
}

struct Scene<'a> {
    history: &'a History,
    context: &'a Context,
    pairs: Vec<Option<usize>>,
    /// Each operation by the place of its beginning, or of its end if that is all
    /// there is.
    cast: BTreeMap<u64, Role>,
}

impl<'a> Scene<'a> {
    fn new(history: &'a History, context: &'a Context) -> Scene<'a> {
        Scene { history, context, pairs: history.pairs(), cast: BTreeMap::new() }
    }

    fn stuck(&mut self, explanation: &Explanation) {
        self.add(explanation.stuck, Role::Culprit);
        for place in explanation.previous_ok.into_iter().chain(explanation.writer) {
            self.add(place, Role::Evidence);
        }
        for &place in explanation.longest_prefix.iter().rev().take(OF_PREFIX) {
            self.add(place, Role::Context);
        }
        for &place in explanation.concurrent.iter().rev().take(AT_THE_SAME_TIME) {
            self.add(place, Role::Context);
        }
    }

    fn found(&mut self, finding: &Finding) {
        let mut role = Role::Culprit;
        for &place in finding.operations.iter().take(NAMED) {
            self.add(place, role);
            role = Role::Evidence;
        }
        let Some((&culprit, _)) = self.cast.iter().find(|(_, role)| **role == Role::Culprit) else {
            return;
        };
        let (begin, end) = self.span(culprit);
        let (from, to) = (begin.unwrap_or(culprit), end.unwrap_or(culprit));
        let around = (0..self.history.len() as u64).filter(|&place| {
            let (begin, end) = self.span(place);
            let is_client = self.history.ops()[place as usize].process.is_client();
            is_client && begin == Some(place) && place < to && end.is_none_or(|end| end > from)
        });
        let around: Vec<u64> = around.take(AT_THE_SAME_TIME).collect();
        for place in around {
            self.add(place, Role::Context);
        }
    }

    /// Adds an operation, by its beginning or its end, unless it is there.
    fn add(&mut self, place: u64, role: Role) {
        let Some(op) = self.history.ops().get(place as usize) else { return };
        let begin = match op.kind {
            OpKind::Invoke => place,
            _ => self.pairs[place as usize].map_or(place, |begin| begin as u64),
        };
        self.cast.entry(begin).or_insert(role);
    }

    /// Where the operation of an entry begins and ends, as far as that is known.
    fn span(&self, place: u64) -> (Option<u64>, Option<u64>) {
        let kind = |place: u64| self.history.ops()[place as usize].kind;
        let other = self.pairs[place as usize].map(|other| other as u64);
        let (begin, end) = match kind(place) {
            OpKind::Invoke => (Some(place), other),
            _ => (other, Some(place)),
        };
        (begin, end.filter(|&end| kind(end) != OpKind::Info))
    }

    fn chart(
        &self,
        title: String,
        label: &dyn Fn(u64) -> String,
        notes: Vec<String>,
    ) -> Operations {
        let mut rows: BTreeMap<u32, Vec<Row>> = BTreeMap::new();
        let mut times: BTreeMap<u64, String> = BTreeMap::new();
        for (&place, &role) in &self.cast {
            let op = &self.history.ops()[place as usize];
            let Process::Client(process) = op.process else { continue };
            let (begin, end) = self.span(place);
            let last = self.pairs[place as usize].map_or(place, |other| place.max(other as u64));
            let told =
                if end.is_none() && begin.is_some() && !self.tells(last) { place } else { last };
            let failed =
                end.is_some_and(|end| self.history.ops()[end as usize].kind == OpKind::Fail);
            let label = format!("{last}: {}", label(told));
            let bar = Bar { begin, end, operation: last, label, role, failed };
            for place in begin.into_iter().chain(end) {
                times.insert(place, self.time(place));
            }
            let lanes = rows.entry(process).or_default();
            // What never ended goes on while its process begins again.
            let is_free = |row: &Row| row.bars.last().is_some_and(|bar| bar.end.is_some());
            if !lanes.last().is_some_and(is_free) {
                lanes.push(Row { name: self.name(op), bars: Vec::new() });
            }
            if let Some(lane) = lanes.last_mut() {
                lane.bars.push(bar);
            }
        }
        Operations {
            title,
            rows: rows.into_values().flatten().collect(),
            times: times.into_iter().collect(),
            notes,
            is_linked: false,
        }
    }

    /// Whether an end says what the operation was about.
    fn tells(&self, place: u64) -> bool {
        self.history.ops()[place as usize].value != glomers_history::Value::Null
    }

    fn name(&self, op: &Op) -> String {
        match self.context.node_of(op) {
            Some(node) => format!("{} at {node}", op.process),
            None => format!("process {}", op.process),
        }
    }

    /// The time of an entry; its number where no times are recorded.
    fn time(&self, place: u64) -> String {
        let ops = self.history.ops();
        if ops.iter().all(|op| op.time == Time::ZERO) {
            return format!("op {place}");
        }
        ops[place as usize].time.to_string()
    }
}
