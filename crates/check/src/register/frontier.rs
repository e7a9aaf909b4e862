//! The search for an order, all possibilities at a time.
//!
//! As in Lowe, "Testing for linearizability" (Concurrency and Computation 29(4),
//! 2017), an operation takes effect as late as possible: only when one must, at
//! its end, are the ways tried to get there. Assertions take effect as soon as
//! they hold; indeterminate operations that do the same are counted, not told
//! apart; and of two configurations of which one can do all that the other can,
//! only that one is kept (see [`Pareto`]). Those with few indeterminate
//! operations are expanded first, since they make others superfluous.

use glomers_history::Stop;

use super::budget::{Budget, Limit, Limits};
use super::config::Config;
use super::operation::Subject;
use super::outcome::{Outcome, Shown, Stuck};
use super::pareto::Pareto;
use super::pending::{Pending, Waiting};
use super::plan::{Plan, Step};
use super::trail::Trail;

/// Searches; `record` keeps the way to where it ended. Of many configurations only
/// `width` are followed, those that used the fewest indeterminate operations; if
/// that leads nowhere nothing is known, and there is no answer.
pub(super) fn search<const N: usize>(
    subject: &Subject,
    plan: &Plan,
    (budget, stop): (&mut Budget, &Stop),
    width: usize,
    record: bool,
) -> Option<Outcome> {
    let pending = Pending::<N>::new(plan, &subject.ops);
    let guards = pending.guards;
    let mut frontier = Frontier {
        pending,
        limits: Limits::new(*budget, stop),
        width,
        is_narrowed: false,
        trail: Trail::new(record),
        unused: Trail::new(false),
        configs: vec![Config::FIRST],
        seen: Pareto::new(guards),
        arrived: Pareto::new(guards),
        levels: Vec::new(),
    };
    let outcome = frontier.run(&plan.steps);
    budget.steps = budget.steps.saturating_sub(frontier.steps());
    outcome
}

struct Frontier<'a, const N: usize> {
    pending: Pending<'a, N>,
    limits: Limits<'a>,
    width: usize,
    /// Whether something was not followed.
    is_narrowed: bool,
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
    fn run(&mut self, steps: &[Step]) -> Option<Outcome> {
        for &step in steps {
            self.trail.now = self.pending.time(step).unwrap_or(self.trail.now);
            match step {
                Step::Begin(op) => {
                    self.pending.forward(step);
                    self.begin(op);
                }
                Step::End(op) => {
                    let waiting = self.pending.waiting(op);
                    match self.end(&waiting) {
                        Ok(true) => {}
                        Ok(false) if self.is_narrowed => return None,
                        Ok(false) => return Some(Outcome::Stuck(self.stuck(&waiting))),
                        Err(limit) => return Some(Outcome::Exhausted(limit)),
                    }
                    self.pending.forward(step);
                }
                Step::Offer(group) => {
                    self.pending.forward(step);
                    if self.pending.is_new(group) {
                        self.substitute();
                    }
                }
                Step::Retire(group) => {
                    self.pending.forward(step);
                    self.substitute();
                    self.retire(group);
                }
            }
        }
        Some(Outcome::Linearizable(self.shown(self.configs.iter())))
    }

    fn steps(&self) -> u64 {
        self.seen.steps + self.arrived.steps
    }

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
        let waits = |config: &Config<N>| {
            !config.done.has(ending.slot) || self.pending.may_show(config, ending)
        };
        if self.configs.iter().any(waits) {
            self.expand(ending)?;
            if self.arrived.entries.is_empty() {
                return Ok(false);
            }
            self.reduce(ending);
            if self.configs.len() > self.width {
                self.is_narrowed = true;
                self.configs.sort_by_key(|config| config.used);
                self.configs.truncate(self.width);
            }
        }
        for config in &mut self.configs {
            config.end(ending.slot);
        }
        Ok(true)
    }

    fn expand(&mut self, ending: &Waiting) -> Result<(), Limit> {
        self.seen.reset(self.pending.loose);
        self.arrived.reset(self.pending.loose);
        let Frontier { pending, trail, configs, seen, arrived, levels, width, is_narrowed, .. } =
            self;
        for config in configs.iter().copied() {
            add(config, pending, ending, seen, arrived, levels);
        }
        let mut level = 0;
        let mut expanded = 0;
        while level < levels.len() {
            let Some(place) = levels[level].pop() else {
                level += 1;
                continue;
            };
            let Some(config) = seen.get(place) else {
                continue;
            };
            expanded += 1;
            if expanded > *width && !arrived.entries.is_empty() {
                *is_narrowed = true;
                levels.iter_mut().for_each(Vec::clear);
                break;
            }
            let mut add = |next| add(next, pending, ending, seen, arrived, levels);
            pending.updates(&config, trail, |_| true, &mut add);
            pending.offers(&config, trail, |_| true, &mut add);
            // An expansion costs about as much as some comparisons.
            seen.steps += 4;
            self.limits.check(seen.steps + arrived.steps, || seen.bytes() + arrived.bytes())?;
        }
        Ok(())
    }

    /// Keeps of the configurations that arrived those to which none of the others
    /// can lead: what takes effect as late as possible loses nothing.
    fn reduce(&mut self, ending: &Waiting) {
        self.configs.clear();
        self.configs.extend(self.arrived.alive());
        if self.configs.len() < 2 {
            return;
        }
        for config in &self.configs {
            self.arrived.steps += 4;
            // Without a record: nothing comes of these.
            let (arrived, unused) = (&mut self.arrived, &mut self.unused);
            let mut displace = |next| arrived.displace(&next);
            self.pending.updates(config, unused, |other| other.op != ending.op, &mut displace);
            self.pending.offers(config, unused, |_| true, &mut displace);
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
        self.arrived.reset(self.pending.loose);
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
        for config in &self.configs {
            self.pending.reach(config, &mut states);
        }
        let last = self.configs.iter().min_by_key(|config| config.used);
        Stuck {
            op: ending.op,
            states,
            configs: self.shown(self.configs.iter()),
            prefix: last.map_or_else(Vec::new, |config| {
                self.pending.path(&self.trail, config.trace, ending.op)
            }),
        }
    }
}

/// Takes in a configuration at an end: it has arrived if nothing more is asked of
/// the operation, and is to be expanded if that may still take effect.
fn add<const N: usize>(
    config: Config<N>,
    pending: &Pending<'_, N>,
    ending: &Waiting,
    seen: &mut Pareto<N>,
    arrived: &mut Pareto<N>,
    levels: &mut Vec<Vec<u32>>,
) {
    if config.done.has(ending.slot) {
        arrived.insert(config);
        if !pending.may_show(&config, ending) {
            return;
        }
    } else if !pending.can_follow(&config, ending) {
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
