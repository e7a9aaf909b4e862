//! Nodes that end, or break the bounds of their pipes.

use std::time::Duration;

use glomers_sim::Input;

use super::{Driver, Log};
use crate::groups::{has_any_ended, has_ended};
use crate::process::Running;

/// How long a node that closed a pipe may take to end. Processes close their
/// pipes first and are gone a moment later.
const LAST_MOMENT: Duration = Duration::from_secs(1);
/// How soon after a long line an end is put down to it.
const SOON: Duration = Duration::from_secs(1);
/// How much of an unfinished line is shown.
const SHOWN: usize = 300;

impl Driver<'_, '_> {
    pub(super) fn stop(&mut self, node: u32, is_at_once: bool) {
        self.forget_start(node);
        self.tell_of_reading(node);
        if let Some(running) = &self.cluster.nodes[node as usize] {
            let waits = running.outgoing.len();
            if running.is_blocked && waits > 0 {
                let name = &self.cluster.names[node as usize];
                let text = format!(
                    "when {name} was stopped it had not read the last {} bytes sent to it",
                    grouped(waits)
                );
                self.note(&text);
            }
        }
        self.cluster.stop(self.now, node, is_at_once);
    }

    /// Looks after what makes no event.
    pub(super) fn keep_house(&mut self) {
        // One call for all children; only if one has ended each is asked.
        if has_any_ended() {
            for node in 0..self.cluster.nodes.len() as u32 {
                self.look_after(node);
            }
            self.see_off();
        } else if self.cluster.is_anybody_leaving() {
            self.see_off();
        }
        if self.cluster.has_lost_watchdog() {
            super::no_watchdog(self.note.as_mut(), "it did not answer");
        }
    }

    pub(super) fn see_off(&mut self) {
        let now = self.now;
        let mut log = Log { engine: &mut self.engine, echo: self.echo, now };
        let names = std::mem::take(&mut self.cluster.names);
        self.cluster.see_off(now, &mut self.space, |node, line| {
            log.line(node, &names[node as usize], line);
        });
        self.cluster.names = names;
    }

    /// Ends the cluster and gives how many processes would not go.
    pub(super) fn shut_down(&mut self) -> usize {
        let now = self.clock.now();
        let mut log = Log { engine: &mut self.engine, echo: self.echo, now };
        let names = self.cluster.names.clone();
        self.cluster.shut_down(|node, line| log.line(node, &names[node as usize], line))
    }

    /// A node has closed its standard input or output.
    pub(super) fn has_closed(&mut self, node: u32, what: &'static str) {
        let Some(running) = &mut self.cluster.nodes[node as usize] else {
            return;
        };
        if running.closed.is_none() {
            running.closed = Some((self.now, what));
            self.closing.push(node);
        }
    }

    pub(super) fn look_after_closing(&mut self) {
        let closing = std::mem::take(&mut self.closing);
        for node in closing {
            self.look_after(node);
            let closed = self.cluster.nodes[node as usize].as_ref().and_then(|node| node.closed);
            match closed {
                Some((since, what)) if self.now.since(since) > LAST_MOMENT => {
                    let name = match what {
                        "input" => "closed-stdin",
                        _ => "closed-stdout",
                    };
                    let how = format!("closed its standard {what}, but went on running");
                    self.broke(node, name, how);
                }
                Some(_) => self.closing.push(node),
                None => {}
            }
        }
    }

    /// Tells the engine if a node has ended by itself.
    fn look_after(&mut self, node: u32) {
        let Some(running) = &mut self.cluster.nodes[node as usize] else {
            return;
        };
        if !has_ended(running.group) {
            return;
        }
        // What it said before its end counts. Somebody whom it started may go on
        // writing, so there need not be an end.
        let (engine, now) = (&mut self.engine, self.now);
        let name = &self.cluster.names[node as usize];
        let Running { incarnation, stdout, stderr, lines, log: buffer, .. } = running;
        let incarnation = *incarnation;
        stdout.drain(&mut self.space, |chunk| {
            let each = |line: &[u8]| {
                engine.input(
                    now,
                    Input::Line { node, incarnation, offset: Duration::ZERO, cause: None, line },
                )
            };
            // Too long or not, this was its last.
            let _ = lines.feed(chunk, each);
        });
        let mut log = Log { engine: &mut self.engine, echo: self.echo, now };
        stderr.drain(&mut self.space, |chunk| {
            buffer.feed(chunk, |line| log.line(node, name, line));
        });
        buffer.finish(|line| log.line(node, name, line));
        let Some((running, mut how)) = self.cluster.bury(node) else {
            return;
        };
        if let Some((length, at)) = running.long_line
            && now.since(at) < SOON
        {
            how += &format!(
                " (right after a line of {} bytes; some libraries stop at 64 KiB)",
                grouped(length)
            );
        }
        let output = last_words(&running);
        self.engine.input(now, Input::Exited { node, incarnation, how, output });
    }

    /// Tells the engine that a node broke a bound, which ends the run.
    pub(super) fn broke(&mut self, node: u32, name: &'static str, how: String) {
        let Some(running) = &self.cluster.nodes[node as usize] else {
            return;
        };
        let (incarnation, output) = (running.incarnation, running.log.last());
        self.engine.input(self.now, Input::Broke { node, incarnation, name, how, output });
    }
}

/// What a node logged last, and a line that it began to print.
fn last_words(running: &Running) -> Vec<String> {
    let mut output = running.log.last();
    let unfinished = running.lines.unfinished();
    if !unfinished.is_empty() {
        let text = String::from_utf8_lossy(&unfinished[..unfinished.len().min(SHOWN)]);
        let dots = if unfinished.len() > SHOWN { "…" } else { "" };
        output.push(format!("its last line on standard output has no end: {text}{dots}"));
    }
    output
}

/// A number with its thousands apart: 70,113.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_are_apart() {
        let said: Vec<String> = [0, 999, 1000, 70_113, 33_554_432].map(grouped).to_vec();
        assert_eq!(said, ["0", "999", "1,000", "70,113", "33,554,432"]);
    }
}
