//! All processes of a run: those that belong to a node, and those that were told
//! to end and have not yet.

use std::process::Child;
use std::time::Duration;

use glomers_history::Time;
use glomers_protocol::NodeId;
use mio::{Interest, Poll, Token};
use rustix::process::{Pid, Signal};

use crate::BenchError;
use crate::clock::{Clock, pause};
use crate::groups::{has_ended, kill_child_and_group, kill_marked, signal_group};
use crate::lines::LogBuffer;
use crate::process::{Inlet, Launch, Running};
use crate::watchdog::Watchdog;

/// How long a node may take to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(2);
/// How long the end of a run waits for processes that were killed. Longer waits
/// only happen when the machine itself is stuck.
const PATIENCE: Duration = Duration::from_secs(10);

/// A pipe of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    Stdin,
    Stdout,
    Stderr,
}

const STREAMS: usize = 3;

/// What the poll calls a pipe.
pub(crate) fn token(node: u32, stream: Stream) -> Token {
    Token(node as usize * STREAMS + stream as usize)
}

/// Whose pipe it is.
pub(crate) fn of_token(token: Token) -> (u32, Stream) {
    let stream = match token.0 % STREAMS {
        0 => Stream::Stdin,
        1 => Stream::Stdout,
        _ => Stream::Stderr,
    };
    ((token.0 / STREAMS) as u32, stream)
}

/// A process that was told to end.
#[derive(Debug)]
struct Leaving {
    node: u32,
    child: Child,
    group: Pid,
    /// Kept open, so that it does not fail at a last word.
    _stdout: Inlet,
    stderr: Inlet,
    log: LogBuffer,
    /// When it is killed; `None`: it was.
    kill_at: Option<Time>,
}

/// The processes of a run. When this is dropped, none is left.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) poll: Poll,
    pub(crate) names: Vec<NodeId>,
    pub(crate) nodes: Vec<Option<Running>>,
    launch: Launch,
    leaving: Vec<Leaving>,
    watchdog: Option<Watchdog>,
    is_over: bool,
}

impl Cluster {
    pub(crate) fn new(
        launch: Launch,
        names: Vec<NodeId>,
        watchdog: Option<Watchdog>,
    ) -> Result<Cluster, BenchError> {
        Ok(Cluster {
            poll: Poll::new().map_err(BenchError::system("cannot wait for events"))?,
            nodes: names.iter().map(|_| None).collect(),
            names,
            launch,
            leaving: Vec::new(),
            watchdog,
            is_over: false,
        })
    }

    /// Starts a node.
    pub(crate) fn start(&mut self, node: u32, incarnation: u32) -> Result<(), BenchError> {
        let running = self.launch.start(node, &self.names[node as usize], incarnation)?;
        if let Some(watchdog) = &mut self.watchdog {
            watchdog.group(running.group);
        }
        let running = self.nodes[node as usize].insert(running);
        let registry = self.poll.registry();
        let register = |inlet: &mut Inlet, stream| match &mut inlet.pipe {
            Some(pipe) => registry.register(pipe, token(node, stream), Interest::READABLE),
            None => Ok(()),
        };
        register(&mut running.stdout, Stream::Stdout)
            .and_then(|()| register(&mut running.stderr, Stream::Stderr))
            .and_then(|()| match &mut running.stdin {
                // Tells when a node that stopped reading goes on, and when it
                // closes its end. A pipe that is never full makes no more than
                // these events.
                Some(pipe) => {
                    registry.register(pipe, token(node, Stream::Stdin), Interest::WRITABLE)
                }
                None => Ok(()),
            })
            .map_err(BenchError::system("cannot watch a pipe"))
    }

    pub(crate) fn signal(&self, node: u32, signal: Signal) {
        if let Some(running) = &self.nodes[node as usize] {
            signal_group(running.group, signal);
        }
    }

    /// Tells a node to end: at once, or by SIGTERM and, after some time, at once.
    pub(crate) fn stop(&mut self, now: Time, node: u32, is_at_once: bool) {
        let Some(running) = self.nodes[node as usize].take() else {
            return;
        };
        if is_at_once {
            kill_child_and_group(running.group);
        } else {
            signal_group(running.group, Signal::TERM);
            signal_group(running.group, Signal::CONT);
        }
        self.leaving.push(Leaving {
            node,
            child: running.child,
            group: running.group,
            _stdout: running.stdout,
            stderr: running.stderr,
            log: running.log,
            kill_at: (!is_at_once).then(|| now + GRACE),
        });
    }

    /// Forgets a node that has ended by itself, with all that is left of its
    /// group, and says how it ended.
    pub(crate) fn bury(&mut self, node: u32) -> Option<(Running, String)> {
        let mut running = self.nodes[node as usize].take()?;
        // The group goes first: as long as its leader is not reaped, nobody else
        // can have its number.
        kill_child_and_group(running.group);
        let how = match running.child.wait() {
            Ok(status) => crate::groups::exit_in_words(status),
            Err(_) => "ended".to_owned(),
        };
        if let Some(watchdog) = &mut self.watchdog {
            watchdog.gone(running.group);
        }
        Some((running, how))
    }

