//! Registers, one or many: whether all that was done has an order in which every
//! operation takes effect at one moment between its beginning and its end.

mod analysis;
mod blame;
mod budget;
mod config;
mod convert;
mod explain;
mod fields;
mod findings;
mod frontier;
mod operation;
mod outcome;
mod pareto;
mod pending;
mod plain;
mod plan;
mod search;
mod trail;
mod tried;
mod zones;

use glomers_history::{History, Stop, Value};

use crate::{CheckResult, Checker, Context, Validity, words};
use analysis::{Analysis, analyse};
use blame::blame;
pub use budget::Budget;
use convert::{Converted, convert};
pub use explain::Explanation;
use fields::Fields;
use operation::{Layer, Renumber};
use outcome::Outcome;

/// After so many registers were given up, the others get less time.
const PATIENCE: u32 = 4;

/// How many reasons for an unknown verdict are told.
const REASONS: usize = 3;

/// What can be done with a register.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RegisterModel {
    /// `read` and `write`.
    Register,
    /// Also `cas`.
    #[default]
    CasRegister,
}

/// How to decide. All agree; all but the first are for tests and comparison.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Method {
    /// By zones where every value is written once; else all possibilities at a
    /// time; else, if these are too many, one after the other.
    #[default]
    Auto,
    /// All possibilities at a time.
    Frontier,
    /// One possibility after the other.
    Search,
    /// The same over sets of any size, which is what is left where there are more
    /// than about 500 kinds of indeterminate operations or 1,000 operations at once.
    Plain,
}

/// What the strict verdict makes of refusals: of errors 20 (no such key) and 22 (the
/// `from` of a `cas` does not hold), and of a `cas` that failed without an error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Refusals {
    /// They say nothing, as in Jepsen.
    #[default]
    Ignored,
    /// They are statements that must be true. But a `cas` may have been refused
    /// because it had already taken effect itself when it was tried again.
    Judged,
    /// They are statements that must be true, whatever the reason.
    Literal,
}

/// Judges registers: linearizable or not. Initially a register holds null.
///
/// Compatible with Knossos as Maelstrom uses it: what fails did not happen and
/// says nothing; what is indeterminate may take effect at any time from its
/// beginning on, or never; a read of null is always right. Strictly a read of
/// null is right only while there may be no value (finding `null-read`), and, if
/// asked for, a refusal only while its condition may not hold (`wrong-refusal`).
///
/// Operations are `read`, `write` and `cas` of client processes. The value of an
/// entry is a value, or the list of the old and the new one for `cas`; with
/// `keyed` it is the list of a key and that. The result of an ok `read` is in its
/// end, which also has the last word on the argument of the others. An end
/// without beginning counts as begun at the start; an operation whose process
/// begins another is indeterminate. Entries that are invalid leave the verdict
/// unknown, unless what is wrong shows all the same.
///
/// Deciding this is NP-complete (Gibbons & Korach 1997), so there is a budget, and
/// the verdict is unknown when it is used up; it takes more than twenty
/// indeterminate operations on one register, or many at once, to do so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Register {
    /// What can be done with it.
    pub model: RegisterModel,
    /// Whether there are many, each with a key.
    pub keyed: bool,
    /// What the strict verdict makes of refusals.
    pub refusals: Refusals,
    /// How to decide.
    pub method: Method,
    /// How much that may take.
    pub budget: Budget,
}

impl Register {
    /// Of the lin-kv workload.
    pub const LIN_KV: Register = Register::of(RegisterModel::CasRegister, true);
    /// One register with `cas`.
    pub const CAS_REGISTER: Register = Register::of(RegisterModel::CasRegister, false);
    /// One register without.
    pub const REGISTER: Register = Register::of(RegisterModel::Register, false);

    const fn of(model: RegisterModel, keyed: bool) -> Register {
        Register {
            model,
            keyed,
            refusals: Refusals::Ignored,
            method: Method::Auto,
            budget: Budget::DEFAULT,
        }
    }

