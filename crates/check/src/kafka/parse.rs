//! From operations to arrays of sends and polls.

use std::sync::Arc;

use glomers_history::{History, List, Op, OpKind, Process, Value};
use rustc_hash::{FxHashMap, FxHashSet};

use super::offsets::Offsets;
use super::transactions::{Message, Poll, Send, Transaction, range};
use crate::places::{NONE, Places};

/// Somebody has polled a message.
const READ: u8 = 1;
/// An answered poll has it.
const READ_OK: u8 = 2;

/// A log.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) value: Value,
    /// Messages that are integers.
    integers: Places,
    /// Other messages.
    others: FxHashMap<Value, u32>,
}

/// A history as the checker sees it.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub(super) keys: Vec<Key>,
    pub(super) messages: Vec<Message>,
    /// In the order in which it became known how they ended.
    pub(super) transactions: Vec<Transaction>,
    pub(super) sends: Vec<Send>,
    pub(super) polls: Vec<Poll>,
    /// The messages that polls got.
    pub(super) polled: Vec<u32>,
    /// What offsets hold, by key, as polls tell it.
    pub(super) offsets: Vec<Offsets>,
    /// By message who has polled it: [`READ`], [`READ_OK`]. In an array of their
    /// own, since they are looked at for each message of each poll.
    marks: Vec<u8>,
    /// Whether any client let the cluster choose its keys, so that they may change
    /// between two polls.
    pub(super) subscribes: bool,
    /// Answered operations whose value is not what it should be.
    pub(super) malformed: Vec<u32>,
    /// Transactions and the keys that changed hands meanwhile.
    rebalanced: FxHashSet<(u32, u32)>,
    /// Transactions and keys of which a poll in them got nothing, in order.
    pub(super) empty: Vec<(u32, u32)>,
    key_ids: FxHashMap<Value, u32>,
}

impl Parsed {
    pub(super) fn new(history: &History) -> Parsed {
        let mut parsed = Parsed::default();
        let mut open: FxHashMap<u32, u32> = FxHashMap::default();
        let ops = history.ops();
        for (at, op) in ops.iter().enumerate() {
            let Process::Client(process) = op.process else { continue };
            let at = at as u32;
            if op.kind == OpKind::Invoke {
                if let Some(begin) = open.insert(process, at) {
                    parsed.transaction(ops, process, begin, NONE);
                }
                continue;
            }
            for key in history.rebalanced(op.index) {
                let key = parsed.key(key);
                parsed.rebalanced.insert((parsed.transactions.len() as u32, key));
            }
            let begin = open.remove(&process).unwrap_or(NONE);
            parsed.transaction(ops, process, begin, at);
        }
        let mut open: Vec<(u32, u32)> = open.into_iter().map(|(p, at)| (at, p)).collect();
        open.sort_unstable();
        for (begin, process) in open {
            parsed.transaction(ops, process, begin, NONE);
        }
        parsed.commit();
        parsed
    }

    /// Whether any send was acknowledged.
    pub(super) fn any_acknowledged(&self) -> bool {
        self.messages.iter().any(Message::is_sent_ok)
    }

    /// The messages that a poll got.
    pub(super) fn messages_of(&self, poll: &Poll) -> &[u32] {
        &self.polled[range(poll.messages)]
    }

    pub(super) fn sends_of(&self, transaction: &Transaction) -> &[Send] {
        &self.sends[range(transaction.sends)]
    }

    pub(super) fn polls_of(&self, transaction: &Transaction) -> &[Poll] {
        &self.polls[range(transaction.polls)]
    }

    /// Whether a key changed hands while a transaction went on.
    pub(super) fn is_rebalanced(&self, transaction: u32, key: u32) -> bool {
        self.rebalanced.contains(&(transaction, key))
    }

    /// Whether a transaction must have happened: it was answered, or an answered
    /// poll has what it sent.
    pub(super) fn must_have_committed(&self, transaction: &Transaction) -> bool {
        match transaction.kind {
            OpKind::Ok => true,
            OpKind::Fail | OpKind::Invoke => false,
            OpKind::Info => self
                .sends_of(transaction)
                .iter()
                .any(|send| self.messages[send.message as usize].is_read_ok()),
        }
    }

