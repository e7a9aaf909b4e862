//! Why a register is not linearizable.

use glomers_history::{History, Op, OpKind, Value};
use glomers_protocol::ErrorCode;

use super::Register;
use super::analysis::Analysis;
use super::convert::{Converted, pair};
use super::operation::{Layer, NIL};
use super::outcome::Stuck;
use crate::{Context, words};

/// How many operations of a kind the text shows.
const SHOWN: usize = 3;

/// The evidence that a register is not linearizable: operations by their places
/// in the history, that of the end if there is one, or else of the beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The register, if there are several.
    pub key: Option<Value>,
    /// The name of the finding.
    pub finding: &'static str,
    /// Operations in an order that explains all that ended before `stuck` did;
    /// empty where it took too much to find.
    pub longest_prefix: Vec<u64>,
    /// What the register could hold there, in order.
    pub states: Vec<Value>,
    /// The operation that fits no order.
    pub stuck: u64,
    /// The answer before it.
    pub previous_ok: Option<u64>,
    /// The last operation that may have given the register the value that
    /// `stuck` needs.
    pub writer: Option<u64>,
    /// Whether `stuck` needs a value that nobody may have given the register.
    pub never_written: bool,
    /// A change that says that it failed, though all would have an order up to `stuck`
    /// if it had taken effect.
    pub failed_writer: Option<u64>,
    /// A refusal or a read of null before `stuck`, of another kind than that, without
    /// which all would have an order.
    pub untrue: Option<u64>,
    /// The rules by which there is no order.
    pub(super) layer: Layer,
    /// Whether `stuck` itself is the refusal or the read of null.
    pub(super) states_it: bool,
    /// The operations that were under way while `stuck` was.
    pub concurrent: Vec<u64>,
}

/// The finding for what only this layer refutes.
pub(super) fn finding_name(layer: Layer) -> &'static str {
    match layer {
        Layer::Base => "not-linearizable",
        Layer::Nulls => "null-read",
        Layer::Excused | Layer::Refusals => "wrong-refusal",
    }
}

impl Explanation {
    pub(super) fn new(
        spec: &Register,
        converted: &Converted,
        key: u32,
        layer: Layer,
        analysis: &Analysis,
        stuck: &Stuck,
    ) -> Explanation {
        let subject = &analysis.subject;
        let value = |number: &u32| converted.values.value(subject.values[*number as usize]).clone();
        let places = |ops: &[u32]| ops.iter().map(|&op| subject.entry(op)).collect();
        let mut states: Vec<Value> = stuck.states.iter().map(value).collect();
        states.sort();
        let writer = subject.writer(stuck.op);
        let needs = match subject.ops[stuck.op as usize].action {
            super::operation::Action::Is(value) | super::operation::Action::Cas(value, _) => value,
            _ => NIL,
        };
        Explanation {
            key: spec.keyed.then(|| converted.keys.value(key).clone()),
            finding: finding_name(layer),
            longest_prefix: places(&stuck.prefix),
            states,
            stuck: subject.entry(stuck.op),
            previous_ok: subject.previous_ok(stuck.op).map(|op| subject.entry(op)),
            writer: writer.map(|op| subject.entry(op)),
            never_written: writer.is_none() && needs != NIL,
            failed_writer: None,
            untrue: None,
            layer,
            states_it: subject.ops[stuck.op as usize].layer == layer.min(Layer::Excused),
            concurrent: places(&subject.concurrent(stuck.op)),
        }
    }

    /// "key 3" or "the register".
    pub(super) fn subject(&self) -> String {
        match &self.key {
            Some(key) => format!("key {}", words::value(key)),
            None => "the register".to_owned(),
        }
    }

    /// The evidence as text, a dozen lines at most.
    pub fn render(&self, history: &History, context: &Context) -> Vec<String> {
        let tell = |&place: &u64| self.tell(history, context, place);
        let mut lines = Vec::new();
        if let Some(from) = self.longest_prefix.len().checked_sub(1) {
            // The text stays short.
            let shown = SHOWN - usize::from(self.untrue.is_some());
            let from = (from + 1).saturating_sub(shown);
            lines.push(format!(
                "an order exists for {} on {}, up to",
                words::count(self.longest_prefix.len(), "operation"),
                self.subject()
            ));
            let last = self.longest_prefix[from..].iter();
            lines.extend(last.map(|place| format!("  {}", tell(place))));
        }
        lines.push(self.states_in_words());
        lines.push(format!("but {}: that fits no order", tell(&self.stuck)));
        if let Some(untrue) = &self.untrue {
            lines.push(format!("there would be one without this: {}", tell(untrue)));
        }
        lines.extend(self.source_in_words(history, context));
        if !self.concurrent.is_empty() {
            lines.push("under way at the same time:".to_owned());
            // What began last is the most likely to matter.
            let nearest = self.concurrent.iter().rev().take(SHOWN);
            lines.extend(nearest.map(|place| format!("  {}", tell(place))));
            if let Some(more @ 1..) = self.concurrent.len().checked_sub(SHOWN) {
                lines.push(format!("  and {}", words::count(more, "other")));
            }
        }
        lines
    }

