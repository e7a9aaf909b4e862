//! System calls that do not reach the kernel as they are, one file a family:
//! `futex`, `files` (read, write, poll and their like), `sleep`, `clocks`, `timers`,
//! `signals`, `children`, `numbers` (of processes and threads), `random`, `open`
//! (files that say something of the machine), `machine` (processors and the like).

mod children;
mod clocks;
mod files;
mod futex;
mod machine;
mod numbers;
mod open;
mod poll;
mod random;
mod signals;
mod sleep;
mod timers;

use std::io;

use crate::arch::Call;
use crate::sys::filter::When;
use crate::tree::thread::{After, Resume, ThreadId};
use crate::tree::{Next, Tree, failed};

pub(crate) use children::ask as ask_for_children;
pub(crate) use signals::mask_for_the_wait;
pub(crate) use sleep::write_rest;

type Handler = fn(&mut Tree, ThreadId) -> io::Result<Next>;

const ALWAYS: &[When] = &[When::Always];
/// Only where descriptor 0, standard input, is the argument.
const OF_STDIN: &[When] = &[When::Is(0, 0)];
const TO_STDIN: &[When] = &[When::Is(1, 0)];
/// All but standard output and error: those are emptied while the node waits.
const NOT_OUTPUT: &[When] = &[When::Is(0, 0), When::IsAbove(0, 2)];

