//! The processes of one node: one thread at a time runs, until none can.
//!
//! Its parts: `thread` (what is known of threads and processes), `run` (whose turn
//! it is), `stops` (why a thread stopped), `family` (threads and processes come and
//! go), `setup` (a process that begins another program), `shortcuts` (calls that need not
//! stop), `signals`, `waits` (time and
//! files), `timers`, `pipes` (standard input and output), `stuck` (a thread that does
//! not stop). System calls are in `crate::calls`.

mod chance;
mod family;
mod loops;
mod pipes;
mod run;
mod setup;
mod shortcuts;
mod signals;
mod stops;
mod stuck;
pub(crate) mod thread;
pub(crate) mod timers;
mod tracer;
mod waits;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use glomers_sim::draws::Draws;
use rustc_hash::FxHashMap;

use crate::record::Record;
use crate::sys::Tid;
use crate::sys::page::ClockPage;
use thread::{Files, FutexKey, Park, Process, ProcessId, Resume, State, Thread, ThreadId};
use timers::Timers;

pub(crate) use pipes::{Pipes, Written};
pub(crate) use tracer::Tracer;

/// How a node's processes begin: what they are told of the machine.
#[derive(Debug)]
pub(crate) struct Birth {
    /// The node's name, for messages.
    pub(crate) name: String,
    /// Its first process, which stands at its first instruction.
    pub(crate) tid: Tid,
    /// The program, for messages.
    pub(crate) program: String,
    /// The number that the program sees as its own.
    pub(crate) number: Tid,
    /// A folder for what its runtime would put where all programs do.
    pub(crate) private: PathBuf,
    /// How many processors it sees.
    pub(crate) processors: u32,
    /// The longest line that it may print, bytes.
    pub(crate) max_line: usize,
    /// How long a thread may compute at a stretch.
    pub(crate) longest_computation: Duration,
    /// Random bytes.
    pub(crate) bytes: Draws,
    /// Whose turn it is; `None`: who waits longest.
    pub(crate) turns: Option<Draws>,
}

/// The processes of one node.
pub(crate) struct Tree {
    pub(crate) tracer: Rc<Tracer>,
    pub(crate) name: String,
    pub(crate) clock: ClockPage,
    pub(crate) threads: BTreeMap<ThreadId, Thread>,
    by_tid: FxHashMap<Tid, ThreadId>,
    pub(crate) processes: BTreeMap<ProcessId, Process>,
    /// The number that the next thread will see.
    next_number: Tid,
    next_thread: ThreadId,
    next_memory: u32,
    /// Who has the turn.
    running: Option<ThreadId>,
    ready: VecDeque<ThreadId>,
    deadlines: BTreeSet<(u64, u64, ThreadId)>,
    order: u64,
    pub(crate) futexes: BTreeMap<FutexKey, VecDeque<ThreadId>>,
    /// Threads that wait for files, longest first.
    waiting_for_files: Vec<ThreadId>,
    /// What those waited for who are ready because of a file, and until when.
    ready_files: BTreeMap<ThreadId, (Files, Option<u64>)>,
    pub(crate) timers: Timers,
    pub(crate) pipes: Pipes,
    pub(crate) bytes: Draws,
    turns: Option<Draws>,
    pub(crate) processors: u32,
    pub(crate) private: PathBuf,
    /// Stops of this turn.
    slice: u32,
    /// Turns of a thread in a row in which nothing came of anything.
    pub(crate) idle: u32,
    /// Threads that wait in the kernel.
    left: u32,
    /// How far the clock jumped, ns: what it moved else is time of the processor.
    jumped: u64,
    /// How the first process ended.
    pub(crate) ended: Option<String>,
    /// A thread that computes without end, in words.
    pub(crate) stuck: Option<String>,
    /// Stops so far.
    pub(crate) stops: u64,
    /// The number of who sent the last signal.
    pub(crate) sender: Tid,
    /// Files that stand in for others until they are open.
    pub(crate) stand_ins: Vec<std::fs::File>,
    pub(crate) record: Record,
    patience: stuck::Patience,
    /// A thread was gone along step by step, so that a trap may come of it.
    has_stepped: bool,
    /// The longest line that it may print, bytes.
    max_line: usize,
    /// How long a thread may compute at a stretch, ns of a processor.
    longest_computation: u64,
    /// It printed a longer one.
    pub(crate) has_long_line: bool,
    /// Calls that do not stop any longer.
    shortcuts: Vec<shortcuts::Place>,
    /// More than one thread may run at a time, so that no call may be replaced.
    has_no_shortcuts: bool,
    is_over: bool,
}

/// What becomes of a thread that has stopped.
#[derive(Debug)]
pub(crate) enum Next {
    /// It goes on, as it has the turn.
    Run(Resume),
    /// It goes on after all others that are ready.
    Yield(Resume),
    /// It waits, until this moment at most.
    Park(Park, Option<u64>),
    /// It is gone, or what becomes of it has been said.
    Done,
}

