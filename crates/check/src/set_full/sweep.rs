//! What reads hold and lack, in work proportional to what changes between one read
//! and the next of the same worker.
//!
//! Answered reads are put into *lanes*, whose reads follow each other without
//! overlapping: those of one process, and of the processes that came after it. A
//! lane is swept from its last read to its first. Then both the beginnings and the
//! ends of its reads go down; so of all reads that an element stays in, the first
//! one swept began last and the last one swept ended first, and nothing between
//! needs to be looked at.

use std::collections::BTreeMap;

use glomers_history::{History, Value};
use glomers_protocol::SmallIntegers;
use rustc_hash::FxHashMap;

use super::scan::{Element, Read, Scan};
use crate::intern::{Interner, NONE};

/// The reads of a worker, the last one first.
type Lane = Vec<Read>;

/// Puts reads into lanes. They come ordered by their beginnings, the last one
/// first.
fn lanes(history: &History, reads: &[Read]) -> Vec<Lane> {
    let process = |read: &Read| history.ops()[read.invoke as usize].process;
    let mut by_process: FxHashMap<_, usize> = FxHashMap::default();
    let mut of_process: Vec<Lane> = Vec::new();
    for read in reads {
        let place = *by_process.entry(process(read)).or_insert_with(|| {
            of_process.push(Lane::new());
            of_process.len() - 1
        });
        of_process[place].push(*read);
    }
    // A process that crashed is followed by another, which asks the same node: it
    // comes right after it, so the lane that ended last is likely to be its own.
    of_process.sort_by_key(|lane| lane.last().map(|first| first.invoke));
    let mut ends: BTreeMap<u32, usize> = BTreeMap::new();
    let mut lanes: Vec<Vec<Lane>> = Vec::new();
    for lane in of_process {
        let (Some(last), Some(first)) = (lane.first(), lane.last()) else { continue };
        let (end, begin) = (last.complete, first.invoke);
        let free = ends.range(..begin).next_back().map(|(&end, &place)| (end, place));
        let place = match free {
            Some((end, place)) => {
                ends.remove(&end);
                lanes[place].push(lane);
                place
            }
            None => {
                lanes.push(vec![lane]);
                lanes.len() - 1
            }
        };
        ends.insert(end, place);
    }
    lanes.into_iter().map(|parts| parts.into_iter().rev().flatten().collect()).collect()
}

/// What a read holds, in the form in which it is compared with the next.
enum Held<'a> {
    Small(SmallIntegers<'a>),
    /// The elements' numbers.
    Ids(Vec<u32>),
}

