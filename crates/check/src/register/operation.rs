//! Operations on a register, as small as searches need them.

use std::borrow::Cow;

/// The end of an operation that may take effect any time, or never.
pub(super) const OPEN: u32 = u32::MAX;

/// The number of the initial value, which is null.
pub(super) const NIL: u32 = 0;

/// When operations begin whose beginning is not recorded; the initial value is
/// there at 0.
pub(super) const START: u32 = 1;

/// The moment of an entry of the history.
pub(super) fn time(place: usize) -> u32 {
    place as u32 + 2
}

/// What an operation does to the register, or says of it. Values are numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Action {
    /// The register holds it: a read.
    Is(u32),
    /// The register holds anything else: a `cas` that was refused.
    IsNot(u32),
    /// From now on the register holds it.
    Write(u32),
    /// The register held the first and holds the second.
    Cas(u32, u32),
    /// If the register held the first it holds the second, else it stays: a `cas`
    /// of which it is not known whether it was refused at once, or took effect and
    /// was refused when it was tried again.
    Try(u32, u32),
}

impl Action {
    /// Whether it leaves the register as it is.
    pub(super) fn is_assertion(self) -> bool {
        matches!(self, Action::Is(_) | Action::IsNot(_))
    }

    /// What the register holds after it, if it is possible.
    #[inline]
    pub(super) fn apply(self, value: u32) -> Option<u32> {
        match self {
            Action::Is(wanted) => (wanted == value).then_some(value),
            Action::IsNot(other) => (other != value).then_some(value),
            Action::Write(new) => Some(new),
            Action::Cas(from, to) => (from == value).then_some(to),
            Action::Try(from, to) => Some(if from == value { to } else { value }),
        }
    }

    /// Whether another action makes this one hold at once, or lets it pass unseen,
    /// where it does not hold: a write can always happen just before another.
    pub(super) fn is_settled_by(self, other: Action) -> bool {
        match (self, other) {
            (Action::Write(_), other) => matches!(other, Action::Write(_)),
            (Action::Cas(..) | Action::Try(..), _) | (_, Action::Is(_) | Action::IsNot(_)) => false,
            (_, Action::Write(value) | Action::Cas(_, value) | Action::Try(_, value)) => {
                self.apply(value).is_some()
            }
        }
    }

    /// The same action on other numbers.
    pub(super) fn map(self, mut number: impl FnMut(u32) -> u32) -> Action {
        match self {
            Action::Is(value) => Action::Is(number(value)),
            Action::IsNot(value) => Action::IsNot(number(value)),
            Action::Write(value) => Action::Write(number(value)),
            Action::Cas(from, to) => Action::Cas(number(from), number(to)),
            Action::Try(from, to) => Action::Try(number(from), number(to)),
        }
    }
}

/// Which rule makes an operation count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Layer {
    /// Jepsen's.
    #[default]
    Base,
    /// A read of null says that there is no value.
    Nulls,
    /// A refusal says that its condition does not hold, be it because of what it did
    /// itself when it was tried first.
    Excused,
    /// A refusal says that nothing was done and that its condition does not hold.
    Refusals,
}

/// One operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Operation {
    /// When it began.
    pub(super) begin: u32,
    /// When it had taken effect for certain, or [`OPEN`].
    pub(super) end: u32,
    /// The entry of the history that tells most of it: its end, if there is one.
    pub(super) entry: u32,
    pub(super) action: Action,
    pub(super) layer: Layer,
}

impl Operation {
    /// Whether it need not take effect at all.
    pub(super) fn is_optional(&self) -> bool {
        self.end == OPEN
    }
}

/// The layers in which something is said that is not sure to be right, from the
/// strictest on, and Jepsen's.
pub(super) fn layers(ops: &[Operation]) -> impl Iterator<Item = Layer> {
    let of = |layer: Layer| ops.iter().filter(move |op| op.layer == layer);
    // Until the first end that counts all that can be seen may have come later, so who
    // began before that may well have read null.
    let first = of(Layer::Base).map(|op| op.end).min().unwrap_or(OPEN);
    let nulls = of(Layer::Nulls).any(|op| op.begin > first).then_some(Layer::Nulls);
    let refusals = of(Layer::Excused).next().map(|_| Layer::Refusals);
    refusals.into_iter().chain(nulls).chain([Layer::Base])
}

/// The operations on one register that count under some rule, on values that are
/// numbered from [`NIL`] without gaps.
#[derive(Debug, Default)]
pub(super) struct Subject {
    pub(super) ops: Vec<Operation>,
    /// For each number the number that the whole history has for the value.
    pub(super) values: Vec<u32>,
}

/// Numbers values for one subject after another.
#[derive(Debug, Default)]
pub(super) struct Renumber {
    /// For each value of the history its number in this subject, or `OPEN`.
    numbers: Vec<u32>,
}

impl Renumber {
    pub(super) fn subject(&mut self, ops: &[Operation], layer: Layer) -> Subject {
        let mut values = Vec::new();
        let numbers = &mut self.numbers;
        let mut number = |value: u32| {
            let place = value as usize;
            if place >= numbers.len() {
                numbers.resize((place + 1).next_power_of_two(), OPEN);
            }
            if numbers[place] == OPEN {
                numbers[place] = values.len() as u32;
                values.push(value);
            }
            numbers[place]
        };
        number(NIL);
        let ops = read_by(ops, layer);
        let counted = ops.iter().filter(|op| op.layer <= layer);
        let ops =
            counted.map(|op| Operation { action: op.action.map(&mut number), ..*op }).collect();
        for &value in &values {
            numbers[value as usize] = OPEN;
        }
        Subject { ops, values }
    }
}

/// What operations say by the rules of a layer.
fn read_by(ops: &[Operation], layer: Layer) -> Cow<'_, [Operation]> {
    if layer < Layer::Excused {
        // There are no attempts among those that count.
        return Cow::Borrowed(ops);
    }
    let read = |action: Action| match action {
        // Who had changed nothing found the same when it was tried again.
        Action::Try(from, to) if layer == Layer::Refusals || from == to => Action::IsNot(from),
        action => action,
    };
    ops.iter().map(|op| Operation { action: read(op.action), ..*op }).collect()
}
