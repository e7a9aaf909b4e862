//! A run that a test drives itself.

use std::cell::{Ref, RefCell};
use std::rc::Rc;
use std::time::Duration;

use glomers_history::Time;
use glomers_sim::{Hold, Messages, PendingMessage, Stepper};

use crate::cluster::Cluster;
use crate::simulation::Watch;

pub(crate) type Script = Box<dyn FnOnce(&mut ByHand<'_>)>;

/// A run that a test drives itself, event by event: handed to the closure of
/// [`Simulation::by_hand`](crate::Simulation::by_hand) when operations may begin.
pub struct ByHand<'a> {
    pub(crate) stepper: Stepper<'a>,
    pub(crate) watch: Rc<RefCell<Watch>>,
}

impl ByHand<'_> {
    /// The present moment, counted as operations are.
    pub fn now(&self) -> Time {
        self.stepper.now()
    }

    /// Lets the next event happen, with what nodes do at once; `false` if the run is over.
    pub fn step(&mut self) -> bool {
        self.stepper.step()
    }

    /// Lets all happen that is due up to a moment, which counts as operations do.
    pub fn run_until(&mut self, moment: Duration) {
        let moment = Time::ZERO + moment;
        while self.stepper.next().is_some_and(|next| next <= moment) && self.step() {}
    }

    /// Lets events happen until this is so; `false` if the run ended first.
    pub fn wait_for(&mut self, mut is_so: impl FnMut(&Cluster) -> bool) -> bool {
        loop {
            if is_so(&self.cluster()) {
                return true;
            }
            if !self.step() {
                return false;
            }
        }
    }

    /// What nodes expose and have marked so far.
    pub fn cluster(&self) -> Ref<'_, Cluster> {
        Ref::map(self.watch.borrow(), |watch| &watch.invariants.cluster)
    }

    /// Holds back these messages from now on, at the moment when they would reach their
    /// receivers.
    ///
    /// # Panics
    /// If nodes have Maelstrom's inbox, which takes messages when they are sent.
    pub fn hold(&mut self, which: Messages) -> Hold {
        self.stepper.hold(which)
    }

    /// The messages that are held back, in the order in which they came.
    pub fn held(&self, hold: Hold) -> Vec<PendingMessage> {
        self.stepper.held_back(hold)
    }

    /// Lets go all that is held back, in the order in which it came, and holds no more. It
    /// is delivered with the next events.
    pub fn release(&mut self, hold: Hold) {
        self.stepper.release(hold);
    }

    /// Lets go the first message that is held back, and goes on to hold others; `false` if
    /// there is none.
    pub fn release_first(&mut self, hold: Hold) -> bool {
        self.stepper.release_first(hold)
    }

    /// All messages that were sent and neither delivered nor lost, those held back among
    /// them, by when they are due.
    pub fn in_flight(&self) -> Vec<PendingMessage> {
        self.stepper.snapshot(self.stepper.now()).messages
    }
}
