//! Machine code that a node's processes run where they would ask the kernel's vDSO.
//! It reads the clock that they share with the tracer, and lets a little time go by
//! at each look, so that a loop that waits for the clock ends. A look that is late
//! enough gives the turn to others.

use crate::sys::page;

/// Where the code lies in every process of a node: behind the shared page.
pub(crate) const CODE_ADDRESS: u64 = page::ADDRESS + page::SIZE as u64;

// The places in the shared page, as numbers, are those of `sys::page`; a test
// compares them.
core::arch::global_asm!(
    // A look so late that others must have a turn: sched_yield stops for the tracer. Each
    // place goes on at its own label 4.
    ".macro glomers_warp_give_turn",
    "9:",
    "push rax",
    "mov eax, 24",
    "syscall",
    "pop rax",
    "jmp 4b",
    ".endm",
    ".pushsection .rodata",
    ".globl glomers_warp_code, glomers_warp_code_end",
    ".globl glomers_warp_gettime, glomers_warp_gettimeofday, glomers_warp_time",
    ".globl glomers_warp_getcpu, glomers_warp_getrandom",
    "glomers_warp_code:",
    // int clock_gettime(clockid_t, struct timespec *)
    "glomers_warp_gettime:",
    "cmp edi, 11",
    "ja 8f",
    // Clocks of the processor are the tracer's business.
    "cmp edi, 2",
    "je 8f",
    "cmp edi, 3",
    "je 8f",
    "test rsi, rsi",
    "je 8f",
    "mov rax, qword ptr [0x10010]",
    "lock xadd qword ptr [0x10000], rax",
    "cmp rax, qword ptr [0x10020]",
    "ja 9f",
    "4:",
    // 0, 5, 8 and 11 are the wall clock in one form or another.
    "mov ecx, edi",
    "mov edx, 0x921",
    "bt edx, ecx",
    "jnc 2f",
    "add rax, qword ptr [0x10008]",
    "mov qword ptr [0x10018], 1",
    "2:",
    "xor edx, edx",
    "mov ecx, 1000000000",
    "div rcx",
    "mov qword ptr [rsi], rax",
    "mov qword ptr [rsi + 8], rdx",
    "xor eax, eax",
    "ret",
    "8:",
    "mov eax, 228",
    "syscall",
    "ret",
    "glomers_warp_give_turn",
    // int gettimeofday(struct timeval *, struct timezone *)
    ".balign 16",
    "glomers_warp_gettimeofday:",
    "mov rax, qword ptr [0x10010]",
    "lock xadd qword ptr [0x10000], rax",
    "cmp rax, qword ptr [0x10020]",
    "ja 9f",
    "4:",
    "add rax, qword ptr [0x10008]",
    "mov qword ptr [0x10018], 1",
    "test rdi, rdi",
    "je 2f",
    "xor edx, edx",
    "mov ecx, 1000000000",
    "div rcx",
    "mov qword ptr [rdi], rax",
    "mov rax, rdx",
    "xor edx, edx",
    "mov ecx, 1000",
    "div rcx",
    "mov qword ptr [rdi + 8], rax",
    "2:",
    "test rsi, rsi",
    "je 3f",
    "mov qword ptr [rsi], 0",
    "3:",
    "xor eax, eax",
    "ret",
    "glomers_warp_give_turn",
    // time_t time(time_t *)
    ".balign 16",
    "glomers_warp_time:",
    "mov rax, qword ptr [0x10010]",
    "lock xadd qword ptr [0x10000], rax",
    "cmp rax, qword ptr [0x10020]",
    "ja 9f",
    "4:",
    "add rax, qword ptr [0x10008]",
    "mov qword ptr [0x10018], 1",
    "xor edx, edx",
    "mov ecx, 1000000000",
    "div rcx",
    "test rdi, rdi",
    "je 2f",
    "mov qword ptr [rdi], rax",
    "2:",
    "ret",
    "glomers_warp_give_turn",
    // int getcpu(unsigned *, unsigned *, void *)
    ".balign 16",
    "glomers_warp_getcpu:",
    "test rdi, rdi",
    "je 2f",
    "mov dword ptr [rdi], 0",
    "2:",
    "test rsi, rsi",
    "je 3f",
    "mov dword ptr [rsi], 0",
    "3:",
    "xor eax, eax",
    "ret",
    // ssize_t getrandom(void *, size_t, unsigned, void *state, size_t state_len):
    // who asks how large a state must be (length ~0) hears that there is none, and
    // makes system calls; so does who calls without asking.
    ".balign 16",
    "glomers_warp_getrandom:",
    "cmp r8, -1",
    "je 2f",
    "mov eax, 318",
    "syscall",
    "ret",
    "2:",
    "mov rax, -38",
    "ret",
    "glomers_warp_code_end:",
    ".popsection",
);

// SAFETY: the names are defined above; only their addresses are used.
unsafe extern "C" {
    static glomers_warp_code: u8;
    static glomers_warp_code_end: u8;
    static glomers_warp_gettime: u8;
    static glomers_warp_gettimeofday: u8;
    static glomers_warp_time: u8;
    static glomers_warp_getcpu: u8;
    static glomers_warp_getrandom: u8;
}

/// The code, to be put at [`CODE_ADDRESS`].
pub(crate) fn code_page() -> &'static [u8] {
    let (start, end) = (&raw const glomers_warp_code, &raw const glomers_warp_code_end);
    // SAFETY: both are addresses in one piece of read-only data, in this order.
    unsafe { std::slice::from_raw_parts(start, end as usize - start as usize) }
}

/// Where in a process the code lies that replaces a function of the vDSO.
pub(super) fn replacement(name: &str) -> Option<u64> {
    let start = match name {
        "__vdso_clock_gettime" => &raw const glomers_warp_gettime,
        "__vdso_gettimeofday" => &raw const glomers_warp_gettimeofday,
        "__vdso_time" => &raw const glomers_warp_time,
        "__vdso_getcpu" => &raw const glomers_warp_getcpu,
        "__vdso_getrandom" => &raw const glomers_warp_getrandom,
        _ => return None,
    };
    let code = &raw const glomers_warp_code;
    Some(CODE_ADDRESS + (start as u64 - code as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_knows_the_places_in_the_page() {
        let places = [page::NOW, page::WALL, page::COST, page::LOOKED, page::LIMIT]
            .map(|at| page::ADDRESS + at);
        assert_eq!(places, [0x10000, 0x10008, 0x10010, 0x10018, 0x10020]);
        assert!(code_page().len() < 1024, "there must be room behind it");
    }
}
