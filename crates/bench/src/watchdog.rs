//! A second process that outlives Glomers by a moment and cleans up.
//!
//! It holds the reading end of a pipe whose writing end only Glomers has. When
//! Glomers dies, even by SIGKILL, the pipe ends, and the watchdog kills every
//! process group that it was told of, and (on Linux) every process with the mark
//! of the run. It is in a process group of its own and ignores the signals that
//! a terminal sends.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rustix::process::Pid;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

use crate::clock::{Clock, pause};
use crate::groups::{MARKER, kill_group, kill_marked};

/// What the watchdog is called with.
pub const WATCHDOG_ARGUMENT: &str = "__watchdog";
/// What it says once it is on guard.
const HELLO: &[u8] = b"glomers-watchdog 1\n";
/// In its environment, so that a program which runs a cluster instead of
/// watching one does not start another of itself, and so on.
const GUARD: &str = "GLOMERS_WATCHDOG";
/// How long it looks for processes that keep forking.
const PERSISTENCE: Duration = Duration::from_secs(10);

/// Where the watchdog comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum WatchdogProgram {
    /// This very program, which must call [`watchdog_main`] when its first
    /// argument is [`WATCHDOG_ARGUMENT`].
    #[default]
    CurrentExe,
    /// Another program that does.
    Program(PathBuf),
    /// None: a SIGKILL of this process leaves the nodes alive.
    Off,
}

/// The side of Glomers.
#[derive(Debug)]
pub(crate) struct Watchdog {
    child: Child,
    pipe: ChildStdin,
    said: ChildStdout,
    heard: Vec<u8>,
    is_lost: bool,
}

impl Watchdog {
    /// Starts the watchdog, or says why there is none.
    pub(crate) fn start(program: &WatchdogProgram, run: &str) -> Result<Watchdog, String> {
        if std::env::var_os(GUARD).is_some() {
            return Err("this process is itself a watchdog that went astray".to_owned());
        }
        let path = match program {
            WatchdogProgram::Off => return Err("it is switched off".to_owned()),
            WatchdogProgram::Program(path) => {
                std::path::absolute(path).map_err(|error| error.to_string())?
            }
            WatchdogProgram::CurrentExe => {
                std::env::current_exe().map_err(|error| error.to_string())?
            }
        };
        let mut child = Command::new(&path)
            .arg(WATCHDOG_ARGUMENT)
            .env(GUARD, "1")
            .env_remove(MARKER)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|error| format!("{} cannot be started: {error}", path.display()))?;
        let (Some(pipe), Some(said)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("it has no pipes".to_owned());
        };
        for fd in [pipe.as_fd(), said.as_fd()] {
            rustix::io::ioctl_fionbio(fd, true).map_err(|error| error.to_string())?;
        }
        let mut watchdog = Watchdog { child, pipe, said, heard: Vec::new(), is_lost: false };
        watchdog.tell(&format!("marker {run}"));
        Ok(watchdog)
    }

    /// There is a new process group.
    pub(crate) fn group(&mut self, group: Pid) {
        self.tell(&format!("group {}", group.as_raw_nonzero()));
    }

    /// A process group was killed and its leader reaped.
    pub(crate) fn gone(&mut self, group: Pid) {
        self.tell(&format!("gone {}", group.as_raw_nonzero()));
    }

    fn tell(&mut self, line: &str) {
        let line = format!("{line}\n");
        // A pipe takes so short a line whole or not at all. If it is full, the
        // program at its other end is no watchdog.
        if !self.is_lost && self.pipe.write_all(line.as_bytes()).is_err() {
            self.is_lost = true;
        }
    }

    /// Whether it is known not to be on guard.
    pub(crate) fn is_lost(&mut self) -> bool {
        if !self.is_lost && self.heard.len() < HELLO.len() {
            let mut bytes = [0; 64];
            match self.said.read(&mut bytes) {
                // The program ended, or closed its output, without a word.
                Ok(0) => self.is_lost = true,
                Ok(count) => self.heard.extend_from_slice(&bytes[..count]),
                Err(_) => {}
            }
            let length = self.heard.len().min(HELLO.len());
            self.is_lost |= self.heard[..length] != HELLO[..length];
        }
        self.is_lost
    }

    /// Ends what turned out to be no watchdog.
    pub(crate) fn abandon(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends it home.
    pub(crate) fn dismiss(mut self) {
        self.tell("done");
        let Watchdog { mut child, pipe, .. } = self;
        drop(pipe);
        let clock = Clock::start();
        while clock.now().as_secs_f64() < 1.0 {
            if !matches!(child.try_wait(), Ok(None)) {
                return;
            }
            pause(Duration::from_millis(1));
        }
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// What the watchdog knows.
#[derive(Debug, Default)]
struct Guard {
    groups: BTreeSet<i32>,
    marker: Option<String>,
    is_dismissed: bool,
}

impl Guard {
    fn hear(&mut self, line: &str) {
        match line.split_once(' ') {
            Some(("group", number)) => self.groups.extend(number.parse::<i32>().ok()),
            Some(("gone", number)) => {
                if let Ok(number) = number.parse() {
                    self.groups.remove(&number);
                }
            }
            Some(("marker", run)) => self.marker = Some(run.to_owned()),
            _ => self.is_dismissed |= line == "done",
        }
    }

    fn clean_up(&self) {
        // Numbers up to 1 would mean other things than a group.
        for group in self.groups.iter().filter(|&&number| number > 1) {
            if let Some(group) = Pid::from_raw(*group) {
                kill_group(group);
            }
        }
        let Some(run) = &self.marker else { return };
        let clock = Clock::start();
        while kill_marked(run) > 0 && clock.now().since(glomers_history::Time::ZERO) < PERSISTENCE {
            pause(Duration::from_millis(5));
        }
        // A process that was being started when Glomers died may have become
        // visible only now.
        pause(Duration::from_millis(50));
        kill_marked(run);
    }
}

/// The watchdog's whole life: waits until its standard input ends, then ends all
/// that the run left. Programs that run clusters call it when their first
/// argument is [`WATCHDOG_ARGUMENT`], and exit with what it returns.
pub fn watchdog_main() -> ExitCode {
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
        // A handler that only notes the signal keeps it from ending us.
        let _ = signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)));
    }
    // Nobody may have waited for these words.
    let mut out = std::io::stdout();
    let _ = out.write_all(HELLO).and_then(|()| out.flush());
    let mut guard = Guard::default();
    for line in BufReader::new(std::io::stdin().lock()).lines().map_while(Result::ok) {
        guard.hear(&line);
    }
    if !guard.is_dismissed {
        guard.clean_up();
    }
    ExitCode::SUCCESS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_is_left() {
        let mut guard = Guard::default();
        for line in ["marker 7-a", "group 10", "group 12", "gone 10", "gone x", "what"] {
            guard.hear(line);
        }
        assert_eq!(guard.groups.iter().copied().collect::<Vec<i32>>(), [12]);
        assert_eq!((guard.marker.as_deref(), guard.is_dismissed), (Some("7-a"), false));
        guard.hear("done");
        assert!(guard.is_dismissed);
    }
}
