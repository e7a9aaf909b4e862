//! Memory of another process.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::FileExt;

use super::Tid;

/// Reads from a process into the whole buffer.
pub(crate) fn read(tid: Tid, address: u64, buffer: &mut [u8]) -> io::Result<()> {
    let wanted = buffer.len();
    let ours = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: wanted };
    let theirs = libc::iovec { iov_base: address as *mut libc::c_void, iov_len: wanted };
    // SAFETY: the kernel writes at most `wanted` bytes into our buffer, and checks
    // the address in the other process itself.
    let count = unsafe { libc::process_vm_readv(tid, &ours, 1, &theirs, 1, 0) };
    match usize::try_from(count) {
        Ok(count) if count == wanted => Ok(()),
        Ok(_) => Err(io::Error::from_raw_os_error(libc::EFAULT)),
        Err(_) => Err(io::Error::last_os_error()),
    }
}

/// Writes into a process, also where it may not write itself.
pub(crate) fn write(tid: Tid, address: u64, bytes: &[u8]) -> io::Result<()> {
    let ours = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    let theirs = libc::iovec { iov_base: address as *mut libc::c_void, iov_len: bytes.len() };
    // SAFETY: the kernel only reads our bytes, and checks the address in the other
    // process itself.
    let count = unsafe { libc::process_vm_writev(tid, &ours, 1, &theirs, 1, 0) };
    if usize::try_from(count) == Ok(bytes.len()) { Ok(()) } else { force(tid, address, bytes) }
}

/// Writes into a process whatever the protection of its pages.
pub(crate) fn force(tid: Tid, address: u64, bytes: &[u8]) -> io::Result<()> {
    let memory = OpenOptions::new().write(true).open(format!("/proc/{tid}/mem"))?;
    memory.write_all_at(bytes, address)
}

/// A number of 32 bits.
pub(crate) fn read_u32(tid: Tid, address: u64) -> io::Result<u32> {
    let mut bytes = [0; 4];
    read(tid, address, &mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

/// A number of 64 bits.
pub(crate) fn read_u64(tid: Tid, address: u64) -> io::Result<u64> {
    let mut bytes = [0; 8];
    read(tid, address, &mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

/// Two numbers of 64 bits that lie together, as in `timespec` and `timeval`.
pub(crate) fn read_pair(tid: Tid, address: u64) -> io::Result<(i64, i64)> {
    let mut bytes = [0; 16];
    read(tid, address, &mut bytes)?;
    let [first, second] = [0, 8].map(|at| {
        i64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes are eight bytes"))
    });
    Ok((first, second))
}

/// Writes two numbers of 64 bits that lie together.
pub(crate) fn write_pair(tid: Tid, address: u64, first: i64, second: i64) -> io::Result<()> {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&first.to_le_bytes());
    bytes[8..].copy_from_slice(&second.to_le_bytes());
    write(tid, address, &bytes)
}

/// The longest path that the kernel takes.
const PATH_MAX: usize = 4096;
const PAGE: u64 = 4096;

/// A text that ends with a zero; `None` if it has no end.
pub(crate) fn read_text(tid: Tid, address: u64) -> io::Result<Option<Vec<u8>>> {
    let mut text = Vec::new();
    let mut at = address;
    while text.len() < PATH_MAX {
        // Not beyond the page: the next one may not be there.
        let mut piece = vec![0; (PAGE - at % PAGE).min(256) as usize];
        read(tid, at, &mut piece)?;
        if let Some(end) = memchr::memchr(0, &piece) {
            text.extend_from_slice(&piece[..end]);
            return Ok(Some(text));
        }
        text.extend_from_slice(&piece);
        at += piece.len() as u64;
    }
    Ok(None)
}
