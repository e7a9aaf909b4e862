//! From a history to the operations on each register.

use std::borrow::Cow;

use glomers_history::{History, Op, OpKind, Process, Value};
use rustc_hash::FxHashMap;

use super::operation::{Action, Layer, NIL, OPEN, Operation, START, time};
use super::{Refusals, Register, RegisterModel};
use crate::intern::{Interner, NONE};

/// The history of one register.
#[derive(Default)]
pub(super) struct KeyHistory {
    pub(super) ops: Vec<Operation>,
    /// The first entry that says nothing that can be understood, but cannot have
    /// changed the register beyond what `ops` allow: what is left out may be
    /// what is wrong, so the register cannot be found valid.
    pub(super) blurred: Option<u32>,
}

pub(super) struct Converted {
    /// The values of registers; null is [`NIL`].
    pub(super) values: Interner,
    pub(super) keys: Interner,
    /// For each key its history.
    pub(super) registers: Vec<KeyHistory>,
    /// An entry that may have changed any register in any way.
    pub(super) foreign: Option<u32>,
    /// As in [`KeyHistory`], of a register that is not known.
    pub(super) blurred: Option<u32>,
}

/// Of which register, where there are many.
type Key = Option<Value>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Read,
    Write,
    Cas,
    Other,
}

/// Pairs beginnings and ends and numbers what they speak of.
pub(super) fn convert(spec: &Register, history: &History) -> Converted {
    let mut converter = Converter {
        spec,
        ops: history.ops(),
        found: Converted {
            values: Interner::default(),
            keys: Interner::default(),
            registers: Vec::new(),
            foreign: None,
            blurred: None,
        },
    };
    let nil = converter.found.values.intern(&Value::Null);
    debug_assert_eq!(nil, NIL, "null is the first value");
    if !spec.keyed {
        converter.found.keys.intern(&Value::Null);
        let ops = Vec::with_capacity(history.ops().len() / 2);
        converter.found.registers.push(KeyHistory { ops, blurred: None });
    }
    let mut open: FxHashMap<u32, usize> = FxHashMap::default();
    for (place, op) in history.ops().iter().enumerate() {
        let Process::Client(process) = op.process else {
            continue;
        };
        if op.kind == OpKind::Invoke {
            // Who begins again without having ended leaves the first open.
            if let Some(earlier) = open.insert(process, place) {
                converter.finish(Some(earlier), None);
            }
        } else {
            let invoke = open.remove(&process);
            converter.finish(invoke, Some(place));
        }
    }
    let mut rest: Vec<usize> = open.into_values().collect();
    rest.sort_unstable();
    for place in rest {
        converter.finish(Some(place), None);
    }
    converter.found
}

struct Converter<'a> {
    spec: &'a Register,
    ops: &'a [Op],
    found: Converted,
}

