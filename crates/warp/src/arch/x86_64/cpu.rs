//! Instructions that tell the time or what machine this is. Where they are made to
//! fault, they are done here.

use std::io;

use super::Call;
use super::same_faults::{self, ARCH_SET_CPUID};
use crate::sys::{Tid, memory, ptrace::Registers};

/// An instruction that faults because it is to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sensitive {
    /// Reads the time stamp counter.
    Counter,
    /// Reads it, and the number of the processor.
    CounterAndProcessor,
    /// Says what the processor can do.
    Identity,
}

/// What a thread that has faulted was about to do.
pub(crate) fn sensitive_at(tid: Tid, registers: &Registers) -> Option<Sensitive> {
    let mut code = [0; 3];
    if memory::read(tid, registers.rip, &mut code).is_err() {
        memory::read(tid, registers.rip, &mut code[..2]).ok()?;
    }
    match code {
        [0x0f, 0x31, _] => Some(Sensitive::Counter),
        [0x0f, 0x01, 0xf9] => Some(Sensitive::CounterAndProcessor),
        [0x0f, 0xa2, _] => Some(Sensitive::Identity),
        _ => None,
    }
}

/// Does the instruction: the counter counts nanoseconds.
pub(crate) fn emulate(what: Sensitive, registers: &mut Registers, now: u64) {
    match what {
        Sensitive::Counter | Sensitive::CounterAndProcessor => {
            registers.rax = now & 0xffff_ffff;
            registers.rdx = now >> 32;
            registers.rip += 2;
            if what == Sensitive::CounterAndProcessor {
                registers.rcx = 0;
                registers.rip += 1;
            }
        }
        Sensitive::Identity => {
            let [eax, ebx, ecx, edx] = identity(registers.rax as u32, registers.rcx as u32);
            registers.rax = eax.into();
            registers.rbx = ebx.into();
            registers.rcx = ecx.into();
            registers.rdx = edx.into();
            registers.rip += 2;
        }
    }
}

/// What CPUID says, but for instructions whose results nobody can repeat
/// (RDRAND, RDSEED, RDPID, transactions, waiting for the counter) and for which of
/// the processors this is.
fn identity(leaf: u32, part: u32) -> [u32; 4] {
    const RDRAND: u32 = 1 << 30;
    const RDSEED_RTM_HLE: u32 = (1 << 18) | (1 << 11) | (1 << 4);
    const WAITPKG_RDPID: u32 = (1 << 5) | (1 << 22);
    const STEADY_COUNTER: u32 = 1 << 8;
    let mut words = same_faults::cpuid(leaf, part);
    match (leaf, part) {
        (1, _) => {
            words[1] &= 0x00ff_ffff;
            words[2] &= !RDRAND;
        }
        (7, 0) => {
            words[1] &= !RDSEED_RTM_HLE;
            words[2] &= !WAITPKG_RDPID;
        }
        // The number of this processor; how fast the counter is.
        (0xb | 0x1f, _) => words[3] = 0,
        (0x15 | 0x16, _) => words = [0; 4],
        (0x8000_0007, _) => words[3] &= !STEADY_COUNTER,
        _ => {}
    }
    words
}

/// Whether a fault of `CPUID` can be asked for, tried on this thread, which gets it
/// back.
pub(crate) fn can_fault_identity() -> bool {
    // On a thread of its own, so that nobody else's CPUID can fault meanwhile. While they
    // are on, it does nothing but turn them off again.
    let probe = || same_faults::set_faults(true) && same_faults::set_faults(false);
    std::thread::scope(|scope| scope.spawn(probe).join().unwrap_or(false))
}

/// The call that makes the time stamp counter fault, as number and arguments.
pub(crate) const COUNTER_FAULTS: (i64, [u64; 2]) = (libc::SYS_prctl, [26, 2]);
/// The call that makes `CPUID` fault.
pub(crate) const IDENTITY_FAULTS: (i64, [u64; 2]) =
    (libc::SYS_arch_prctl, [ARCH_SET_CPUID as u64, 0]);

/// Fills registers for a call.
pub(crate) fn prepare_call(
    registers: &mut Registers,
    number: i64,
    arguments: &[u64],
) -> io::Result<()> {
    registers.rax = number as u64;
    registers.skip();
    for (place, &value) in arguments.iter().enumerate() {
        registers.set_argument(place, value);
    }
    Ok(())
}

/// Whether a fault of the time stamp counter can be asked for, tried on a thread of
/// its own.
pub(crate) fn can_fault_counter() -> bool {
    const FAULT: libc::c_ulong = 2;
    const ALLOW: libc::c_ulong = 1;
    let probe = || {
        // SAFETY: numbers only. While it is off, this thread does nothing but turn it
        // on again.
        unsafe {
            let off = libc::prctl(libc::PR_SET_TSC, FAULT, 0, 0, 0);
            libc::prctl(libc::PR_SET_TSC, ALLOW, 0, 0, 0);
            off == 0
        }
    };
    std::thread::scope(|scope| scope.spawn(probe).join().unwrap_or(false))
}
