//! Whether a Plan still shows what it is shrunk for.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hasher as _};

use glomers_history::Finding;
use glomers_sim::Plan;

use super::messages::Fates;
use super::recovery::Recovery;
use crate::row::{Lab, Run};
use crate::signature::Signature;

/// Runs Plans and looks for one finding.
pub(crate) struct Oracle<'a> {
    lab: &'a dyn Lab,
    wanted: Signature,
    is_over: &'a dyn Fn() -> bool,
    /// What every Plan must give the cluster before the operations at the end.
    pub(crate) recovery: Option<Recovery>,
    /// Other findings that were met on the way.
    pub(crate) others: BTreeSet<Signature>,
    /// What the last Plan had that still has it. Every such Plan is taken, so it is what is
    /// left.
    pub(crate) last: Option<(Finding, Run)>,
    /// Plans that are known not to have it. What could not go is tried again after other
    /// things went, and when nothing did, the same Plans come once more.
    refused: BTreeSet<u64>,
    /// How many runs there were.
    pub(crate) tests: u64,
    /// Whether somebody ended it.
    pub(crate) ended: bool,
}

impl<'a> Oracle<'a> {
    pub(crate) fn new(lab: &'a dyn Lab, wanted: Signature, is_over: &'a dyn Fn() -> bool) -> Self {
        let (others, recovery) = (BTreeSet::new(), None);
        Oracle {
            lab,
            wanted,
            is_over,
            recovery,
            others,
            last: None,
            refused: BTreeSet::new(),
            tests: 0,
            ended: false,
        }
    }

    /// The finding and the run, if the Plan still has it. A Plan that cannot be run has
    /// not, nor one that does not give the cluster its time to recover.
    pub(crate) fn find(&mut self, plan: &Plan) -> Option<&(Finding, Run)> {
        self.ended |= (self.is_over)();
        let is_fair = self.recovery.is_none_or(|recovery| recovery.is_given_by(plan));
        if self.ended || !is_fair || plan.validate().is_err() {
            return None;
        }
        let known = digest(plan);
        if known.is_some_and(|known| self.refused.contains(&known)) {
            return None;
        }
        self.tests += 1;
        let run = match self.lab.run(plan) {
            Ok(Some(run)) => run,
            Ok(None) => return None,
            Err(_) => {
                self.refused.extend(known);
                return None;
            }
        };
        let mut found = None;
        for finding in &run.findings {
            let signature = Signature::of(finding, &run.outcome.history);
            if signature == self.wanted {
                found.get_or_insert_with(|| finding.clone());
            } else {
                self.others.insert(signature);
            }
        }
        if found.is_none() {
            self.refused.extend(known);
        }
        self.last = Some((found?, run));
        self.last.as_ref()
    }

    /// What became of the messages of a Plan.
    pub(crate) fn watch(&mut self, plan: &Plan) -> Option<Fates> {
        self.ended |= (self.is_over)();
        if self.ended {
            return None;
        }
        self.tests += 1;
        let mut fates = Fates::default();
        self.lab.watch(plan, &mut fates).ok()??;
        Some(fates)
    }

    /// Whether it still has it.
    pub(crate) fn holds(&mut self, plan: &Plan) -> bool {
        self.find(plan).is_some()
    }

    /// Takes a candidate in the place of a Plan if it still has the finding.
    pub(crate) fn accept(&mut self, plan: &mut Plan, candidate: Plan) -> bool {
        let is_better = candidate != *plan && self.holds(&candidate);
        if is_better {
            *plan = candidate;
        }
        is_better
    }
}

/// What tells Plans apart.
fn digest(plan: &Plan) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    hasher.write(&serde_json::to_vec(plan).ok()?);
    Some(hasher.finish())
}
