//! Objects of any kind: whether there is an order of all operations that each of them
//! could have seen, one after the other.

mod finding;
pub mod models;
mod search;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hash::Hash;

use glomers_history::{History, OpKind, Value};

use crate::{CheckResult, Checker, Context, Validity};
use search::{Found, Operation};

/// An operation as a model sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// What it is called: `enqueue`.
    pub f: String,
    /// The value it was asked with.
    pub argument: Value,
    /// The value it was answered with; `None` if nobody knows how it ended.
    pub result: Option<Value>,
}

/// An object that is used one operation at a time, as it should be.
///
/// ```
/// use glomers_check::{Call, Linearizable, Model};
/// use glomers_history::Value;
///
/// /// A flag that one client at a time can raise.
/// struct Flag;
///
/// impl Model for Flag {
///     type State = bool;
///
///     fn start(&self) -> bool {
///         false
///     }
///
///     fn step(&self, up: &bool, call: &Call) -> Vec<bool> {
///         match (&*call.f, up) {
///             ("raise", false) => vec![true],
///             ("lower", true) => vec![false],
///             _ => vec![], // This cannot happen now.
///         }
///     }
/// }
///
/// let checker = Linearizable::new(Flag);
/// # let _: &dyn glomers_check::Checker = &checker;
/// ```
pub trait Model {
    /// What the object holds.
    type State: Clone + Eq + Hash + Debug;

    /// What it holds at first.
    fn start(&self) -> Self::State;

    /// What it may hold after an operation: nothing if the operation cannot happen now,
    /// or not with that result; several if the result is not known and they differ.
    fn step(&self, state: &Self::State, call: &Call) -> Vec<Self::State>;

    /// Which of several objects an operation is about; each is judged by itself.
    fn partition(&self, call: &Call) -> Value {
        let _ = call;
        Value::Null
    }

    /// An operation in words, without who did it.
    fn words(&self, call: &Call) -> String {
        let argument = match &call.argument {
            Value::Null => String::new(),
            value => format!(" {}", crate::words::value(value)),
        };
        match &call.result {
            Some(result) if *result != call.argument => {
                format!("{}{argument} → {}", call.f, crate::words::value(result))
            }
            _ => format!("{}{argument}", call.f),
        }
    }
}

/// Judges whether a history is linearizable by a model: each operation takes effect at
/// a moment between its beginning and its end, and those that are left open at any
/// later moment, or never. What failed did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Linearizable<M> {
    /// What the object is.
    pub model: M,
    /// How many steps the search may take, on each object; past it the verdict is
    /// unknown.
    pub budget: u64,
}

impl<M: Model> Linearizable<M> {
    /// With the usual budget: some seconds at most.
    pub fn new(model: M) -> Linearizable<M> {
        Linearizable { model, budget: 20_000_000 }
    }

    /// The operations on each object.
    fn operations(&self, history: &History) -> BTreeMap<Value, Vec<Operation>> {
        let (ops, pairs) = (history.ops(), history.pairs());
        let mut objects: BTreeMap<Value, Vec<Operation>> = BTreeMap::new();
        for (at, op) in ops.iter().enumerate().filter(|(_, op)| op.process.is_client()) {
            if op.kind != OpKind::Invoke {
                continue;
            }
            let end = pairs[at].map(|end| (end, &ops[end]));
            let answered = end.filter(|(_, end)| end.kind == OpKind::Ok);
            if end.is_some_and(|(_, end)| end.kind == OpKind::Fail) {
                continue;
            }
            let call = Call {
                f: op.f.to_string(),
                argument: op.value.clone(),
                result: answered.map(|(_, end)| end.value.clone()),
            };
            let operation = Operation {
                begin: at as u32,
                end: answered.map_or(u32::MAX, |(end, _)| end as u32),
                call,
            };
            objects.entry(self.model.partition(&operation.call)).or_default().push(operation);
        }
        objects
    }
}

impl<M: Model> Checker for Linearizable<M> {
    fn check(&self, history: &History, context: &Context) -> CheckResult {
        let mut result = CheckResult::default();
        let (mut open, mut answered, mut refuted) = (0, 0, 0);
        let objects = self.operations(history);
        for (object, operations) in &objects {
            answered += operations.iter().filter(|operation| operation.is_answered()).count();
            match search::search(&self.model, operations, self.budget, &context.stop) {
                Found::Order => {}
                Found::Open => open += 1,
                Found::Stuck(stuck) => {
                    refuted += 1;
                    if refuted == 1 {
                        result.findings.push(finding::of(
                            &self.model,
                            (history, context),
                            object,
                            operations,
                            &stuck,
                        ));
                    }
                }
            }
        }
        if let Some(finding) = result.findings.first_mut().filter(|_| refuted > 1) {
            finding.evidence.push(format!("and of {} objects more", refuted - 1));
        }
        result.fields = vec![
            ("object-count", Value::from(objects.len() as u64)),
            ("not-linearizable-count", Value::from(refuted as u64)),
        ];
        if open > 0 {
            result.notes.push(format!(
                "Whether there is an order stayed open for {}: {}.",
                crate::words::count(open, "object"),
                match context.stop.is_wanted() {
                    true => "the search was stopped".to_owned(),
                    false => format!("the search took more than {} steps", self.budget),
                }
            ));
        }
        if answered == 0 {
            result.notes.push(
                "Whether it is linearizable cannot be said: nothing was answered.".to_owned(),
            );
        }
        result.strict = match (refuted > 0, open > 0 || answered == 0) {
            (true, _) => Validity::Invalid,
            (false, true) => Validity::Unknown,
            (false, false) => Validity::Valid,
        };
        result.compat = result.strict;
        result
    }
}
