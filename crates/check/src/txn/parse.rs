//! From operations to arrays of transactions, and of reads and writes in them.

use glomers_history::{History, List, Op, OpKind, Process, Value};
use rustc_hash::FxHashMap;

use super::under_way::UnderWay;
use crate::intern::Interner;
use crate::places::Places;

/// No number: no transaction, no version, no entry of the history.
pub(super) const NONE: u32 = u32::MAX;

/// What a value is: how writes are called and what reads hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Lists that grow at their end.
    List,
    /// Registers that are overwritten.
    Register,
}

/// A transaction, as its end tells it, or its beginning if there is no end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Txn {
    /// Where it begins in the history, [`NONE`] if it does not.
    pub(super) begin: u32,
    /// Where it ends, [`NONE`] if it does not.
    pub(super) end: u32,
    /// Which process.
    pub(super) process: u32,
    /// How it ended; `Info` if it did not.
    pub(super) kind: OpKind,
    /// The entry whose value it is told by.
    pub(super) source: u32,
    /// Its micro-operations: a range of [`Parsed::mops`].
    pub(super) mops: (u32, u32),
}

impl Txn {
    /// Where it shows in the history: its end, or its beginning if it has none.
    pub(super) fn place(&self) -> u32 {
        if self.end == NONE { self.begin } else { self.end }
    }

    pub(super) fn is_ok(&self) -> bool {
        self.kind == OpKind::Ok
    }

    pub(super) fn is_failed(&self) -> bool {
        self.kind == OpKind::Fail
    }
}

/// A micro-operation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mop {
    pub(super) key: u32,
    /// Of a write, the version that it makes. Of a read of a register, the version
    /// that it got; of a read of a list, a number in [`Parsed::lists`]; [`NONE`] for
    /// nothing.
    pub(super) value: u32,
    pub(super) is_write: bool,
}

/// A value of a key that was written, or read though nobody wrote it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Version {
    pub(super) key: u32,
    /// The transaction that wrote it, [`NONE`] if nobody did.
    pub(super) writer: u32,
    /// The micro-operation that shows it first, in [`Parsed::mops`].
    pub(super) mop: u32,
    /// Whether its writer wrote the key again.
    pub(super) is_overwritten: bool,
}

/// The versions of a key by their values.
#[derive(Debug, Default)]
pub(super) struct Versions {
    integers: Places,
    others: FxHashMap<Value, u32>,
}

impl Versions {
    /// The version with a value, [`NONE`] if there is none.
    #[inline]
    pub(super) fn find(&self, value: &Value) -> u32 {
        match value {
            Value::Int(integer) => self.integers.get(*integer),
            value => self.others.get(value).copied().unwrap_or(NONE),
        }
    }

    #[inline]
    pub(super) fn insert(&mut self, value: &Value, version: u32) {
        match value {
            Value::Int(integer) => self.integers.insert(*integer, version),
            value => {
                self.others.insert(value.clone(), version);
            }
        }
    }
}

/// What nodes have marked.
#[derive(Debug, Default)]
pub(super) struct Marked {
    /// Versions of a key, each written right before the other.
    pub(super) next: Vec<(u32, u32)>,
    /// Transactions that were marked, and so certainly happened.
    pub(super) txns: Vec<u32>,
    /// How many marks name no transaction: what they say was written nobody wrote.
    pub(super) unknown: usize,
}

/// A history as the checkers of transactions see it.
#[derive(Debug)]
pub(super) struct Parsed<'h> {
    pub(super) ops: &'h [Op],
    pub(super) kind: Kind,
    /// In the order in which it became known how they ended; those that never did at
    /// the end.
    pub(super) txns: Vec<Txn>,
    pub(super) mops: Vec<Mop>,
    /// The lists that reads got, none of them empty.
    pub(super) lists: Vec<&'h List>,
    pub(super) keys: Keys,
    pub(super) versions: Vec<Version>,
    /// By key.
    pub(super) by_value: Vec<Versions>,
    /// Transactions that ended well and are not what they should be.
    pub(super) malformed: Vec<u32>,
    /// Whether some that did not end well are not, either.
    pub(super) is_odd: bool,
    /// Versions whose value was written before, the first with this value, and the
    /// other.
    pub(super) written_again: Vec<(u32, u32)>,
    /// What was read of registers though several wrote its value: by such a version,
    /// the last of [`Parsed::versions`], which of the sources it has.
    pub(super) unclear: Vec<u32>,
    /// Versions of one value, of which a read may have got any.
    pub(super) sources: Vec<Vec<u32>>,
    /// Lists of which a read has a value that several appended: their order says
    /// nothing of transactions. By key; empty if there is none.
    pub(super) opaque: Vec<bool>,
    /// A version whose value two answered transactions left behind, and which an
    /// answered one read: the second writer.
    pub(super) read_of_two: Option<(u32, u32)>,
    /// A process that began a transaction while another of its own was under way.
    pub(super) crowded: Option<u32>,
    /// What nodes say of the order of transactions, where that counts.
    pub(super) marked: Marked,
}

