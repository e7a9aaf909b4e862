//! Counters: the last reads must return the sum of what was added.

mod sums;
mod why;

use glomers_history::{History, Op, OpKind, Process, Value};
use rustc_hash::FxHashMap;

use crate::{CheckResult, Checker, Context, Finding, Validity, words};
use sums::{Sums, TooMany};

/// How many operations a finding shows.
const SHOWN: usize = 3;

/// How many intervals the results list.
const LISTED: usize = 4096;

/// Judges counters: g-counter and pn-counter.
///
/// Compatible with Maelstrom: a final read is the sum of the acknowledged adds and
/// of some of those whose end is `info`; failed ones do not count. Strictly adds
/// that never end may count too (in this alone the strict verdict may be the more
/// lenient one: a history that was cut off must not make a right node wrong), and
/// every other read is the sum of some of the adds begun before the read ended and
/// not failed. It may lack any of them: a node need not know yet what others did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counter {
    /// Whether something below 0 may be added.
    pub may_decrease: bool,
}

impl Counter {
    /// Of the g-counter workload.
    pub const G_COUNTER: Counter = Counter { may_decrease: false };
    /// Of the pn-counter workload.
    pub const PN_COUNTER: Counter = Counter { may_decrease: true };
}

/// An add.
struct Add {
    /// The place of its beginning; 0 if it has none.
    begin: usize,
    /// The place of its end, if it has one.
    end: Option<usize>,
    /// How it ended; `Invoke` if it never did.
    kind: OpKind,
    delta: i128,
}

/// An answered read.
struct Read {
    end: usize,
    is_final: bool,
    /// What it returned, if that is an integer.
    value: Option<i128>,
}

#[derive(Default)]
struct Scan {
    /// Those that did not fail.
    adds: Vec<Add>,
    /// Those that did.
    failed: Vec<Add>,
    reads: Vec<Read>,
    /// An add of something that is no integer.
    unusable: Option<usize>,
    /// Something below 0 that was added.
    decrease: Option<usize>,
}

/// Integers of so many characters are beyond all sums.
const BEYOND: usize = 30;

/// An integer; one that is far beyond all sums as another that is.
fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::Int(integer) => Some(i128::from(*integer)),
        Value::BigInt(digits) if digits.len() < BEYOND => digits.parse().ok(),
        Value::BigInt(digits) => {
            Some(if digits.starts_with('-') { -i128::MAX / 4 } else { i128::MAX / 4 })
        }
        _ => None,
    }
}

/// An integer that can be added some billions of times.
fn delta(value: &Value) -> Option<i128> {
    let is_beyond = matches!(value, Value::BigInt(digits) if digits.len() >= BEYOND);
    integer(value).filter(|_| !is_beyond)
}

impl Scan {
    fn new(history: &History) -> Scan {
        let mut scan = Scan::default();
        let ops = history.ops();
        let mut open: FxHashMap<u32, usize> = FxHashMap::default();
        for (place, op) in ops.iter().enumerate() {
            let Process::Client(process) = op.process else {
                continue;
            };
            if op.kind == OpKind::Invoke {
                if let Some(earlier) = open.insert(process, place) {
                    scan.finish(ops, Some(earlier), None);
                }
            } else {
                let invoke = open.remove(&process);
                scan.finish(ops, invoke, Some(place));
            }
        }
        for invoke in open.into_values() {
            scan.finish(ops, Some(invoke), None);
        }
        scan.adds.sort_unstable_by_key(|add| add.begin);
        scan
    }

