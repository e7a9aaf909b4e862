//! What will happen, in order of time.

use std::collections::VecDeque;

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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) time: Time,
    pub(crate) due: Due,
}

/// How many events are sorted at once. More are put into finer buckets first.
const FEW: usize = 32;

/// Events by time; first come, first served at equal times.
///
/// Time never goes back, so events need not stand in order before they are near: an event
/// is in the bucket of the highest bit in which its time differs from `base`, a moment
/// that is not after the present. All of a bucket come before all of the next, and events
/// of one time are in one bucket, in the order in which they came. When it is the turn of
/// the first bucket, `base` becomes the earliest time in it, and its events are sorted if
/// they are few, or else put into lower buckets. So an event is moved a few times,
/// together with its neighbours, where a heap would compare it with others all over memory.
#[derive(Debug)]
pub(crate) struct EventQueue {
    base: u64,
    /// The next ones, the last of them first: all that come before `near_end`.
    near: Vec<Entry>,
    near_end: u64,
    /// Those at `base`, in order, unless they are in `near`.
    present: VecDeque<Entry>,
    /// The others: place b has those whose times differ from `base` in bit b at most.
    buckets: [Bucket; 64],
    /// Which buckets have any.
    filled: u64,
}

#[derive(Debug, Default)]
struct Bucket {
    entries: Vec<Entry>,
    /// The earliest time among them.
    first: u64,
}

impl Default for EventQueue {
    fn default() -> EventQueue {
        EventQueue {
            base: 0,
            near: Vec::new(),
            near_end: 0,
            present: VecDeque::new(),
            buckets: std::array::from_fn(|_| Bucket::default()),
            filled: 0,
        }
    }
}

impl EventQueue {
    pub(crate) fn push(&mut self, now: Time, time: Time, due: Due) {
        self.put(Entry { time: time.max(now), due });
    }

    #[inline]
    fn put(&mut self, entry: Entry) {
        let time = entry.time.0;
        debug_assert!(time >= self.base, "time cannot go back");
        if time < self.near_end {
            // Behind those that come later, and before those that came before it.
            let later = self.near.iter().rposition(|other| other.time.0 > time);
            self.near.insert(later.map_or(0, |place| place + 1), entry);
        } else if time == self.base {
            self.present.push_back(entry);
        } else {
            let bit = (time ^ self.base).ilog2();
            let bucket = &mut self.buckets[bit as usize];
            let is_first = bucket.entries.is_empty() || time < bucket.first;
            bucket.first = if is_first { time } else { bucket.first };
            bucket.entries.push(entry);
            self.filled |= 1 << bit;
        }
    }

    pub(crate) fn next_time(&self) -> Option<Time> {
        if !self.present.is_empty() {
            return Some(Time(self.base));
        }
        if let Some(next) = self.near.last() {
            return Some(next.time);
        }
        let bucket = self.buckets.get(self.filled.trailing_zeros() as usize)?;
        Some(Time(bucket.first))
    }

