//! A thread that waits in a loop without a system call, as at a spin lock. Nothing
//! counts its rounds, so it is gone along one instruction after the other: if its
//! registers are the same at each step of many rounds, another round is like the
//! last one, and others can have the turn at a place in the loop that is the same in
//! every run.

use std::hash::Hasher;
use std::io;

use rustc_hash::FxHasher;

use super::Tree;
use super::thread::{Park, Resume, ThreadId};
use super::{Next, run};
use crate::sys::Tid;
use crate::sys::ptrace::{self, Registers, Stop};

/// Rounds that must be the same. What counts them in memory would show in the flags.
const ROUNDS: usize = 16;
/// The longest round, instructions.
const LONGEST_ROUND: usize = 1024;
/// How long somebody who waits in a loop lets go by if nobody else can do something
/// now, ns.
const PAUSE: u64 = 10_000_000;

/// The registers of one step, without what the stepping itself changes.
fn image(registers: &Registers) -> [u64; 18] {
    const SET_BY_STEPPING: u64 = 0x1_0100;
    let r = registers;
    let flags = r.eflags & !SET_BY_STEPPING;
    [
        r.rip, r.rax, r.rbx, r.rcx, r.rdx, r.rsi, r.rdi, r.rbp, r.rsp, r.r8, r.r9, r.r10, r.r11,
        r.r12, r.r13, r.r14, r.r15, flags,
    ]
}

fn hash(image: &[u64; 18]) -> u64 {
    let mut hasher = FxHasher::default();
    image.iter().for_each(|&word| hasher.write_u64(word));
    hasher.finish()
}

impl Tree {
    /// Looks whether a thread that computes for long goes round in a loop in which
    /// nothing changes. If so, others have the turn. Otherwise it goes on, and nothing
    /// is different.
    pub(super) fn look_for_loop(&mut self, id: ThreadId) -> io::Result<bool> {
        let tid = self.tid(id);
        ptrace::interrupt(tid)?;
        loop {
            match self.tracer.wait_for(tid) {
                Ok(Stop::Interrupted(libc::SIGTRAP)) => break,
                Ok(stop) => {
                    // It has stopped by itself meanwhile.
                    self.tracer.put_back(tid, stop);
                    return Ok(false);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.has_stepped = true;
        match self.goes_round(tid)? {
            Walk::Stopped => Ok(false),
            Walk::Straight => {
                ptrace::go_on(tid, 0)?;
                Ok(false)
            }
            Walk::Round => {
                let program = self.process_of(id).program.clone();
                self.note(
                    false,
                    &format!(
                        "{program} waits in a loop without a system call, which takes much \
                         computing in virtual time; others had their turn"
                    ),
                );
                let now = self.clock.now();
                if self.ready.is_empty() {
                    let first = self.deadlines.first().map_or(u64::MAX, |&(at, ..)| at);
                    let until = first.clamp(now + run::TURN_COST, now + PAUSE);
                    self.apply(id, Next::Park(Park::Processor, Some(until)));
                } else {
                    self.clock.spend(run::TURN_COST);
                    self.apply(id, Next::Yield(Resume::On(0)));
                }
                Ok(true)
            }
        }
    }

    /// Steps along. In a loop it ends at the lowest address of its round.
    fn goes_round(&self, tid: Tid) -> io::Result<Walk> {
        let anchor = image(&ptrace::registers(tid)?);
        let mut round = vec![hash(&anchor)];
        let mut lowest = anchor;
        loop {
            let Some(here) = self.next_step(tid)? else { return Ok(Walk::Stopped) };
            if here == anchor {
                break;
            }
            if round.len() == LONGEST_ROUND {
                return Ok(Walk::Straight);
            }
            if here[0] < lowest[0] {
                lowest = here;
            }
            round.push(hash(&here));
        }
        for place in 1..=ROUNDS * round.len() {
            let Some(here) = self.next_step(tid)? else { return Ok(Walk::Stopped) };
            if hash(&here) != round[place % round.len()] {
                return Ok(Walk::Straight);
            }
        }
        for _ in 0..=round.len() {
            if image(&ptrace::registers(tid)?) == lowest {
                return Ok(Walk::Round);
            }
            if self.next_step(tid)?.is_none() {
                return Ok(Walk::Stopped);
            }
        }
        Ok(Walk::Straight)
    }

    /// Does one instruction. `None`: it has stopped for another reason, which whoever
    /// waits for it hears.
    fn next_step(&self, tid: Tid) -> io::Result<Option<[u64; 18]>> {
        ptrace::go_one_step(tid)?;
        loop {
            match self.tracer.wait_for(tid) {
                Ok(Stop::Signal(libc::SIGTRAP)) => {
                    return Ok(Some(image(&ptrace::registers(tid)?)));
                }
                Ok(stop) => {
                    self.tracer.put_back(tid, stop);
                    return Ok(None);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Where a walk step by step has led.
enum Walk {
    /// Round and round, with nothing that changes.
    Round,
    /// On and on; the thread stands still.
    Straight,
    /// To a stop.
    Stopped,
}
