//! Objects that many systems have.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use glomers_history::Value;

use super::{Call, Model};

/// A lock: `acquire` and `release`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mutex;

impl Mutex {
    /// The names of its operations.
    pub const OPERATIONS: &'static [&'static str] = &["acquire", "release"];
}

impl Model for Mutex {
    type State = bool;

    fn start(&self) -> bool {
        false
    }

    fn step(&self, is_held: &bool, call: &Call) -> Vec<bool> {
        match (&*call.f, is_held) {
            ("acquire", false) => vec![true],
            ("release", true) => vec![false],
            _ => Vec::new(),
        }
    }
}

/// What a `dequeue` was answered: null for an empty queue.
enum Taken<'a> {
    Element(&'a Value),
    Nothing,
    /// Nobody knows.
    Any,
}

fn taken(call: &Call) -> Taken<'_> {
    match &call.result {
        None => Taken::Any,
        Some(Value::Null) => Taken::Nothing,
        Some(value) => Taken::Element(value),
    }
}

/// A queue that gives elements in the order in which it took them: `enqueue` an
/// element, `dequeue` one, null if there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FifoQueue;

impl FifoQueue {
    /// The names of its operations.
    pub const OPERATIONS: &'static [&'static str] = &["enqueue", "dequeue"];
}

impl Model for FifoQueue {
    type State = VecDeque<Value>;

    fn start(&self) -> VecDeque<Value> {
        VecDeque::new()
    }

    fn step(&self, queue: &VecDeque<Value>, call: &Call) -> Vec<VecDeque<Value>> {
        let mut next = queue.clone();
        let is_possible = match &*call.f {
            "enqueue" => {
                next.push_back(call.argument.clone());
                true
            }
            "dequeue" => match (next.pop_front(), taken(call)) {
                (Some(first), Taken::Element(value)) => first == *value,
                (None, Taken::Nothing) | (_, Taken::Any) => true,
                _ => false,
            },
            _ => false,
        };
        if is_possible { vec![next] } else { Vec::new() }
    }
}

/// A queue that gives elements in any order: `enqueue` and `dequeue`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UnorderedQueue;

impl Model for UnorderedQueue {
    /// How often it holds each element.
    type State = BTreeMap<Value, u32>;

    fn start(&self) -> BTreeMap<Value, u32> {
        BTreeMap::new()
    }

    fn step(&self, queue: &BTreeMap<Value, u32>, call: &Call) -> Vec<BTreeMap<Value, u32>> {
        let without = |element: &Value| {
            let mut next = queue.clone();
            let count = next.get_mut(element)?;
            *count -= 1;
            if *count == 0 {
                next.remove(element);
            }
            Some(next)
        };
        match &*call.f {
            "enqueue" => {
                let mut next = queue.clone();
                *next.entry(call.argument.clone()).or_default() += 1;
                vec![next]
            }
            "dequeue" => match taken(call) {
                Taken::Element(value) => without(value).into_iter().collect(),
                Taken::Nothing if queue.is_empty() => vec![queue.clone()],
                Taken::Nothing => Vec::new(),
                Taken::Any if queue.is_empty() => vec![queue.clone()],
                Taken::Any => queue.keys().filter_map(without).collect(),
            },
            _ => Vec::new(),
        }
    }
}

/// A set from which elements can be taken: `add` and `remove` an element, `read` all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Set;

impl Set {
    /// The names of its operations.
    pub const OPERATIONS: &'static [&'static str] = &["add", "remove", "read"];
}

impl Model for Set {
    type State = BTreeSet<Value>;

    fn start(&self) -> BTreeSet<Value> {
        BTreeSet::new()
    }

    fn step(&self, set: &BTreeSet<Value>, call: &Call) -> Vec<BTreeSet<Value>> {
        let mut next = set.clone();
        let is_possible = match (&*call.f, &call.result) {
            ("add", _) => {
                next.insert(call.argument.clone());
                true
            }
            ("remove", _) => {
                next.remove(&call.argument);
                true
            }
            ("read", None) => true,
            ("read", Some(Value::List(read))) => {
                read.len() == set.len() && read.iter().all(|element| set.contains(&element))
            }
            ("read", Some(Value::Set(read))) => {
                read.len() == set.len() && read.iter().all(|element| set.contains(element))
            }
            ("read", Some(Value::Null)) => set.is_empty(),
            _ => false,
        };
        if is_possible { vec![next] } else { Vec::new() }
    }
}

/// Values by key: `get`, `put` and `append`, whose values are lists of a key and the
/// rest. What is appended to is a text, or a list of elements.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeyValue;

impl KeyValue {
    /// The names of its operations.
    pub const OPERATIONS: &'static [&'static str] = &["get", "put", "append"];
}

fn pair(value: &Value) -> (Value, Value) {
    let part = |at| value.as_list().and_then(|list| list.get(at));
    match part(0) {
        Some(key) => (key, part(1).unwrap_or(Value::Null)),
        None => (value.clone(), Value::Null),
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(list) => list.is_empty(),
        value => value.as_str() == Some(""),
    }
}

/// A value with another behind it.
fn joined(value: &Value, more: &Value) -> Value {
    match (value.as_str(), more.as_str()) {
        (Some(text), Some(more)) => Value::string(format!("{text}{more}")),
        (None, Some(_)) if is_nothing(value) && value.as_list().is_none() => more.clone(),
        _ => {
            let list: Vec<Value> =
                value.as_list().map(|list| list.iter().collect()).unwrap_or_default();
            Value::list(list.into_iter().chain([more.clone()]))
        }
    }
}

impl Model for KeyValue {
    type State = Value;

    fn start(&self) -> Value {
        Value::Null
    }

    fn step(&self, state: &Value, call: &Call) -> Vec<Value> {
        let (key, rest) = pair(&call.argument);
        match &*call.f {
            "get" => {
                // With its key, or alone.
                let read = call.result.as_ref().map(|result| match result.as_list() {
                    Some(list) if list.len() == 2 && pair(result).0 == key => pair(result).1,
                    _ => result.clone(),
                });
                let fits = |read: &Value| read == state || is_nothing(read) && is_nothing(state);
                if read.as_ref().is_none_or(fits) { vec![state.clone()] } else { Vec::new() }
            }
            "put" => vec![rest],
            "append" => vec![joined(state, &rest)],
            _ => Vec::new(),
        }
    }

    fn partition(&self, call: &Call) -> Value {
        pair(&call.argument).0
    }
}