    /// Takes the earliest event. None may be pushed for an earlier time after that.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Entry> {
        if let Some(entry) = self.present.pop_front() {
            return Some(entry);
        }
        if self.near.len() <= 2 * FEW
            && let Some(entry) = self.near.pop()
        {
            return Some(entry);
        }
        self.gather()
    }

    /// As [`EventQueue::pop`], where nothing is sorted that is next, or too much.
    #[inline(never)]
    fn gather(&mut self) -> Option<Entry> {
        if !self.near.is_empty() {
            return self.scatter();
        }
        let bit = self.filled.trailing_zeros();
        let bucket = self.buckets.get_mut(bit as usize)?;
        self.filled &= !(1 << bit);
        self.base = bucket.first;
        if bucket.entries.len() <= FEW {
            std::mem::swap(&mut self.near, &mut bucket.entries);
            // Of one time the last one first.
            self.near.reverse();
            self.near.sort_by_key(|entry| std::cmp::Reverse(entry.time));
            // The very last moment has no end: what comes then is in the last bucket.
            self.near_end = self.near.first()?.time.0.saturating_add(1);
            return self.near.pop();
        }
        self.near_end = 0;
        let mut entries = std::mem::take(&mut bucket.entries);
        entries.drain(..).for_each(|entry| self.put(entry));
        // Its memory is used again.
        self.buckets[bit as usize].entries = entries;
        self.present.pop_front()
    }

    /// Puts what was sorted into buckets again, as it has become too much.
    fn scatter(&mut self) -> Option<Entry> {
        let base = self.near.last()?.time.0;
        // Above the highest bit in which the bases differ buckets stay what they are.
        let changed = (base ^ self.base).checked_ilog2().map_or(0, |bit| bit as usize + 1);
        let mut entries = std::mem::take(&mut self.near);
        entries.reverse();
        for (bit, bucket) in self.buckets.iter_mut().enumerate().take(changed) {
            entries.append(&mut bucket.entries);
            self.filled &= !(1 << bit);
        }
        (self.base, self.near_end) = (base, 0);
        entries.into_iter().for_each(|entry| self.put(entry));
        self.present.pop_front()
    }

    /// All events in order, for a chooser.
    pub(crate) fn in_order(&self) -> Vec<Entry> {
        let buckets = self.buckets.iter().flat_map(|bucket| &bucket.entries);
        let near = self.near.iter().rev();
        let mut entries: Vec<Entry> =
            self.present.iter().chain(near).chain(buckets).copied().collect();
        // Stable: those of one time are in order already.
        entries.sort_by_key(|entry| entry.time);
        entries
    }

    /// Takes the event at this place of [`EventQueue::in_order`].
    pub(crate) fn take(&mut self, place: usize) -> Option<Entry> {
        let mut entries = self.in_order();
        if place >= entries.len() {
            return None;
        }
        let entry = entries.remove(place);
        *self = EventQueue { base: self.base, ..EventQueue::default() };
        entries.into_iter().for_each(|entry| self.put(entry));
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draws::{Draws, Purpose};

    /// What events come to, by its definition: a list that is looked through.
    #[derive(Default)]
    struct Listed(Vec<Entry>);

    impl Listed {
        fn pop(&mut self) -> Option<Entry> {
            let first = self.0.iter().map(|entry| entry.time).min()?;
            let place = self.0.iter().position(|entry| entry.time == first)?;
            Some(self.0.remove(place))
        }
    }

    #[test]
    fn events_come_by_time_and_then_in_the_order_they_were_pushed() {
        for seed in 0..200 {
            let mut draws = Draws::keyed(seed, Purpose::Choice, 0, 0, 0);
            let (mut queue, mut listed) = (EventQueue::default(), Listed::default());
            let mut now = Time::ZERO;
            // How far ahead events lie: many at one time, some, hardly any.
            let span = 1 << draws.below(40);
            let many = draws.below(60);
            for index in 0..2000 {
                if draws.below(100) < 45 + many / 10 || queue.next_time().is_none() {
                    let ahead = draws.below(span) >> draws.below(30);
                    let time = match draws.below(50) {
                        0 => Time::MAX,
                        1 => Time::ZERO,
                        _ => Time(now.0 + ahead),
                    };
                    queue.push(now, time, Due::Listed { index });
                    listed.0.push(Entry { time: time.max(now), due: Due::Listed { index } });
                    continue;
                }
                let earliest = listed.0.iter().map(|entry| entry.time).min();
                assert_eq!(queue.next_time(), earliest);
                if draws.below(20) == 0 {
                    let mut sorted = listed.0.clone();
                    sorted.sort_by_key(|entry| entry.time);
                    assert_eq!(queue.in_order(), sorted);
                    let place = draws.below(sorted.len() as u64) as usize;
                    assert_eq!(queue.take(place), Some(sorted[place]));
                    listed.0.retain(|entry| *entry != sorted[place]);
                    continue;
                }
                let next = listed.pop();
                assert_eq!(queue.pop(), next);
                now = next.map_or(now, |entry| entry.time.max(now));
                if now == Time::MAX {
                    break;
                }
            }
        }
    }
}
