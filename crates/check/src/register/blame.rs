//! Which other operation is to blame where one fits no order: a change that says that
//! it failed, a refusal or a read of null that was no true statement.

use glomers_history::{History, OpKind, Stop};

use super::analysis::analyse;
use super::budget::Budget;
use super::convert::{Converted, change};
use super::explain::Explanation;
use super::operation::{Action, Layer, NIL, OPEN, Operation, Renumber, time};
use super::outcome::Outcome;
use super::{Method, Register};
use crate::intern::NONE;

/// How many operations are suspected.
const SUSPECTS: usize = 16;

/// What each trial may take.
const BUDGET: Budget = Budget::millions(1);

/// Looks for the operation that is to blame, and adds it to an explanation: without
/// its claim there is an order beyond the operation that fits none.
pub(super) fn blame(
    explanation: &mut Explanation,
    spec: &Register,
    converted: &Converted,
    history: &History,
) {
    let key = explanation.key.as_ref().map_or(0, |key| converted.keys.find(key));
    let Some(register) = converted.registers.get(key as usize).filter(|_| key != NONE) else {
        return;
    };
    let is_stuck = |op: &&Operation| u64::from(op.entry) == explanation.stuck;
    let Some(&stuck) = register.ops.iter().find(is_stuck) else { return };
    let only_failures = explanation.never_written;
    let trial = Trial { ops: &register.ops, layer: explanation.layer, stuck, only_failures };
    explanation.failed_writer = trial.failed_writer(spec, converted, history, key);
    explanation.untrue = trial.untrue();
}

struct Trial<'a> {
    ops: &'a [Operation],
    layer: Layer,
    stuck: Operation,
    /// Whether nothing but what failed gives the value that is needed.
    only_failures: bool,
}

impl Trial<'_> {
    /// Whether these operations have an order beyond the one that fits none.
    fn goes_further(&self, ops: &[Operation]) -> bool {
        let renumber = &mut Renumber::default();
        let analysis =
            analyse(ops, self.layer, renumber, Method::Auto, (BUDGET, &Stop::default()), false);
        match &analysis.outcome {
            Outcome::Linearizable(_) => true,
            Outcome::Stuck(stuck) => analysis.subject.ops[stuck.op as usize].end > self.stuck.end,
            Outcome::Exhausted(_) => false,
        }
    }

    /// The end of a change that says that it failed, where there would be an order if
    /// it had taken effect.
    fn failed_writer(
        &self,
        spec: &Register,
        converted: &Converted,
        history: &History,
        key: u32,
    ) -> Option<u64> {
        let needed = match self.stuck.action {
            Action::Is(value) | Action::Cas(value, _) if value != NIL => value,
            _ => return None,
        };
        let ops = history.ops();
        let mut suspects: Vec<(usize, usize, Action)> = Vec::new();
        for (begin, end) in (0..).zip(history.pairs()) {
            let Some(end) = end.filter(|&end| ops[end].kind == OpKind::Fail) else { continue };
            if !ops[begin].process.is_client() || time(begin) >= self.stuck.end {
                continue;
            }
            let Some((of, action)) = change(spec, converted, &ops[begin]) else { continue };
            let (Action::Write(to) | Action::Cas(_, to)) = action else { continue };
            if of == key && to == needed {
                suspects.push((begin, end, action));
            }
        }
        // What began last is the most likely.
        let found = suspects.into_iter().rev().take(SUSPECTS).find(|&(begin, end, action)| {
            let (begin, entry) = (time(begin), end as u32);
            // Where something else gives the value, too, only what took effect before
            // it said that it had not is a good reason.
            let end = if self.only_failures { OPEN } else { time(end) };
            let happened = Operation { begin, end, entry, action, layer: Layer::Base };
            let mut ops = self.ops.to_vec();
            ops.retain(|op| op.entry != entry);
            ops.push(happened);
            self.goes_further(&ops)
        });
        found.map(|(_, end, _)| end as u64)
    }

    /// A refusal or a read of null without which there would be an order, if the
    /// operation that fits none is of another kind.
    fn untrue(&self) -> Option<u64> {
        let kind = match self.layer {
            Layer::Base => return None,
            Layer::Nulls => Layer::Nulls,
            Layer::Excused | Layer::Refusals => Layer::Excused,
        };
        if self.stuck.layer == kind {
            return None;
        }
        let said = |op: &&Operation| op.layer == kind && op.begin < self.stuck.end;
        let mut suspects: Vec<u32> = self.ops.iter().filter(said).map(|op| op.entry).collect();
        suspects.sort_unstable();
        let found = suspects.into_iter().rev().take(SUSPECTS).find(|&entry| {
            let others = self.ops.iter().filter(|op| op.entry != entry);
            self.goes_further(&others.copied().collect::<Vec<_>>())
        });
        found.map(u64::from)
    }
}
