//! Faults of `CPUID` for the tracer, too, so that a turn costs less.
//!
//! The kernel turns these faults on or off when it changes from a thread that has
//! them to one that has not. In a virtual machine that takes many times as long as
//! the change itself, and each turn of a node changes twice. So the thread that
//! traces has them as well, and its own `CPUID` is done by a handler of the fault.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::OnceLock;

pub(super) const ARCH_SET_CPUID: libc::c_long = 0x1012;

thread_local! {
    /// How many tracers of this thread want the faults.
    static WANTED: Cell<u32> = const { Cell::new(0) };
}

/// `CPUID` faults on this thread as long as this lives.
#[derive(Debug)]
pub(crate) struct SameFaults {
    /// It belongs to the thread that made it.
    _thread: PhantomData<*const ()>,
}

impl SameFaults {
    /// Turns the faults on. `None` where this cannot be done.
    pub(crate) fn begin() -> Option<SameFaults> {
        if !has_handler() || !set_faults(true) {
            return None;
        }
        WANTED.set(WANTED.get() + 1);
        Some(SameFaults { _thread: PhantomData })
    }
}

impl Drop for SameFaults {
    fn drop(&mut self) {
        WANTED.set(WANTED.get() - 1);
        if WANTED.get() == 0 {
            set_faults(false);
        }
    }
}

/// What `CPUID` says on this machine, whether or not it faults on this thread.
pub(crate) fn cpuid(leaf: u32, part: u32) -> [u32; 4] {
    let faults = WANTED.get() > 0;
    if faults {
        set_faults(false);
    }
    let found = core::arch::x86_64::__cpuid_count(leaf, part);
    if faults {
        set_faults(true);
    }
    [found.eax, found.ebx, found.ecx, found.edx]
}

/// Turns the faults of this thread on or off; whether that was done.
pub(super) fn set_faults(on: bool) -> bool {
    let allowed = libc::c_long::from(!on);
    // SAFETY: numbers only. What faults from here on is the business of who turned it on.
    unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_SET_CPUID, allowed) == 0 }
}

/// What was done about this signal before.
static BEFORE: OnceLock<libc::sigaction> = OnceLock::new();

/// Whether the handler is there; sets it the first time.
fn has_handler() -> bool {
    static IS_THERE: OnceLock<bool> = OnceLock::new();
    *IS_THERE.get_or_init(|| {
        // SAFETY: zeroes are a valid `sigaction`, which the first call fills. The
        // handler is set after the place it looks at is filled.
        unsafe {
            let mut before: libc::sigaction = std::mem::zeroed();
            if libc::sigaction(libc::SIGSEGV, std::ptr::null(), &mut before) != 0 {
                return false;
            }
            let _ = BEFORE.set(before);
            let mut action: libc::sigaction = std::mem::zeroed();
            let handler: extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void) = on_fault;
            action.sa_sigaction = handler as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
            libc::sigaction(libc::SIGSEGV, &action, std::ptr::null_mut()) == 0
        }
    })
}

/// Does the `CPUID` that faulted; all else is left to who had the signal before.
extern "C" fn on_fault(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    const SI_KERNEL: i32 = 128;
    // SAFETY: the kernel calls this with a valid `siginfo_t` and `ucontext_t`. A fault
    // of this code comes from an instruction that was fetched, so it can be read. It
    // calls nothing that is forbidden in a handler: system calls, and a thread-local
    // that needs no start.
    unsafe {
        let registers = &mut (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs;
        let at = registers[libc::REG_RIP as usize] as *const u8;
        if (*info).si_code == SI_KERNEL && [*at, *at.add(1)] == [0x0f, 0xa2] {
            let leaf = registers[libc::REG_RAX as usize] as u32;
            let part = registers[libc::REG_RCX as usize] as u32;
            // A thread that got the faults from the one that made it loses them here.
            set_faults(false);
            let found = core::arch::x86_64::__cpuid_count(leaf, part);
            if WANTED.get() > 0 {
                set_faults(true);
            }
            registers[libc::REG_RAX as usize] = found.eax.into();
            registers[libc::REG_RBX as usize] = found.ebx.into();
            registers[libc::REG_RCX as usize] = found.ecx.into();
            registers[libc::REG_RDX as usize] = found.edx.into();
            registers[libc::REG_RIP as usize] += 2;
            return;
        }
        match BEFORE.get() {
            Some(before)
                if before.sa_sigaction != libc::SIG_DFL
                    && before.sa_sigaction != libc::SIG_IGN
                    && before.sa_flags & libc::SA_SIGINFO != 0 =>
            {
                let handler: extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void) =
                    std::mem::transmute(before.sa_sigaction);
                handler(signal, info, context);
            }
            // The instruction faults again, and ends the process as it would have.
            _ => {
                libc::signal(libc::SIGSEGV, libc::SIG_DFL);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tracers_own_cpuid_says_what_it_would_without_faults() {
        let plain = core::arch::x86_64::__cpuid_count(0, 0);
        let Some(faults) = SameFaults::begin() else { return };
        let faulted = core::arch::x86_64::__cpuid_count(0, 0);
        assert_eq!(plain, faulted);
        assert_eq!(cpuid(0, 0), [plain.eax, plain.ebx, plain.ecx, plain.edx]);
        // A thread that it starts has them until it asks for the first time.
        let other = std::thread::scope(|scope| {
            scope.spawn(|| core::arch::x86_64::__cpuid_count(0, 0)).join()
        });
        assert_eq!(other.expect("it did not fault"), plain);
        drop(faults);
        assert_eq!(core::arch::x86_64::__cpuid_count(0, 0), plain);
    }
}
