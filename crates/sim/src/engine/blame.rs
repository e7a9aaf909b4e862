//! What nodes do wrong against the protocol.

use glomers_history::{Ended, Event, Finding, StopReason, Value};
use glomers_node::{NodeId, Payload};

use super::Engine;
use crate::last_lines::SHOWN as LINES;

/// How many findings of this kind one node may cause.
const ERRORS_PER_NODE: u32 = 100;
/// How much of a line is shown.
const SHOWN: usize = 300;

fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}

impl Engine<'_> {
    /// Notes that a node broke the protocol with one message, which is dropped.
    /// `expected` says what would have been right and where to read.
    pub(super) fn blame(&mut self, node: u32, what: &str, line: &str, expected: &str) {
        let name = self.cluster.name(node);
        let summary = format!("{name} broke the protocol: {what}. The message was dropped.");
        self.blame_for(node, "node-error", summary, line, expected);
    }

    /// As [`Engine::blame`], for a finding of another name.
    pub(super) fn blame_for(
        &mut self,
        node: u32,
        finding: &'static str,
        summary: String,
        line: &str,
        expected: &str,
    ) {
        let record = &mut self.cluster.nodes[node as usize].rare.record;
        record.errors += 1;
        if record.errors > ERRORS_PER_NODE {
            return;
        }
        let mut evidence = vec![format!("it wrote: {}", shown(line)), expected.to_owned()];
        if record.errors == ERRORS_PER_NODE {
            evidence.push("further errors of this node are not listed".to_owned());
        }
        self.find(&Finding {
            name: finding.into(),
            summary,
            evidence,
            operations: Vec::new(),
            node: Some(self.cluster.name(node).to_string()),
            time: Some(self.history_time()),
            circle: Vec::new(),
        });
    }

    /// Notes what is odd about a node and yet allowed, once a node. `name` begins
    /// with [`NOTE`](crate::outcome::NOTE).
    pub(super) fn remark(&mut self, node: u32, name: &'static str, summary: String, line: &str) {
        debug_assert!(name.starts_with(crate::outcome::NOTE));
        let notes = &mut self.cluster.nodes[node as usize].rare.record.notes;
        if notes.contains(&name) {
            return;
        }
        notes.push(name);
        let evidence = if line.is_empty() { Vec::new() } else { vec![shown(line)] };
        self.find(&Finding {
            name: name.into(),
            summary,
            evidence,
            operations: Vec::new(),
            node: Some(self.cluster.name(node).to_string()),
            time: Some(self.history_time()),
            circle: Vec::new(),
        });
    }

    pub(super) fn blame_destination(&mut self, node: u32, dest: &NodeId, payload: &Payload) {
        self.falls_silent(node, &format!("a message to {:?}, which does not exist", &**dest));
        let text = payload.to_json();
        self.blame(
            node,
            &format!("it sent a message to {dest:?}, which does not exist", dest = &**dest),
            text.get(),
            &format!(
                "expected: \"dest\" is a node ({}), a service (lin-kv …) or the client that asked (protocol: messages)",
                self.some_names()
            ),
        );
    }

    pub(super) fn some_names(&self) -> String {
        match &*self.cluster.names {
            [only] => only.to_string(),
            [first, .., last] => format!("{first} … {last}"),
            [] => String::new(),
        }
    }

    /// A node is gone though no fault took it.
    pub(super) fn exited(&mut self, node: u32, incarnation: u32, how: &str, output: &[String]) {
        if !self.is_current(node, incarnation) {
            return;
        }
        self.cluster.nodes[node as usize].has_crashed = true;
        self.node_stopped(node, StopReason::Crashed);
        let name = self.cluster.name(node).clone();
        let initialised = self.cluster.nodes[node as usize].is_initialised();
        let finding = if initialised { "node-crashed" } else { "init-failed" };
        let when = if initialised { "" } else { " before it answered \"init\"" };
        self.break_off(
            node,
            finding,
            format!("{name} {how}{when}, though no fault stopped it."),
            output,
        );
    }

    pub(super) fn broke(
        &mut self,
        node: u32,
        incarnation: u32,
        name: &'static str,
        how: &str,
        output: &[String],
    ) {
        if !self.is_current(node, incarnation) {
            return;
        }
        let node_name = self.cluster.name(node).clone();
        self.break_off(node, name, format!("{node_name} {how}."), output);
    }

    pub(super) fn find(&mut self, finding: &Finding) {
        self.events.tell(self.now, &Event::Found(finding));
    }

    /// Notes what makes going on pointless, and ends the run.
    pub(super) fn break_off(
        &mut self,
        node: u32,
        finding: &'static str,
        summary: String,
        output: &[String],
    ) {
        let mut evidence = Vec::new();
        if finding == "init-failed" {
            let name = self.cluster.name(node);
            if let Some(busy) = self.cluster.nodes[node as usize].rare.patience.in_words(name) {
                evidence.push(busy);
            }
            evidence.push(format!(
                "expected: the line {{\"src\":\"{name}\",\"dest\":…,\"body\":{{\"type\":\"init_ok\",\
                 \"in_reply_to\":1}}}}, with its output flushed (protocol: init)"
            ));
        }
        if !output.is_empty() {
            evidence.push("its last lines of output:".to_owned());
            let last = output.len().saturating_sub(LINES);
            evidence.extend(output[last..].iter().map(|line| format!("  {}", shown(line))));
        }
        self.find(&Finding {
            name: finding.into(),
            summary,
            evidence,
            operations: Vec::new(),
            node: Some(self.cluster.name(node).to_string()),
            time: Some(self.history_time()),
            circle: Vec::new(),
        });
        self.end_early(Ended::Broken);
    }

    /// A reply's error body, as histories show it: `[:name "text"]`.
    pub(super) fn error_value(error: &glomers_node::RpcError) -> Value {
        let name = match error.code.name() {
            "unknown" => Value::Int(error.code.0),
            name => Value::keyword(name),
        };
        Value::list([name, Value::string(&error.text)])
    }
}
