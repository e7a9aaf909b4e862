use glomers_history::{Observer, Time};

use crate::chooser::Chooser;
use crate::driving::{Command, Input};
use crate::engine::{Engine, Hold, Messages};
use crate::host::{StepInput, StepOutput, SteppedHost};
use crate::outcome::Outcome;
use crate::plan::{Plan, PlanError};
use crate::snapshot::{PendingMessage, Snapshot};
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
    let mut stepper = Stepper::new(plan, workload, host, observer, chooser)?;
    while stepper.step() {
        countdown -= 1;
        if countdown == 0 {
            countdown = EVENTS_BETWEEN_QUESTIONS;
            if interrupted() {
                stepper.interrupt();
            }
        }
    }
    Ok(stepper.engine.finish())
}

/// As [`run_virtual`], but stops before anything happens after `moment`, which
/// counts as operations do; what there is then. A run that is over before stands
/// as it ended, before its nodes were stopped.
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
    let mut stepper = Stepper::new(plan, workload, host, observer, None)?;
    let is_due = |engine: &Engine<'_>| {
        engine.next_deadline().is_some_and(|next| !engine.is_after(next, moment))
    };
    while !stepper.engine.is_over() && is_due(&stepper.engine) {
        stepper.advance();
        while !stepper.engine.is_over()
            && let Some(command) = stepper.engine.next_command()
        {
            carry_out(command, &mut stepper.engine, stepper.host, &mut stepper.output);
        }
    }
    let time = if stepper.engine.is_over() { stepper.now() } else { moment };
    let snapshot = stepper.snapshot(time);
    // Nodes that the end of the run stops.
    stepper.carry_out_all();
    Ok(snapshot)
}

/// A run in virtual time that somebody drives by hand, event by event.
pub struct Stepper<'a> {
    engine: Engine<'a>,
    host: &'a mut dyn SteppedHost,
    output: StepOutput,
}

impl<'a> Stepper<'a> {
    /// A run that has begun: its nodes are started.
    ///
    /// # Errors
    /// If the Plan is invalid.
    pub fn new(
        plan: &Plan,
        workload: &'a mut dyn Workload,
        host: &'a mut dyn SteppedHost,
        observer: &'a mut dyn Observer,
        chooser: Option<Box<dyn Chooser>>,
    ) -> Result<Stepper<'a>, PlanError> {
        let mut engine = Engine::new(plan, workload, observer)?;
        engine.set_chooser(chooser);
        engine.begin(Time::ZERO);
        let mut stepper = Stepper { engine, host, output: StepOutput::default() };
        stepper.carry_out_all();
        Ok(stepper)
    }

    /// Lets the next event happen, with what nodes do at once; `false`: the run is over.
    ///
    /// # Panics
    /// Never: a run that is not over has something that happens next.
    pub fn step(&mut self) -> bool {
        if self.is_finished() {
            return false;
        }
        self.advance();
        self.carry_out_all();
        true
    }

    /// Lets the next event happen in the engine.
    fn advance(&mut self) {
        let Some(deadline) = self.engine.next_deadline() else {
            unreachable!("a run that is not finished has a deadline: its phase ends")
        };
        self.engine.advance(deadline.max(self.engine.now()));
    }

    /// Ends the run now.
    fn interrupt(&mut self) {
        self.engine.input(self.engine.now(), Input::Interrupt);
        self.carry_out_all();
    }

    fn carry_out_all(&mut self) {
        while let Some(command) = self.engine.next_command() {
            carry_out(command, &mut self.engine, self.host, &mut self.output);
        }
    }

    /// Whether the run is over.
    pub fn is_finished(&self) -> bool {
        self.engine.is_finished()
    }

    /// The present moment, counted as operations are.
    pub fn now(&self) -> Time {
        self.engine.as_history_time(self.engine.now())
    }

    /// When the next event happens, counted as operations are.
    pub fn next(&self) -> Option<Time> {
        self.engine.next_deadline().map(|next| self.engine.as_history_time(next))
    }

    /// Whether operations may begin.
    pub fn has_begun(&self) -> bool {
        self.engine.has_begun()
    }

    /// See [`Engine::hold`].
    ///
    /// # Panics
    /// As that does.
    pub fn hold(&mut self, which: Messages) -> Hold {
        self.engine.hold(which)
    }

    /// See [`Engine::release`].
    pub fn release(&mut self, hold: Hold) {
        self.engine.release(hold);
    }

    /// See [`Engine::release_first`].
    pub fn release_first(&mut self, hold: Hold) -> bool {
        self.engine.release_first(hold)
    }

    /// See [`Engine::release_all`].
    pub fn release_all(&mut self) {
        self.engine.release_all();
    }

    /// See [`Engine::held_back`].
    pub fn held_back(&self, hold: Hold) -> Vec<PendingMessage> {
        self.engine.held_back(hold)
    }

    /// What the run looks like now; `time` is what it is said to be.
    pub fn snapshot(&self, time: Time) -> Snapshot {
        let mut snapshot = self.engine.snapshot(time);
        for (place, node) in (0..).zip(&mut snapshot.nodes) {
            let (timers, syncs) = self.host.waits(place);
            let as_history = |at: Vec<Time>| -> Vec<Time> {
                at.into_iter().map(|at| self.engine.as_history_time(at)).collect()
            };
            (node.timers, node.syncs) = (as_history(timers), as_history(syncs));
        }
        snapshot
    }

    /// What the run leaves.
    ///
    /// # Panics
    /// If the run is not over.
    pub fn finish(self) -> Outcome {
        self.engine.finish()
    }
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
            if let Some((unread, since)) = host.unread(node, now) {
                engine.note_unread(node, unread, since);
            }
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
    let mut steps = output.steps.iter().peekable();
    let mut cause = step;
    for (place, effect) in output.at_once.drain(..).enumerate() {
        while let Some((_, begun)) = steps.next_if(|(first, _)| *first <= place) {
            cause = *begun;
        }
        engine.effect(node, incarnation, effect, cause);
    }
    output.steps.clear();
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
    engine.wants_wake(node, incarnation, output.next_wake.take());
    let words = std::mem::take(&mut output.last_words);
    if let Some((name, how)) = output.broke.take() {
        engine.input(now, Input::Broke { node, incarnation, name, how, output: words });
        output.crashed = None;
    } else if let Some(how) = output.crashed.take() {
        engine.input(now, Input::Exited { node, incarnation, how, output: words });
    }
}