    fn finish(&mut self, ops: &[Op], invoke: Option<usize>, completion: Option<usize>) {
        let begun = invoke.map(|place| &ops[place]);
        // An end of another operation: each counts by itself.
        let ended = completion.map(|place| &ops[place]);
        if let (Some(begun), Some(ended)) = (begun, ended)
            && begun.f != ended.f
        {
            self.finish(ops, invoke, None);
            self.finish(ops, None, completion);
            return;
        }
        let Some(place) = completion.or(invoke) else { return };
        let kind = ended.map_or(OpKind::Invoke, |op| op.kind);
        match (&*ops[place].f, kind) {
            ("add", OpKind::Fail) => {
                let delta = begun.map(|op| &op.value).and_then(delta);
                if let (Some(begin), Some(delta)) = (invoke, delta) {
                    self.failed.push(Add { begin, end: completion, kind, delta });
                }
            }
            ("add", _) => {
                let values = ended.into_iter().chain(begun).map(|op| &op.value);
                let Some(delta) = values.filter_map(delta).next() else {
                    self.unusable.get_or_insert(place);
                    return;
                };
                if delta < 0 {
                    self.decrease.get_or_insert(place);
                }
                // Without a beginning it may have begun any time before.
                let begin = if begun.is_some() { invoke.unwrap_or(0) } else { 0 };
                self.adds.push(Add { begin, end: completion, kind, delta });
            }
            ("read", OpKind::Ok) => self.reads.push(Read {
                end: place,
                is_final: ops[place].is_final || begun.is_some_and(|op| op.is_final),
                value: integer(&ops[place].value),
            }),
            _ => {}
        }
    }

    fn sum(&self, kind: OpKind) -> i128 {
        self.adds.iter().filter(|add| add.kind == kind).map(|add| add.delta).sum()
    }

    fn deltas(&self, kinds: &[OpKind]) -> Vec<i128> {
        let adds = self.adds.iter().filter(|add| kinds.contains(&add.kind));
        adds.map(|add| add.delta).collect()
    }
}

impl Checker for Counter {
    fn check(&self, history: &History, context: &Context) -> CheckResult {
        let scan = Scan::new(history);
        Judge { history, context, scan: &scan, result: CheckResult::default() }.run(self)
    }
}

struct Judge<'a> {
    history: &'a History,
    context: &'a Context,
    scan: &'a Scan,
    result: CheckResult,
}