/// The keys.
#[derive(Default)]
pub(super) struct Keys(Interner);

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} keys", self.0.len())
    }
}

impl Keys {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn value(&self, key: u32) -> &Value {
        self.0.value(key)
    }

    /// Whether keys are of several kinds: Elle refuses that, among registers.
    pub(super) fn are_mixed(&self) -> bool {
        let kind = |key: u32| std::mem::discriminant(self.value(key));
        (1..self.len() as u32).any(|key| kind(key) != kind(0))
    }
}

/// How the list of a value's parts is reached without copying it.
pub(super) fn values(value: &Value) -> Option<&[Value]> {
    value.as_list()?.as_values()
}

impl<'h> Parsed<'h> {
    /// `is_clean` says whether only what was left behind may be read.
    pub(super) fn new(history: &'h History, kind: Kind, is_clean: bool) -> Parsed<'h> {
        let ops = history.ops();
        let mut parsed = Parsed {
            ops,
            kind,
            txns: Vec::with_capacity(ops.len() / 2),
            mops: Vec::with_capacity(ops.len()),
            lists: Vec::new(),
            keys: Keys::default(),
            versions: Vec::new(),
            by_value: Vec::new(),
            malformed: Vec::new(),
            is_odd: false,
            written_again: Vec::new(),
            unclear: Vec::new(),
            sources: Vec::new(),
            opaque: Vec::new(),
            read_of_two: None,
            crowded: None,
            marked: Marked::default(),
        };
        let mut under_way = UnderWay::default();
        for (at, op) in ops.iter().enumerate() {
            let Process::Client(process) = op.process else { continue };
            if op.kind == OpKind::Invoke {
                if under_way.begin(process, at as u32) {
                    parsed.crowded.get_or_insert(process);
                }
            } else {
                let begin = under_way.end(process, op, ops);
                parsed.txn(process, begin, at as u32);
            }
        }
        for (begin, process) in under_way.rest() {
            parsed.txn(process, begin, NONE);
        }
        parsed.settle_doubles(is_clean);
        parsed
    }

    /// Whether the order of a list is not known because several appended the same.
    #[inline]
    pub(super) fn is_opaque(&self, key: u32) -> bool {
        self.opaque.get(key as usize).copied().unwrap_or(false)
    }

    /// Which of the sources a version has that several wrote; `None` if it is known.
    #[inline]
    pub(super) fn source(&self, version: u32) -> Option<u32> {
        let first = self.versions.len() - self.unclear.len();
        let place = (version as usize).checked_sub(first);
        place.and_then(|place| self.unclear.get(place)).copied()
    }

    /// Whether several wrote what was read, and nobody knows whose it is.
    #[inline]
    pub(super) fn is_unclear(&self, version: u32) -> bool {
        self.source(version).is_some()
    }

    /// Whether any transaction has a beginning and an end, and what keeps to real time
    /// keeps to sessions.
    pub(super) fn has_clear_time(&self) -> bool {
        self.crowded.is_none() && self.txns.iter().any(|txn| txn.begin != NONE && txn.end != NONE)
    }

    pub(super) fn mops_of(&self, txn: u32) -> &[Mop] {
        let (from, to) = self.txns[txn as usize].mops;
        &self.mops[from as usize..to as usize]
    }

    /// The operation that tells what a transaction did.
    pub(super) fn op(&self, txn: u32) -> &'h Op {
        &self.ops[self.txns[txn as usize].place() as usize]
    }

    /// The transaction that a micro-operation belongs to.
    pub(super) fn txn_of_mop(&self, mop: u32) -> u32 {
        self.txns.partition_point(|txn| txn.mops.1 <= mop) as u32
    }

    /// What stands in the history as the value of a micro-operation.
    pub(super) fn mop_value(&self, mop: u32) -> Value {
        let txn = &self.txns[self.txn_of_mop(mop) as usize];
        let place = (mop - txn.mops.0) as usize;
        let value = values(&self.ops[txn.source as usize].value);
        let part = value.and_then(|parts| values(parts.get(place)?));
        part.and_then(|part| part.get(2).cloned()).unwrap_or(Value::Null)
    }

    /// The value of a version.
    pub(super) fn version_value(&self, version: u32) -> Value {
        self.mop_value(self.versions[version as usize].mop)
    }

    pub(super) fn writer(&self, version: u32) -> u32 {
        self.versions[version as usize].writer
    }

    /// The transaction that wrote a value to a key, if one did.
    pub(super) fn writer_of(&self, key: &Value, value: &Value) -> Option<u32> {
        let key = self.keys.0.find(key);
        let version = self.by_value.get(key as usize)?.find(value);
        let writer = self.versions.get(version as usize)?.writer;
        (writer != NONE).then_some(writer)
    }