/// Calls that stop, when they do, and what does them.
const CALLS: &[(i64, &[When], Handler)] = &[
    (libc::SYS_futex, ALWAYS, futex::futex),
    (libc::SYS_read, ALWAYS, files::read),
    (libc::SYS_readv, ALWAYS, files::read),
    (libc::SYS_write, NOT_OUTPUT, files::write),
    (libc::SYS_writev, NOT_OUTPUT, files::write),
    (libc::SYS_recvfrom, ALWAYS, files::receive),
    (libc::SYS_recvmsg, ALWAYS, files::receive),
    (libc::SYS_recvmmsg, ALWAYS, files::receive),
    (libc::SYS_accept, ALWAYS, files::receive),
    (libc::SYS_accept4, ALWAYS, files::receive),
    (libc::SYS_sendto, ALWAYS, files::send),
    (libc::SYS_sendmsg, ALWAYS, files::send),
    (libc::SYS_close, OF_STDIN, files::close),
    (libc::SYS_close_range, OF_STDIN, files::close),
    (libc::SYS_dup2, TO_STDIN, files::replace),
    (libc::SYS_dup3, TO_STDIN, files::replace),
    (libc::SYS_poll, ALWAYS, poll::poll),
    (libc::SYS_ppoll, ALWAYS, poll::poll),
    (libc::SYS_select, ALWAYS, poll::select),
    (libc::SYS_pselect6, ALWAYS, poll::select),
    (libc::SYS_epoll_wait, ALWAYS, poll::epoll),
    (libc::SYS_epoll_pwait, ALWAYS, poll::epoll),
    (libc::SYS_epoll_pwait2, ALWAYS, poll::epoll),
    (libc::SYS_nanosleep, ALWAYS, sleep::nanosleep),
    (libc::SYS_clock_nanosleep, ALWAYS, sleep::clock_nanosleep),
    (libc::SYS_sched_yield, ALWAYS, sleep::sched_yield),
    (libc::SYS_clock_gettime, ALWAYS, clocks::clock_gettime),
    (libc::SYS_gettimeofday, ALWAYS, clocks::gettimeofday),
    (libc::SYS_time, ALWAYS, clocks::time),
    (libc::SYS_times, ALWAYS, clocks::times),
    (libc::SYS_getrusage, ALWAYS, clocks::getrusage),
    (libc::SYS_sysinfo, ALWAYS, clocks::sysinfo),
    (libc::SYS_adjtimex, ALWAYS, clocks::not_allowed),
    (libc::SYS_clock_adjtime, ALWAYS, clocks::not_allowed),
    (libc::SYS_clock_settime, ALWAYS, clocks::not_allowed),
    (libc::SYS_settimeofday, ALWAYS, clocks::not_allowed),
    (libc::SYS_setitimer, ALWAYS, timers::setitimer),
    (libc::SYS_getitimer, ALWAYS, timers::getitimer),
    (libc::SYS_alarm, ALWAYS, timers::alarm),
    (libc::SYS_timer_create, ALWAYS, timers::create),
    (libc::SYS_timer_settime, ALWAYS, timers::settime),
    (libc::SYS_timer_gettime, ALWAYS, timers::gettime),
    (libc::SYS_timer_getoverrun, ALWAYS, timers::getoverrun),
    (libc::SYS_timer_delete, ALWAYS, timers::delete),
    (libc::SYS_timerfd_create, ALWAYS, timers::file_create),
    (libc::SYS_timerfd_settime, ALWAYS, timers::file_settime),
    (libc::SYS_timerfd_gettime, ALWAYS, timers::file_gettime),
    (libc::SYS_kill, ALWAYS, signals::kill),
    (libc::SYS_tkill, ALWAYS, signals::tkill),
    (libc::SYS_tgkill, ALWAYS, signals::tgkill),
    (libc::SYS_rt_sigqueueinfo, ALWAYS, signals::queue),
    (libc::SYS_rt_tgsigqueueinfo, ALWAYS, signals::queue),
    (libc::SYS_rt_sigsuspend, ALWAYS, signals::suspend),
    (libc::SYS_pause, ALWAYS, signals::suspend),
    (libc::SYS_rt_sigtimedwait, ALWAYS, signals::timedwait),
    (libc::SYS_wait4, ALWAYS, children::wait),
    (libc::SYS_waitid, ALWAYS, children::wait),
    (libc::SYS_execve, ALWAYS, children::begin_program),
    (libc::SYS_execveat, ALWAYS, children::begin_program),
    (libc::SYS_exit, ALWAYS, children::exit),
    (libc::SYS_exit_group, ALWAYS, children::exit_group),
    (libc::SYS_getpid, ALWAYS, numbers::getpid),
    (libc::SYS_gettid, ALWAYS, numbers::gettid),
    (libc::SYS_getppid, ALWAYS, numbers::getppid),
    (libc::SYS_set_tid_address, ALWAYS, numbers::set_tid_address),
    (libc::SYS_getpgid, ALWAYS, numbers::of_group),
    (libc::SYS_getpgrp, ALWAYS, numbers::of_group),
    (libc::SYS_getsid, ALWAYS, numbers::of_group),
    (libc::SYS_setpgid, ALWAYS, numbers::of_group),
    (libc::SYS_setsid, ALWAYS, numbers::of_group),
    (libc::SYS_prlimit64, ALWAYS, numbers::first_argument),
    (libc::SYS_sched_getparam, ALWAYS, numbers::first_argument),
    (libc::SYS_sched_setparam, ALWAYS, numbers::first_argument),
    (libc::SYS_sched_getscheduler, ALWAYS, numbers::first_argument),
    (libc::SYS_sched_setscheduler, ALWAYS, numbers::first_argument),
    (libc::SYS_sched_getattr, ALWAYS, numbers::first_argument),
    (libc::SYS_pidfd_open, ALWAYS, numbers::first_argument),
    (libc::SYS_get_robust_list, ALWAYS, numbers::first_argument),
    (libc::SYS_getpriority, ALWAYS, numbers::second_argument),
    (libc::SYS_setpriority, ALWAYS, numbers::second_argument),
    (libc::SYS_getrandom, ALWAYS, random::getrandom),
    (libc::SYS_open, ALWAYS, open::open),
    (libc::SYS_openat, ALWAYS, open::open),
    (libc::SYS_readlink, ALWAYS, open::readlink),
    (libc::SYS_readlinkat, ALWAYS, open::readlink),
    (libc::SYS_sched_getaffinity, ALWAYS, machine::sched_getaffinity),
    (libc::SYS_sched_setaffinity, ALWAYS, machine::sched_setaffinity),
    (libc::SYS_getcpu, ALWAYS, machine::getcpu),
    (libc::SYS_rseq, ALWAYS, machine::absent),
    (libc::SYS_io_uring_setup, ALWAYS, machine::io_uring),
    (libc::SYS_futex_waitv, ALWAYS, machine::absent),
    (FUTEX_WAKE, ALWAYS, machine::absent),
    (FUTEX_WAIT, ALWAYS, machine::absent),
    (FUTEX_REQUEUE, ALWAYS, machine::absent),
    (libc::SYS_ptrace, ALWAYS, machine::ptrace),
];

