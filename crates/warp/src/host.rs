//! The host: nodes that live, die and live again, lines in and lines out.

use std::collections::BTreeSet;
use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use glomers_history::Time;
use glomers_node::Effect;
use glomers_node::key::of_name;
use glomers_protocol::Line;
use glomers_sim::draws::{Draws, Purpose, node_seed};
use glomers_sim::{
    Fault, FaultEvent, Host, NodeProgram, Plan, Schedule, StepInput, StepOutput, SteppedHost, Stop,
    Unread,
};
use seccompiler::BpfProgram;

use crate::arch::SameFaults;
use crate::calls;
use crate::environment::{self, block};
use crate::folders::DataFolders;
use crate::limits;
use crate::options::{Pin, TracedOptions, WarpError};
use crate::pins;
use crate::record::Record;
use crate::report::Report;
use crate::sys::affinity::OneProcessor;
use crate::sys::filter::compile;
use crate::sys::page::ClockPage;
use crate::sys::spawn::Spawn;
use crate::tree::{Birth, Pipes, Tracer, Tree, Written};

/// What the monotonic clock of a node shows when the run begins, ns: a machine that
/// has been up for a while.
const BOOT: u64 = 1_000_000_000_000;
/// What the wall clock shows then, ns: as with embedded nodes, 2020-01-01.
const WALL: u64 = 1_577_836_800_000_000_000;
/// What a look at the clock costs, ns.
const LOOK: u64 = 20;
/// How far a node that is never quiet gets ahead of the others, ns.
const QUANTUM: u64 = 1_000_000;
/// Numbers of processes begin above the largest that Linux gives, so that none is
/// that of a real process.
const FIRST_NUMBER: i32 = 4_200_000;
/// How many numbers a node has.
const NUMBERS: i32 = 20_000;
/// How many processors programs see if that is not drawn.
const PROCESSORS: u32 = 2;
/// How long a thread may compute at a stretch, in a processor's time.
const LONGEST_COMPUTATION: Duration = Duration::from_secs(30);
const MAX_LINE: usize = 32 << 20;
const MAX_QUEUED: usize = 256 << 20;

/// Nodes that are programs, in virtual time.
///
/// All calls must come from the thread that made it: the kernel lets no other trace.
pub struct TracedHost {
    tracer: Rc<Tracer>,
    seed: u64,
    schedule: Schedule,
    path: PathBuf,
    arguments: Vec<CString>,
    filter: BpfProgram,
    options: TracedOptions,
    folders: DataFolders,
    machines: Vec<Machine>,
    buffer: Vec<u8>,
    _processor: OneProcessor,
    _faults: Option<SameFaults>,
    /// Files whose code nodes have run.
    files: BTreeSet<PathBuf>,
}

/// Where a node lives, and what outlives its processes.
struct Machine {
    name: String,
    tree: Option<Tree>,
    unread: Unread,
    incarnation: u32,
    next_number: i32,
    /// How wrong its wall clock is, and since when.
    since: Time,
    jump: i64,
    drift: i64,
}

fn system(what: &str) -> impl FnOnce(io::Error) -> WarpError + '_ {
    move |error| WarpError::System(format!("{what}: {error}"))
}

impl TracedHost {
    /// A host for the nodes of a Plan, which names a program in virtual time.
    ///
    /// # Errors
    /// If the Plan names none or wants what cannot be done to it, if the program
    /// cannot be traced, or if this system forbids it.
    pub fn new(plan: &Plan, options: TracedOptions) -> Result<TracedHost, WarpError> {
        let (NodeProgram::Program { path, arguments }, Host::Traced { schedule }) =
            (&plan.program, plan.host)
        else {
            return Err(WarpError::NoProgram);
        };
        let mut faults = plan.faults.iter().filter_map(FaultEvent::fault);
        if let Some(reason) = faults.find_map(Fault::impossible_for_traced) {
            return Err(WarpError::ImpossibleFault(reason));
        }
        let path = PathBuf::from(path);
        if let Some(reason) = environment::refusal(&path) {
            return Err(WarpError::BadProgram { path: path.display().to_string(), reason });
        }
        limits::allow_open_files(plan.nodes.len())?;
        let filter = compile(&calls::stopping()).map_err(WarpError::System)?;
        let absent = pins::absent();
        let tracer =
            Tracer::new(options.pins.clone(), absent).map_err(system("the tracer cannot start"))?;
        for pin in Pin::ALL {
            if !tracer.has(pin) {
                let text = format!("the pin {:?} is out: see glomers doctor", pin.name());
                tracer.notes.borrow_mut().say(true, text);
            }
        }
        let folders = DataFolders::new(options.keep_data.clone())
            .map_err(system("there is no place for the data of nodes"))?;
        let mut all = vec![c_string(path.as_os_str().as_bytes())?];
        for argument in arguments {
            all.push(c_string(argument.as_bytes())?);
        }
        let machine = |(place, name): (i32, &String)| Machine {
            name: name.clone(),
            tree: None,
            unread: Unread::default(),
            incarnation: 0,
            next_number: FIRST_NUMBER.saturating_add(place.saturating_mul(NUMBERS)),
            since: Time::ZERO,
            jump: 0,
            drift: 0,
        };
        let faults = tracer.has(Pin::Identity).then(SameFaults::begin).flatten();
        Ok(TracedHost {
            tracer: Rc::new(tracer),
            seed: plan.seed,
            schedule,
            path,
            arguments: all,
            filter,
            options,
            folders,
            machines: (0..).zip(&plan.nodes).map(machine).collect(),
            buffer: Vec::new(),
            _processor: OneProcessor::choose(),
            _faults: faults,
            files: BTreeSet::new(),
        })
    }