    /// Why a history is not linearizable, by the strict rules; about the register
    /// where it shows first. `None` if it is, or if that is not known.
    pub fn explain(&self, history: &History) -> Option<Explanation> {
        let converted = convert(self, history);
        let stop = Stop::default();
        let mut judge = Judge::new(self, &converted, &stop);
        let all = (0..converted.registers.len() as u32).map(|key| judge.judge(key));
        let failures = all.filter_map(|judged| {
            let (layer, explanation) = judged.failure?;
            Some((explanation.stuck, judged.key, layer))
        });
        let (_, key, layer) = failures.min()?;
        let ops = &converted.registers[key as usize].ops;
        let renumber = &mut Renumber::default();
        let analysis = analyse(ops, layer, renumber, self.method, (self.budget, &stop), true);
        let Outcome::Stuck(stuck) = &analysis.outcome else {
            return None;
        };
        let mut explanation = Explanation::new(self, &converted, key, layer, &analysis, stuck);
        blame(&mut explanation, self, &converted, history);
        Some(explanation)
    }
}

/// What was found on one register.
struct Judged {
    key: u32,
    compat: Validity,
    strict: Validity,
    /// The analysis by Jepsen's rules, or one that says as much.
    base: Analysis,
    /// Ours, where it says something else.
    ours: Option<Analysis>,
    failure: Option<(Layer, Explanation)>,
    /// Why it cannot be said.
    reason: Option<String>,
}

struct Judge<'a> {
    spec: &'a Register,
    converted: &'a Converted,
    stop: &'a Stop,
    renumber: Renumber,
    given_up: u32,
}

