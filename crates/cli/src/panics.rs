//! Panics: those of nodes are findings, those of Glomers are bugs of ours.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::{Cell, RefCell};
use std::panic::PanicHookInfo;
use std::process::ExitCode;

use glomers_history::Time;
use glomers_sim::{DiskCondition, StepInput, StepOutput, SteppedHost, Stop};

use crate::error::CRASHED;
use crate::out;

thread_local! {
    /// Whether what runs now is a node's own code.
    static IN_NODE: Cell<bool> = const { Cell::new(false) };
    /// Where the last node panicked.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Says what a panic means instead of what Rust would print.
pub(crate) fn install_hook() {
    std::panic::set_hook(Box::new(hook));
}

fn hook(info: &PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string);
    if IN_NODE.get() {
        // It becomes a finding, which is printed where findings are.
        PLACE.set(place);
        return;
    }
    let said = info.payload_as_str().unwrap_or("a panic without words");
    let place = place.unwrap_or_else(|| "an unknown place".to_owned());
    out::error(format_args!(
        "error: Glomers itself failed: {said} (at {place})\n  help: this is a bug of Glomers; \
         please report it with the command that you typed:\n        {}",
        std::env::args().collect::<Vec<String>>().join(" ")
    ));
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        out::error(backtrace);
    }
}

/// Runs the command; a panic ends it with an exit status of its own.
pub(crate) fn caught(run: impl FnOnce() -> ExitCode) -> ExitCode {
    // Nothing is used afterwards that a panic could have left half done.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run))
        .unwrap_or_else(|_| ExitCode::from(CRASHED))
}

/// A host whose nodes may panic without the hook taking it for our fault.
pub(crate) struct Quiet<H>(pub(crate) H);

impl<H: SteppedHost> Quiet<H> {
    fn inside<T>(&mut self, run: impl FnOnce(&mut H) -> T) -> T {
        IN_NODE.set(true);
        let result = run(&mut self.0);
        IN_NODE.set(false);
        result
    }
}

/// The words of a panic, with its place.
fn with_place(words: String) -> String {
    match PLACE.take() {
        Some(place) => format!("{words} (at {place})"),
        None => words,
    }
}

impl<H: SteppedHost> SteppedHost for Quiet<H> {
    fn start(&mut self, node: u32, incarnation: u32, now: Time) -> Result<(), String> {
        self.inside(|host| host.start(node, incarnation, now)).map_err(with_place)
    }

    fn stop(&mut self, node: u32, how: Stop, now: Time) -> u64 {
        self.inside(|host| host.stop(node, how, now))
    }

    fn set_disk(&mut self, node: u32, condition: Option<DiskCondition>, now: Time) -> Option<Time> {
        self.0.set_disk(node, condition, now)
    }

    fn waits(&self, node: u32) -> (Vec<Time>, Vec<Time>) {
        self.0.waits(node)
    }

    fn set_clock(&mut self, node: u32, now: Time, jump: i64, drift: i64) {
        self.0.set_clock(node, now, jump, drift);
    }

    fn pause(&mut self, node: u32) {
        self.0.pause(node);
    }

    fn resume(&mut self, node: u32) {
        self.0.resume(node);
    }

    fn step(&mut self, node: u32, now: Time, input: StepInput, output: &mut StepOutput) {
        self.inside(|host| host.step(node, now, input, output));
        output.crashed = output.crashed.take().map(with_place);
    }
}

#[cfg(test)]
mod tests {
    use glomers_node::{Cx, Input, Process};
    use glomers_sim::{Ended, InProcessHost, NodeProgram, Plan, run_virtual};

    use super::*;

    struct Bomb;

    impl Process for Bomb {
        fn handle(&mut self, input: Input, _cx: &mut Cx) {
            if matches!(input, Input::Message { .. }) {
                panic!("I cannot go on");
            }
        }
    }

    #[test]
    fn a_panic_of_a_node_is_a_finding_with_its_place() {
        install_hook();
        let program = NodeProgram::Embedded { name: "bomb".to_owned(), arguments: Vec::new() };
        let plan = Plan::new(1, program, "echo");
        let mut workload = glomers_workload::make("echo", &plan.workload.options).unwrap();
        let mut host = Quiet(InProcessHost::new(&plan, Box::new(|_| Ok(Box::new(Bomb)))));
        let observer = &mut glomers_history::Unobserved;
        let outcome = run_virtual(&plan, &mut *workload, &mut host, observer, None).unwrap();
        // The test harness has a hook of its own, for the next test to panic.
        let _ = std::panic::take_hook();
        assert_eq!(outcome.ended, Ended::Broken);
        let words = &outcome.findings[0].summary;
        assert!(words.contains("panicked: I cannot go on (at "), "{words}");
        assert!(words.contains("panics.rs:"), "{words}");
        assert!(!IN_NODE.get());
    }
}