    /// What is to be said about the run until now.
    pub fn report(&self) -> Report {
        self.tracer.notes.borrow().report(self.tracer.stops.get())
    }

    /// The files whose code nodes have run until now, as far as they were in memory
    /// when a node was quiet for the first time or ended: the program, its
    /// interpreter, libraries.
    pub fn files(&self) -> &BTreeSet<PathBuf> {
        &self.files
    }

    fn begin(&mut self, node: u32, incarnation: u32, now: Time) -> io::Result<()> {
        let name = of_name(&self.machines[node as usize].name);
        let draws = |purpose| Draws::keyed(self.seed, purpose, name, incarnation.into(), 0);
        let mut turns = match self.schedule {
            Schedule::Fifo => None,
            Schedule::Random => Some(draws(Purpose::TracedTurns)),
        };
        let processors = turns.as_mut().map_or(PROCESSORS, |turns| turns.below(4) as u32 + 1);
        let bytes = draws(Purpose::TracedBytes);
        let machine = &mut self.machines[node as usize];
        let seed = node_seed(self.seed, &machine.name, incarnation);
        machine.incarnation = incarnation;
        let folder = self.folders.of(node, &machine.name)?;
        let mut variables = environment::variables(self.tracer.has(Pin::Environment));
        for (name, value) in [
            ("GLOMERS_SEED", seed.to_string().into_bytes()),
            ("GLOMERS_INCARNATION", incarnation.to_string().into_bytes()),
            ("GLOMERS_DATA_DIR", folder.as_os_str().as_bytes().to_vec()),
        ] {
            variables.insert(name.as_bytes().to_vec(), value);
        }
        let (pipes, ends) = Pipes::new()?;
        let working = working_folder();
        let spawn = Spawn {
            path: &self.arguments[0],
            arguments: &self.arguments,
            environment: &block(&variables),
            folder: &working,
            filter: &self.filter,
            fixed_layout: self.tracer.has(Pin::Layout),
            stdin: ends.stdin,
            stdout: ends.stdout,
            stderr: ends.stderr,
        };
        let tid = spawn.start()?;
        let record = match &self.options.record_stops {
            None => Record::default(),
            Some(folder) => {
                std::fs::create_dir_all(folder)?;
                Record::to(&folder.join(format!("{}-{incarnation}.txt", machine.name)))?
            }
        };
        let program = self.path.file_name().unwrap_or(self.path.as_os_str());
        let birth = Birth {
            name: machine.name.clone(),
            tid,
            program: program.to_string_lossy().into_owned(),
            number: machine.next_number,
            processors,
            private: self.folders.private(node)?,
            max_line: or(self.options.max_line, MAX_LINE),
            longest_computation: match self.options.longest_computation {
                Duration::ZERO => LONGEST_COMPUTATION,
                longest => longest,
            },
            bytes,
            turns,
        };
        let clock = ClockPage::new(BOOT + now.0, WALL - BOOT, LOOK)?;
        let tree = Tree::new(self.tracer.clone(), birth, clock, pipes, record)?;
        machine.tree = Some(tree);
        machine.unread = Unread::default();
        machine.set_wall(now);
        Ok(())
    }

    /// Lets a node work, and says what it did.
    fn work(&mut self, node: u32, now: Time, output: &mut StepOutput) {
        let max_queued = or(self.options.max_queued, MAX_QUEUED);
        let machine = &mut self.machines[node as usize];
        let Some(tree) = &mut machine.tree else { return };
        let moment = BOOT + now.0;
        tree.advance_to(moment);
        if machine.drift != 0 {
            machine.set_wall(now);
        }
        let Some(tree) = &mut machine.tree else { return };
        let result = tree.run(moment + QUANTUM);
        let is_over = result.is_err() || tree.ended.is_some() || tree.stuck.is_some();
        if is_over {
            tree.pipes.finish(tree.clock.now());
        }
        output.read_clock = tree.clock.take_looked();
        for (at, written) in tree.pipes.take_written() {
            // What a node wrote before its end counts, and after its end there is
            // nobody to have written it.
            let after = if is_over { 0 } else { at.saturating_sub(moment) };
            let offset = Duration::from_nanos(after);
            match written {
                Written::Line(line) => output.lines.push((offset, line)),
                Written::Log(line) => output.effects.push((offset, 0, Effect::Log(line))),
            }
        }
        output.broke = if let Err(error) = result {
            Some(("tracer-failed", format!("could not be traced any further: {error}")))
        } else if let Some(how) = tree.stuck.take() {
            let name = if tree.has_long_line { "line-too-long" } else { "endless-computation" };
            Some((name, how))
        } else if let Some(how) = tree.ended.take() {
            output.crashed = Some(how);
            None
        } else if tree.pipes.has_closed_stdout {
            Some(("closed-stdout", "closed its standard output, but went on running".to_owned()))
        } else if tree.pipes.has_closed_stdin {
            Some(("closed-stdin", "closed its standard input, but went on running".to_owned()))
        } else if tree.pipes.waiting() > max_queued {
            let how = format!("does not read: {} bytes wait for it", tree.pipes.waiting());
            Some(("stopped-reading", how))
        } else {
            None
        };
        if output.broke.is_some() || output.crashed.is_some() {
            output.last_words = tree.pipes.last_words();
            self.bury(node);
            return;
        }
        machine.unread.look(now, tree.pipes.unread());
        output.next_wake = tree.next_wake().map(|at| Time(at.saturating_sub(BOOT).max(now.0)));
    }

