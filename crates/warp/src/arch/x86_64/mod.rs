//! x86-64: registers of a call, instructions that tell the time, and the code that
//! takes the place of the kernel's clock in a process.

pub(crate) mod cpu;
mod same_faults;
mod shortcut;
mod stubs;
pub(crate) mod vdso;

use crate::sys::ptrace::Registers;

pub(crate) use same_faults::SameFaults;
pub(crate) use shortcut::{SHORTCUT_LENGTH, Shortcut};
pub(crate) use stubs::{CODE_ADDRESS, code_page};

/// The length of the instruction that makes a system call.
pub(crate) const CALL_LENGTH: u64 = 2;
/// That instruction, and one that stops.
pub(crate) const CALL_AND_STOP: [u8; 3] = [0x0f, 0x05, 0xcc];

/// A system call in registers.
pub(crate) trait Call {
    /// Its number.
    fn number(&self) -> i64;
    /// An argument, from 0 to 5.
    fn argument(&self, place: usize) -> u64;
    /// Changes an argument.
    fn set_argument(&mut self, place: usize, value: u64);
    /// Lets another call be made.
    fn set_number(&mut self, number: i64);
    /// Its result.
    fn result(&self) -> i64;
    /// Changes the result. (Before the call: with [`Call::skip`].)
    fn set_result(&mut self, result: i64);
    /// No call is made.
    fn skip(&mut self);
    /// Goes back to before the instruction of this call.
    fn rewind(&mut self, number: i64);
}

impl Call for Registers {
    fn number(&self) -> i64 {
        self.orig_rax as i64
    }

    fn argument(&self, place: usize) -> u64 {
        [self.rdi, self.rsi, self.rdx, self.r10, self.r8, self.r9][place]
    }

    fn set_argument(&mut self, place: usize, value: u64) {
        let registers = [
            &mut self.rdi,
            &mut self.rsi,
            &mut self.rdx,
            &mut self.r10,
            &mut self.r8,
            &mut self.r9,
        ];
        for (number, register) in registers.into_iter().enumerate() {
            if number == place {
                *register = value;
            }
        }
    }

    fn set_number(&mut self, number: i64) {
        self.orig_rax = number as u64;
    }

    fn result(&self) -> i64 {
        self.rax as i64
    }

    fn set_result(&mut self, result: i64) {
        self.rax = result as u64;
    }

    fn skip(&mut self) {
        self.orig_rax = u64::MAX;
    }

    fn rewind(&mut self, number: i64) {
        self.rip -= CALL_LENGTH;
        self.rax = number as u64;
        self.orig_rax = u64::MAX;
    }
}
