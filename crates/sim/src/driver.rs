use glomers_history::Observer;

use crate::chooser::Chooser;
use crate::engine::{Command, Engine, Input};
use crate::host::{StepInput, StepOutput, SteppedHost};
use crate::outcome::Outcome;
use crate::plan::{Plan, PlanError};
use crate::workload::Workload;

/// Runs a Plan in virtual time: from deadline to deadline, without waiting.
///
/// # Errors
/// If the Plan makes no sense.
pub fn run_virtual(
    plan: &Plan,
    workload: &mut dyn Workload,
    host: &mut dyn SteppedHost,
    observer: &mut dyn Observer,
    chooser: Option<Box<dyn Chooser>>,
) -> Result<Outcome, PlanError> {
    run_virtual_until(plan, workload, host, observer, chooser, &|| false)
}

/// How many events go by between two questions whether to stop.
const EVENTS_BETWEEN_QUESTIONS: u32 = 4096;

/// As [`run_virtual`], but stops early, with what there is, once `interrupted`
/// says so.
///
/// # Errors
/// If the Plan makes no sense.
pub fn run_virtual_until(
    plan: &Plan,
    workload: &mut dyn Workload,
    host: &mut dyn SteppedHost,
    observer: &mut dyn Observer,
    chooser: Option<Box<dyn Chooser>>,
    interrupted: &dyn Fn() -> bool,
) -> Result<Outcome, PlanError> {
    let mut countdown = EVENTS_BETWEEN_QUESTIONS;
    let mut engine = Engine::new(plan, workload, observer)?;
    engine.set_chooser(chooser);
    engine.begin(glomers_history::Time::ZERO);
    let mut output = StepOutput::default();
    loop {
        while let Some(command) = engine.next_command() {
            carry_out(command, &mut engine, host, &mut output);
        }
        if engine.is_finished() {
            return Ok(engine.finish());
        }
        countdown -= 1;
        if countdown == 0 {
            countdown = EVENTS_BETWEEN_QUESTIONS;
            if interrupted() {
                engine.input(engine.now(), Input::Interrupt);
                continue;
            }
        }
        let Some(deadline) = engine.next_deadline() else {
            unreachable!("a run that is not finished has a deadline: its phase ends")
        };
        engine.advance(deadline.max(engine.now()));
    }
}

fn carry_out(
    command: Command,
    engine: &mut Engine<'_>,
    host: &mut dyn SteppedHost,
    output: &mut StepOutput,
) {
    let now = engine.now();
    let (node, incarnation, input) = match command {
        Command::Start { node, incarnation } => {
            let result = host.start(node, incarnation, now);
            let input = match result {
                Ok(()) => Input::Started { node, incarnation },
                Err(reason) => Input::Exited { node, incarnation, how: reason, output: Vec::new() },
            };
            engine.input(now, input);
            return;
        }
        Command::Stop { node, how } => {
            let lost_writes = host.stop(node, how, now);
            return engine.input(now, Input::Stopped { node, lost_writes });
        }
        Command::Disk { node, condition } => return host.set_disk(node, condition),
        Command::Pause { node } => return host.pause(node),
        Command::Resume { node } => return host.resume(node),
        Command::Deliver { node, incarnation, src, payload, .. } => {
            (node, incarnation, StepInput::Message { src, payload })
        }
        Command::Wake { node, incarnation } => (node, incarnation, StepInput::Wake),
    };
    // Between the command and now the node may have been stopped.
    if !engine.is_current(node, incarnation) {
        return;
    }
    host.step(node, now, input, output);
    for (offset, effect) in output.effects.drain(..) {
        engine.input(now, Input::Effect { node, incarnation, offset, effect });
    }
    engine.input(now, Input::NextWake { node, incarnation, at: output.next_wake.take() });
    if let Some(how) = output.crashed.take() {
        engine.input(now, Input::Exited { node, incarnation, how, output: Vec::new() });
    }
}
