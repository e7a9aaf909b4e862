//! Schedules that are drawn: whose turn it is, and where a thread is interrupted.

use std::io;

use super::stops::LONG_TURN;
use super::thread::{Park, Resume, State, ThreadId};
use super::{Next, Tree};
use crate::sys::ptrace;

/// One call of so many lets somebody else have the turn.
const PASSES_ON: u64 = 8;
/// One turn of so many is interrupted inside a computation.
const INTERRUPTED: u64 = 16;
/// The longest way that is gone step by step, as a power of two.
const LONGEST: u64 = 15;

impl Tree {
    /// Whether somebody else has the turn now, by a draw.
    pub(super) fn passes_on(&mut self) -> bool {
        let others = !self.ready.is_empty();
        self.turns.as_mut().is_some_and(|draws| others && draws.below(PASSES_ON) == 0)
    }

    /// Draws whether, and after how many instructions, a thread is interrupted that
    /// goes on to compute.
    pub(super) fn draw_steps(&mut self, id: ThreadId) {
        let Some(draws) = &mut self.turns else { return };
        if self.threads.len() < 2 {
            // There is nobody to race with.
            return;
        }
        let thread = self.threads.get_mut(&id).expect("a thread that is ready is there");
        let computes = matches!(thread.state, State::Ready(Resume::On(0) | Resume::Return(_)));
        if computes && thread.steps == 0 && draws.below(INTERRUPTED) == 0 {
            // As often among the first few instructions as among the many.
            let power = draws.below(LONGEST) + 1;
            thread.steps = draws.below(1 << power) as u32 + 1;
        }
    }

    /// A thread that goes step by step has done one. Whether it does the next at
    /// once.
    pub(super) fn step_on(&mut self, id: ThreadId) -> io::Result<bool> {
        let thread = self.threads.get_mut(&id).expect("a thread that stops is there");
        if thread.steps == 0 {
            return Ok(false);
        }
        thread.steps -= 1;
        if thread.steps > 0 {
            ptrace::go_one_step(thread.tid)?;
            return Ok(true);
        }
        // Half of the time for so long that others who wait for what it holds lose
        // their patience, as on a machine that is busy.
        let is_long = self.turns.as_mut().is_some_and(|draws| draws.below(2) == 0);
        self.record.interrupted(self.clock.now(), id, is_long);
        if is_long {
            let until = self.clock.now() + LONG_TURN;
            self.apply(id, Next::Park(Park::Processor, Some(until)));
        } else {
            self.clock.spend(super::run::TURN_COST);
            self.apply(id, Next::Yield(Resume::On(0)));
        }
        Ok(true)
    }
}
