//! Threads and processes as the tracer knows them.

use std::os::fd::OwnedFd;

use crate::sys::Tid;
use crate::sys::ptrace::Registers;

/// A thread of a node, by the order in which they were made. The kernel's numbers
/// differ between runs; these do not.
pub(crate) type ThreadId = u32;
/// A process of a node, likewise.
pub(crate) type ProcessId = u32;

/// A thread.
#[derive(Debug)]
pub(crate) struct Thread {
    pub(crate) tid: Tid,
    pub(crate) process: ProcessId,
    /// The number that programs see.
    pub(crate) number: Tid,
    pub(crate) state: State,
    /// As of the last call it stopped at.
    pub(crate) registers: Registers,
    /// The call it stopped at.
    pub(crate) call: i64,
    /// When its wait is over, and its place among those of the same moment.
    pub(crate) deadline: Option<(u64, u64)>,
    /// A call that begins again after a signal: which, and its old deadline.
    pub(crate) again: Option<(i64, Option<u64>)>,
    /// It was taken out of a wait because of a signal that it has not seen yet.
    pub(crate) is_interrupted: bool,
    /// Where the kernel writes a zero when the thread ends.
    pub(crate) clear_at: u64,
    /// What is to be done when it comes out of its call.
    pub(crate) after: After,
    /// Instructions that it still does one by one before somebody else has a turn.
    pub(crate) steps: u32,
}

/// What a thread does.
#[derive(Debug)]
pub(crate) enum State {
    /// It runs, or is in the kernel on its way back.
    Running,
    /// It could go on.
    Ready(Resume),
    /// It waits for something that the tracer knows.
    Parked(Park),
    /// It waits in the kernel, for something that the tracer does not know.
    Left,
    /// It is over, but its process is not, and it is the process's first.
    Over,
}

/// How a thread goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resume {
    /// From where it is, with a signal if that is not 0.
    On(i32),
    /// The call is made.
    Execute,
    /// The call is made if what it waits for is still there.
    ExecuteIfReady,
    /// The call is made, and the thread stops when it is over.
    ToExit,
    /// The call is not made; this is its result.
    Return(i64),
    /// The call is not made yet: a signal comes first.
    Again,
}

/// What a thread waits for.
#[derive(Debug)]
pub(crate) enum Park {
    /// Time. Where to write how much is left if a signal comes.
    Sleep { rest: u64 },
    /// A wake-up on a futex.
    Futex { key: FutexKey, bits: u32 },
    /// A lock with an owner.
    Lock { key: FutexKey },
    /// That something can be read or written.
    Files(Files),
    /// That a child changes its state.
    Child,
    /// A signal that is not in this set.
    Signal { blocked: u64 },
    /// A signal of this set, taken without a handler.
    SignalOf { set: u64 },
    /// That a child that uses its memory runs another program or ends.
    Borrowed { child: ProcessId },
    /// That somebody sends SIGCONT.
    Stopped,
    /// A processor: it was interrupted in its computing by a draw.
    Processor,
}

/// Files that a thread waits for.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) files: Vec<Watched>,
    /// What to do when time is up.
    pub(crate) on_timeout: OnTimeout,
    /// The call is made with other arguments, which must be put right afterwards.
    pub(crate) see_through: bool,
}

/// What a wait for files says when its time is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnTimeout {
    /// Nothing: there is no time.
    Never,
    /// 0, as `epoll_wait`.
    Zero,
    /// 0, and no events in the list, as `poll`: its place and length.
    ClearList { list: u64, length: usize },
    /// 0, and empty sets, as `select`: their places and length in bytes.
    ClearSets { sets: [u64; 3], bytes: usize },
}

/// A file that a thread waits for, by a descriptor of ours.
#[derive(Debug)]
pub(crate) enum Watched {
    /// The node's standard input.
    Stdin(rustix::event::PollFlags),
    /// Another.
    File(OwnedFd, rustix::event::PollFlags),
}

/// The name of a futex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FutexKey {
    /// In memory of one process, or of several that share all of it.
    Own(u32, u64),
    /// In memory that processes share: inode and place.
    Shared(u64, u64),
}

/// What is to be done when a thread comes out of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// Nothing.
    Nothing,
    /// The result is the thread's own number.
    OwnNumber,
    /// The result is the number of a new thread or process.
    NewNumber(Tid),
    /// The result is the number of a child that changed its state, or 0; the
    /// argument with the flags gets its value back, and the thread waits on if that
    /// was asked.
    Child { flags: u64, who: u64 },
    /// The result is a descriptor that shall be a timer.
    Timer { clock: i32, flags: u64 },
    /// An argument gets its value back.
    Restore { place: usize, value: u64 },
    /// Two arguments get their values back; the number of a process group or
    /// session that comes out is translated.
    Group { first: u64, second: u64 },
    /// The result is a signal, or that there was none: then the thread waits.
    SignalOf { set: u64, timeout: u64 },
    /// The file that stood in for another is no longer needed.
    Opened { path: u64, place: usize },
}

/// A process.
#[derive(Debug)]
pub(crate) struct Process {
    /// The kernel's number.
    pub(crate) tid: Tid,
    /// The number that programs see.
    pub(crate) number: Tid,
    pub(crate) parent: Option<ProcessId>,
    /// Which memory it uses: its own, or that of the process it was made by.
    pub(crate) memory: u32,
    /// Whether descriptor 0 is still the pipe that Glomers writes to.
    pub(crate) has_stdin: bool,
    /// How many threads it has.
    pub(crate) threads: u32,
    /// It is on its way out, with all its threads.
    pub(crate) is_ending: bool,
    /// The kernel's handle.
    pub(crate) handle: Option<OwnedFd>,
    /// The program that it runs, for messages.
    pub(crate) program: String,
    /// The interval timer that sends SIGALRM.
    pub(crate) alarm: Option<(u64, u64)>,
}
