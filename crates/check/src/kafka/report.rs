//! The entries of the results, as Jepsen has them.

use glomers_history::{History, OpKind, Value};

use super::cycles::Cycle;
use super::errors::{Errors, Kind};
use super::orders::Orders;
use super::parse::Parsed;
use super::sessions::Step;
use super::{key_value, lag};
use crate::places::NONE;

/// How many errors of a kind the results list.
const LISTED: usize = 8;

pub(super) fn fields(
    history: &History,
    parsed: &Parsed,
    orders: &Orders,
    errors: &Errors,
) -> Vec<(&'static str, Value)> {
    let report = Report { history, parsed, orders, errors };
    let mut names: Vec<(&str, bool)> = Kind::ALL
        .iter()
        .filter(|&&kind| errors.has(kind))
        .map(|&kind| (kind.name(), errors.is_wrong(kind)))
        .collect();
    if errors.unrelated {
        names.push(("empty-transaction-graph", true));
    }
    names.sort_unstable();
    let listed = |bad_only: bool| {
        let names = names.iter().filter(|&&(_, bad)| bad || !bad_only);
        Value::list(names.map(|&(name, _)| Value::keyword(name)))
    };
    let mut fields = Vec::new();
    for kind in Kind::ALL {
        if errors.has(kind) {
            fields.push((kind.name(), report.entry(kind)));
        }
    }
    if errors.unrelated {
        let entry = Value::record([("count", Value::Int(1)), ("errs", Value::Bool(true))]);
        fields.push(("empty-transaction-graph", entry));
    }
    if let Some(worst) = lag::worst(history, parsed, orders) {
        fields.push(("worst-realtime-lag", worst));
    }
    fields.push(("bad-error-types", listed(true)));
    fields.push(("error-types", listed(false)));
    fields.push(("info-txn-causes", report.causes()));
    fields
}

struct Report<'a> {
    history: &'a History,
    parsed: &'a Parsed,
    orders: &'a Orders,
    errors: &'a Errors,
}

