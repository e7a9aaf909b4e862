use glomers_history::{Observer, Time};

use crate::chooser::Chooser;
use crate::driving::{Command, Input};
use crate::engine::Engine;
use crate::host::{StepInput, StepOutput, SteppedHost};
use crate::outcome::Outcome;
use crate::plan::{Plan, PlanError};
use crate::snapshot::Snapshot;
use crate::workload::Workload;

/// Runs a Plan in virtual time: from deadline to deadline, without waiting.
///
/// # Errors
/// If the Plan is invalid.
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
const EVENTS_BETWEEN_QUESTIONS: u32 = 64;

/// As [`run_virtual`], but stops early, with what there is, once `interrupted`
/// says so.
///
/// # Errors
/// If the Plan is invalid.
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
    engine.begin(Time::ZERO);
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

/// As [`run_virtual`], but stops before anything happens after `moment`, which
/// counts as operations do; what there is then. A run that is over before stands
/// as it ended.
///
/// # Errors
/// If the Plan is invalid.
pub fn run_virtual_to(
    plan: &Plan,
    workload: &mut dyn Workload,
    host: &mut dyn SteppedHost,
    observer: &mut dyn Observer,
    moment: Time,
) -> Result<Snapshot, PlanError> {
    let mut engine = Engine::new(plan, workload, observer)?;
    engine.begin(Time::ZERO);
    let mut output = StepOutput::default();
    loop {
        while let Some(command) = engine.next_command() {
            carry_out(command, &mut engine, host, &mut output);
        }
        let next = engine.next_deadline().filter(|&next| !engine.is_after(next, moment));
        let Some(deadline) = next.filter(|_| !engine.is_finished()) else { break };
        engine.advance(deadline.max(engine.now()));
    }
    let is_over = engine.is_finished();
    let time = if is_over { engine.as_history_time(engine.now()) } else { moment };
    let mut snapshot = engine.snapshot(time);
    for (place, node) in (0..).zip(&mut snapshot.nodes) {
        let (timers, syncs) = host.waits(place);
        let as_history = |at: Vec<Time>| at.into_iter().map(|at| engine.as_history_time(at));
        node.timers = as_history(timers).collect();
        node.syncs = as_history(syncs).collect();
    }
    Ok(snapshot)
}

fn carry_out(
    command: Command,
    engine: &mut Engine<'_>,
    host: &mut dyn SteppedHost,
    output: &mut StepOutput,
) {
    let now = engine.now();
    let (node, incarnation, cause, input) = match command {
        Command::Start { node, incarnation } => {
            let result = host.start(node, incarnation, now);
            match result {
                Ok(()) => {
                    engine.input(now, Input::Started { node, incarnation });
                    if host.started(node, now, output) {
                        report(node, incarnation, engine.wake_key(node), engine, output);
                    }
                }
                Err(how) => {
                    let output = std::mem::take(&mut output.last_words);
                    engine.input(now, Input::Exited { node, incarnation, how, output });
                }
            }
            return;
        }
        Command::Stop { node, how } => {
            let lost_writes = host.stop(node, how, now);
            return engine.input(now, Input::Stopped { node, lost_writes });
        }
        Command::Disk { node, incarnation, condition } => {
            if let Some(at) = host.set_disk(node, condition, now) {
                engine.input(now, Input::NextWake { node, incarnation, at: Some(at) });
            }
            return;
        }
        Command::Pause { node } => return host.pause(node),
        Command::Resume { node } => return host.resume(node),
        Command::SetClock { node, jump, drift } => return host.set_clock(node, now, jump, drift),
        Command::Deliver { node, incarnation, id, key, src, payload } => {
            (node, incarnation, key, StepInput::Message { id, key, src, payload })
        }
        Command::Wake { node, incarnation } => {
            (node, incarnation, engine.wake_key(node), StepInput::Wake)
        }
    };
    // Between the command and now the node may have been stopped.
    if !engine.is_current(node, incarnation) {
        return;
    }
    host.step(node, now, input, output);
    report(node, incarnation, cause, engine, output);
}

/// Tells the engine what a node did in a step of this key.
fn report(
    node: u32,
    incarnation: u32,
    step: u64,
    engine: &mut Engine<'_>,
    output: &mut StepOutput,
) {
    let now = engine.now();
    for (offset, cause, effect) in output.effects.drain(..) {
        engine.input(now, Input::Effect { node, incarnation, offset, cause, effect });
    }
    for (offset, line) in output.lines.drain(..) {
        let cause = Some(step);
        engine.input(now, Input::Line { node, incarnation, offset, cause, line: &line });
    }
    if std::mem::take(&mut output.read_clock) {
        engine.input(now, Input::ReadClock { node, incarnation });
    }
    let count = std::mem::take(&mut output.disk_trouble);
    if count > 0 {
        engine.input(now, Input::DiskTrouble { node, count });
    }
    engine.input(now, Input::NextWake { node, incarnation, at: output.next_wake.take() });
    let words = std::mem::take(&mut output.last_words);
    if let Some((name, how)) = output.broke.take() {
        engine.input(now, Input::Broke { node, incarnation, name, how, output: words });
        output.crashed = None;
    } else if let Some(how) = output.crashed.take() {
        engine.input(now, Input::Exited { node, incarnation, how, output: words });
    }
}
