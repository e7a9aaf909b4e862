//! What is wrong with logs, in words.

use glomers_history::{History, OpKind, Value};
use rustc_hash::FxHashMap;

use super::actual::Actual;
use super::cycles::Cycle;
use super::errors::{Errors, Kind};
use super::orders::Orders;
use super::parse::Parsed;
use super::sessions::Step;
use super::transactions::Transaction;
use super::{key_value, same_key};
use crate::places::NONE;
use crate::{CircleStep, Context, Finding, words};

/// How many errors of a kind are shown.
const SHOWN: usize = 3;

pub(super) fn all(
    history: &History,
    context: &Context,
    parsed: &Parsed,
    orders: &Orders,
    errors: &Errors,
) -> Vec<Finding> {
    let teller = Teller { history, context, parsed, orders, errors };
    let mut findings: Vec<Finding> = Kind::ALL
        .iter()
        .filter(|&&kind| errors.is_wrong(kind))
        .map(|&kind| teller.finding(kind))
        .collect();
    if !parsed.malformed.is_empty() {
        findings.push(teller.malformed());
    }
    findings
}

struct Teller<'a> {
    history: &'a History,
    context: &'a Context,
    parsed: &'a Parsed,
    orders: &'a Orders,
    errors: &'a Errors,
}

impl Teller<'_> {
    fn finding(&self, kind: Kind) -> Finding {
        let count = self.errors.count(kind);
        let mut finding = Finding::new(kind.name(), summary(kind, count));
        match kind {
            Kind::LostWrite => self.lost(&mut finding),
            Kind::Aborted => self.aborted(&mut finding),
            Kind::PhantomRead => self.phantoms(&mut finding),
            Kind::InconsistentOffsets => self.inconsistent(&mut finding),
            Kind::Duplicate => self.duplicates(&mut finding),
            Kind::PrecommittedRead => self.precommitted(&mut finding),
            Kind::Cycle => self.cycles(&mut finding, &self.errors.cycles.polls),
            Kind::RealtimeCycle => self.cycles(&mut finding, &self.errors.cycles.time),
            Kind::Unseen => self.unseen(&mut finding),
            kind => self.steps(&mut finding, kind),
        }
        let more = count.saturating_sub(SHOWN);
        if more > 0 && !matches!(kind, Kind::Unseen) {
            finding.evidence.push(format!("and {more} more"));
        }
        finding
    }

    /// A transaction in words; where to look is where it shows in the history.
    fn operation(&self, finding: &mut Finding, number: u32) -> String {
        let place = self.parsed.transactions[number as usize].place();
        let Some(op) = self.history.ops().get(place as usize) else { return String::new() };
        words::point(finding, op, self.context);
        words::operation(op, self.context)
    }

    /// "message 4 of key "9"".
    fn message(&self, id: u32) -> String {
        let message = &self.parsed.messages[id as usize];
        format!("message {} of key {}", words::value(&message.value), self.key(message.key))
    }

    fn key(&self, key: u32) -> String {
        words::value(key_value(self.parsed, key))
    }

    fn value(&self, id: u32) -> String {
        words::value(&self.parsed.messages[id as usize].value)
    }

    /// "offset 3" or "an unknown offset".
    fn offset(&self, id: u32) -> String {
        let key = self.parsed.messages[id as usize].key;
        let ordered = self.orders.offset(key, id);
        match ordered.or_else(|| self.orders.offsets(key, id).first().copied()) {
            Some(offset) => format!("offset {offset}"),
            None => "an unknown offset".to_owned(),
        }
    }

    /// How the send of a message went: "sent by op 3, send at n0, 0.030 s, which
    /// was answered".
    fn sent(&self, finding: &mut Finding, id: u32) -> String {
        let writer = self.parsed.messages[id as usize].writer;
        if writer == NONE {
            return "sent by nobody".to_owned();
        }
        let how = match self.parsed.transactions[writer as usize].kind {
            OpKind::Ok => "was acknowledged",
            OpKind::Fail => "failed",
            OpKind::Info | OpKind::Invoke => "may or may not have happened",
        };
        format!("sent by {}, which {how}", self.operation(finding, writer))
    }

    /// For each of some messages the first transaction that polled it.
    fn readers(&self, ids: &[u32]) -> FxHashMap<u32, u32> {
        let mut readers: FxHashMap<u32, u32> = ids.iter().map(|&id| (id, NONE)).collect();
        for (number, transaction) in self.parsed.transactions.iter().enumerate() {
            for poll in self.parsed.polls_of(transaction) {
                for id in self.parsed.messages_of(poll) {
                    if let Some(reader) = readers.get_mut(id) {
                        *reader = (*reader).min(number as u32);
                    }
                }
            }
        }
        readers
    }

    fn lost(&self, finding: &mut Finding) {
        let shown = &self.errors.lost[..self.errors.lost.len().min(SHOWN)];
        // Who read on, and what.
        let farthest: Vec<u32> = shown.iter().map(|&id| self.farthest(id)).collect();
        let readers = self.readers(&farthest);
        for (&id, farthest) in shown.iter().zip(&farthest) {
            let offset = self.offset(id);
            let sent = self.sent(finding, id);
            finding.evidence.push(format!("{} ({offset}) was {sent}", self.message(id)));
            let Some(&reader) = readers.get(farthest).filter(|&&reader| reader != NONE) else {
                continue;
            };
            let (beyond, reader) = (self.offset(*farthest), self.operation(finding, reader));
            finding.evidence.push(format!("nobody polled it, though {reader} got {beyond}"));
        }
    }

    /// The message up to which the key of another was read.
    fn farthest(&self, id: u32) -> u32 {
        let key = self.parsed.messages[id as usize].key as usize;
        let log = &self.orders.logs[key];
        let Some(bound) = self.errors.bounds[key] else { return NONE };
        let offset = log.offsets[bound as usize];
        let others = log.others.iter().filter(|(at, _)| *at == offset).map(|&(_, other)| other);
        let mut candidates = std::iter::once(log.first[bound as usize]).chain(others);
        candidates.find(|&id| self.parsed.messages[id as usize].is_read_ok()).unwrap_or(NONE)
    }

    fn aborted(&self, finding: &mut Finding) {
        for &(id, reader) in self.errors.aborted.iter().take(SHOWN) {
            let reader = self.operation(finding, reader);
            let failed = self.parsed.transactions.iter().find(|transaction| {
                let mut sends = self.parsed.sends_of(transaction).iter();
                transaction.kind == OpKind::Fail && sends.any(|send| send.message == id)
            });
            let failed = failed.and_then(|failed| self.history.ops().get(failed.place() as usize));
            let failed = failed.map_or(String::new(), |op| {
                words::point(finding, op, self.context);
                format!(", whose send failed: {}", words::operation(op, self.context))
            });
            finding.evidence.push(format!("{reader}, got {}{failed}", self.message(id)));
        }
    }

    fn phantoms(&self, finding: &mut Finding) {
        let shown = &self.errors.phantoms[..self.errors.phantoms.len().min(SHOWN)];
        let readers = self.readers(shown);
        for &id in shown {
            let reader = self.operation(finding, readers[&id]);
            finding.evidence.push(format!("{reader}, got {}", self.message(id)));
        }
    }

    fn inconsistent(&self, finding: &mut Finding) {
        for &(key, offset) in self.errors.inconsistent.iter().take(SHOWN) {
            let log = &self.orders.logs[key as usize];
            let place = log.offsets.partition_point(|&at| at < offset);
            let others = log.others.iter().filter(|(at, _)| *at == offset).map(|&(_, id)| id);
            let ids: Vec<u32> = std::iter::once(log.first[place]).chain(others).collect();
            let values: Vec<String> = ids.iter().map(|&id| self.value(id)).collect();
            finding.evidence.push(format!(
                "offset {offset} of key {} holds {}",
                self.key(key),
                values.iter().take(4).map(String::as_str).collect::<Vec<_>>().join(" and ")
            ));
            for &id in ids.iter().take(2) {
                let Some(witness) = self.witness(key, offset, id) else { continue };
                let witness = self.operation(finding, witness);
                finding.evidence.push(format!("  {} by {witness}", self.value(id)));
            }
        }
    }

    /// The first transaction that says that an offset holds a message.
    fn witness(&self, key: u32, offset: i64, id: u32) -> Option<u32> {
        let says = |transaction: &Transaction| {
            let mut sends = self.parsed.sends_of(transaction).iter();
            let sent = sends.any(|send| send.message == id && send.offset == Some(offset));
            let mut polls = self.parsed.polls_of(transaction).iter();
            let mut has = || polls.any(|poll| self.parsed.messages_of(poll).contains(&id));
            sent || (has() && self.polled_at(transaction, key, offset, id))
        };
        self.parsed.transactions.iter().position(says).map(|number| number as u32)
    }

    /// Whether a poll says that an offset of a key holds a message: only the
    /// history knows it.
    fn polled_at(&self, transaction: &Transaction, key: u32, offset: i64, id: u32) -> bool {
        let Some(op) = self.history.ops().get(transaction.place() as usize) else { return false };
        let key = key_value(self.parsed, key);
        let pair = [Value::Int(offset), self.parsed.messages[id as usize].value.clone()];
        let is_pair = |value: &Value| {
            value.as_list().is_some_and(|list| list.iter().take(2).eq(pair.iter().cloned()))
        };
        op.value.as_list().into_iter().flat_map(|list| list.iter()).any(|part| {
            let got = part.as_list().and_then(|part| part.get(1));
            let Some(Value::Map(got)) = got else { return false };
            got.iter().any(|(name, pairs)| {
                same_key(name, key)
                    && pairs.as_list().is_some_and(|pairs| pairs.iter().any(|p| is_pair(&p)))
            })
        })
    }

    fn duplicates(&self, finding: &mut Finding) {
        for &id in self.errors.duplicates.iter().take(SHOWN) {
            let offsets = self.orders.offsets(self.parsed.messages[id as usize].key, id);
            let texts: Vec<String> = offsets.iter().take(4).map(i64::to_string).collect();
            finding.evidence.push(format!(
                "{} is at offsets {}",
                self.message(id),
                texts.join(" and ")
            ));
            let key = self.parsed.messages[id as usize].key;
            for &offset in offsets.iter().take(2) {
                let Some(witness) = self.witness(key, offset, id) else { continue };
                let witness = self.operation(finding, witness);
                finding.evidence.push(format!("  at {offset} by {witness}"));
            }
        }
    }

    fn precommitted(&self, finding: &mut Finding) {
        for &(number, id) in self.errors.precommitted.iter().take(SHOWN) {
            let reader = self.operation(finding, number);
            finding.evidence.push(format!("{reader}, got its own {}", self.message(id)));
        }
    }

    fn steps(&self, finding: &mut Finding, kind: Kind) {
        let mut steps: Vec<&Step> = self.errors.steps(kind).iter().collect();
        steps.sort_by_key(|step| step.after);
        let verb = match kind {
            Kind::NonmonotonicSend | Kind::IntNonmonotonicSend => "sent",
            _ => "polled",
        };
        for step in steps.into_iter().take(SHOWN) {
            let actual = Actual { history: self.history, parsed: self.parsed, orders: self.orders };
            let (from, to) = match actual.offsets(step, verb == "sent") {
                Some(offsets) => (format!("offset {}", offsets.0), format!("offset {}", offsets.1)),
                None => (self.offset(step.from), self.offset(step.to)),
            };
            let place = |id: u32, offset: &str| format!("{} ({offset})", self.value(id));
            let (from, to) = (place(step.from, &from), place(step.to, &to));
            let key = self.key(step.key);
            let after = self.operation(finding, step.after);
            if step.before == step.after {
                finding.evidence.push(format!("{after}, key {key}: {to} right after {from}"));
            } else {
                let before = self.operation(finding, step.before);
                finding.evidence.push(format!("{after}, key {key}: {verb} {to}"));
                finding.evidence.push(format!("  right after {from} by {before}"));
            }
            let skipped = self.orders.between(step.key, step.from, step.to);
            if !skipped.is_empty() {
                let values = skipped.iter().map(|&id| &self.parsed.messages[id as usize].value);
                let values = words::values(values.collect::<Vec<_>>().into_iter());
                finding.evidence.push(format!("  between them: {values}"));
            }
        }
    }

    fn cycles(&self, finding: &mut Finding, cycles: &[Cycle]) {
        let Some(cycle) = cycles.first() else { return };
        finding.circle =
            cycle.steps.iter().map(|&(number, read)| self.step(number, read)).collect();
        for (at, &(number, read)) in cycle.steps.iter().enumerate() {
            if at == 8 {
                finding.evidence.push(format!("and {} operations more", cycle.steps.len() - at));
                break;
            }
            let what = self.operation(finding, number);
            let why = match read {
                Some(id) => format!("sent {}, polled by the next", self.message(id)),
                None => "was over when the next began".to_owned(),
            };
            finding.evidence.push(format!("{what}, {why}"));
        }
        finding.evidence.push("and the next after the last one is the first again".to_owned());
    }

    /// A step of a circle: an operation, and what the next one polled of it.
    fn step(&self, number: u32, read: Option<u32>) -> CircleStep {
        let place = self.parsed.transactions[number as usize].place();
        let key = read.map(|id| self.parsed.messages[id as usize].key);
        CircleStep {
            operation: u64::from(place),
            edge: if read.is_some() { "wr" } else { "realtime" },
            key: key.map(|key| key_value(self.parsed, key).clone()),
        }
    }

    fn unseen(&self, finding: &mut Finding) {
        let key = |id: u32| self.parsed.messages[id as usize].key;
        let of_keys: Vec<&[u32]> = self.errors.unseen.chunk_by(|&a, &b| key(a) == key(b)).collect();
        for ids in of_keys.iter().take(SHOWN) {
            let values = ids.iter().map(|&id| &self.parsed.messages[id as usize].value);
            let values = words::values(values.collect::<Vec<_>>().into_iter());
            finding.evidence.push(format!("of key {}: {values}", self.key(key(ids[0]))));
            let sent = self.sent(finding, ids[0]);
            finding.evidence.push(format!(
                "  {} ({}) was {sent}",
                self.value(ids[0]),
                self.offset(ids[0])
            ));
        }
        let more = of_keys.len().saturating_sub(SHOWN);
        if more > 0 {
            finding.evidence.push(format!("and of {}", words::count(more, "more key")));
        }
    }

    fn malformed(&self) -> Finding {
        let malformed = &self.parsed.malformed;
        let mut finding = Finding::new(
            "malformed",
            format!(
                "{} answered with something else than offsets and messages.",
                match malformed.len() {
                    1 => "1 send or poll was".to_owned(),
                    n => format!("{n} sends or polls were"),
                }
            ),
        );
        for &at in malformed.iter().take(SHOWN) {
            let Some(op) = self.history.ops().get(at as usize) else { continue };
            words::point(&mut finding, op, self.context);
            let operation = words::operation(op, self.context);
            finding.evidence.push(format!("{operation}: {}", words::value(&op.value)));
        }
        let more = malformed.len().saturating_sub(SHOWN);
        if more > 0 {
            finding.evidence.push(format!("and {more} more"));
        }
        finding
    }
}

