//! The search for an order, one possibility after the other: where there is one
//! it may be found although all possibilities are too many.
//!
//! Wing & Gong, "Testing and Verifying Concurrent Objects" (J. Parallel Distrib.
//! Comput. 17, 1993), over the same configurations as the frontier search. Lowe
//! (2017) remembers the configurations that were tried; here also those are left out
//! that can do no more than one that was tried (see [`Tried`]).

use glomers_history::Stop;

use super::budget::{Budget, Limits};
use super::config::{Bits, Config};
use super::operation::{Action, Subject};
use super::outcome::{Outcome, SHOWN, Shown, Stuck};
use super::pending::{Pending, Waiting};
use super::plan::{FEW, Plan, Step};
use super::trail::Trail;
use super::tried::Tried;

/// Searches; `record` keeps the way to where it ended.
pub(super) fn search<const N: usize>(
    subject: &Subject,
    plan: &Plan,
    (budget, stop): (&mut Budget, &Stop),
    record: bool,
) -> Outcome {
    let mut search = Search {
        plan,
        pending: Pending::<N>::new(plan, &subject.ops),
        at: 0,
        trail: Trail::new(record),
        steps: 0,
        tried: Tried::new(Bits(std::array::from_fn(|word| plan.guards[word]))),
        stack: Vec::with_capacity(2 * FEW),
        furthest: None,
    };
    let outcome = search.run(Limits::new(*budget, stop));
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
    tried: Tried<N>,
    stack: Vec<Way<N>>,
    furthest: Option<Furthest<N>>,
}

/// The furthest end that could not be passed.
struct Furthest<const N: usize> {
    at: usize,
    /// What had happened when it was reached first, and when it was reached first with
    /// another value in the register.
    configs: Vec<Config<N>>,
    /// What the register could hold there.
    states: Vec<u32>,
}

/// A way to go on from a step.
struct Way<const N: usize> {
    at: u32,
    config: Config<N>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Over the step.
    On,
    /// By what can happen before the step, which ends an operation; but not by what
    /// makes that one take effect at once, if it has not: that was tried.
    Else,
}

impl<const N: usize> Search<'_, N> {
    fn run(&mut self, mut limits: Limits<'_>) -> Outcome {
        self.stack.push(Way { at: 0, config: Config::FIRST, kind: Kind::On });
        while let Some(Way { at, config, kind }) = self.stack.pop() {
            if let Err(limit) = limits.check(self.steps, || self.bytes()) {
                return Outcome::Exhausted(limit);
            }
            self.go_to(at as usize);
            if kind == Kind::Else {
                self.tried.insert(at, &config, &self.pending.loose);
                self.expand_else(&config);
                continue;
            }
            let Some(config) = self.advance(config) else {
                continue;
            };
            if self.at == self.plan.steps.len() {
                return Outcome::Linearizable(Shown::of(
                    std::iter::once(&config),
                    &self.pending,
                    &self.trail,
                ));
            }
            self.arrive(&config);
            self.stack.push(Way { at: self.at as u32, config, kind: Kind::Else });
            self.expand(&config, true);
        }
        let Some(Furthest { at, configs, states }) = self.furthest.take() else {
            return Outcome::Linearizable(Vec::new());
        };
        self.go_to(at);
        let op = match self.plan.steps[at] {
            Step::Begin(op) | Step::End(op) | Step::Offer(op) | Step::Retire(op) => op,
        };
        Outcome::Stuck(Stuck {
            op,
            states,
            configs: Shown::of(configs.iter(), &self.pending, &self.trail),
            prefix: self.pending.path(&self.trail, configs[0].trace, op),
        })
    }

    /// Takes down what has happened where an operation must take effect next.
    fn arrive(&mut self, config: &Config<N>) {
        match &mut self.furthest {
            Some(furthest) if furthest.at > self.at => {}
            Some(furthest) if furthest.at == self.at => {
                let configs = &mut furthest.configs;
                if configs.len() < SHOWN && configs.iter().all(|it| it.value != config.value) {
                    configs.push(*config);
                }
            }
            furthest => {
                let (at, configs) = (self.at, vec![*config]);
                *furthest = Some(Furthest { at, configs, states: Vec::new() });
            }
        }
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
                    let loose = &self.pending.loose;
                    let is_new =
                        !self.tried.covers(self.at as u32, &config, loose, &mut self.steps);
                    if !done {
                        return is_new.then_some(config);
                    }
                    // It may also take effect where it can be seen.
                    if is_new {
                        self.stack.push(Way { at: self.at as u32, config, kind: Kind::Else });
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

    /// Puts on the stack what else can happen before an operation ends, unless that
    /// is hopeless.
    fn expand_else(&mut self, config: &Config<N>) {
        let Some(&step @ Step::End(ending)) = self.plan.steps.get(self.at) else { return };
        // The ways tried before this one went further.
        self.trail.now = self.pending.time(step).unwrap_or(self.trail.now);
        let wanted = self.pending.waiting(ending);
        let is_hopeless =
            !config.done.has(wanted.slot) && !self.pending.can_follow(config, &wanted);
        if !is_hopeless {
            self.expand(config, false);
        }
        if let Some(furthest) = self.furthest.as_mut().filter(|furthest| furthest.at == self.at) {
            if is_hopeless {
                self.pending.reach(config, &mut furthest.states);
            } else if !furthest.states.contains(&config.value) {
                furthest.states.push(config.value);
            }
        }
    }

    /// Puts on the stack what can happen before the operation at hand ends: on top
    /// itself, at the bottom what need not happen. If it has not taken effect either
    /// what lets it do so `at_once`, or all else.
    fn expand(&mut self, config: &Config<N>, at_once: bool) {
        let Some(&Step::End(ending)) = self.plan.steps.get(self.at) else { return };
        let at = self.at as u32;
        let before = self.stack.len();
        let (stack, trail) = (&mut self.stack, &mut self.trail);
        let wanted = self.pending.waiting(ending);
        let done = config.done.has(wanted.slot);
        let fits = |action: Action| done || wanted.action.is_settled_by(action) == at_once;
        let mut push = |config| stack.push(Way { at, config, kind: Kind::On });
        self.pending.offers(config, trail, fits, &mut push);
        let fits = |other: &Waiting| other.op != ending && fits(other.action);
        self.pending.updates(config, trail, fits, &mut push);
        if !wanted.action.is_assertion() && (done || at_once) {
            self.pending.update(config, &wanted, trail).map(&mut push);
        }
        self.steps += 4 + 2 * (stack.len() - before) as u64;
    }

    fn bytes(&self) -> u64 {
        (self.tried.bytes() + self.stack.capacity() * size_of::<Way<N>>()) as u64
    }
}