impl<'a> Judge<'a> {
    fn new(spec: &'a Register, converted: &'a Converted, stop: &'a Stop) -> Judge<'a> {
        Judge { spec, converted, stop, renumber: Renumber::default(), given_up: 0 }
    }

    fn analyse(&mut self, key: u32, layer: Layer) -> Analysis {
        let ops = &self.converted.registers[key as usize].ops;
        let mut budget = self.spec.budget;
        if self.given_up >= PATIENCE {
            budget.steps /= 16;
        }
        let allowed = (budget, self.stop);
        let analysis = analyse(ops, layer, &mut self.renumber, self.spec.method, allowed, false);
        self.given_up += u32::from(matches!(analysis.outcome, Outcome::Exhausted(_)));
        analysis
    }

    /// Judges by all rules first: where they are met those of Jepsen are.
    fn judge(&mut self, key: u32) -> Judged {
        let register = &self.converted.registers[key as usize];
        // An analysis by fewer rules takes the place of one by more that failed.
        let mut last: Option<Analysis> = None;
        let mut ours: Option<Analysis> = None;
        let mut failure = None;
        let mut reason = None;
        for layer in operation::layers(&register.ops) {
            let mut layer = layer;
            let mut analysis = self.analyse(key, layer);
            let is_refuted = matches!(analysis.outcome, Outcome::Stuck(_));
            if is_refuted && layer == Layer::Refusals && self.spec.refusals == Refusals::Judged {
                layer = Layer::Excused;
                analysis = self.analyse(key, layer);
            }
            let done = matches!(analysis.outcome, Outcome::Linearizable(_));
            if done && layer == Layer::Excused {
                // What was refused may have happened there, which other rules forbid.
                continue;
            }
            match &analysis.outcome {
                Outcome::Linearizable(_) => {}
                Outcome::Exhausted(limit) => reason = Some(limit.to_string()),
                Outcome::Stuck(stuck) => {
                    let explanation =
                        Explanation::new(self.spec, self.converted, key, layer, &analysis, stuck);
                    failure = Some((layer, explanation));
                }
            }
            ours = last.replace(analysis).or(ours);
            if done {
                break;
            }
        }
        let base = last.unwrap_or_else(|| self.analyse(key, Layer::Base));
        let mut compat = match base.outcome {
            Outcome::Linearizable(_) => Validity::Valid,
            Outcome::Stuck(_) => Validity::Invalid,
            Outcome::Exhausted(_) => Validity::Unknown,
        };
        if compat == Validity::Valid && register.blurred.is_some() {
            compat = Validity::Unknown;
        }
        let strict = match (&failure, &reason) {
            (Some(_), _) => Validity::Invalid,
            (None, Some(_)) => Validity::Unknown,
            (None, None) => compat,
        };
        Judged { key, compat, strict, base, ours, failure, reason }
    }
}

impl Checker for Register {
    fn check(&self, history: &History, context: &Context) -> CheckResult {
        let converted = convert(self, history);
        let mut judge = Judge::new(self, &converted, &context.stop);
        let fields = Fields { spec: self, history, converted: &converted };
        let mut result = CheckResult::default();
        let mut failures = Vec::new();
        let mut reasons = Vec::new();
        let mut maps = Vec::new();
        let (mut compat_failures, mut strict_failures) = (Vec::new(), Vec::new());
        for key in 0..converted.registers.len() as u32 {
            let judged = judge.judge(key);
            let (mut compat, mut strict) = (judged.compat, judged.strict);
            if converted.foreign.is_some() {
                // It may have changed what is wrong into what is right.
                (compat, strict) = (Validity::Unknown, Validity::Unknown);
            }
            result.compat = result.compat.max(compat);
            result.strict = result.strict.max(strict);
            let name = converted.keys.value(key);
            if let Some(reason) = judged.reason.filter(|_| strict == Validity::Unknown) {
                let of = if self.keyed {
                    format!("key {} is", words::value(name))
                } else {
                    "the register is".to_owned()
                };
                reasons.push(format!("Whether {of} linearizable cannot be said: {reason}."));
            }
            if compat == Validity::Invalid {
                compat_failures.push(name.clone());
            }
            if strict == Validity::Invalid {
                strict_failures.push(name.clone());
                failures.extend(judged.failure.map(|(_, explanation)| explanation));
            }
            let mut map = fields.analysis(&judged.base);
            let ours = judged.ours.as_ref().filter(|_| strict != compat);
            if strict != compat {
                map.push(("strict", fields.strict(strict, ours)));
            }
            maps.push((name.clone(), compat, map));
        }
        if self.keyed {
            result.fields = keyed(maps, compat_failures, strict_failures);
        } else if let Some((_, _, map)) = maps.pop() {
            result.fields = map;
        }
        if reasons.len() > REASONS {
            let more = words::count(reasons.len() - REASONS, "register");
            reasons.truncate(REASONS);
            reasons.push(format!("The same of {more} more."));
        }
        result.notes.extend(reasons);
        self.doubts(history, &converted, &mut result);
        let blame = |failure: &mut Explanation| blame(failure, self, &converted, history);
        result.findings = findings::findings(history, context, failures, blame);
        result
    }
}

impl Register {
    /// What makes a verdict that would be good unknown.
    fn doubts(&self, history: &History, converted: &Converted, result: &mut CheckResult) {
        let place = |place: u32| format!("op {place}, {},", history.ops()[place as usize].f);
        if let Some(foreign) = converted.foreign {
            (result.compat, result.strict) = (Validity::Unknown, Validity::Unknown);
            result.notes.push(format!(
                "Whether the history is linearizable cannot be said: what {} did to a register is \
                 not known.",
                place(foreign)
            ));
        }
        let registers = converted.registers.iter().filter_map(|register| register.blurred);
        if let Some(blurred) = registers.chain(converted.blurred).min() {
            result.notes.push(format!("{} has an end that does not fit it.", place(blurred)));
            result.compat = result.compat.max(Validity::Unknown);
            result.strict = result.strict.max(Validity::Unknown);
        }
        let answered = |op: &glomers_history::Op| {
            op.process.is_client() && op.kind == glomers_history::OpKind::Ok
        };
        if result.strict == Validity::Valid && !history.ops().iter().any(answered) {
            result.strict = Validity::Unknown;
            result.notes.push(
                "Whether the history is linearizable cannot be said: no operation was answered."
                    .to_owned(),
            );
        }
    }
}

/// The entries of a map of results.
type Entries = Vec<(&'static str, Value)>;

/// The fields of Jepsen's independent checker, and ours.
fn keyed(
    mut maps: Vec<(Value, Validity, Entries)>,
    mut compat_failures: Vec<Value>,
    mut strict_failures: Vec<Value>,
) -> Vec<(&'static str, Value)> {
    maps.sort_by(|a, b| a.0.cmp(&b.0));
    compat_failures.sort();
    strict_failures.sort();
    let valid = |validity: Validity| [("valid?", validity.to_value())];
    let results = maps.into_iter().map(|(key, compat, mut map)| {
        let ours = map.pop_if(|(name, _)| *name == "strict");
        let linearizable = Value::record(valid(compat).into_iter().chain(map));
        let timeline = Value::record(valid(Validity::Valid));
        let entries = [("linearizable", linearizable), ("timeline", timeline)];
        let entries = entries.into_iter().chain(valid(compat)).chain(ours);
        (key, Value::record(entries))
    });
    vec![
        ("results", Value::map(results)),
        ("failures", Value::list(compat_failures)),
        ("strict-failures", Value::list(strict_failures)),
    ]
}