    fn txn(&mut self, process: u32, begin: u32, end: u32) {
        let ops = self.ops;
        let completion = (end != NONE).then(|| &ops[end as usize]);
        let kind = completion.map_or(OpKind::Info, |op| op.kind);
        // Some record what failed without its value.
        let told = completion.is_some_and(|op| op.value.as_list().is_some());
        let source = if told || begin == NONE { end } else { begin };
        let op = &ops[source as usize];
        let number = self.txns.len() as u32;
        let first = self.mops.len() as u32;
        let right = values(&op.value).is_some_and(|parts| {
            let mut right = true;
            for part in parts {
                right &= self.mop(part, number).is_some();
            }
            right
        });
        if !right && first == self.mops.len() as u32 && &*op.f != "txn" {
            return;
        }
        if !right && kind == OpKind::Ok {
            self.malformed.push(number);
        } else if !right && op.value.as_list().is_some() {
            self.is_odd = true;
        }
        let mops = (first, self.mops.len() as u32);
        self.note_overwritten(mops);
        self.txns.push(Txn { begin, end, process, kind, source, mops });
    }

    /// Takes a micro-operation; `None` if it is none. What is none gets a place all
    /// the same, as a read of nothing, so that places stay those of the history.
    fn mop(&mut self, part: &'h Value, txn: u32) -> Option<()> {
        let taken = self.mop_of(part, txn);
        if let Some(mop) = taken {
            self.mops.push(mop);
        } else {
            let key = self.key(&Value::Null);
            self.mops.push(Mop { key, value: NONE, is_write: false });
        }
        taken.map(drop)
    }

    #[inline]
    fn mop_of(&mut self, part: &'h Value, txn: u32) -> Option<Mop> {
        let (f, key, value) = match values(part)? {
            [f, key, value, ..] => (f, key, value),
            // Some leave out what is not known yet.
            [f, key] if f.as_str() == Some("r") => (f, key, &Value::Null),
            _ => return None,
        };
        let at = self.mops.len() as u32;
        match (f.as_str()?, self.kind) {
            ("r", Kind::List) => {
                let key = self.key(key);
                let number = match value {
                    Value::Null => NONE,
                    Value::List(list) if list.is_empty() => NONE,
                    Value::List(list) => {
                        self.lists.push(list);
                        self.lists.len() as u32 - 1
                    }
                    _ => return None,
                };
                Some(Mop { key, value: number, is_write: false })
            }
            ("r", Kind::Register) => {
                let key = self.key(key);
                let version = match value {
                    Value::Null => NONE,
                    value => self.version(key, value, at),
                };
                Some(Mop { key, value: version, is_write: false })
            }
            ("append", Kind::List) | ("w", Kind::Register) => {
                let key = self.key(key);
                let first = self.version(key, value, at);
                let known = &mut self.versions[first as usize];
                let mut version = first;
                if known.writer == NONE {
                    known.writer = txn;
                    known.mop = at;
                } else if known.writer != txn || self.kind == Kind::List {
                    // A register that a transaction writes twice alike it writes once.
                    let is_register = self.kind == Kind::Register;
                    let mine = self.written_again.iter().rev();
                    let mut mine = mine.take_while(|&&(_, other)| self.writer(other) == txn);
                    let again = mine.find(|&&(other, _)| is_register && other == first);
                    version = again.map_or(NONE, |&(_, version)| version);
                    if version == NONE {
                        version = self.new_version(key, at, txn);
                        self.written_again.push((first, version));
                    }
                }
                Some(Mop { key, value: version, is_write: true })
            }
            _ => None,
        }
    }

    #[inline]
    fn key(&mut self, key: &Value) -> u32 {
        let id = self.keys.0.intern(key);
        if id as usize == self.by_value.len() {
            self.by_value.push(Versions::default());
        }
        id
    }

    #[inline]
    fn version(&mut self, key: u32, value: &Value, mop: u32) -> u32 {
        let found = self.by_value[key as usize].find(value);
        if found != NONE {
            return found;
        }
        let version = self.new_version(key, mop, NONE);
        self.by_value[key as usize].insert(value, version);
        version
    }

    pub(super) fn new_version(&mut self, key: u32, mop: u32, writer: u32) -> u32 {
        self.versions.push(Version { key, writer, mop, is_overwritten: false });
        self.versions.len() as u32 - 1
    }

    /// Marks what a transaction writes and overwrites itself.
    fn note_overwritten(&mut self, (from, to): (u32, u32)) {
        let mops = &self.mops[from as usize..to as usize];
        if mops.len() > 8 {
            let mut last: FxHashMap<u32, u32> = FxHashMap::default();
            for mop in mops.iter().filter(|mop| mop.is_write) {
                if let Some(before) = last.insert(mop.key, mop.value) {
                    self.versions[before as usize].is_overwritten = true;
                }
            }
            // One that it wrote again is what it left behind.
            for version in last.into_values() {
                self.versions[version as usize].is_overwritten = false;
            }
            return;
        }
        for (at, mop) in mops.iter().enumerate().filter(|(_, mop)| mop.is_write) {
            let again = |later: &&Mop| later.is_write && later.key == mop.key;
            let last = mops[at + 1..].iter().rfind(again);
            if last.is_some_and(|last| last.value != mop.value) {
                self.versions[mop.value as usize].is_overwritten = true;
            }
        }
    }
}