/// What is wrong, and the rule that it breaks.
fn summary(kind: Kind, count: usize) -> String {
    let were = if count == 1 { "was" } else { "were" };
    let some = |noun: &str| words::count(count, noun);
    match kind {
        Kind::LostWrite => format!(
            "{} {were} lost: the log was polled to beyond {}, and no poll returned {}. What is \
             sent stays at its offset.",
            some("message"),
            if count == 1 { "it" } else { "them" },
            if count == 1 { "it" } else { "them" },
        ),
        Kind::Aborted => format!(
            "a message was polled {} though its send failed. What failed did not happen.",
            times(count)
        ),
        Kind::PhantomRead => format!("{} {were} polled that nobody ever sent.", some("message")),
        Kind::InconsistentOffsets => format!(
            "{} held more than one message. An offset has one message, for everybody and for good.",
            some("offset")
        ),
        Kind::Duplicate => format!(
            "{} {were} found at more than one offset. What is sent once has one offset.",
            some("message")
        ),
        Kind::PollSkip => format!(
            "a poll left messages out {}: it did not go on where the process' poll before ended. Each process polls a key without gaps.",
            times(count)
        ),
        Kind::NonmonotonicPoll | Kind::NonmonotonicPollAfterEmpty => format!(
            "a poll went backwards {}{}: it began at or before what the process had polled already. Each process polls a key in order, each message once.",
            times(count),
            if kind == Kind::NonmonotonicPoll { "" } else { ", after an empty one" }
        ),
        Kind::PollSkipAfterEmpty => format!(
            "a poll left messages out {}, after an empty one: it did not go on where the process' last poll with messages ended. Each process polls a key without gaps.",
            times(count)
        ),
        Kind::IntPollSkip => format!(
            "one poll left messages out between two that it got, {}. A poll has no gaps.",
            times(count)
        ),
        Kind::IntNonmonotonicPoll => format!(
            "one poll got messages in the wrong order, or one twice, {}. A poll is in the order of offsets.",
            times(count)
        ),
        Kind::NonmonotonicSend => format!(
            "a send got an offset below the process' send before, {}. What a process sends to a key stands in that order.",
            times(count)
        ),
        Kind::IntNonmonotonicSend => format!(
            "sends of one operation got offsets in the wrong order, {}. What is sent to a key stands in that order.",
            times(count)
        ),
        Kind::PrecommittedRead => format!(
            "an operation polled what it was still sending, {}. A message becomes visible when its operation is over.",
            times(count)
        ),
        Kind::Cycle => format!(
            "{} of operations, each of which polled what the one before it sent. Nothing comes before itself.",
            some("cycle")
        ),
        Kind::RealtimeCycle => format!(
            "{} of operations that fit no order: a message was polled before its send began, directly or by way of others.",
            some("cycle")
        ),
        Kind::Unseen => format!(
            "{} {were} acknowledged and never polled, though every log is polled to its end. What is acknowledged must be visible.",
            some("message")
        ),
        Kind::IntSendSkip => String::new(),
    }
}

/// "once", "3 times".
fn times(count: usize) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}
