//! The search for an order, all possibilities at a time.
//!
//! As in Lowe, "Testing for linearizability" (Concurrency and Computation 29(4),
//! 2017), an operation takes effect as late as possible: only when one must, at
//! its end, are the ways tried to get there. Assertions take effect as soon as
//! they hold; indeterminate operations that do the same are counted, not told
//! apart; and of two configurations of which one can do all that the other can,
//! only that one is kept (see [`Pareto`]). Those with few indeterminate
//! operations are expanded first, since they make others superfluous.

use super::budget::{Budget, Limit};
use super::config::{Config, Pending, Trail, Waiting};
use super::operation::Subject;
use super::outcome::{Outcome, Shown, Stuck};
use super::pareto::Pareto;
use super::plan::{Plan, Step};

/// Searches; `record` keeps the way to where it ended.
pub(super) fn search<const N: usize>(
    subject: &Subject,
    plan: &Plan,
    budget: Budget,
    record: bool,
) -> Outcome {
    let pending = Pending::<N>::new(plan, &subject.ops);
    let guards = pending.guards;
    let mut frontier = Frontier {
        pending,
        budget,
        trail: Trail::new(record),
        unused: Trail::new(false),
        configs: vec![Config::FIRST],
        seen: Pareto::new(guards),
        arrived: Pareto::new(guards),
        levels: Vec::new(),
    };
    for &step in &plan.steps {
        match step {
            Step::Begin(op) => {
                frontier.pending.forward(step);
                frontier.begin(op);
            }
            Step::End(op) => {
                let waiting = frontier.pending.waiting(op);
                match frontier.end(&waiting) {
                    Ok(true) => {}
                    Ok(false) => return Outcome::Stuck(frontier.stuck(&waiting)),
                    Err(limit) => return Outcome::Exhausted(limit),
                }
                frontier.pending.forward(step);
            }
            Step::Offer(group) => {
                frontier.pending.forward(step);
                if frontier.pending.is_new(group) {
                    frontier.substitute();
                }
            }
            Step::Retire(group) => {
                frontier.pending.forward(step);
                frontier.substitute();
                frontier.retire(group);
            }
        }
    }
    Outcome::Linearizable(frontier.shown(frontier.configs.iter()))
}

struct Frontier<'a, const N: usize> {
    pending: Pending<'a, N>,
    budget: Budget,
    trail: Trail,
    /// For configurations that are only looked at.
    unused: Trail,
    /// What may have happened until now.
    configs: Vec<Config<N>>,
    /// At an end: the configurations in which the operation has not taken effect.
    seen: Pareto<N>,
    /// At an end: those in which it has.
    arrived: Pareto<N>,
    /// Places in `seen` to expand, by the number of indeterminate operations.
    levels: Vec<Vec<u32>>,
}

impl<const N: usize> Frontier<'_, N> {
    fn begin(&mut self, op: u32) {
        let waiting = self.pending.waiting(op);
        if waiting.action.is_assertion() {
            for config in &mut self.configs {
                self.pending.settle_one(&waiting, config, &mut self.trail);
            }
        }
    }

    /// Keeps the configurations in which an operation took effect, after all ways
    /// to get there; whether there are any.
    fn end(&mut self, ending: &Waiting) -> Result<bool, Limit> {
        if self.configs.iter().any(|config| !config.done.has(ending.slot)) {
            self.expand(ending)?;
            if self.arrived.entries.is_empty() {
                return Ok(false);
            }
            self.reduce();
        }
        for config in &mut self.configs {
            config.done.remove(ending.slot);
        }
        Ok(true)
    }

    fn expand(&mut self, ending: &Waiting) -> Result<(), Limit> {
        self.seen.reset(self.pending.asserting);
        self.arrived.reset(self.pending.asserting);
        for config in self.configs.iter().copied() {
            add(config, ending.slot, &mut self.seen, &mut self.arrived, &mut self.levels);
        }
        let mut level = 0;
        while level < self.levels.len() {
            let Some(place) = self.levels[level].pop() else {
                level += 1;
                continue;
            };
            let Some(config) = self.seen.get(place) else {
                continue;
            };
            for waiting in &self.pending.updates {
                if let Some(next) = self.pending.update(&config, waiting, &mut self.trail) {
                    add(next, ending.slot, &mut self.seen, &mut self.arrived, &mut self.levels);
                }
            }
            let (seen, arrived, levels) = (&mut self.seen, &mut self.arrived, &mut self.levels);
            self.pending.offers(&config, &mut self.trail, |next| {
                add(next, ending.slot, seen, arrived, levels);
            });
            // An expansion costs about as much as some comparisons.
            self.seen.steps += 4;
            if self.seen.steps + self.arrived.steps > self.budget.steps {
                return Err(Limit::Steps(self.budget.steps));
            }
            if self.seen.bytes() + self.arrived.bytes() > self.budget.memory {
                return Err(Limit::Memory(self.budget.memory));
            }
        }
        Ok(())
    }

    /// Keeps of the configurations that arrived those to which none of the others
    /// can lead: what takes effect as late as possible loses nothing.
    fn reduce(&mut self) {
        self.configs.clear();
        self.configs.extend(self.arrived.alive());
        if self.configs.len() < 2 {
            return;
        }
        for config in &self.configs {
            for waiting in &self.pending.updates {
                // Without a record: nothing comes of these.
                if let Some(next) = self.pending.update(config, waiting, &mut self.unused) {
                    self.arrived.displace(&next);
                }
            }
            let arrived = &mut self.arrived;
            self.pending.offers(config, &mut self.unused, |next| arrived.displace(&next));
        }
        self.configs.clear();
        self.configs.extend(self.arrived.alive());
    }

    fn substitute(&mut self) {
        let substitutes = self.pending.substitutes();
        self.seen.substitutes.clone_from(&substitutes);
        self.arrived.substitutes = substitutes;
    }

    fn retire(&mut self, group: u32) {
        self.arrived.reset(self.pending.asserting);
        for config in &mut self.configs {
            self.pending.forget(config, group);
            self.arrived.insert(*config);
        }
        self.configs.clear();
        self.configs.extend(self.arrived.alive());
    }

    fn shown<'a>(&'a self, configs: impl Iterator<Item = &'a Config<N>>) -> Vec<Shown> {
        Shown::of(configs, &self.pending, &self.trail)
    }

    fn stuck(&self, ending: &Waiting) -> Stuck {
        let mut states: Vec<u32> = Vec::new();
        for config in self.configs.iter().chain(self.seen.alive()) {
            if !states.contains(&config.value) {
                states.push(config.value);
            }
        }
        let last = self.configs.iter().min_by_key(|config| config.used);
        Stuck {
            op: ending.op,
            states,
            configs: self.shown(self.configs.iter()),
            prefix: last.map_or_else(Vec::new, |config| self.trail.path(config.trace)),
        }
    }
}

fn add<const N: usize>(
    config: Config<N>,
    slot: u16,
    seen: &mut Pareto<N>,
    arrived: &mut Pareto<N>,
    levels: &mut Vec<Vec<u32>>,
) {
    if config.done.has(slot) {
        arrived.insert(config);
        return;
    }
    if let Some(place) = seen.insert(config) {
        let level = config.used as usize;
        if level >= levels.len() {
            levels.resize_with(level + 1, Vec::new);
        }
        levels[level].push(place);
    }
}
