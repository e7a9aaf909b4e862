//! How far behind polls were.

use glomers_history::{History, Time, Value};
use rustc_hash::FxHashMap;

use super::key_value;
use super::orders::Orders;
use super::parse::Parsed;
use super::transactions::Transaction;

/// The poll that was farthest behind: when it began, the next message of a key
/// that its process was assigned, and that it did not get, had been known for so
/// long.
pub(super) fn worst(history: &History, parsed: &Parsed, orders: &Orders) -> Option<Value> {
    let known = known(history, parsed, orders);
    let mut scan = Scan { known: &known, worst: None };
    let mut sessions: FxHashMap<u32, Session> = FxHashMap::default();
    for transaction in parsed.transactions.iter().filter(|transaction| transaction.is_ok()) {
        let session = sessions.entry(transaction.process).or_default();
        if let Some(keys) = &transaction.assigns {
            scan.assign(transaction.process, session, keys);
        } else if let Some(op) = history.ops().get(transaction.begin as usize)
            && parsed.sends_of(transaction).is_empty()
        {
            scan.poll(parsed, orders, transaction, session, op.time);
        }
    }
    for (&process, session) in &sessions {
        for (&key, reader) in &session.readers {
            scan.consider(process, session, key, *reader);
        }
    }
    let (lag, time, process, key) = scan.worst?;
    let seconds = |nanos: u64| Value::Float(nanos as f64 / 1e9);
    Some(Value::record([
        ("time", seconds(time.0)),
        ("process", Value::Int(i64::from(process))),
        ("key", key_value(parsed, key).clone()),
        ("lag", seconds(lag)),
    ]))
}

/// Where a process is in a key.
#[derive(Clone, Copy)]
struct Reader {
    /// The place that it has not read yet.
    next: u32,
    /// The first of its polls after which it was there.
    since: u32,
}

#[derive(Default)]
struct Session {
    readers: FxHashMap<u32, Reader>,
    polls: u32,
    /// When the last poll began.
    last: Time,
}

struct Scan<'a> {
    known: &'a [Vec<Time>],
    worst: Option<(u64, Time, u32, u32)>,
}

impl Scan<'_> {
    fn assign(&mut self, process: u32, session: &mut Session, keys: &[u32]) {
        let mut readers = std::mem::take(&mut session.readers);
        let since = session.polls + 1;
        for &key in keys {
            let reader = readers.remove(&key).unwrap_or(Reader { next: 0, since });
            session.readers.insert(key, reader);
        }
        for (key, reader) in readers {
            self.consider(process, session, key, reader);
        }
    }

    fn poll(
        &mut self,
        parsed: &Parsed,
        orders: &Orders,
        transaction: &Transaction,
        session: &mut Session,
        begin: Time,
    ) {
        let since = session.polls + 1;
        for poll in parsed.polls_of(transaction) {
            let last = parsed.messages_of(poll).last().and_then(|&id| orders.place(id));
            let Some(last) = last else { continue };
            let reader = Reader { next: last + 1, since };
            if let Some(before) = session.readers.insert(poll.key, reader) {
                self.consider(transaction.process, session, poll.key, before);
            }
        }
        session.polls += 1;
        session.last = begin;
    }

    /// A reader was where it was until the last poll: as it stood still, it was
    /// farthest behind then.
    fn consider(&mut self, process: u32, session: &Session, key: u32, reader: Reader) {
        if session.polls < reader.since {
            return;
        }
        let Some(known) = self.known[key as usize].get(reader.next as usize) else { return };
        let lag = session.last.0.saturating_sub(known.0);
        // Of equal ones the first in time, then the lowest, however they come.
        let better = self.worst.is_none_or(|worst| {
            (lag, worst.1, worst.2, worst.3) > (worst.0, session.last, process, key)
        });
        if better {
            self.worst = Some((lag, session.last, process, key));
        }
    }
}

/// For each place of each key when somebody first knew of a message there or
/// beyond.
fn known(history: &History, parsed: &Parsed, orders: &Orders) -> Vec<Vec<Time>> {
    let mut known: Vec<Vec<Time>> =
        orders.logs.iter().map(|log| vec![Time::MAX; log.offsets.len()]).collect();
    for (id, message) in parsed.messages.iter().enumerate() {
        let first = message.sent_ok.min(message.read_ok);
        if let Some(op) = history.ops().get(first as usize)
            && let Some(place) = orders.place(id as u32)
        {
            let known = &mut known[message.key as usize][place as usize];
            *known = op.time.min(*known);
        }
    }
    for times in &mut known {
        let mut earliest = Time::MAX;
        for time in times.iter_mut().rev() {
            earliest = earliest.min(*time);
            *time = earliest;
        }
    }
    known
}