    /// What the register could hold.
    pub(super) fn states_in_words(&self) -> String {
        match self.states.len() {
            0 => "what it could hold then was too much to find".to_owned(),
            1 => format!("when it ended it could only hold {}", words::value(&self.states[0])),
            _ => {
                format!("when it ended it could hold one of {}", words::values(self.states.iter()))
            }
        }
    }

    /// Where the value comes from that does not fit.
    pub(super) fn source_in_words(&self, history: &History, context: &Context) -> Option<String> {
        if let Some(writer) = self.failed_writer {
            return Some(self.failure_in_words(history, context, writer));
        }
        if self.never_written {
            return Some("nothing that had begun by then can have made it so".to_owned());
        }
        let writer = self.writer?;
        Some(format!("the last that can have made it so: {}", self.tell(history, context, writer)))
    }

    /// What is wrong with a change that took effect and says that it failed.
    fn failure_in_words(&self, history: &History, context: &Context, place: u64) -> String {
        let Some(op) = history.ops().get(place as usize) else { return String::new() };
        let change = self.change(history, op);
        let did = match pair(&change) {
            Some((from, to)) if &*op.f == "cas" => {
                format!("changed {} to {}", words::value(&from), words::value(&to))
            }
            _ => format!("wrote {}", words::value(&change)),
        };
        let (name, code) = words::error_name(op);
        let definite = code.filter(|code| code.is_definite());
        let how = match (name, definite) {
            (Some(name), Some(code)) => format!("failed with error {} ({name})", code.0),
            (Some(name), None) => format!("failed ({name})"),
            (None, _) => "failed".to_owned(),
        };
        let rule = match definite {
            Some(ErrorCode::PRECONDITION_FAILED) => {
                ", which is definite; a cas that is tried again may be refused because of its own \
                 first attempt"
            }
            Some(_) => ", which is definite; a node that cannot know must answer 0 or 13",
            None => {
                "; a failure did not and will not happen, and where that cannot be known the end \
                 is info"
            }
        };
        format!("{} {did} but says it {how}{rule}", words::operation(op, context))
    }

    /// An operation in words, and what it did.
    pub(super) fn tell(&self, history: &History, context: &Context, place: u64) -> String {
        let Some(op) = history.ops().get(place as usize) else {
            return String::new();
        };
        format!("{} {}", words::operation(op, context), self.did(history, op))
    }

    /// What the operation at a place in the history did, in few words, as
    /// "returned 3"; empty if there is none.
    pub fn label(&self, history: &History, place: u64) -> String {
        let op = history.ops().get(place as usize);
        op.map_or_else(String::new, |op| self.did(history, op))
    }

    /// The argument or result of an entry, without the key.
    fn inner(&self, op: &Op) -> Value {
        let inner = || op.value.as_list().filter(|list| list.len() == 2)?.get(1);
        match self.key {
            Some(_) => inner().unwrap_or(Value::Null),
            None => op.value.clone(),
        }
    }

    /// The argument of a change, by one of its entries.
    fn change(&self, history: &History, op: &Op) -> Value {
        // An end may say nothing of the argument, or why it is not known what became
        // of it.
        let argument = self.inner(op);
        let told = op.kind == OpKind::Ok && argument != Value::Null;
        if told || op.kind == OpKind::Invoke {
            return argument;
        }
        let earlier = history.ops()[..op.index as usize].iter().rev();
        let mut invokes = earlier.filter(|other| other.process == op.process);
        let begun = invokes.next().filter(|other| other.kind == OpKind::Invoke);
        begun.map_or(argument, |invoke| self.inner(invoke))
    }

    fn did(&self, history: &History, op: &Op) -> String {
        let argument = match &*op.f {
            "read" | "r" => self.inner(op),
            _ => self.change(history, op),
        };
        let pair = || pair(&argument).map(|(from, to)| (words::value(&from), words::value(&to)));
        let certain = op.kind == OpKind::Ok;
        match &*op.f {
            "read" | "r" if certain => format!("returned {}", words::value(&argument)),
            "write" | "w" if certain => format!("wrote {}", words::value(&argument)),
            "write" | "w" => format!("may have written {}", words::value(&argument)),
            _ => match (pair(), op.kind) {
                (_, OpKind::Fail) | (None, _) => words::outcome(Some(op)),
                (Some((from, to)), OpKind::Ok) => format!("changed {from} to {to}"),
                (Some((from, to)), _) => format!("may have changed {from} to {to}"),
            },
        }
    }
}