impl Converter<'_> {
    fn kind(&self, op: &Op) -> Kind {
        match &*op.f {
            // Some histories have the short names of transactions.
            "read" | "r" => Kind::Read,
            "write" | "w" => Kind::Write,
            "cas" if self.spec.model == RegisterModel::CasRegister => Kind::Cas,
            _ => Kind::Other,
        }
    }

    fn register(&mut self, key: &Key) -> &mut KeyHistory {
        let Some(key) = key else { return &mut self.found.registers[0] };
        let number = self.found.keys.intern(key) as usize;
        if number >= self.found.registers.len() {
            self.found.registers.resize_with(number + 1, KeyHistory::default);
        }
        &mut self.found.registers[number]
    }

    /// The key and the argument or result of an entry.
    fn split<'a>(&self, op: &'a Op) -> Option<(Key, Cow<'a, Value>)> {
        if !self.spec.keyed {
            return Some((None, Cow::Borrowed(&op.value)));
        }
        pair(&op.value).map(|(key, value)| (Some(key), Cow::Owned(value)))
    }

    fn push(&mut self, key: &Key, operation: Operation) {
        self.register(key).ops.push(operation);
    }

    fn blur(&mut self, key: Option<&Key>, place: usize) {
        let blurred = match key {
            Some(key) => &mut self.register(key).blurred,
            None => &mut self.found.blurred,
        };
        blurred.get_or_insert(place as u32);
    }

    /// Takes in an operation; it has a beginning or an end at least.
    fn finish(&mut self, invoke: Option<usize>, completion: Option<usize>) {
        let ops = self.ops;
        let begun = invoke.map(|place| &ops[place]);
        let ended = completion.map(|place| &ops[place]);
        let Some(entry) = completion.or(invoke) else { return };
        let Some(named) = begun.or(ended) else { return };
        let begin = invoke.map_or(START, time);
        let outcome = ended.map_or(OpKind::Info, |op| op.kind);
        let operation =
            |action, end, layer| Operation { begin, end, entry: entry as u32, action, layer };
        let kind = self.kind(named);
        if outcome == OpKind::Fail {
            if self.spec.refusals != Refusals::Ignored
                && let Some(ended) = ended
                && let Some((key, argument)) = self.split(named)
                && let Some(action) = self.refusal(kind, &argument, ended)
            {
                self.push(&key, operation(action, time(entry), Layer::Excused));
            }
            return;
        }
        // Ends of another operation than the one that began say nothing.
        let same = ended.is_none_or(|ended| ended.f == named.f);
        let result = ended.filter(|_| outcome == OpKind::Ok && same);
        let begun_split = begun.and_then(|op| self.split(op));
        match kind {
            Kind::Other => {
                self.found.foreign.get_or_insert(entry as u32);
            }
            Kind::Read => {
                if outcome != OpKind::Ok {
                    return;
                }
                let key = begun_split.map(|(key, _)| key);
                match result.and_then(|op| self.split(op)) {
                    Some((found, value)) if key.as_ref().is_none_or(|key| *key == found) => {
                        let is_null = matches!(*value, Value::Null);
                        let layer = if is_null { Layer::Nulls } else { Layer::Base };
                        let value = self.found.values.intern(&value);
                        self.push(&found, operation(Action::Is(value), time(entry), layer));
                    }
                    _ => self.blur(key.as_ref(), entry),
                }
            }
            Kind::Write | Kind::Cas => {
                let told = result.and_then(|op| self.split(op));
                let told = told
                    .filter(|(_, told)| !matches!(**told, Value::Null) || begun_split.is_none());
                let elsewhere = matches!((&told, &begun_split), (Some(a), Some(b)) if a.0 != b.0);
                let certain = outcome == OpKind::Ok && same && !elsewhere;
                // As in Knossos the end has the last word on the argument.
                let told = told.filter(|_| certain);
                let mut action = None;
                for (key, argument) in told.into_iter().chain(begun_split) {
                    if let Some(found) = self.update(kind, &argument) {
                        action = Some((key, found));
                        break;
                    }
                }
                let Some((key, action)) = action else {
                    self.found.foreign.get_or_insert(entry as u32);
                    return;
                };
                if outcome == OpKind::Ok && !certain {
                    self.blur(Some(&key), entry);
                }
                let end = if certain { time(entry) } else { OPEN };
                match action {
                    // Changes nothing, so it is like a read.
                    Action::Cas(from, to) if from == to => {
                        if certain {
                            self.push(&key, operation(Action::Is(from), end, Layer::Base));
                        }
                    }
                    _ => self.push(&key, operation(action, end, Layer::Base)),
                }
            }
        }
    }

    fn update(&mut self, kind: Kind, argument: &Value) -> Option<Action> {
        let values = &mut self.found.values;
        if kind == Kind::Write {
            return Some(Action::Write(values.intern(argument)));
        }
        let (from, to) = pair(argument)?;
        Some(Action::Cas(values.intern(&from), values.intern(&to)))
    }

    /// What an error says of the register at some moment of the operation.
    fn refusal(&mut self, kind: Kind, argument: &Value, ended: &Op) -> Option<Action> {
        let Some(error) = &ended.error else {
            // Most clients have nothing to say of a cas that found another value.
            let (from, to) = pair(argument).filter(|_| kind == Kind::Cas)?;
            let values = &mut self.found.values;
            return Some(Action::Try(values.intern(&from), values.intern(&to)));
        };
        let first = error.as_list().and_then(|list| list.get(0));
        let error = first.as_ref().unwrap_or(error);
        let is = |code: i64, name: &str| {
            error.as_int() == Some(code) || error.as_str().is_some_and(|text| text == name)
        };
        match kind {
            Kind::Read | Kind::Cas if is(20, "key-does-not-exist") => Some(Action::Is(NIL)),
            Kind::Cas if is(22, "precondition-failed") => {
                let (from, to) = pair(argument)?;
                let values = &mut self.found.values;
                let (from, to) = (values.intern(&from), values.intern(&to));
                // Where there is no value, null may be refused as what does not hold.
                (from != NIL).then_some(Action::Try(from, to))
            }
            _ => None,
        }
    }
}

/// What an operation that began like this would do to a register: its key, by the
/// number that it has, and the change. `None` if it changes nothing, or speaks of a
/// key or a value that the history says nothing of.
pub(super) fn change(spec: &Register, converted: &Converted, begun: &Op) -> Option<(u32, Action)> {
    let (key, argument) = match spec.keyed {
        true => pair(&begun.value).map(|(key, value)| (converted.keys.find(&key), value))?,
        false => (0, begun.value.clone()),
    };
    let known = |value: &Value| Some(converted.values.find(value)).filter(|&id| id != NONE);
    let action = match &*begun.f {
        "write" | "w" => Action::Write(known(&argument)?),
        "cas" => {
            let (from, to) = pair(&argument)?;
            Action::Cas(known(&from)?, known(&to)?)
        }
        _ => return None,
    };
    (key != NONE).then_some((key, action))
}

/// The elements of a list of two.
pub(super) fn pair(value: &Value) -> Option<(Value, Value)> {
    let list = value.as_list().filter(|list| list.len() == 2)?;
    Some((list.get(0)?, list.get(1)?))
}
