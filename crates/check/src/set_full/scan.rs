//! One pass over all that was read, linear in its size.

use glomers_history::{History, List, OpKind, Value};
use rustc_hash::FxHashMap;

use super::SetFull;
use crate::intern::{Interner, NONE};

/// What is known of an element. Places in the history, [`NONE`] if there is none.
#[derive(Clone)]
pub(super) struct Element {
    /// The last add's beginning: Jepsen forgets an element that is added again.
    pub(super) added: u32,
    /// The first add's beginning.
    pub(super) first_added: u32,
    /// The beginning of the first add that did not fail.
    pub(super) first_possible: u32,
    /// The first entry after `added` that proves the element is in the set.
    pub(super) known: u32,
    /// The first entry after `first_added` that does.
    pub(super) ever_known: u32,
    /// The last-invoked read with the element, of those ending after `added`.
    pub(super) last_present: u32,
    /// The last-invoked read without it, of those ending after `added`.
    pub(super) last_absent: u32,
    /// The end of the read with it that ended first.
    pub(super) first_seen: u32,
    /// How many of the answered final reads have it.
    pub(super) finals: u32,
}

impl Element {
    const NEW: Element = Element {
        added: NONE,
        first_added: NONE,
        first_possible: NONE,
        known: NONE,
        ever_known: NONE,
        last_present: NONE,
        last_absent: NONE,
        first_seen: NONE,
        finals: 0,
    };
}

/// An answered read: the places of its beginning and its end.
#[derive(Clone, Copy)]
pub(super) struct Read {
    pub(super) invoke: u32,
    pub(super) complete: u32,
    pub(super) is_final: bool,
}

/// An element that a read holds more than once.
#[derive(Clone, Copy)]
pub(super) struct Duplicate {
    pub(super) times: u32,
    /// The end of the read that holds it so often, the first if several do.
    pub(super) complete: u32,
}

/// What the passes over a history find.
pub(super) struct Scan {
    pub(super) interner: Interner,
    pub(super) elements: Vec<Element>,
    /// Answered reads, the last-invoked first.
    pub(super) reads: Vec<Read>,
    /// Ends of reads whose value is no list.
    pub(super) malformed: Vec<u32>,
    /// Final reads that were not answered, by their beginnings.
    pub(super) unanswered_finals: Vec<u32>,
    /// The beginning of the first final read.
    pub(super) first_final: u32,
    pub(super) duplicates: FxHashMap<u32, Duplicate>,
    /// Elements read when every add of them so far was one that failed: the end
    /// of the first such read.
    pub(super) aborted: FxHashMap<u32, u32>,
    /// How often the elements occur in the current read, as pairs of stamp and
    /// count.
    seen: Vec<(u32, u32)>,
    stamp: u32,
}

impl Scan {
    pub(super) fn new(history: &History, spec: &SetFull) -> Scan {
        let mut scan = Scan {
            interner: Interner::default(),
            elements: Vec::new(),
            reads: Vec::new(),
            malformed: Vec::new(),
            unanswered_finals: Vec::new(),
            first_final: NONE,
            duplicates: FxHashMap::default(),
            aborted: FxHashMap::default(),
            seen: Vec::new(),
            stamp: 0,
        };
        scan.operations(history, spec);
        scan.contents(history);
        scan
    }

    /// The pass over operations: adds, and which reads there are.
    fn operations(&mut self, history: &History, spec: &SetFull) {
        let pairs = history.pairs();
        let ops = history.ops();
        // The other end, if it is one of the same kind of operation.
        let other = |at: usize| pairs[at].filter(|&other| ops[other].f == ops[at].f);
        for (at, op) in ops.iter().enumerate() {
            if !op.process.is_client() {
                continue;
            }
            let place = at as u32;
            let is_add = &*op.f == spec.add;
            let is_read = &*op.f == spec.read;
            match op.kind {
                OpKind::Invoke if is_add => {
                    let failed = other(at).is_some_and(|end| ops[end].kind == OpKind::Fail);
                    self.add(&op.value, place, failed);
                }
                OpKind::Ok if is_add => self.acknowledge(&op.value, place),
                OpKind::Invoke if is_read => {
                    let end = other(at).map(|end| &ops[end]);
                    if op.is_final || end.is_some_and(|end| end.is_final) {
                        self.first_final = self.first_final.min(place);
                        if end.is_none_or(|end| end.kind != OpKind::Ok) {
                            self.unanswered_finals.push(place);
                        }
                    }
                }
                OpKind::Ok if is_read => {
                    // Jepsen reads null as the empty set; it is an ill-typed
                    // answer all the same.
                    let is_set = matches!(op.value, Value::List(_) | Value::Set(_));
                    if !is_set {
                        self.malformed.push(place);
                    }
                    if let Some(invoke) = other(at)
                        && (is_set || op.value == Value::Null)
                    {
                        self.reads.push(Read {
                            invoke: invoke as u32,
                            complete: place,
                            is_final: op.is_final || ops[invoke].is_final,
                        });
                    }
                }
                _ => {}
            }
        }
        self.reads.sort_unstable_by_key(|read| std::cmp::Reverse(read.invoke));
    }

