//! How busy the machine is, as far as the system tells.

use std::fs;
use std::time::Duration;

use rustix::process::Pid;

/// How many processors there are.
pub(crate) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// How busy the machine is, in words; empty if the system does not tell.
pub(crate) fn load_in_words() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    match load.split(' ').next().filter(|load| !load.is_empty()) {
        Some(load) => {
            let count = processors();
            format!("load {load} on {count} processor{}", if count == 1 { "" } else { "s" })
        }
        None => String::new(),
    }
}

/// How long a process and those that it started have waited for a processor while
/// they could have run; zero if the system does not tell.
pub(crate) fn waited(process: Pid) -> Duration {
    waited_of(process.as_raw_nonzero().get(), 0)
}

/// How deep wrappers of wrappers are followed.
const DEEPEST: usize = 8;

fn waited_of(process: i32, depth: usize) -> Duration {
    // On a processor and waiting for one, ns, then how often.
    let own = fs::read_to_string(format!("/proc/{process}/schedstat"))
        .ok()
        .and_then(|text| text.split(' ').nth(1)?.parse().ok())
        .map_or(Duration::ZERO, Duration::from_nanos);
    if depth == DEEPEST {
        return own;
    }
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children"));
    let children = children.unwrap_or_default();
    let others = children.split_whitespace().filter_map(|child| child.parse().ok());
    own + others.map(|child| waited_of(child, depth + 1)).sum::<Duration>()
}