/// The result of a call that failed.
pub(crate) fn failed(error: i32) -> Next {
    Next::Run(Resume::Return(-i64::from(error)))
}

/// The result of a call that is not made.
pub(crate) fn done(result: i64) -> Next {
    Next::Run(Resume::Return(result))
}

impl Tree {
    /// A node whose first process stands at its first instruction.
    pub(crate) fn new(
        tracer: Rc<Tracer>,
        birth: Birth,
        clock: ClockPage,
        pipes: Pipes,
        record: Record,
    ) -> io::Result<Tree> {
        let mut tree = Tree {
            tracer,
            name: birth.name,
            clock,
            threads: BTreeMap::new(),
            by_tid: FxHashMap::default(),
            processes: BTreeMap::new(),
            next_number: birth.number,
            next_thread: 0,
            next_memory: 0,
            running: None,
            ready: VecDeque::new(),
            deadlines: BTreeSet::new(),
            order: 0,
            futexes: BTreeMap::new(),
            waiting_for_files: Vec::new(),
            ready_files: BTreeMap::new(),
            timers: Timers::default(),
            pipes,
            bytes: birth.bytes,
            turns: birth.turns,
            processors: birth.processors,
            private: birth.private,
            slice: 0,
            idle: 0,
            left: 0,
            jumped: 0,
            ended: None,
            stuck: None,
            stops: 0,
            sender: birth.number,
            stand_ins: Vec::new(),
            record,
            patience: stuck::Patience::default(),
            has_stepped: false,
            max_line: birth.max_line,
            longest_computation: birth.longest_computation.as_nanos() as u64,
            has_long_line: false,
            shortcuts: Vec::new(),
            has_no_shortcuts: false,
            is_over: false,
        };
        let process = tree.add_process(birth.tid, None, None, birth.program);
        let first = tree.add_thread(birth.tid, process);
        tree.set_up(first)?;
        tree.make_ready(first, Resume::On(0));
        Ok(tree)
    }

    pub(crate) fn thread(&mut self, id: ThreadId) -> &mut Thread {
        self.threads.get_mut(&id).expect("a thread is known until it is gone")
    }

    /// The process of a thread.
    pub(crate) fn process_of(&mut self, id: ThreadId) -> &mut Process {
        let process = self.threads[&id].process;
        self.processes.get_mut(&process).expect("a thread has a process")
    }

    /// The kernel's number of a thread.
    pub(crate) fn tid(&self, id: ThreadId) -> Tid {
        self.threads[&id].tid
    }

    /// The number that the next thread of this node will have.
    pub(crate) fn next_number(&self) -> Tid {
        self.next_number
    }

    /// Says something about this node; `lowers`: the run is exact no longer.
    pub(crate) fn note(&self, lowers: bool, text: &str) {
        self.tracer.notes.borrow_mut().say(lowers, format!("{}: {text}", self.name));
    }

    /// Time that processors were busy, ns.
    pub(crate) fn computed(&self) -> u64 {
        self.clock.now().saturating_sub(self.jumped)
    }

    /// Puts the clock to the moment of a step.
    pub(crate) fn advance_to(&mut self, now: u64) {
        let before = self.clock.now();
        if now > before {
            self.jumped += now - before;
            self.clock.advance_to(now);
        }
    }

    /// When the node wants to be woken: its next deadline, or at once if it was
    /// taken out of its work.
    pub(crate) fn next_wake(&self) -> Option<u64> {
        if self.running.is_some() || !self.ready.is_empty() {
            return Some(self.clock.now());
        }
        let waits = self.deadlines.first().map(|&(at, ..)| at);
        let alarms = self.processes.values().filter_map(|process| process.alarm);
        let timers = self.timers.next().into_iter().chain(alarms.map(|(at, _)| at));
        waits.into_iter().chain(timers).min()
    }

    /// All moments that the node waits for.
    pub(crate) fn all_waits(&self) -> Vec<u64> {
        self.deadlines.iter().map(|&(at, ..)| at).chain(self.timers.all()).collect()
    }

    /// The files whose code its processes have in their memory.
    pub(crate) fn code_files(&self) -> impl Iterator<Item = std::path::PathBuf> + '_ {
        let alive = self.processes.values().filter(|process| process.threads > 0);
        alive.flat_map(|process| crate::sys::procfs::code_files(process.tid))
    }

    /// Ends the wait of a thread, whose call has this result.
    pub(crate) fn wake(&mut self, id: ThreadId, result: i64) {
        self.wake_to(id, Resume::Return(result));
    }

    /// Ends the wait of a thread.
    pub(crate) fn wake_to(&mut self, id: ThreadId, resume: Resume) {
        self.make_ready(id, resume);
    }

    fn make_ready(&mut self, id: ThreadId, resume: Resume) {
        self.leave_wait(id);
        self.thread(id).state = State::Ready(resume);
        self.ready.push_back(id);
    }
}
