//! Panics of nodes: they are findings, so nobody prints them.

use std::cell::{Cell, RefCell};
use std::panic::PanicHookInfo;

use glomers_history::Time;
use glomers_sim::{DiskCondition, StepInput, StepOutput, SteppedHost, Stop};

thread_local! {
    /// Whether what runs now is a node's own code.
    static IN_NODE: Cell<bool> = const { Cell::new(false) };
    /// Where the last node panicked.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// For the hook of a program: whether this panic is a node's. Then it becomes a
/// finding, with the place that is noted here, and there is nothing to print.
pub fn node_panicked(info: &PanicHookInfo<'_>) -> bool {
    let is_of_node = IN_NODE.get();
    if is_of_node {
        PLACE.set(info.location().map(ToString::to_string));
    }
    is_of_node
}
/// A host whose nodes may panic without a hook that asks [`node_panicked`] taking it
/// for the program's fault.
pub struct Quiet<H>(pub H);

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
        // Tests that go on at the same time may panic, too, on threads of their own.
        let others = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !node_panicked(info) {
                others(info);
            }
        }));
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
        assert!(words.contains("quiet.rs:"), "{words}");
        assert!(!IN_NODE.get());
    }
}