impl<'a> Held<'a> {
    fn of(value: &'a Value, interner: &mut Interner) -> Held<'a> {
        match value {
            Value::List(list) => match list.as_small() {
                Some(small) => Held::Small(small),
                None => Held::Ids(list.iter().map(|value| interner.intern(&value)).collect()),
            },
            Value::Set(elements) => {
                Held::Ids(elements.iter().map(|value| interner.intern(value)).collect())
            }
            _ => Held::Ids(Vec::new()),
        }
    }

    fn count(&self) -> usize {
        match self {
            Held::Small(small) => small.count(),
            Held::Ids(ids) => ids.len(),
        }
    }

    /// How many elements are the same at the beginning, and how many of the others
    /// at the end.
    fn in_common(&self, other: &Held<'_>) -> (usize, usize) {
        let most = self.count().min(other.count());
        match (self, other) {
            (Held::Small(a), Held::Small(b)) => {
                let before = a.common_prefix(*b);
                (before, a.common_suffix(*b, most - before))
            }
            (Held::Ids(a), Held::Ids(b)) => {
                let before = a.iter().zip(b).take_while(|(a, b)| a == b).count();
                let ends = a.iter().rev().zip(b.iter().rev()).take(most - before);
                (before, ends.take_while(|(a, b)| a == b).count())
            }
            _ => (0, 0),
        }
    }

    /// The numbers of so many elements from a place on.
    fn range(&self, from: usize, count: usize, interner: &mut Interner, into: &mut Vec<u32>) {
        into.clear();
        match self {
            Held::Small(small) => into.extend(small.range(from, count).map(|integer| {
                let id = interner.find_small(integer);
                if id != NONE {
                    return id;
                }
                interner.intern(&Value::Int(i64::from(integer)))
            })),
            Held::Ids(ids) => into.extend(ids.iter().skip(from).take(count)),
        }
    }
}

/// An element in the sweep of a lane.
#[derive(Clone, Copy)]
struct State {
    /// How often the current read holds it.
    times: u32,
    /// The place in the lane of the read, the first one swept, since which every
    /// read has held it.
    since: u32,
    /// The step in which it was touched last, and how often the read before held it.
    touched: u32,
    before: u32,
}

impl State {
    const NEW: State = State { times: 0, since: 0, touched: 0, before: 0 };
}

/// The pass over what was read.
pub(super) fn contents(scan: &mut Scan, history: &History) {
    let lanes = lanes(history, &scan.reads);
    absences_of_last_reads(scan, history, &lanes);
    let mut sweep =
        Sweep { scan, states: Vec::new(), step: 0, touched: Vec::new(), ids: Vec::new() };
    for lane in &lanes {
        sweep.lane(history, lane);
    }
}

/// Finds what the last read of each lane lacks. The one that began last comes
/// first; so what it lacks is struck off the list of elements whose last absence is
/// open. What a read has costs its size, and what it lacks is struck off once.
fn absences_of_last_reads(scan: &mut Scan, history: &History, lanes: &[Lane]) {
    let mut last: Vec<Read> = lanes.iter().filter_map(|lane| lane.first().copied()).collect();
    last.sort_unstable_by_key(|read| std::cmp::Reverse(read.invoke));
    let mut open = Open::new(&scan.elements);
    for read in last {
        scan.stamp_reads(history, &[read]);
        open.strike(read.complete, |id| {
            let is_absent = !scan.is_stamped(id);
            if is_absent {
                scan.elements[id as usize].last_absent = read.invoke;
            }
            is_absent
        });
    }
}

struct Sweep<'a> {
    scan: &'a mut Scan,
    /// By element.
    states: Vec<State>,
    /// Counts the reads of all lanes.
    step: u32,
    /// The elements of which the current read holds more or fewer than the read
    /// swept before.
    touched: Vec<u32>,
    ids: Vec<u32>,
}

impl Sweep<'_> {
    fn lane(&mut self, history: &History, lane: &[Read]) {
        let finals: Vec<u32> = std::iter::once(0)
            .chain(lane.iter().scan(0, |finals, read| {
                *finals += u32::from(read.is_final);
                Some(*finals)
            }))
            .collect();
        let lane = Swept { reads: lane, finals: &finals };
        let mut held = Held::Ids(Vec::new());
        for (at, read) in lane.reads.iter().enumerate() {
            let value = &history.ops()[read.complete as usize].value;
            let next = Held::of(value, &mut self.scan.interner);
            self.step(&held, &next);
            self.settle(&lane, at as u32);
            held = next;
        }
        // After the first read of the lane comes nothing that holds anything.
        self.step(&held, &Held::Ids(Vec::new()));
        self.settle(&lane, lane.reads.len() as u32);
    }

    /// Counts what the next read holds and the one before does not, and the other
    /// way round.
    fn step(&mut self, held: &Held<'_>, next: &Held<'_>) {
        self.step += 1;
        self.touched.clear();
        let (before, after) = held.in_common(next);
        let mut ids = std::mem::take(&mut self.ids);
        for (of, is_new) in [(next, true), (held, false)] {
            of.range(before, of.count() - before - after, &mut self.scan.interner, &mut ids);
            let known = self.scan.interner.len();
            if known > self.states.len() {
                self.states.resize(known, State::NEW);
                self.scan.grow();
            }
            for &id in &ids {
                let state = &mut self.states[id as usize];
                if state.touched != self.step {
                    (state.touched, state.before) = (self.step, state.times);
                    self.touched.push(id);
                }
                // What is new comes first, so that no count falls below zero.
                state.times = if is_new { state.times + 1 } else { state.times - 1 };
            }
        }
        self.ids = ids;
    }

    /// Draws the conclusions from what has changed at a place in the lane.
    fn settle(&mut self, lane: &Swept<'_>, at: u32) {
        let Sweep { scan, states, touched, .. } = self;
        for &id in &*touched {
            let state = &mut states[id as usize];
            if state.before > 1 && state.before != state.times {
                scan.repeated(id, state.before, lane.reads[at as usize - 1]);
            }
            if state.before == 0 && state.times > 0 {
                state.since = at;
            }
            if state.before > 0 && state.times == 0 {
                let held = lane.part(state.since, at);
                if let Some(aborted) = held.tell(&mut scan.elements[id as usize]) {
                    let witness = scan.aborted.entry(id).or_insert(aborted);
                    *witness = (*witness).min(aborted);
                }
                if let Some(read) = lane.reads.get(at as usize) {
                    scan.elements[id as usize].is_absent_from(*read);
                }
            }
        }
    }
}

