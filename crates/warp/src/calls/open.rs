//! Files that say something of the machine, or are random: others stand in for them.

use std::io;

use crate::arch::Call;
use crate::options::Pin;
use crate::sys::page::{self, memory_file};
use crate::sys::{memory, ptrace};
use crate::tree::thread::{After, Resume, ThreadId};
use crate::tree::{Next, Tree, done};

use super::{arguments, clocks};

/// How much there is to read of a random file, bytes. Whoever opens it anew gets
/// other bytes.
const RANDOM: usize = 256 * 1024;
/// Where the path of a stand-in is put.
const PATH_ROOM: u64 = page::ADDRESS + page::ROOM + 512;
const LONGEST: usize = 1024;

/// What stands in for a file: content, or another path.
enum StandIn {
    Content(Vec<u8>),
    Path(Vec<u8>),
}

pub(super) fn open(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let place = usize::from(tree.threads[&id].call == libc::SYS_openat);
    let execute = Ok(Next::Run(Resume::Execute));
    let path = arguments(tree, id)[place];
    let tid = tree.tid(id);
    let Ok(Some(name)) = memory::read_text(tid, path) else { return execute };
    let Some(stand_in) = stand_in(tree, id, &name) else { return execute };
    let mut name = match stand_in {
        StandIn::Path(path) => path,
        StandIn::Content(content) => {
            let (file, path) = memory_file(&content)?;
            tree.stand_ins.push(file);
            path.into_bytes()
        }
    };
    name.push(0);
    if name.len() > LONGEST {
        return execute;
    }
    memory::write(tid, PATH_ROOM, &name)?;
    let mut registers = tree.threads[&id].registers;
    registers.set_argument(place, PATH_ROOM);
    ptrace::set_registers(tid, &registers)?;
    tree.thread(id).after = After::Opened { path, place };
    Ok(Next::Run(Resume::ToExit))
}

pub(super) fn after(tree: &mut Tree, id: ThreadId, path: u64, place: usize) -> io::Result<Next> {
    // It is open now, or will never be.
    tree.stand_ins.clear();
    super::numbers::restore(tree, id, place, path)
}

fn stand_in(tree: &mut Tree, id: ThreadId, name: &[u8]) -> Option<StandIn> {
    if tree.tracer.has(Pin::Files) && name.starts_with(b"/tmp/hsperfdata_") {
        // Where every Java machine looks for others, and for what they left behind.
        use std::os::unix::ffi::OsStrExt;
        return Some(StandIn::Path(tree.private.as_os_str().as_bytes().to_vec()));
    }
    if !name.starts_with(b"/dev/") && !name.starts_with(b"/proc/") && !name.starts_with(b"/sys/") {
        return None;
    }
    let name = std::str::from_utf8(name).ok()?;
    if matches!(name, "/dev/urandom" | "/dev/random") {
        let is_pinned = tree.tracer.has(Pin::Random);
        return is_pinned.then(|| StandIn::Content(tree.random_bytes(RANDOM)));
    }
    if tree.tracer.has(Pin::Processors) && name.starts_with("/sys/devices/system/cpu/") {
        let which = name.trim_start_matches("/sys/devices/system/cpu/");
        let last = tree.processors - 1;
        let range = if last == 0 { "0\n".to_owned() } else { format!("0-{last}\n") };
        return matches!(which, "online" | "possible" | "present")
            .then(|| StandIn::Content(range.into_bytes()));
    }
    if tree.tracer.has(Pin::Files)
        && let Some(content) = content(tree, name)
    {
        return Some(StandIn::Content(content.into_bytes()));
    }
    translated(tree, id, name).map(StandIn::Path)
}

/// The path of a process's files, by the kernel's number.
fn translated(tree: &Tree, id: ThreadId, name: &str) -> Option<Vec<u8>> {
    let rest = name.strip_prefix("/proc/")?;
    let end = rest.find('/').unwrap_or(rest.len());
    let number: i32 = rest[..end].parse().ok()?;
    let _ = id;
    let tid = tree.tid_of(number)?;
    let path = format!("/proc/{tid}{}", &rest[end..]);
    // `/proc/self/task/…` names threads.
    let with_task = path.split_once("/task/").and_then(|(before, after)| {
        let end = after.find('/').unwrap_or(after.len());
        let thread = tree.tid_of(after[..end].parse().ok()?)?;
        Some(format!("{before}/task/{thread}{}", &after[end..]))
    });
    Some(with_task.unwrap_or(path).into_bytes())
}

