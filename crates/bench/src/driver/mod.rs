//! The loop. Its parts: `pipes` (lines in and out), `starts` (nodes that start),
//! `ends` (nodes that end or break), `reading` (nodes that stop reading).

mod ends;
mod pipes;
mod reading;
mod starts;

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use glomers_history::{Observer, Time};
use glomers_protocol::NodeId;
use glomers_sim::{
    Command, Engine, Fault, FaultEvent, Host, Input, NodeProgram, Outcome, Plan, ServiceTime, Stop,
    Workload,
};
use mio::unix::SourceFd;
use mio::{Events, Interest, Token};
use rustix::process::Signal;

use crate::BenchError;
use crate::clock::{Clock, unique_id};
use crate::cluster::{Cluster, Stream, of_token};
use crate::interrupt::Interrupt;
use crate::limits::allow_open_files;
use crate::options::{Note, RealOptions};
use crate::process::Launch;
use crate::program::check_program;
use crate::watchdog::{Watchdog, WatchdogProgram};
use starts::Starts;

/// What is read at once: as much as a pipe holds.
const CHUNK: usize = 64 * 1024;
/// How often the loop looks after what makes no event.
const HOUSEKEEPING: Duration = Duration::from_millis(50);
const PROGRESS: Duration = Duration::from_millis(100);
/// How often what was streamed is written out: what a kill may cost.
const TICK: Duration = Duration::from_millis(200);
/// While a node is expected to end, or must before it can start again.
const IMPATIENT: Duration = Duration::from_millis(1);
/// Events of the engine before pipes have their turn.
const EVENTS_PER_TURN: usize = 4096;
/// The poll's name for a wish that the run ends.
const INTERRUPT: Token = Token(usize::MAX - 1);

/// Runs a Plan whose nodes are executables, in real time.
///
/// The Plan's service time does not count: nodes take the time that they take.
///
/// # Errors
/// If the program cannot be started, or the system refuses something that the
/// run needs. What nodes do wrong is in the outcome's findings. Whatever happens,
/// no node is left when this returns.
pub fn run_real(
    plan: &Plan,
    workload: &mut dyn Workload,
    observer: &mut dyn Observer,
    mut options: RealOptions<'_>,
) -> Result<Outcome, BenchError> {
    // Dropped last: as long as there may be nodes a signal must not end us.
    let _guard = options.interrupt.as_ref().map(Interrupt::guard);
    let cluster = prepare(plan, &mut options)?;
    let mut plan = plan.clone();
    plan.service_time = ServiceTime::Off;
    if let Some(interrupt) = &options.interrupt {
        watch(&cluster, interrupt)?;
    }
    let mut engine = Engine::new(&plan, workload, observer)?;
    let clock = Clock::start();
    engine.begin(Time::ZERO);
    let mut driver = Driver {
        engine,
        cluster,
        clock,
        now: Time::ZERO,
        echo: options.log_stderr,
        note: options.note.take(),
        max_queued: options.max_queued,
        max_line: options.max_line,
        volume_window: Duration::from_secs(1) + 2 * Duration::from_millis(plan.latency.mean_ms),
        readable: Vec::new(),
        dirty: Vec::new(),
        closing: Vec::new(),
        starts: Starts::default(),
        space: vec![0; CHUNK].into(),
    };
    let result = driver.run(&mut options);
    let left = driver.shut_down();
    let now = driver.clock.now();
    driver.engine.tick(now);
    if left > 0 {
        driver.note(&format!("{left} processes could not be killed within 10 s of {now}"));
    }
    result.map(|()| driver.engine.finish())
}

/// All that can be found wrong before a node is started.
fn prepare(plan: &Plan, options: &mut RealOptions<'_>) -> Result<Cluster, BenchError> {
    let (path, arguments) = match &plan.program {
        NodeProgram::Program { path, arguments } => (path, arguments.clone()),
        NodeProgram::Embedded { name, .. } => return Err(BenchError::Embedded(name.clone())),
    };
    plan.validate()?;
    if plan.host != Host::Processes {
        return Err(BenchError::Virtual(path.clone()));
    }
    let mut faults = plan.faults.iter().filter_map(FaultEvent::fault);
    if let Some(reason) = faults.find_map(Fault::impossible_for_processes) {
        return Err(BenchError::ImpossibleFault(reason));
    }
    let path = check_program(Path::new(path))?;
    allow_open_files(plan.nodes.len())?;
    let mut launch = Launch::new(path, arguments, plan.seed, unique_id());
    launch.max_line = options.max_line;
    if let Some(folder) = &options.data_dir {
        let what = format!("cannot find {}", folder.display());
        launch.data_dir = Some(std::path::absolute(folder).map_err(BenchError::system(what))?);
    }
    let watchdog = match Watchdog::start(&options.watchdog, &launch.run) {
        Ok(watchdog) => Some(watchdog),
        Err(reason) => {
            if options.watchdog != WatchdogProgram::Off {
                no_watchdog(options.note.as_mut(), &reason);
            }
            None
        }
    };
    Cluster::new(launch, plan.nodes.iter().map(NodeId::new).collect(), watchdog)
}

fn no_watchdog(note: Option<&mut Note<'_>>, reason: &str) {
    if let Some(note) = note {
        note(&format!("there is no watchdog, so a SIGKILL would leave the nodes: {reason}"));
    }
}

fn watch(cluster: &Cluster, interrupt: &Interrupt) -> Result<(), BenchError> {
    let registry = cluster.poll.registry();
    registry
        .register(&mut SourceFd(&interrupt.fd()), INTERRUPT, Interest::READABLE)
        .map_err(BenchError::system("cannot watch for signals"))
}