    /// Marks the messages of transactions that must have happened.
    fn commit(&mut self) {
        for at in 0..self.transactions.len() {
            let sends = range(self.transactions[at].sends);
            if sends.is_empty() || !self.must_have_committed(&self.transactions[at]) {
                continue;
            }
            for send in &self.sends[sends] {
                self.messages[send.message as usize].committed = true;
            }
        }
    }

    fn transaction(&mut self, ops: &[Op], process: u32, begin: u32, end: u32) {
        let completion = (end != NONE).then(|| &ops[end as usize]);
        let invocation = (begin != NONE).then(|| &ops[begin as usize]);
        let Some(op) = completion.or(invocation) else { return };
        let kind = completion.map_or(OpKind::Info, |op| op.kind);
        // Some record what failed without its value.
        let bare = completion.filter(|op| kind == OpKind::Ok || op.value.as_list().is_some());
        let value = bare.or(invocation).map_or(&Value::Null, |op| &op.value);
        let (sends, polls) = (self.sends.len() as u32, self.polls.len() as u32);
        let mut assigns = None;
        match &*op.f {
            "send" | "poll" | "txn" => {
                let parts = self.parts(value, kind, bare.is_some());
                if kind == OpKind::Ok && parts.is_none() {
                    self.malformed.push(op.index as u32);
                }
            }
            "assign" | "subscribe" if kind != OpKind::Fail => {
                let keys: Vec<Value> = match value {
                    Value::List(list) => list.iter().collect(),
                    Value::Set(set) => set.to_vec(),
                    _ => Vec::new(),
                };
                self.subscribes |= &*op.f == "subscribe";
                assigns = Some(keys.iter().map(|key| self.key(key)).collect());
            }
            _ => return,
        }
        let number = self.transactions.len() as u32;
        for send in &self.sends[sends as usize..] {
            let message = &mut self.messages[send.message as usize];
            message.sent_again |= message.writer != NONE;
            message.sent_by_two |= message.writer != NONE && message.writer != number;
            message.writer = message.writer.min(number);
            if kind == OpKind::Ok {
                message.sent_ok = message.sent_ok.min(end);
            }
            message.sent_fail |= kind == OpKind::Fail;
        }
        for poll in &self.polls[polls as usize..] {
            let new = if kind == OpKind::Ok { READ | READ_OK } else { READ };
            for &id in &self.polled[range(poll.messages)] {
                let marks = &mut self.marks[id as usize];
                if *marks & new == new {
                    continue;
                }
                *marks |= new;
                let message = &mut self.messages[id as usize];
                message.read = true;
                if kind == OpKind::Ok {
                    message.read_ok = message.read_ok.min(end);
                }
            }
        }
        // What belongs to a key stands together, in the order it came.
        self.polls[polls as usize..].sort_by_key(|poll| poll.key);
        self.sends[sends as usize..].sort_by_key(|send| send.key);
        self.transactions.push(Transaction {
            begin,
            end,
            kind,
            process,
            sends: (sends, self.sends.len() as u32),
            polls: (polls, self.polls.len() as u32),
            assigns,
        });
    }

    /// Takes the sends and polls of a value; `None` if some are not what they
    /// should be. `ended` if nodes had their say in it.
    fn parts(&mut self, value: &Value, kind: OpKind, ended: bool) -> Option<()> {
        let mut right = Some(());
        for part in value.as_list()?.iter() {
            let part = part.as_list();
            let taken = part.and_then(|part| match part.get(0)?.as_str()? {
                "send" => self.send(part, kind, ended),
                "poll" => self.poll(part),
                _ => None,
            });
            right = right.and(taken);
        }
        right
    }

