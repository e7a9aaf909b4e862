//! What workers do at the end: final operations, and questions whether they are served.

use std::time::Duration;

use glomers_history::was_served;

use super::Engine;
use super::phases::Phase;
use crate::draws::{Draws, Purpose};
use crate::queue::Due;
use crate::workload::FinalEnd;

/// How long a worker waits that was not served before it asks again.
const PAUSE_OF_PROBES: Duration = Duration::from_millis(500);

impl Engine<'_> {
    /// Every worker begins its final operations.
    pub(super) fn begin_final(&mut self) {
        let Some(first) = self.workload.final_operation() else {
            return;
        };
        self.course.phase = Phase::Final { unfinished: self.plan.concurrency };
        self.course.final_start = self.now;
        self.draw_anew();
        for worker in 0..self.plan.concurrency {
            self.invoke_final(worker, first.clone(), None);
        }
    }

    /// From here on workers draw what does not depend on what they drew before.
    pub(super) fn draw_anew(&mut self) {
        for (number, worker) in (0..).zip(&mut self.workers.all) {
            worker.draws = Draws::keyed(self.plan.seed, Purpose::Worker, number, 1, 0);
        }
    }

    /// A worker has ended a final operation: what then?
    pub(super) fn plan_next_final(&mut self, worker: u32) {
        let Some(op) = self.events.recorder.history().ops().last() else { return };
        let elapsed = self.now.since(self.course.final_start);
        let mut draws = self.workers.all[worker as usize].draws.clone();
        let next = self.workload.next_final(&FinalEnd { worker, op, elapsed }, &mut draws);
        let state = &mut self.workers.all[worker as usize];
        state.draws = draws;
        let Some((pause, next)) = next else {
            return self.final_is_done();
        };
        // Even without a pause it is an event of its own: operations that take no
        // time must not pile up on the stack.
        state.next_final = Some(next);
        self.schedule(self.now + pause, Due::NextFinal { worker });
    }

    /// A worker asks something, as in the main phase, to see whether it is served.
    pub(super) fn probe(&mut self, worker: u32) {
        let next = self.generate_for(worker);
        self.invoke_final(worker, next, None);
    }

    /// What a worker asked after the faults has ended.
    pub(super) fn probed(&mut self, worker: u32) {
        let was_served =
            self.events.recorder.history().ops().last().and_then(was_served).unwrap_or(true);
        if was_served || self.now >= self.course.serve_until {
            return self.probing_is_done();
        }
        let next = self.generate_for(worker);
        self.workers.all[worker as usize].next_final = Some(next);
        let again = (self.now + PAUSE_OF_PROBES).min(self.course.serve_until);
        self.schedule(again, Due::NextFinal { worker });
    }

    /// A worker's next final operation is due.
    pub(super) fn next_final(&mut self, worker: u32) {
        if let Some(next) = self.workers.all[worker as usize].next_final.take() {
            self.invoke_final(worker, next, None);
        }
    }
}
