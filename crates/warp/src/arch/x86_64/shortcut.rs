//! Calls whose result is a word of the shared page.

use crate::sys::page;

/// The bytes of such a call: `mov eax, number` and `syscall`.
pub(crate) const SHORTCUT_LENGTH: usize = 7;

/// A call that asks for a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shortcut {
    /// `getpid`.
    Process,
    /// `gettid`.
    Thread,
}

impl Shortcut {
    /// The code of the call.
    pub(crate) fn call(self) -> [u8; SHORTCUT_LENGTH] {
        let number = match self {
            Shortcut::Process => libc::SYS_getpid,
            Shortcut::Thread => libc::SYS_gettid,
        };
        let [a, b, c, d] = (number as u32).to_le_bytes();
        [0xb8, a, b, c, d, 0x0f, 0x05]
    }

    /// What takes its place: `mov eax, dword ptr [address]`.
    pub(crate) fn instead(self) -> [u8; SHORTCUT_LENGTH] {
        let place = match self {
            Shortcut::Process => page::PROCESS,
            Shortcut::Thread => page::THREAD,
        };
        let [a, b, c, d] = ((page::ADDRESS + place) as u32).to_le_bytes();
        [0x8b, 0x04, 0x25, a, b, c, d]
    }
}
