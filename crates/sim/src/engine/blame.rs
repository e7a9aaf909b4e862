//! What nodes do wrong against the protocol.

use glomers_check::Finding;
use glomers_history::Value;
use glomers_node::{NodeId, Payload};

use super::{Endpoint, Engine};
use crate::outcome::Ended;
use glomers_node::protocol::Line;

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
        let state = &mut self.nodes[node as usize];
        state.error_count += 1;
        if state.error_count > ERRORS_PER_NODE {
            return;
        }
        let name = self.names[node as usize].to_string();
        let mut evidence = vec![format!("it wrote: {}", shown(line)), expected.to_owned()];
        if state.error_count == ERRORS_PER_NODE {
            evidence.push("further errors of this node are not listed".to_owned());
        }
        self.find(Finding {
            name: "node-error".into(),
            summary: format!("{name} broke the protocol: {what}. The message was dropped."),
            evidence,
            operations: Vec::new(),
            node: Some(name),
            time: Some(self.history_time()),
        });
    }

    pub(super) fn blame_destination(&mut self, node: u32, dest: &NodeId, payload: &Payload) {
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

    fn some_names(&self) -> String {
        match &*self.names {
            [only] => only.to_string(),
            [first, .., last] => format!("{first} … {last}"),
            [] => String::new(),
        }
    }

    /// A live node wrote a line.
    pub(super) fn line(&mut self, node: u32, incarnation: u32, line: &[u8]) {
        if !self.is_current(node, incarnation) {
            return;
        }
        const FORM: &str = "expected: one JSON object a line, {\"src\":…,\"dest\":…,\"body\":{…}}; \
                            logs belong on standard error (protocol: messages)";
        let Ok(text) = std::str::from_utf8(line) else {
            let text = String::from_utf8_lossy(line);
            return self.blame(node, "a line of its output is not UTF-8", &text, FORM);
        };
        let message = match Line::parse(text) {
            Ok(message) => message,
            Err(error) => {
                return self.blame(
                    node,
                    &format!("a line of its output is no message: {error}"),
                    text,
                    FORM,
                );
            }
        };
        let name = &self.names[node as usize];
        if *message.src != **name {
            let what = format!("it sent a message in the name of {:?}", message.src);
            let expected =
                format!("expected: \"src\" is its own id, {name:?} (protocol: messages)");
            return self.blame(node, &what, text, &expected);
        }
        match self.endpoint(&message.dest) {
            Some(dest) => self.send(Endpoint::Node(node), dest, message.payload),
            None => {
                let dest = NodeId::new(&message.dest);
                self.blame_destination(node, &dest, &message.payload);
            }
        }
    }

    /// A node is gone though no fault took it.
    pub(super) fn exited(&mut self, node: u32, incarnation: u32, how: &str, output: &[String]) {
        if !self.is_current(node, incarnation) {
            return;
        }
        let name = self.names[node as usize].clone();
        let initialised = self.nodes[node as usize].is_initialised();
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
        let node_name = self.names[node as usize].clone();
        self.break_off(node, name, format!("{node_name} {how}."), output);
    }

    pub(super) fn find(&mut self, finding: Finding) {
        let (time, node) = (finding.time.unwrap_or_default(), finding.node.as_deref());
        let node = node.unwrap_or_default();
        self.observer.found(time, node, &finding.name, &finding.summary, &finding.evidence);
        self.findings.push(finding);
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
            let name = &self.names[node as usize];
            evidence.push(format!(
                "expected: the line {{\"src\":\"{name}\",\"dest\":…,\"body\":{{\"type\":\"init_ok\",\
                 \"in_reply_to\":1}}}}, with its output flushed (protocol: init)"
            ));
        }
        if !output.is_empty() {
            evidence.push("its last lines of output:".to_owned());
            let last = output.len().saturating_sub(8);
            evidence.extend(output[last..].iter().map(|line| format!("  {}", shown(line))));
        }
        self.find(Finding {
            name: finding.into(),
            summary,
            evidence,
            operations: Vec::new(),
            node: Some(self.names[node as usize].to_string()),
            time: Some(self.history_time()),
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
