//! The kernel's own code in every process: it reads clocks without a system call,
//! so it is replaced.

use std::io;

use object::{Object, ObjectSymbol};

use super::stubs::replacement;
use crate::sys::{Tid, memory};

/// The kernel has never had a larger one.
const LARGEST: usize = 32 * 1024;
const PAGE: usize = 4096;

/// Puts jumps to our code over the functions that tell the time. Gives the names of
/// those that were found.
pub(crate) fn patch(tid: Tid, start: u64) -> io::Result<Vec<String>> {
    let image = image(tid, start)?;
    let file = object::read::elf::ElfFile64::<object::Endianness>::parse(&*image)
        .map_err(|error| io::Error::other(format!("the vDSO cannot be read: {error}")))?;
    let mut found = Vec::new();
    for symbol in file.dynamic_symbols() {
        let Ok(name) = symbol.name() else { continue };
        let Some(target) = replacement(name) else { continue };
        memory::force(tid, start + symbol.address(), &jump(target))?;
        found.push(name.to_owned());
    }
    Ok(found)
}

/// `mov r11, target; jmp r11`: a function may spoil this register.
fn jump(target: u64) -> [u8; 13] {
    let mut code = [0x49, 0xbb, 0, 0, 0, 0, 0, 0, 0, 0, 0x41, 0xff, 0xe3];
    code[2..10].copy_from_slice(&target.to_le_bytes());
    code
}

fn image(tid: Tid, start: u64) -> io::Result<Vec<u8>> {
    let mut image = Vec::new();
    let mut page = [0; PAGE];
    while image.len() < LARGEST && memory::read(tid, start + image.len() as u64, &mut page).is_ok()
    {
        image.extend_from_slice(&page);
    }
    if image.is_empty() {
        return Err(io::Error::other("the vDSO is not where the kernel says"));
    }
    Ok(image)
}