impl Judge<'_> {
    fn run(mut self, spec: &Counter) -> CheckResult {
        self.finals();
        self.others();
        self.malformed();
        if !self.result.findings.is_empty() {
            self.result.strict = Validity::Invalid;
        }
        if let Some(place) = self.scan.unusable {
            let op = &self.history.ops()[place];
            // What it added may explain any read.
            self.result.findings.retain(|finding| finding.name == "malformed-read");
            self.result.compat = Validity::Unknown;
            self.result.strict = match self.result.findings.is_empty() {
                true => Validity::Unknown,
                false => Validity::Invalid,
            };
            self.result.notes.push(format!(
                "Whether sums are right cannot be said: op {} adds {}, which is no integer.",
                op.index,
                words::value(&op.value)
            ));
        }
        if let Some(place) = self.scan.decrease.filter(|_| !spec.may_decrease) {
            self.result
                .notes
                .push(format!("op {place} adds less than 0 to a counter that only grows."));
        }
        if self.result.strict == Validity::Valid
            && !self.scan.reads.iter().any(|read| read.is_final)
        {
            self.result.strict = Validity::Unknown;
            self.result.notes.push(
                "Whether the counter is right cannot be said: no final read was answered."
                    .to_owned(),
            );
        }
        self.result
    }

    fn op(&self, place: usize) -> &Op {
        &self.history.ops()[place]
    }

    /// Judges the final reads.
    fn finals(&mut self) {
        let finals: Vec<&Read> = self.scan.reads.iter().filter(|read| read.is_final).collect();
        let sure = self.scan.sum(OpKind::Ok);
        let jepsen = Sums::of(sure, &self.scan.deltas(&[OpKind::Info]));
        let is_open = self.scan.adds.iter().any(|add| add.kind == OpKind::Invoke);
        let ours = match is_open {
            true => Sums::of(sure, &self.scan.deltas(&[OpKind::Info, OpKind::Invoke])),
            false => jepsen.clone(),
        };
        let values = finals.iter().map(|read| self.op(read.end).value.clone());
        let values = Value::list(values);
        let read = finals.iter().filter_map(|read| Some((*read, read.value?)));
        let wrong = |sums: &Sums| -> Vec<&Read> {
            read.clone().filter(|&(_, value)| !sums.contains(value)).map(|(read, _)| read).collect()
        };
        let verdict = |sums: &Result<Sums, TooMany>| match sums {
            Ok(sums) if wrong(sums).is_empty() => Validity::Valid,
            Ok(_) => Validity::Invalid,
            Err(_) => Validity::Unknown,
        };
        self.result.compat = verdict(&jepsen);
        self.result.strict = verdict(&ours);
        // There Maelstrom's checker throws.
        if finals.iter().any(|read| read.value.is_none()) {
            self.result.compat = Validity::Unknown;
        }
        let errors = match &jepsen {
            Ok(sums) => wrong(sums).iter().map(|read| self.error(read)).collect(),
            Err(_) => Vec::new(),
        };
        let errors = if errors.is_empty() { Value::Null } else { Value::list(errors) };
        self.result.fields.extend([("errors", errors), ("final-reads", values)]);
        match &jepsen {
            Ok(sums) => {
                let intervals = sums.intervals();
                let listed = intervals
                    .iter()
                    .take(LISTED)
                    .map(|&(low, high)| Value::list([number(low), number(high)]));
                self.result.fields.push(("acceptable", Value::list(listed)));
                if let Some(more @ 1..) = intervals.len().checked_sub(LISTED) {
                    self.result.fields.push(("acceptable-omitted", Value::from(more as u64)));
                }
            }
            Err(limit) => {
                self.result.fields.push(("cause", Value::string(limit.to_string())));
                self.unknown("final reads", *limit);
            }
        }
        match &ours {
            Ok(sums) if !wrong(sums).is_empty() => {
                let finding = self.wrong_final_count(&wrong(sums), finals.len(), sure, sums);
                self.result.findings.push(finding);
            }
            Ok(_) if self.result.compat == Validity::Invalid => self.result.notes.push(
                "Final reads are right only if adds count that never ended, which is possible."
                    .to_owned(),
            ),
            _ => {}
        }
    }

    fn unknown(&mut self, what: &str, limit: TooMany) {
        let note = format!("Whether {what} are right cannot be said: {limit}.");
        self.result.notes.push(note);
    }

    /// A read as Jepsen shows it.
    fn error(&self, read: &Read) -> Value {
        let op = self.op(read.end);
        let process = match op.process {
            Process::Client(number) => Value::Int(i64::from(number)),
            Process::Nemesis => Value::keyword("nemesis"),
        };
        Value::record([
            ("index", Value::from(op.index)),
            ("time", Value::from(op.time.nanos())),
            ("type", Value::keyword(op.kind.name())),
            ("process", process),
            ("f", Value::keyword(&*op.f)),
            ("value", op.value.clone()),
            ("final?", Value::Bool(true)),
        ])
    }

    fn wrong_final_count(&self, wrong: &[&Read], all: usize, sure: i128, sums: &Sums) -> Finding {
        let optional = self.scan.adds.iter().filter(|add| add.kind != OpKind::Ok);
        let optional: Vec<&Add> = optional.collect();
        let mut finding = Finding::new(
            "wrong-final-count",
            format!(
                "{} of {} {} wrong. After the recovery a read is the sum of all acknowledged \
                 adds, and of some of those that may or may not have happened.",
                wrong.len(),
                words::count(all, "final read"),
                if wrong.len() == 1 { "is" } else { "are" }
            ),
        );
        let certain = self.scan.adds.len() - optional.len();
        let mut expected =
            format!("{} with the sum {sure}", words::count(certain, "acknowledged add"));
        if !optional.is_empty() {
            let (low, high) = sums.range();
            expected.push_str(&format!(
                ", {} that may have happened: from {low} to {high}",
                words::count(optional.len(), "add")
            ));
        }
        finding.evidence.push(expected);
        for read in wrong.iter().take(SHOWN) {
            let op = self.op(read.end);
            let near = read.value.filter(|value| value.abs() < i128::MAX / 4);
            let nearest = near.map(|value| {
                let nearest = sums.nearest(value);
                let (by, side) = match value < nearest {
                    true => (nearest - value, "few"),
                    false => (value - nearest, "many"),
                };
                format!(", {by} too {side}: {nearest} would be right")
            });
            finding.evidence.push(format!(
                "{} returned {}{}",
                words::operation(op, self.context),
                words::value(&op.value),
                nearest.unwrap_or_default()
            ));
            if let Some(value) = near {
                let why = self.why(value - sums.nearest(value), read.end);
                let is_new = |line: &String| !finding.evidence.contains(line);
                let why: Vec<String> = why.into_iter().filter(is_new).collect();
                finding.evidence.extend(why);
            }
            words::point(&mut finding, op, self.context);
        }
        if wrong.len() > SHOWN {
            finding.evidence.push(format!("and {} more", wrong.len() - SHOWN));
        }
        finding
    }

    /// Judges the reads that are not final: in the order of their ends, since the
    /// sums that are possible only become more.
    fn others(&mut self) {
        let deltas: Vec<i128> = self.scan.adds.iter().map(|add| add.delta).collect();
        let mut sums = Sums::new(0, &deltas);
        let mut begun = self.scan.adds.iter().peekable();
        let mut wrong: Vec<(&Read, i128, (i128, i128))> = Vec::new();
        for read in &self.scan.reads {
            while let Some(add) = begun.next_if(|add| add.begin < read.end) {
                if let Err(limit) = sums.add(add.delta) {
                    self.unknown("reads before the end", limit);
                    self.result.strict = self.result.strict.max(Validity::Unknown);
                    begun = [].iter().peekable();
                    break;
                }
            }
            if let Some(value) = read.value.filter(|_| !read.is_final)
                && !sums.is_exhausted()
                && !sums.contains(value)
            {
                wrong.push((read, value, sums.range()));
            }
        }
        if wrong.is_empty() {
            return;
        }
        let mut finding = Finding::new(
            "unreachable-read",
            format!(
                "{} returned what no adds make. A read is the sum of some of the adds that began \
                 before it ended; it may lack any of them.",
                words::count(wrong.len(), "read")
            ),
        );
        for &(read, value, (low, high)) in wrong.iter().take(SHOWN) {
            let op = self.op(read.end);
            let begun = self.scan.adds.iter().filter(|add| add.begin < read.end).count();
            let why = if value < low || value > high {
                format!("{} until then make {low} to {high}", words::count(begun, "add"))
            } else {
                format!("no sum of the {} until then is that", words::count(begun, "add"))
            };
            finding
                .evidence
                .push(format!("{} returned {value}: {why}", words::operation(op, self.context)));
            // Below the least sum something was subtracted that failed, if anything.
            let beyond = if value > high { value - high } else { 0 };
            let counted = self.why(beyond, read.end);
            finding.evidence.extend(counted);
            words::point(&mut finding, op, self.context);
        }
        if wrong.len() > SHOWN {
            finding.evidence.push(format!("and {} more", wrong.len() - SHOWN));
        }
        self.result.findings.push(finding);
    }

    fn malformed(&mut self) {
        let reads: Vec<&Read> =
            self.scan.reads.iter().filter(|read| read.value.is_none()).collect();
        if reads.is_empty() {
            return;
        }
        let mut finding = Finding::new(
            "malformed-read",
            format!(
                "{} returned no integer. The value of a counter is one.",
                words::count(reads.len(), "read")
            ),
        );
        for read in reads.iter().take(SHOWN) {
            let op = self.op(read.end);
            finding.evidence.push(format!(
                "{} returned {}",
                words::operation(op, self.context),
                words::value(&op.value)
            ));
            words::point(&mut finding, op, self.context);
        }
        if reads.len() > SHOWN {
            finding.evidence.push(format!("and {} more", reads.len() - SHOWN));
        }
        self.result.findings.push(finding);
    }
}

fn number(integer: i128) -> Value {
    match i64::try_from(integer) {
        Ok(integer) => Value::Int(integer),
        Err(_) => Value::BigInt(integer.to_string().into()),
    }
}