/// Where the lines of a node's standard error go.
struct Log<'a, 'e> {
    engine: &'a mut Engine<'e>,
    /// Whether they are shown as they come.
    echo: bool,
    now: Time,
}

impl Log<'_, '_> {
    fn line(&mut self, node: u32, name: &str, line: &str) {
        self.engine.logged(self.now, node, line);
        if self.echo {
            use std::io::Write;
            // Nobody may be there to read it.
            let line = glomers_protocol::printable(line);
            let _ = writeln!(std::io::stderr(), "{name}: {line}");
        }
    }
}

struct Driver<'e, 'n> {
    engine: Engine<'e>,
    cluster: Cluster,
    clock: Clock,
    /// Read once a turn: what comes in one turn comes at one moment.
    now: Time,
    /// Whether what nodes log is shown as it comes.
    echo: bool,
    note: Option<Note<'n>>,
    max_queued: usize,
    max_line: usize,
    volume_window: Duration,
    /// Pipes with something to read.
    readable: Vec<(u32, Stream)>,
    /// Nodes with something to be written, and room for it.
    dirty: Vec<u32>,
    /// Nodes that closed a pipe and are expected to end.
    closing: Vec<u32>,
    starts: Starts,
    space: Box<[u8]>,
}

impl Driver<'_, '_> {
    fn run(&mut self, options: &mut RealOptions<'_>) -> Result<(), BenchError> {
        let mut events = Events::with_capacity(1024);
        let mut next_housekeeping = Time::ZERO;
        let mut next_progress = Time::ZERO;
        let mut next_tick = Time::ZERO + TICK;
        loop {
            self.now = self.clock.now();
            if options.interrupt.as_ref().is_some_and(Interrupt::is_requested) {
                self.engine.input(self.now, Input::Interrupt);
            }
            if self.now >= next_housekeeping {
                next_housekeeping = self.now + HOUSEKEEPING;
                self.keep_house();
                self.watch_starts();
                if self.now >= next_progress {
                    next_progress = self.now + PROGRESS;
                    if let Some(progress) = &mut options.progress {
                        progress(&self.engine);
                    }
                }
                if self.now >= next_tick {
                    next_tick = self.now + TICK;
                    self.engine.tick(self.now);
                    self.watch_reading();
                }
            }
            self.read_all();
            let has_more = self.turn()?;
            if self.engine.is_finished() {
                return Ok(());
            }
            let timeout = if has_more || !self.readable.is_empty() || !self.dirty.is_empty() {
                Duration::ZERO
            } else {
                self.timeout(next_housekeeping)
            };
            match self.cluster.poll.poll(&mut events, Some(timeout)) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(BenchError::system("cannot wait for events")(error)),
            }
            for event in &events {
                if event.token() == INTERRUPT {
                    if let Some(interrupt) = &options.interrupt {
                        interrupt.drain();
                    }
                } else {
                    self.note_event(event);
                }
            }
        }
    }

    /// How long there is nothing to do unless a pipe says so.
    fn timeout(&self, next_housekeeping: Time) -> Duration {
        let mut until = next_housekeeping;
        if let Some(deadline) = self.engine.next_deadline() {
            until = until.min(deadline);
        }
        let timeout = until.since(self.clock.now());
        if self.closing.is_empty() && !self.awaits_ends() {
            timeout
        } else {
            timeout.min(IMPATIENT)
        }
    }

    /// Lets happen what is due and does what the engine wants. Whether there is
    /// more to do at once.
    fn turn(&mut self) -> Result<bool, BenchError> {
        self.look_after_closing();
        let mut has_more = false;
        // First what the inputs of this turn already want done.
        self.carry_out();
        for count in 0.. {
            if has_more || !self.engine.advance(self.now) {
                break;
            }
            self.carry_out();
            has_more |= count >= EVENTS_PER_TURN;
        }
        self.start_waiting()?;
        self.write_all();
        Ok(has_more)
    }

    /// Does what the engine wants.
    fn carry_out(&mut self) {
        while let Some(command) = self.engine.next_command() {
            match command {
                Command::Deliver { node, incarnation, id, src, payload, .. } => {
                    self.deliver(node, incarnation, id, &src, &payload);
                }
                Command::Start { node, incarnation } => self.start(node, incarnation),
                Command::Stop { node, how } => self.stop(node, how == Stop::Kill),
                Command::Pause { node } => self.cluster.signal(node, Signal::STOP),
                Command::Resume { node } => self.cluster.signal(node, Signal::CONT),
                // Only stepped nodes ask to be woken, and have clocks and disks of
                // ours: see `prepare`.
                Command::Wake { .. } | Command::SetClock { .. } | Command::Disk { .. } => {}
            }
        }
    }

    fn note(&mut self, text: &str) {
        if let Some(note) = &mut self.note {
            note(text);
        }
    }

    fn note_event(&mut self, event: &mio::event::Event) {
        let (node, stream) = of_token(event.token());
        let Some(Some(running)) = self.cluster.nodes.get_mut(node as usize) else {
            return;
        };
        let inlet = match stream {
            Stream::Stdin if event.is_write_closed() || event.is_error() => {
                // Seen at once, also when there is nothing to write.
                running.stdin = None;
                running.outgoing.clear();
                return self.has_closed(node, "input");
            }
            Stream::Stdin => {
                running.is_blocked = false;
                if !running.is_dirty && running.outgoing.len() > 0 {
                    running.is_dirty = true;
                    self.dirty.push(node);
                }
                return;
            }
            Stream::Stdout => &mut running.stdout,
            Stream::Stderr => &mut running.stderr,
        };
        inlet.is_closing |= event.is_read_closed() || event.is_error();
        if !inlet.is_listed {
            inlet.is_listed = true;
            self.readable.push((node, stream));
        }
    }
}