    fn send(&mut self, part: &List, kind: OpKind, ended: bool) -> Option<()> {
        let (key, value) = (self.key(&part.get(1)?), part.get(2)?);
        let pair = value.as_list().filter(|pair| ended && pair.len() == 2);
        let placed = pair.and_then(|pair| match pair.get(0)? {
            Value::Int(offset) => Some((Some(offset), pair.get(1)?)),
            Value::Null => Some((None, pair.get(1)?)),
            _ => None,
        });
        // Not every client is told where its message went; then it stands as it was
        // sent, or in a pair without an offset.
        let is_strange = kind == OpKind::Ok && pair.is_some() && placed.is_none();
        let (offset, value) = placed.unwrap_or((None, value));
        let message = self.message(key, &value);
        self.sends.push(Send { key, message, offset });
        (!is_strange).then_some(())
    }

    fn poll(&mut self, part: &List) -> Option<()> {
        let got = match part.get(1) {
            None | Some(Value::Null) => return Some(()),
            Some(Value::Map(got)) => got,
            Some(_) => return None,
        };
        let mut right = Some(());
        for (key, messages) in got.iter() {
            let key = self.key(key);
            let Some(list) = messages.as_list() else {
                right = None;
                continue;
            };
            let start = self.polled.len() as u32;
            for pair in list.iter() {
                right = right.and(self.pair(key, &pair));
            }
            let end = self.polled.len() as u32;
            if end > start {
                self.polls.push(Poll { key, messages: (start, end) });
            } else {
                self.empty.push((self.transactions.len() as u32, key));
            }
        }
        right
    }

    #[inline]
    fn pair(&mut self, key: u32, pair: &Value) -> Option<()> {
        let pair = pair.as_list()?;
        if let Some(small) = pair.as_small() {
            let mut integers = small.iter();
            let (offset, value) = (i64::from(integers.next()?), i64::from(integers.next()?));
            let message = self.integer_message(key, value);
            self.offsets[key as usize].put(offset, message);
            self.polled.push(message);
            return Some(());
        }
        let offset = pair.get(0)?.as_int()?;
        let message = self.message(key, &pair.get(1)?);
        self.offsets[key as usize].put(offset, message);
        self.polled.push(message);
        Some(())
    }

    /// The number of a key. Keywords are the strings that they look like: what
    /// reads JSON makes keywords of the keys of objects.
    fn key(&mut self, key: &Value) -> u32 {
        let text;
        let key = match key {
            Value::Keyword(name) => {
                text = Value::String(Arc::clone(name));
                &text
            }
            key => key,
        };
        if let Some(&id) = self.key_ids.get(key) {
            return id;
        }
        // A poll in JSON names by a string what a send names by an integer.
        let twin = match key {
            Value::Int(integer) => Some(Value::string(integer.to_string())),
            Value::String(name) => {
                let integer = name.parse().ok().filter(|i: &i64| *i.to_string() == **name);
                integer.map(Value::Int)
            }
            _ => None,
        };
        if let Some(&id) = twin.and_then(|twin| self.key_ids.get(&twin)) {
            self.key_ids.insert(key.clone(), id);
            return id;
        }
        let id = self.keys.len() as u32;
        self.key_ids.insert(key.clone(), id);
        let (integers, others) = (Places::default(), FxHashMap::default());
        self.offsets.push(Offsets::default());
        self.keys.push(Key { value: key.clone(), integers, others });
        id
    }

    fn message(&mut self, key: u32, value: &Value) -> u32 {
        if let Value::Int(integer) = value {
            return self.integer_message(key, *integer);
        }
        if let Some(&id) = self.keys[key as usize].others.get(value) {
            return id;
        }
        let id = self.new_message(key, value.clone());
        self.keys[key as usize].others.insert(value.clone(), id);
        id
    }

    #[inline]
    fn integer_message(&mut self, key: u32, integer: i64) -> u32 {
        let found = self.keys[key as usize].integers.get(integer);
        if found != NONE {
            return found;
        }
        let id = self.new_message(key, Value::Int(integer));
        self.keys[key as usize].integers.insert(integer, id);
        id
    }

    fn new_message(&mut self, key: u32, value: Value) -> u32 {
        self.messages.push(Message {
            key,
            value,
            writer: NONE,
            sent_again: false,
            sent_by_two: false,
            sent_ok: NONE,
            sent_fail: false,
            committed: false,
            read: false,
            read_ok: NONE,
        });
        self.marks.push(0);
        self.messages.len() as u32 - 1
    }
}