    fn bury(&mut self, node: u32) {
        let machine = &mut self.machines[node as usize];
        if let Some(tree) = machine.tree.take() {
            self.files.extend(tree.code_files());
            machine.next_number = tree.next_number();
        }
    }
}

impl Machine {
    /// Sets the wall clock of the node's processes as wrong as it is now.
    fn set_wall(&mut self, now: Time) {
        let Some(tree) = &mut self.tree else { return };
        let elapsed = i128::from(now.0.saturating_sub(self.since.0));
        let wrong = i128::from(self.jump) + elapsed * i128::from(self.drift) / 1_000_000;
        let right = i128::from(WALL - BOOT);
        // A clock that would be before 1970 stands there.
        let ahead = u64::try_from((right + wrong).max(0)).unwrap_or(u64::MAX / 2);
        let before = tree.clock.wall();
        if ahead != before {
            tree.clock.set_wall(ahead);
            tree.shift_wall_timers(before, ahead);
        }
    }
}

fn or(value: usize, otherwise: usize) -> usize {
    if value == 0 { otherwise } else { value }
}

fn c_string(bytes: &[u8]) -> Result<CString, WarpError> {
    CString::new(bytes)
        .map_err(|_| WarpError::System("an argument of the node holds a zero byte".to_owned()))
}

/// The folder that nodes run in: that for temporary files, as under Maelstrom.
fn working_folder() -> CString {
    let folder = std::env::temp_dir();
    let folder = std::fs::canonicalize(&folder).unwrap_or(folder);
    CString::new(folder.as_os_str().as_bytes()).unwrap_or_else(|_| CString::from(c"/"))
}

impl SteppedHost for TracedHost {
    fn start(&mut self, node: u32, incarnation: u32, now: Time) -> Result<(), String> {
        self.begin(node, incarnation, now).map_err(|error| format!("could not be started: {error}"))
    }

    fn started(&mut self, node: u32, now: Time, output: &mut StepOutput) -> bool {
        self.work(node, now, output);
        let tree = self.machines[node as usize].tree.as_ref();
        self.files.extend(tree.into_iter().flat_map(Tree::code_files));
        true
    }

    fn stop(&mut self, node: u32, _how: Stop, _now: Time) -> u64 {
        self.bury(node);
        0
    }

    fn waits(&self, node: u32) -> (Vec<Time>, Vec<Time>) {
        let tree = self.machines[node as usize].tree.as_ref();
        let mut waits = tree.map(Tree::all_waits).unwrap_or_default();
        waits.sort_unstable();
        (waits.into_iter().map(|at| Time(at.saturating_sub(BOOT))).collect(), Vec::new())
    }

    fn unread(&mut self, node: u32, now: Time) -> Option<(&Unread, Duration)> {
        let machine = &mut self.machines[node as usize];
        let unread = machine.tree.as_ref()?.pipes.unread();
        let since = machine.unread.look(now, unread);
        Some((&machine.unread, since))
    }

    fn pause(&mut self, node: u32) {
        self.machines[node as usize].unread.look_away();
    }

    fn resume(&mut self, node: u32) {
        self.machines[node as usize].unread.look_away();
    }

    fn set_clock(&mut self, node: u32, now: Time, jump: i64, drift: i64) {
        let machine = &mut self.machines[node as usize];
        machine.since = now;
        machine.jump = jump;
        machine.drift = drift;
        machine.set_wall(now);
    }

    fn step(&mut self, node: u32, now: Time, input: StepInput, output: &mut StepOutput) {
        if let StepInput::Message { id, src, payload, .. } = input {
            let machine = &mut self.machines[node as usize];
            if let Some(tree) = &mut machine.tree {
                self.buffer.clear();
                Line::write(id, &src, &machine.name, &payload, &mut self.buffer);
                tree.advance_to(BOOT + now.0);
                tree.pipes.say(&self.buffer);
                machine.unread.push(self.buffer.len(), &src, &payload);
            }
        }
        self.work(node, now, output);
    }
}