const FUTEX_WAKE: i64 = 454;
const FUTEX_WAIT: i64 = 455;
const FUTEX_REQUEUE: i64 = 456;

/// For the filter: which calls stop, and when.
pub(crate) fn stopping() -> Vec<(i64, &'static [When])> {
    CALLS.iter().map(|&(number, when, _)| (number, when)).collect()
}

/// A thread stands before a system call.
pub(crate) fn handle(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let registers = &tree.threads[&id].registers;
    let number = registers.number();
    let arguments = [0, 1, 2, 3].map(|place| registers.argument(place));
    let now = tree.clock.now();
    tree.record.call(now, id, number, arguments);
    match handler(number) {
        Some(handler) => handler(tree, id),
        // A filter of the program itself may stop calls, too.
        None => Ok(Next::Run(Resume::Execute)),
    }
}

/// The handler of a call, from a table by number.
fn handler(number: i64) -> Option<Handler> {
    const LARGEST: usize = 512;
    const TABLE: [Option<Handler>; LARGEST] = {
        let mut table: [Option<Handler>; LARGEST] = [None; LARGEST];
        let mut place = 0;
        while place < CALLS.len() {
            table[CALLS[place].0 as usize] = Some(CALLS[place].2);
            place += 1;
        }
        table
    };
    static HANDLERS: [Option<Handler>; LARGEST] = TABLE;
    HANDLERS.get(usize::try_from(number).ok()?).copied().flatten()
}

/// A thread comes out of a call that was to be seen through.
pub(crate) fn after(tree: &mut Tree, id: ThreadId, after: After) -> io::Result<Next> {
    match after {
        After::Nothing => Ok(Next::Run(Resume::On(0))),
        After::OwnNumber => {
            let number = tree.threads[&id].number;
            numbers::set_result(tree, id, number.into())
        }
        After::NewNumber(number) => {
            let result = tree.threads[&id].registers.result();
            numbers::set_result(tree, id, if result > 0 { number.into() } else { result })
        }
        After::Child { flags, who } => children::after(tree, id, flags, who),
        After::Timer { clock, flags } => timers::file_created(tree, id, clock, flags),
        After::Restore { place, value } => numbers::restore(tree, id, place, value),
        After::Group { first, second } => numbers::after_group(tree, id, first, second),
        After::SignalOf { set, timeout } => signals::after_timedwait(tree, id, set, timeout),
        After::Opened { path, place } => open::after(tree, id, path, place),
    }
}

/// Lets a call be made with other arguments, and look at what came of it.
fn see_through(tree: &mut Tree, id: ThreadId, after: After) -> io::Result<Next> {
    let thread = tree.thread(id);
    thread.after = after;
    crate::sys::ptrace::set_registers(thread.tid, &thread.registers)?;
    Ok(Next::Run(Resume::ToExit))
}

/// The registers' arguments.
fn arguments(tree: &Tree, id: ThreadId) -> [u64; 6] {
    let registers = &tree.threads[&id].registers;
    [0, 1, 2, 3, 4, 5].map(|place| registers.argument(place))
}

/// A result that says that an address is bad, as the kernel would.
fn bad_address() -> io::Result<Next> {
    Ok(failed(libc::EFAULT))
}

/// What a call is called.
pub(crate) fn name_of(number: i64) -> String {
    names::name(number).map_or_else(|| format!("system call {number}"), str::to_owned)
}

mod names;
