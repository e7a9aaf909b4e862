//! What is known of the elements of a set: from the operations, and from what was read.

use glomers_history::{History, OpKind, Value};
use rustc_hash::FxHashMap;

use super::{SetFull, sweep};
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

    /// Notes that a read lacks it.
    pub(super) fn is_absent_from(&mut self, read: Read) {
        let is_later = self.last_absent == NONE || self.last_absent < read.invoke;
        if read.complete > self.added && is_later {
            self.last_absent = read.invoke;
        }
    }
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
    /// By element the stamp of the reads that were stamped last with it among them.
    seen: Vec<u32>,
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
        sweep::contents(&mut scan, history);
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
        self.grow();
        id
    }

    /// Makes room for all elements that have numbers.
    pub(super) fn grow(&mut self) {
        self.elements.resize(self.interner.len(), Element::NEW);
        self.seen.resize(self.interner.len(), 0);
    }

    /// Notes how often a read holds an element, if it does so more than once.
    pub(super) fn repeated(&mut self, id: u32, times: u32, read: Read) {
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
            // What nobody added may have no number yet.
            if let Some(seen) = self.seen.get_mut(id as usize) {
                *seen = self.stamp;
            }
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
        self.seen.get(id as usize).is_some_and(|&seen| seen == self.stamp)
    }
}
