//! A process that begins another program: it gets the shared page, our clock and
//! random bytes before its first instruction.

use std::io;

use super::Tree;
use super::thread::ThreadId;
use crate::arch::{self, CALL_AND_STOP, CODE_ADDRESS, Call};
use crate::options::Pin;
use crate::sys::ptrace::{self, Registers, Stop};
use crate::sys::{Tid, memory, page};

const AT_RANDOM: u64 = 25;
const AT_SYSINFO_EHDR: u64 = 33;
/// Where the path of the shared page is put for a moment.
const PATH_ADDRESS: u64 = CODE_ADDRESS + 2048;

impl Tree {
    /// Prepares a process that has just become another program.
    pub(super) fn set_up(&mut self, id: ThreadId) -> io::Result<()> {
        let tid = self.tid(id);
        // Registers that are set inside of `execve` would be lost.
        ptrace::go_to_exit(tid)?;
        self.until(tid, Stop::CallExit)?;
        let registers = ptrace::registers(tid)?;
        let found = auxiliary(tid, registers.rsp)?;
        if self.tracer.has(Pin::Random)
            && let Some(at) = found.random
        {
            let bytes = [self.bytes.bits().to_le_bytes(), self.bytes.bits().to_le_bytes()];
            memory::write(tid, at, &bytes.concat())?;
        }
        self.share_page(tid, &registers)?;
        if let Some(vdso) = found.vdso {
            let replaced = arch::vdso::patch(tid, vdso)?;
            if !replaced.iter().any(|name| name == "__vdso_clock_gettime") {
                self.note(true, "the kernel's clock was not found in its vDSO");
            }
        }
        Ok(())
    }

    fn until(&self, tid: Tid, wanted: Stop) -> io::Result<()> {
        loop {
            match self.tracer.wait_for(tid) {
                Ok(stop) if stop == wanted => return Ok(()),
                Ok(Stop::Exited(_) | Stop::Killed(_)) => {
                    return Err(io::Error::from_raw_os_error(libc::ESRCH));
                }
                // A call that the filter stops, or a stop of the process.
                Ok(Stop::Call | Stop::Interrupted(_)) => ptrace::go_on(tid, 0)?,
                Ok(Stop::Signal(signal)) => ptrace::go_on(tid, signal)?,
                Ok(_) => ptrace::go_on(tid, 0)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn share_page(&mut self, tid: Tid, registers: &Registers) -> io::Result<()> {
        const FIXED: u64 = libc::MAP_FIXED_NOREPLACE as u64;
        let code_map = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS) as u64 | FIXED;
        let page_map = libc::MAP_SHARED as u64 | FIXED;
        let size = page::SIZE as u64;
        let (run, use_it) = (
            (libc::PROT_READ | libc::PROT_EXEC) as u64,
            (libc::PROT_READ | libc::PROT_WRITE) as u64,
        );
        let mut borrowed = Borrowed::new(tid, *registers)?;
        let mut call = |number, arguments: &[u64]| borrowed.call(self, number, arguments);
        let at = call(libc::SYS_mmap, &[CODE_ADDRESS, size, run, code_map, u64::MAX, 0])?;
        if at as u64 != CODE_ADDRESS {
            return Err(io::Error::other(
                "the place in memory where the clock must lie is taken by the program",
            ));
        }
        memory::force(tid, CODE_ADDRESS, arch::code_page())?;
        let mut path = self.clock.path().into_bytes();
        path.push(0);
        memory::force(tid, PATH_ADDRESS, &path)?;
        let mut call = |number, arguments: &[u64]| borrowed.call(self, number, arguments);
        let flags = (libc::O_RDWR | libc::O_CLOEXEC) as u64;
        let here = libc::AT_FDCWD as i64 as u64;
        let file = call(libc::SYS_openat, &[here, PATH_ADDRESS, flags, 0])?;
        if file < 0 {
            let error = io::Error::from_raw_os_error(-file as i32);
            return Err(io::Error::other(format!("the clock cannot be shared: {error}")));
        }
        let file = file as u64;
        let at = call(libc::SYS_mmap, &[page::ADDRESS, size, use_it, page_map, file, 0])?;
        call(libc::SYS_close, &[file])?;
        if at as u64 != page::ADDRESS {
            return Err(io::Error::other("the clock cannot be put into the program's memory"));
        }
        for (pin, (number, arguments)) in
            [(Pin::Counter, arch::cpu::COUNTER_FAULTS), (Pin::Identity, arch::cpu::IDENTITY_FAULTS)]
        {
            if self.tracer.has(pin) && borrowed.call(self, number, &arguments)? != 0 {
                self.note(true, &format!("the pin {:?} did not take", pin.name()));
            }
        }
        borrowed.give_back()
    }
}

/// A thread that makes calls for us, at its next instruction.
struct Borrowed {
    tid: Tid,
    before: Registers,
    code: [u8; 3],
}

impl Borrowed {
    fn new(tid: Tid, before: Registers) -> io::Result<Borrowed> {
        let mut code = [0; 3];
        memory::read(tid, before.rip, &mut code)?;
        memory::force(tid, before.rip, &CALL_AND_STOP)?;
        Ok(Borrowed { tid, before, code })
    }

    fn call(&mut self, tree: &Tree, number: i64, arguments: &[u64]) -> io::Result<i64> {
        let mut registers = self.before;
        arch::cpu::prepare_call(&mut registers, number, arguments)?;
        ptrace::set_registers(self.tid, &registers)?;
        ptrace::go_on(self.tid, 0)?;
        tree.until(self.tid, Stop::Signal(libc::SIGTRAP))?;
        Ok(ptrace::registers(self.tid)?.result())
    }

    fn give_back(self) -> io::Result<()> {
        memory::force(self.tid, self.before.rip, &self.code)?;
        let mut registers = self.before;
        registers.skip();
        ptrace::set_registers(self.tid, &registers)
    }
}

/// What the kernel tells a new program.
#[derive(Default)]
struct Auxiliary {
    random: Option<u64>,
    vdso: Option<u64>,
}

/// Reads what lies behind arguments and environment at the start of the stack.
fn auxiliary(tid: Tid, stack: u64) -> io::Result<Auxiliary> {
    let arguments = memory::read_u64(tid, stack)?;
    let mut at = stack + 8 * (arguments + 2);
    while memory::read_u64(tid, at)? != 0 {
        at += 8;
    }
    at += 8;
    let mut found = Auxiliary::default();
    loop {
        let (kind, value) = (memory::read_u64(tid, at)?, memory::read_u64(tid, at + 8)?);
        match kind {
            0 => return Ok(found),
            AT_RANDOM => found.random = Some(value),
            AT_SYSINFO_EHDR => found.vdso = Some(value),
            _ => {}
        }
        at += 16;
    }
}
