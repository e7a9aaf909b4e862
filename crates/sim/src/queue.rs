use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};

use glomers_history::Time;

/// Something that will happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// A message reaches its receiver. The key of the message.
    Arrive(u32),
    /// Maelstrom's inbox has slept until its message is due.
    Held { node: u32, incarnation: u32 },
    /// A node has taken the message it was at.
    Served { node: u32, incarnation: u32 },
    /// A node asked to be woken.
    Wake { node: u32, incarnation: u32 },
    /// The generator may begin an operation.
    Generate,
    /// An operation of a list is due.
    Listed { index: u32 },
    /// A worker's next final operation is due.
    NextFinal { worker: u32 },
    /// A client may have waited long enough.
    Timeout { client: u32 },
    /// A client has waited for as long as it wanted.
    Woken { worker: u32 },
    /// A fault of the Plan.
    Fault { index: u32 },
    /// A step of the Plan's latencies.
    LatencyStep { index: u32 },
    /// The phase may be over.
    PhaseEnd { phase: u8 },
    /// An effect with a time offset. Its key.
    Deferred(u32),
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) time: Time,
    pub(crate) number: u64,
    pub(crate) due: Due,
}

impl Entry {
    /// By time, then by number; as one integer, which is compared without the
    /// branches that two would take, and guess wrong half of the time.
    fn key(&self) -> u128 {
        (u128::from(self.time.0) << 64) | u128::from(self.number)
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Entry {}

impl Ord for Entry {
    /// The heap gives the greatest first: the earliest is the greatest.
    fn cmp(&self, other: &Entry) -> Ordering {
        other.key().cmp(&self.key())
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Entry) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Events by (time, number): first come, first served at equal times.
#[derive(Debug, Default)]
pub(crate) struct EventQueue {
    heap: BinaryHeap<Entry>,
    /// Events for the present moment, in order; cheaper than the heap, and with
    /// clients at latency 0 they are many.
    present: VecDeque<Entry>,
    next_number: u64,
}

impl EventQueue {
    pub(crate) fn push(&mut self, now: Time, time: Time, due: Due) {
        let number = self.next_number;
        self.next_number += 1;
        let entry = Entry { time: time.max(now), number, due };
        let in_order = self.present.back().is_none_or(|last| last.time == now);
        if entry.time == now && in_order {
            self.present.push_back(entry);
        } else {
            self.heap.push(entry);
        }
    }

    pub(crate) fn next_time(&self) -> Option<Time> {
        match (self.present.front(), self.heap.peek()) {
            (Some(a), Some(b)) => Some(a.time.min(b.time)),
            (a, b) => a.or(b).map(|entry| entry.time),
        }
    }

    /// Takes the earliest event.
    pub(crate) fn pop(&mut self) -> Option<Entry> {
        match (self.present.front(), self.heap.peek()) {
            (Some(a), Some(b)) if b.key() < a.key() => self.heap.pop(),
            (Some(_), _) => self.present.pop_front(),
            (None, _) => self.heap.pop(),
        }
    }

    /// All events in order, for a chooser.
    pub(crate) fn in_order(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = self.heap.iter().chain(&self.present).copied().collect();
        entries.sort_unstable_by_key(Entry::key);
        entries
    }

    /// Takes one event out of order.
    pub(crate) fn remove(&mut self, number: u64) {
        self.heap.retain(|entry| entry.number != number);
        self.present.retain(|entry| entry.number != number);
    }
}