    fn add(&mut self, value: &Value, place: u32, failed: bool) {
        let id = self.intern(value);
        let element = &mut self.elements[id as usize];
        element.added = place;
        element.known = NONE;
        element.first_added = element.first_added.min(place);
        if !failed {
            element.first_possible = element.first_possible.min(place);
        }
    }

    fn acknowledge(&mut self, value: &Value, place: u32) {
        let id = self.interner.find(value);
        // An answer to an add that was never made proves nothing.
        if let Some(element) = self.elements.get_mut(id as usize) {
            element.known = element.known.min(place);
            element.ever_known = element.ever_known.min(place);
        }
    }

    fn intern(&mut self, value: &Value) -> u32 {
        let id = self.interner.intern(value);
        if id as usize >= self.elements.len() {
            self.elements.push(Element::NEW);
            self.seen.push((0, 0));
        }
        id
    }

    /// The pass over what was read, the last-invoked read first: so the first
    /// read that has (or lacks) an element is the last one that does. What a read
    /// has costs its size; what it lacks is struck off the list of elements whose
    /// last absence is open, which happens once to each.
    fn contents(&mut self, history: &History) {
        let mut open = Open::new(&self.elements);
        for at in 0..self.reads.len() {
            let read = self.reads[at];
            self.stamp += 1;
            match &history.ops()[read.complete as usize].value {
                Value::List(list) => self.list(list, read),
                Value::Set(elements) => {
                    for element in elements.iter() {
                        let id = self.intern(element);
                        self.present(id, read);
                    }
                }
                _ => {}
            }
            let (seen, elements, stamp) = (&self.seen, &mut self.elements, self.stamp);
            open.strike(read.complete, |id| {
                let absent = seen[id as usize].0 != stamp;
                if absent {
                    elements[id as usize].last_absent = read.invoke;
                }
                absent
            });
        }
    }

    fn list(&mut self, list: &List, read: Read) {
        let Some(small) = list.as_small() else {
            for element in list.iter() {
                let id = self.intern(&element);
                self.present(id, read);
            }
            return;
        };
        for &integer in small.chunks().flatten() {
            let mut id = self.interner.find_small(integer);
            if id == NONE {
                id = self.intern(&Value::Int(i64::from(integer)));
            }
            self.present(id, read);
        }
    }

    #[inline]
    fn present(&mut self, id: u32, read: Read) {
        let seen = &mut self.seen[id as usize];
        if seen.0 == self.stamp {
            seen.1 += 1;
            let times = seen.1;
            self.repeated(id, times, read);
            return;
        }
        *seen = (self.stamp, 1);
        let element = &mut self.elements[id as usize];
        element.first_seen = element.first_seen.min(read.complete);
        element.finals += u32::from(read.is_final);
        // A missing place is higher than any, so these are false without one.
        if read.complete > element.added {
            element.known = element.known.min(read.complete);
            if element.last_present == NONE {
                element.last_present = read.invoke;
            }
        }
        if read.complete > element.first_added {
            element.ever_known = element.ever_known.min(read.complete);
            if read.complete < element.first_possible {
                let witness = self.aborted.entry(id).or_insert(read.complete);
                *witness = (*witness).min(read.complete);
            }
        }
    }

    #[cold]
    fn repeated(&mut self, id: u32, times: u32, read: Read) {
        let entry =
            self.duplicates.entry(id).or_insert(Duplicate { times, complete: read.complete });
        if times > entry.times || times == entry.times && read.complete < entry.complete {
            *entry = Duplicate { times, complete: read.complete };
        }
    }

    /// Stamps the elements of some reads, so that [`Scan::is_stamped`] tells
    /// whether any of them has an element.
    pub(super) fn stamp_reads(&mut self, history: &History, reads: &[Read]) {
        self.stamp += 1;
        let mut ids = Vec::new();
        for read in reads {
            self.ids_of(history, *read, &mut ids);
        }
        for id in ids {
            self.seen[id as usize] = (self.stamp, 1);
        }
    }

    /// Adds the elements of a read, as often as it holds them.
    pub(super) fn ids_of(&self, history: &History, read: Read, ids: &mut Vec<u32>) {
        match &history.ops()[read.complete as usize].value {
            Value::List(list) => match list.as_small() {
                Some(small) => ids.extend(small.iter().map(|i| self.interner.find_small(i))),
                None => ids.extend(list.iter().map(|value| self.interner.find(&value))),
            },
            Value::Set(elements) => {
                ids.extend(elements.iter().map(|value| self.interner.find(value)));
            }
            _ => {}
        }
    }

    /// The answered read that began at a place.
    pub(super) fn read_begun(&self, invoke: u32) -> Option<Read> {
        let at = self
            .reads
            .binary_search_by_key(&std::cmp::Reverse(invoke), |read| std::cmp::Reverse(read.invoke))
            .ok()?;
        self.reads.get(at).copied()
    }

    /// Whether an element is in one of the reads stamped last.
    pub(super) fn is_stamped(&self, id: u32) -> bool {
        self.seen.get(id as usize).is_some_and(|seen| seen.0 == self.stamp)
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
