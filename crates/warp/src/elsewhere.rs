//! Systems on which nothing can be traced: all is refused, with the reason.

use glomers_history::Time;
use glomers_sim::{Plan, StepInput, StepOutput, SteppedHost, Stop};

use crate::options::{TracedOptions, WarpError};
use crate::report::{Probe, Report};

/// A host that cannot be made on this system.
#[derive(Debug)]
pub enum TracedHost {}

impl TracedHost {
    /// Refuses.
    ///
    /// # Errors
    /// Always: with the name of this system.
    pub fn new(_plan: &Plan, _options: TracedOptions) -> Result<TracedHost, WarpError> {
        let here = format!("{} on {}", std::env::consts::OS, std::env::consts::ARCH);
        Err(WarpError::NotHere(here))
    }

    /// The files whose code nodes have run.
    pub fn files(&self) -> &std::collections::BTreeSet<std::path::PathBuf> {
        match *self {}
    }

    /// What is to be said about the run.
    pub fn report(&self) -> Report {
        match *self {}
    }
}

/// What was tried out: nothing, on this system.
pub fn probe() -> Vec<Probe> {
    vec![Probe {
        pin: None,
        name: "Linux on x86-64",
        absent: Some(format!("this is {} on {}", std::env::consts::OS, std::env::consts::ARCH)),
        cost: "programs run in real time only; embedded nodes run in virtual time everywhere",
    }]
}

impl SteppedHost for TracedHost {
    fn start(&mut self, _node: u32, _incarnation: u32, _now: Time) -> Result<(), String> {
        match *self {}
    }

    fn stop(&mut self, _node: u32, _how: Stop, _now: Time) -> u64 {
        match *self {}
    }

    fn set_clock(&mut self, _node: u32, _now: Time, _jump: i64, _drift: i64) {
        match *self {}
    }

    fn step(&mut self, _node: u32, _now: Time, _input: StepInput, _output: &mut StepOutput) {
        match *self {}
    }
}