impl Report<'_> {
    fn entry(&self, kind: Kind) -> Value {
        let errors = self.errors;
        let count = ("count", Value::from(errors.count(kind) as u64));
        let listed: Vec<Value> = match kind {
            Kind::Unseen => return self.unseen(),
            Kind::LostWrite => self.some(&errors.lost, |&id| self.lost(id)),
            Kind::Aborted => self.some(&errors.aborted, |&(id, reader)| {
                let more = [("writer", self.writer(id)), ("reader", self.operation(reader))];
                self.message(id, more)
            }),
            Kind::PhantomRead => self.some(&errors.phantoms, |&id| self.message(id, [])),
            Kind::InconsistentOffsets => {
                self.some(&errors.inconsistent, |&(key, offset)| self.inconsistent(key, offset))
            }
            Kind::Duplicate => self.some(&errors.duplicates, |&id| {
                let offsets = self.offsets(id).into_iter().map(Value::Int);
                let offsets: Vec<Value> = offsets.collect();
                let count = Value::from(offsets.len() as u64);
                self.message(id, [("count", count), ("offsets", Value::list(offsets))])
            }),
            Kind::PrecommittedRead => self.some(&errors.precommitted, |&(number, id)| {
                self.message(id, [("op", self.operation(number))])
            }),
            Kind::Cycle => self.some(&errors.cycles.polls, |cycle| self.cycle(cycle)),
            Kind::RealtimeCycle => self.some(&errors.cycles.time, |cycle| self.cycle(cycle)),
            kind => {
                let mut steps = errors.steps(kind).to_vec();
                steps.sort_by_key(|step| std::cmp::Reverse(step.delta.abs()));
                self.some(&steps, |step| self.step(step))
            }
        };
        Value::record([count, ("errs", Value::list(listed))])
    }

    fn some<T>(&self, errors: &[T], entry: impl FnMut(&T) -> Value) -> Vec<Value> {
        errors.iter().take(LISTED).map(entry).collect()
    }

    fn message<const N: usize>(&self, id: u32, more: [(&'static str, Value); N]) -> Value {
        let message = &self.parsed.messages[id as usize];
        let key = key_value(self.parsed, message.key).clone();
        let first = [("key", key), ("value", message.value.clone())];
        Value::record(first.into_iter().chain(more))
    }

    fn value(&self, id: u32) -> Value {
        self.parsed.messages[id as usize].value.clone()
    }

    /// An operation as the history has it.
    fn operation(&self, number: u32) -> Value {
        let place = self.parsed.transactions[number as usize].place();
        let Some(op) = self.history.ops().get(place as usize) else { return Value::Null };
        Value::record([
            ("index", Value::from(op.index)),
            ("time", Value::from(op.time.0)),
            ("type", Value::keyword(op.kind.name())),
            ("process", Value::string(op.process.to_string())),
            ("f", Value::keyword(&*op.f)),
            ("value", op.value.clone()),
        ])
    }

    fn writer(&self, id: u32) -> Value {
        let writer = self.parsed.messages[id as usize].writer;
        if writer == NONE { Value::Null } else { self.operation(writer) }
    }

    fn lost(&self, id: u32) -> Value {
        let key = self.parsed.messages[id as usize].key;
        let place = self.orders.positions[id as usize].latest;
        let bound = self.errors.bounds[key as usize].map_or(Value::Null, place_value);
        let more =
            [("index", place_value(place)), ("max-read-index", bound), ("writer", self.writer(id))];
        self.message(id, more)
    }

    fn inconsistent(&self, key: u32, offset: i64) -> Value {
        let log = &self.orders.logs[key as usize];
        let place = log.offsets.partition_point(|&at| at < offset);
        let others = log.others.iter().filter(|(at, _)| *at == offset).map(|&(_, id)| id);
        let all = std::iter::once(log.first[place]).chain(others).map(|id| self.value(id));
        Value::record([
            ("key", key_value(self.parsed, key).clone()),
            ("offset", Value::Int(offset)),
            ("index", place_value(place as u32)),
            ("values", Value::list(all)),
        ])
    }

    /// The offsets that hold a message.
    fn offsets(&self, id: u32) -> Vec<i64> {
        self.orders.offsets(self.parsed.messages[id as usize].key, id)
    }

    fn step(&self, step: &Step) -> Value {
        let between = self.orders.between(step.key, step.from, step.to);
        let skipped = between.iter().take(LISTED).map(|&id| self.value(id));
        let ops = if step.before == step.after {
            vec![self.operation(step.after)]
        } else {
            vec![self.operation(step.before), self.operation(step.after)]
        };
        let mut entries = vec![
            ("key", key_value(self.parsed, step.key).clone()),
            ("values", Value::list([self.value(step.from), self.value(step.to)])),
            ("delta", Value::Int(step.delta)),
        ];
        if step.delta > 1 {
            entries.push(("skipped", Value::list(skipped)));
        }
        entries.push(("ops", Value::list(ops)));
        Value::record(entries)
    }

    fn cycle(&self, cycle: &Cycle) -> Value {
        let steps = cycle.steps.iter().map(|&(number, read)| {
            let how = match read {
                Some(_) => "wr",
                None => "realtime",
            };
            Value::record([("op", self.operation(number)), ("before-next-by", Value::keyword(how))])
        });
        Value::record([("cycle", Value::list(steps))])
    }

    fn unseen(&self) -> Value {
        let last = self.parsed.transactions.iter().rev().find(|transaction| transaction.is_ok());
        let time = last.and_then(|transaction| {
            self.history.ops().get(transaction.end as usize).map(|op| Value::from(op.time.0))
        });
        let of_key = |ids: &[u32]| {
            let key = self.parsed.messages[ids[0] as usize].key;
            key_value(self.parsed, key).clone()
        };
        let keys = || {
            let same = |&a: &u32, &b: &u32| {
                self.parsed.messages[a as usize].key == self.parsed.messages[b as usize].key
            };
            self.errors.unseen.chunk_by(same)
        };
        let counts = keys().map(|ids| (of_key(ids), Value::from(ids.len() as u64)));
        let messages =
            keys().map(|ids| (of_key(ids), Value::list(ids.iter().map(|&id| self.value(id)))));
        Value::record([
            ("time", time.unwrap_or(Value::Null)),
            ("unseen", Value::map(counts)),
            ("messages", Value::map(messages)),
        ])
    }

    /// Why sends and polls were left open, each reason once.
    fn causes(&self) -> Value {
        let reasons = self.parsed.transactions.iter().filter_map(|transaction| {
            let open = transaction.kind == OpKind::Info && transaction.assigns.is_none();
            let op = self.history.ops().get(transaction.place() as usize).filter(|_| open)?;
            op.error.clone()
        });
        let reasons: std::collections::BTreeSet<Value> = reasons.collect();
        Value::list(reasons.into_iter().take(LISTED))
    }
}

fn place_value(place: u32) -> Value {
    Value::Int(i64::from(place))
}
