//! A command that must end in time.

use std::io;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::Interrupt;

/// How often it is looked whether somebody wishes that it ends.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
/// How long a command that was asked to end may take for that.
const TO_END: Duration = Duration::from_secs(5);

/// Why a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It came to its end.
    Itself,
    /// Its time was over.
    TimeOver,
    /// Somebody wished it.
    Interrupted,
}

/// Runs a command to its end, without input. At the deadline, or if somebody wishes it, it
/// is asked to end (SIGTERM), and killed if it does not.
///
/// # Errors
/// If it cannot be started, or the system fails.
pub fn run_until(
    command: &mut Command,
    deadline: Instant,
    interrupt: &Interrupt,
) -> io::Result<(Output, Why)> {
    let child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let process = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let signal = |signal| {
        if let Some(process) = process {
            // It may have ended by now.
            let _ = kill_process(process, signal);
        }
    };
    let (sender, ended) = channel();
    std::thread::Builder::new().name("wait".to_owned()).spawn(move || {
        // Nobody listens any more only where the whole program ends.
        let _ = sender.send(child.wait_with_output());
    })?;
    let mut why = Why::Itself;
    let mut until = deadline;
    loop {
        let output = match ended.recv_timeout(BETWEEN_LOOKS) {
            Ok(output) => output?,
            Err(RecvTimeoutError::Disconnected) => return Err(io::Error::other("it was lost")),
            Err(RecvTimeoutError::Timeout) => {
                #[expect(clippy::disallowed_methods, reason = "a limit of real time")]
                let now = Instant::now();
                let is_wished = interrupt.is_requested();
                if why != Why::Itself && now >= until {
                    signal(Signal::KILL);
                } else if why == Why::Itself && (is_wished || now >= deadline) {
                    why = if is_wished { Why::Interrupted } else { Why::TimeOver };
                    until = now + TO_END;
                    signal(Signal::TERM);
                }
                continue;
            }
        };
        return Ok((output, why));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str, limit: Duration) -> (Output, Why) {
        #[expect(clippy::disallowed_methods, reason = "a limit of real time")]
        let deadline = Instant::now() + limit;
        let interrupt = Interrupt::new().unwrap();
        run_until(Command::new("sh").args(["-c", script]), deadline, &interrupt).unwrap()
    }

    #[test]
    fn a_command_that_takes_too_long_is_asked_to_end() {
        let (output, why) = run("echo a; exit 3", Duration::from_secs(60));
        assert_eq!(
            (&*output.stdout, output.status.code(), why),
            (&b"a\n"[..], Some(3), Why::Itself)
        );
        let (output, why) = run("trap 'echo b; exit 4' TERM; while :; do :; done", Duration::ZERO);
        // It may be asked before it has begun to listen.
        assert!(why == Why::TimeOver && !output.status.success(), "{output:?}");
    }
}
