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

/// How deep wrappers of wrappers are followed.
const DEEPEST: usize = 8;

/// In what a process's times are counted, everywhere on Linux.
const TICK: Duration = Duration::from_millis(10);

/// How long a process and those that it started have waited for a processor or a disk
/// while they could have gone on; zero if the system does not tell.
///
/// The system counts this for each process, but forgets it with the process, and there
/// are wrappers that start many short ones before they become the node. So besides it is
/// looked at now and then: where one of them could run, or waits for a disk, the time
/// since the last look was spent waiting but for what they ran.
#[derive(Debug, Default)]
pub(crate) struct Waited {
    last: Option<(Duration, Duration)>,
    looked: Duration,
}

/// What is seen of a process and those that it started.
#[derive(Debug, Default, Clone, Copy)]
struct Seen {
    /// Whether one of them could run, or waits for a disk.
    is_ready: bool,
    /// How long they have run, those that are gone included.
    ran: Duration,
    /// How long those that are there have waited.
    waited: Duration,
}

impl Waited {
    /// Looks at a process now, so long after any fixed moment. How long it has waited
    /// in all.
    pub(crate) fn look(&mut self, process: Pid, now: Duration) -> Duration {
        let mut seen = Seen::default();
        see(process.as_raw_nonzero().get(), 0, &mut seen);
        self.saw(seen, now)
    }

    fn saw(&mut self, seen: Seen, now: Duration) -> Duration {
        if let Some((before, ran)) = self.last
            && seen.is_ready
        {
            let since = now.saturating_sub(before);
            self.looked += since.saturating_sub(seen.ran.saturating_sub(ran));
        }
        self.last = Some((now, seen.ran));
        self.looked.max(seen.waited)
    }
}

fn see(process: i32, depth: usize, seen: &mut Seen) {
    let read = |name: &str| fs::read_to_string(format!("/proc/{process}/{name}"));
    // On a processor and waiting for one, ns, then how often.
    if let Ok(text) = read("schedstat")
        && let Some(waited) = text.split(' ').nth(1).and_then(|number| number.parse().ok())
    {
        seen.waited += Duration::from_nanos(waited);
    }
    if let Ok(text) = read("stat") {
        // Behind the name, which may hold anything: the state, and from the twelfth on
        // the times of the process, then of those that it has waited for.
        let mut fields = text.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
        seen.is_ready |= matches!(fields.next(), Some("R" | "D"));
        let times = fields.skip(10).take(4).filter_map(|field| field.parse::<u32>().ok());
        seen.ran += TICK * times.sum::<u32>();
    }
    if depth == DEEPEST {
        return;
    }
    let children = read(&format!("task/{process}/children")).unwrap_or_default();
    for child in children.split_whitespace().filter_map(|child| child.parse().ok()) {
        see(child, depth + 1, seen);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    fn seen(is_ready: bool, ran: u32, waited: u32) -> Seen {
        Seen { is_ready, ran: S * ran, waited: S * waited }
    }

    #[test]
    fn what_processes_waited_that_are_gone_counts() {
        let mut waited = Waited::default();
        assert_eq!(waited.saw(seen(true, 0, 0), S), Duration::ZERO);
        // Ready all the time, and ran for one second of five.
        assert_eq!(waited.saw(seen(true, 1, 1), 6 * S), 4 * S);
        // It sleeps: nobody keeps it waiting.
        assert_eq!(waited.saw(seen(false, 1, 0), 16 * S), 4 * S);
        // It computes, and has a processor of its own.
        assert_eq!(waited.saw(seen(true, 11, 0), 26 * S), 4 * S);
        // What the system counts may be more.
        assert_eq!(waited.saw(seen(false, 11, 9), 27 * S), 9 * S);
    }

    /// A wrapper whose processes are gone: what they ran is known.
    #[cfg(target_os = "linux")]
    #[test]
    fn what_processes_ran_that_are_gone_is_seen() {
        use std::process::{Command, Stdio};
        let work = "head -c 100000000 /dev/zero | cksum > /dev/null; echo done; read x";
        let mut shell = Command::new("sh")
            .args(["-c", work])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = [0; 5];
        std::io::Read::read_exact(shell.stdout.as_mut().unwrap(), &mut line).unwrap();
        let mut seen = Seen::default();
        see(shell.id().cast_signed(), 0, &mut seen);
        assert!(seen.ran > Duration::ZERO, "{seen:?}");
        drop(shell.stdin.take());
        shell.wait().unwrap();
    }
}