/// What a file says of a machine that is never busy.
fn content(tree: &Tree, name: &str) -> Option<String> {
    const SECOND: u64 = 1_000_000_000;
    let now = tree.clock.now();
    Some(match name {
        "/proc/uptime" => {
            let (seconds, part) = (now / SECOND, now % SECOND / 10_000_000);
            format!("{seconds}.{part:02} {seconds}.{part:02}\n")
        }
        "/proc/loadavg" => "0.00 0.00 0.00 1/100 1\n".to_owned(),
        "/proc/stat" => {
            let idle = now / 10_000_000;
            let mut text =
                format!("cpu  0 0 0 {} 0 0 0 0 0 0\n", idle * u64::from(tree.processors));
            for processor in 0..tree.processors {
                text += &format!("cpu{processor} 0 0 0 {idle} 0 0 0 0 0 0\n");
            }
            let boot = (tree.clock.wall()) / SECOND;
            text + &format!(
                "intr 0\nctxt 0\nbtime {boot}\nprocesses 1\nprocs_running 1\nprocs_blocked 0\n"
            )
        }
        "/proc/meminfo" => {
            let total = clocks::total_memory() / 1024;
            let half = total / 2;
            format!(
                "MemTotal: {total:>15} kB\nMemFree: {half:>16} kB\nMemAvailable: {half:>11} kB\n\
                 Buffers: {0:>16} kB\nCached: {0:>17} kB\nSwapCached: {0:>13} kB\n\
                 SwapTotal: {0:>14} kB\nSwapFree: {0:>15} kB\n",
                0
            )
        }
        "/proc/cpuinfo" => processors(tree.processors)?,
        _ => return None,
    })
}

/// What the kernel says of its processors, without how fast they are just now.
fn processors(count: u32) -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let first = text.split("\n\n").next()?;
    let mut all = String::new();
    for number in 0..count {
        for line in first.lines() {
            let key = line.split(':').next().unwrap_or_default().trim();
            match key {
                "processor" => all += &format!("processor\t: {number}\n"),
                "cpu MHz" => all += "cpu MHz\t\t: 1000.000\n",
                "bogomips" => all += "bogomips\t: 2000.00\n",
                _ => {
                    all += line;
                    all.push('\n');
                }
            }
        }
        all.push('\n');
    }
    Some(all)
}

/// `readlink` and `readlinkat`, of `/proc/self` and of a process's files.
pub(super) fn readlink(tree: &mut Tree, id: ThreadId) -> io::Result<Next> {
    let place = usize::from(tree.threads[&id].call == libc::SYS_readlinkat);
    let arguments = arguments(tree, id);
    let execute = Ok(Next::Run(Resume::Execute));
    let tid = tree.tid(id);
    let Ok(Some(name)) = memory::read_text(tid, arguments[place]) else { return execute };
    if !tree.tracer.has(Pin::Numbers) || !name.starts_with(b"/proc/") {
        return execute;
    }
    if name == b"/proc/self" {
        let text = tree.process_of(id).number.to_string();
        let room = arguments[place + 2] as usize;
        let bytes = &text.as_bytes()[..text.len().min(room)];
        memory::write(tid, arguments[place + 1], bytes)?;
        return Ok(done(bytes.len() as i64));
    }
    let name = String::from_utf8(name).unwrap_or_default();
    let Some(mut path) = translated(tree, id, &name) else { return execute };
    path.push(0);
    memory::write(tid, PATH_ROOM, &path)?;
    let mut registers = tree.threads[&id].registers;
    registers.set_argument(place, PATH_ROOM);
    ptrace::set_registers(tid, &registers)?;
    tree.thread(id).after = After::Opened { path: arguments[place], place };
    Ok(Next::Run(Resume::ToExit))
}