    /// Whether a former process of this node is still there.
    pub(crate) fn is_leaving(&self, node: u32) -> bool {
        self.leaving.iter().any(|leaving| leaving.node == node)
    }

    /// Whether any process was told to end and has not yet.
    pub(crate) fn is_anybody_leaving(&self) -> bool {
        !self.leaving.is_empty()
    }

    /// Goes on with those that leave: kills those whose time is up, takes what
    /// they log, reaps those that have ended.
    pub(crate) fn see_off(&mut self, now: Time, space: &mut [u8], mut log: impl FnMut(u32, &str)) {
        let watchdog = &mut self.watchdog;
        self.leaving.retain_mut(|leaving| {
            let Leaving { node, group, log: buffer, .. } = leaving;
            if leaving.kill_at.is_some_and(|at| at <= now) {
                leaving.kill_at = None;
                kill_child_and_group(*group);
            }
            let has_ended = has_ended(*group);
            leaving.stderr.drain(space, |chunk| buffer.feed(chunk, |line| log(*node, line)));
            if !has_ended {
                return true;
            }
            buffer.finish(|line| log(*node, line));
            kill_child_and_group(*group);
            let _ = leaving.child.wait();
            if let Some(watchdog) = watchdog {
                watchdog.gone(*group);
            }
            false
        });
    }

    /// Whether a watchdog was started, but is not on guard. Said once.
    pub(crate) fn has_lost_watchdog(&mut self) -> bool {
        let is_lost = self.watchdog.as_mut().is_some_and(Watchdog::is_lost);
        if is_lost && let Some(watchdog) = self.watchdog.take() {
            watchdog.abandon();
        }
        is_lost
    }

    /// Ends all that is left, and waits until it is gone. Gives how many
    /// processes would not go.
    pub(crate) fn shut_down(&mut self, mut log: impl FnMut(u32, &str)) -> usize {
        if self.is_over {
            return 0;
        }
        self.is_over = true;
        for node in 0..self.nodes.len() as u32 {
            self.stop(Time::ZERO, node, true);
        }
        let clock = Clock::start();
        let mut space = vec![0; 64 * 1024];
        // Time::MAX: whoever still had a grace has none now.
        self.see_off(Time::MAX, &mut space, &mut log);
        while !self.leaving.is_empty() && clock.now() < Time::ZERO + PATIENCE {
            pause(Duration::from_millis(1));
            self.see_off(Time::MAX, &mut space, &mut log);
        }
        while kill_marked(&self.launch.run) > 0 && clock.now() < Time::ZERO + PATIENCE {
            pause(Duration::from_millis(1));
        }
        if let Some(watchdog) = self.watchdog.take() {
            watchdog.dismiss();
        }
        self.leaving.len()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // A run that ended well has done this already.
        self.shut_down(|_, _| {});
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cluster of one shell that runs this text and has said that it is ready.
    fn cluster(text: &str) -> Cluster {
        let arguments = vec!["-c".to_owned(), text.to_owned()];
        let run = crate::clock::unique_id();
        let launch = Launch::new("/bin/sh".into(), arguments, 1, run);
        let mut cluster = Cluster::new(launch, vec![NodeId::from("n0")], None).unwrap();
        cluster.start(0, 0).unwrap();
        let mut said = Vec::new();
        while !said.ends_with(b"ready\n") {
            pause(Duration::from_millis(1));
            let stderr = &mut cluster.nodes[0].as_mut().unwrap().stderr;
            stderr.drain(&mut [0; 100], |chunk| said.extend_from_slice(chunk));
        }
        cluster
    }

    fn see_off(cluster: &mut Cluster, now: Time) -> String {
        let mut logged = String::new();
        while cluster.is_anybody_leaving() {
            pause(Duration::from_millis(1));
            cluster.see_off(now, &mut [0; 100], |_, line| logged.push_str(line));
        }
        logged
    }

    #[test]
    fn a_node_may_end_by_itself_after_sigterm() {
        let mut cluster =
            cluster("trap 'echo bye >&2; exit' TERM; echo ready >&2; while :; do sleep 0.01; done");
        cluster.stop(Time::ZERO, 0, false);
        assert!(cluster.is_leaving(0));
        // No time passes, so nobody is killed.
        let said = see_off(&mut cluster, Time::ZERO);
        // The shell may have a word for its own child, too.
        assert!(said.ends_with("bye"), "{said}");
    }

    #[test]
    fn a_node_that_ignores_sigterm_is_killed() {
        let mut cluster = cluster("trap '' TERM; echo ready >&2; while :; do sleep 1000; done");
        cluster.stop(Time::ZERO, 0, false);
        cluster.see_off(Time::ZERO + GRACE / 2, &mut [0; 100], |_, _| {});
        assert!(cluster.is_leaving(0));
        see_off(&mut cluster, Time::ZERO + GRACE);
    }
}
