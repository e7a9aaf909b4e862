//! The search for an order, one possibility after the other: where there is one
//! it may be found although all possibilities are too many.
//!
//! Wing & Gong, "Testing and Verifying Concurrent Objects" (J. Parallel Distrib.
//! Comput. 17, 1993), with the memory of what was tried of Lowe (2017); over the
//! same configurations as the frontier search.

use rustc_hash::FxHashSet;

use super::budget::{Budget, Limit};
use super::config::{Bits, Config, Pending, Trail};
use super::operation::Subject;
use super::outcome::{Outcome, Shown, Stuck};
use super::plan::{Plan, Step};

/// A step, and what had happened before it.
type Tried<const N: usize> = (u32, u32, Bits<N>, Bits<N>, Bits<N>);

/// Searches; `record` keeps the way to where it ended.
pub(super) fn search<const N: usize>(
    subject: &Subject,
    plan: &Plan,
    budget: &mut Budget,
    record: bool,
) -> Outcome {
    let mut search = Search {
        plan,
        pending: Pending::<N>::new(plan, &subject.ops),
        at: 0,
        trail: Trail::new(record),
        steps: 0,
        tried: FxHashSet::default(),
        stack: Vec::new(),
    };
    let outcome = search.run(*budget);
    budget.steps = budget.steps.saturating_sub(search.steps);
    outcome
}

struct Search<'a, const N: usize> {
    plan: &'a Plan,
    pending: Pending<'a, N>,
    /// The step that `pending` is before.
    at: usize,
    trail: Trail,
    steps: u64,
    tried: FxHashSet<Tried<N>>,
    stack: Vec<(u32, Config<N>)>,
}

impl<const N: usize> Search<'_, N> {
    fn run(&mut self, budget: Budget) -> Outcome {
        // The furthest end that could not be passed, and what held there.
        let mut furthest: Option<(usize, Config<N>, Vec<u32>)> = None;
        self.stack.push((0, Config::FIRST));
        while let Some((at, config)) = self.stack.pop() {
            if self.steps > budget.steps {
                return Outcome::Exhausted(Limit::Steps(budget.steps));
            }
            if self.bytes() > budget.memory {
                return Outcome::Exhausted(Limit::Memory(budget.memory));
            }
            self.go_to(at as usize);
            let Some(config) = self.advance(config) else {
                continue;
            };
            let Some(&Step::End(op)) = self.plan.steps.get(self.at) else {
                return Outcome::Linearizable(Shown::of(
                    std::iter::once(&config),
                    &self.pending,
                    &self.trail,
                ));
            };
            match &mut furthest {
                Some((far, _, states)) if *far == self.at => {
                    if !states.contains(&config.value) {
                        states.push(config.value);
                    }
                }
                Some((far, _, _)) if *far > self.at => {}
                _ => furthest = Some((self.at, config, vec![config.value])),
            }
            self.expand(&config, op);
        }
        let Some((at, config, states)) = furthest else {
            return Outcome::Linearizable(Vec::new());
        };
        self.go_to(at);
        let op = match self.plan.steps[at] {
            Step::Begin(op) | Step::End(op) | Step::Offer(op) | Step::Retire(op) => op,
        };
        Outcome::Stuck(Stuck {
            op,
            states,
            configs: Shown::of(std::iter::once(&config), &self.pending, &self.trail),
            prefix: self.pending.path(&self.trail, config.trace, op),
        })
    }

    fn go_to(&mut self, at: usize) {
        self.steps += self.at.abs_diff(at) as u64;
        while self.at > at {
            self.at -= 1;
            self.pending.backward(self.plan.steps[self.at]);
        }
        while self.at < at {
            self.pending.forward(self.plan.steps[self.at]);
            self.at += 1;
        }
    }

    /// Goes on to the next end of an operation that has not taken effect, or to
    /// the end; `None` if that was tried before.
    fn advance(&mut self, mut config: Config<N>) -> Option<Config<N>> {
        while let Some(&step) = self.plan.steps.get(self.at) {
            self.steps += 1;
            self.trail.now = self.pending.time(step).unwrap_or(self.trail.now);
            if let Step::End(op) = step {
                let waiting = self.pending.waiting(op);
                let done = config.done.has(waiting.slot);
                if !done || self.pending.may_show(&config, &waiting) {
                    let Config { value, done: all, spent, infos, .. } = config;
                    let is_new = self.tried.insert((self.at as u32, value, all, spent, infos));
                    if !done {
                        return is_new.then_some(config);
                    }
                    // It may also take effect where it can be seen.
                    if is_new {
                        self.expand(&config, op);
                    }
                }
                config.end(waiting.slot);
            }
            self.pending.forward(step);
            self.at += 1;
            match step {
                Step::Begin(op) => {
                    let waiting = self.pending.waiting(op);
                    if waiting.action.is_assertion() {
                        self.pending.settle_one(&waiting, &mut config, &mut self.trail);
                    }
                }
                Step::Retire(group) => self.pending.forget(&mut config, group),
                Step::End(_) | Step::Offer(_) => {}
            }
        }
        Some(config)
    }

    /// Puts on the stack what can happen next: on top the operation that must, at
    /// the bottom what need not.
    fn expand(&mut self, config: &Config<N>, ending: u32) {
        let at = self.at as u32;
        let before = self.stack.len();
        let (stack, trail) = (&mut self.stack, &mut self.trail);
        self.pending.offers(config, trail, |next| stack.push((at, next)));
        let wanted = self.pending.waiting(ending);
        for waiting in &self.pending.updates {
            if waiting.op != ending {
                let next = self.pending.update(config, waiting, trail);
                stack.extend(next.map(|next| (at, next)));
            }
        }
        if !wanted.action.is_assertion() {
            let next = self.pending.update(config, &wanted, trail);
            stack.extend(next.map(|next| (at, next)));
        }
        // What lets it take effect at once comes first.
        stack[before..].sort_by_key(|(_, next)| next.done.has(wanted.slot));
        self.steps += 4 + 2 * (stack.len() - before) as u64;
    }

    fn bytes(&self) -> u64 {
        // One byte more for each in the table.
        let tried = self.tried.capacity() * (size_of::<Tried<N>>() + 1);
        (tried + self.stack.capacity() * size_of::<(u32, Config<N>)>()) as u64
    }
}