/// A lane with how many of its reads before each place are final.
struct Swept<'a> {
    reads: &'a [Read],
    finals: &'a [u32],
}

impl<'a> Swept<'a> {
    /// The reads from a place to before another.
    fn part(&self, from: u32, to: u32) -> Present<'a> {
        let (from, to) = (from as usize, to as usize);
        Present { reads: &self.reads[from..to], finals: self.finals[to] - self.finals[from] }
    }
}

/// Reads that follow each other and all hold an element, the last-invoked first.
struct Present<'a> {
    reads: &'a [Read],
    finals: u32,
}

impl Present<'_> {
    /// Of the reads that ended after a place the one that ended first.
    fn first_end_after(&self, place: u32) -> Option<u32> {
        let last = self.reads.last()?;
        if last.complete > place {
            return Some(last.complete);
        }
        let count = self.reads.partition_point(|read| read.complete > place);
        Some(self.reads[..count].last()?.complete)
    }

    /// Notes at the element that these reads hold it; the end of the first of them
    /// that proves that an add that failed had an effect. A missing place is higher
    /// than any.
    fn tell(&self, element: &mut Element) -> Option<u32> {
        let (first, last) = (self.reads.first()?, self.reads.last()?);
        element.first_seen = element.first_seen.min(last.complete);
        element.finals += self.finals;
        if let Some(end) = self.first_end_after(element.added) {
            element.known = element.known.min(end);
            if element.last_present == NONE || element.last_present < first.invoke {
                element.last_present = first.invoke;
            }
        }
        let end = self.first_end_after(element.first_added)?;
        element.ever_known = element.ever_known.min(end);
        (end < element.first_possible).then_some(end)
    }
}

/// The elements whose last absence is not known yet, linked in the order in
/// which they were added.
struct Open {
    /// Identifiers and the places of their adds, in order of these.
    order: Vec<(u32, u32)>,
    /// For each rank in `order`, offset by one, the next one still open; the
    /// first entry is the head.
    next: Vec<u32>,
}

impl Open {
    fn new(elements: &[Element]) -> Open {
        let mut order: Vec<(u32, u32)> = elements
            .iter()
            .enumerate()
            .filter(|(_, element)| element.added != NONE)
            .map(|(id, element)| (id as u32, element.added))
            .collect();
        order.sort_unstable_by_key(|&(_, added)| added);
        let next = (1..=order.len() as u32 + 1).collect();
        Open { order, next }
    }

    /// Removes those, added before `end`, that `close` says to.
    fn strike(&mut self, end: u32, mut close: impl FnMut(u32) -> bool) {
        let limit = self.order.partition_point(|&(_, added)| added < end);
        let mut before = 0;
        let mut at = self.next[0] as usize;
        while at <= limit {
            let after = self.next[at];
            if close(self.order[at - 1].0) {
                self.next[before] = after;
            } else {
                before = at;
            }
            at = after as usize;
        }
    }
}
