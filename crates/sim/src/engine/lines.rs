//! Lines that live nodes write: what is a message, what is wrong, what is odd.

use glomers_history::Endpoint;
use glomers_node::NodeId;
use glomers_node::protocol::{Line, LineError};

use super::Engine;

const FORM: &str = "expected: one JSON object a line, {\"src\":…,\"dest\":…,\"body\":{…}}; \
                    logs belong on standard error (protocol: messages)";

impl Engine<'_> {
    /// A node wrote a line; `cause` is the key of the step that did, if that is known.
    pub(super) fn line(&mut self, node: u32, incarnation: u32, line: &[u8], cause: Option<u64>) {
        if !self.is_current(node, incarnation) {
            return;
        }
        let Ok(mut text) = std::str::from_utf8(line) else {
            self.falls_silent(node, "a line that is not UTF-8");
            let text = String::from_utf8_lossy(line);
            return self.blame(node, "a line of its output is not UTF-8", &text, FORM);
        };
        let mut is_first = true;
        loop {
            let rest = match Line::first(text) {
                Ok((message, rest)) => {
                    self.node_wrote(node, message, text, cause);
                    rest
                }
                Err(error) => {
                    // Maelstrom reads a missing body as {}, and does not look at
                    // what comes after the first message of a line.
                    if is_first && error != LineError::NoBody {
                        self.falls_silent(node, &format!("a line that is no message: {error}"));
                    }
                    let what = format!("a line of its output is no message: {error}");
                    return self.blame(node, &what, text, FORM);
                }
            };
            if rest.is_empty() {
                return;
            }
            let summary = format!(
                "{} wrote two messages in one line; both were taken, but each should have a line \
                 of its own.",
                self.cluster.name(node)
            );
            self.remark(node, "note-two-in-a-line", summary, text);
            (text, is_first) = (rest, false);
        }
    }

    /// A node wrote a message.
    fn node_wrote(&mut self, node: u32, message: Line<'_>, text: &str, cause: Option<u64>) {
        if let Some(key) = &message.foreign_key {
            let why = match &**key {
                "id" => "an \"id\" that is not an integer".to_owned(),
                key => format!("a message with the key {key:?} besides src, dest and body"),
            };
            self.falls_silent(node, &why);
        }
        let name = self.cluster.name(node);
        let own = Endpoint::Node(node);
        let src = match *name == *message.src {
            true => Some(own),
            false => self.endpoint(&NodeId::new(&message.src)),
        };
        let Some(src) = src else {
            self.falls_silent(
                node,
                &format!("a message from {:?}, which does not exist", message.src),
            );
            let what =
                format!("it sent a message in the name of {:?}, which does not exist", message.src);
            let expected = format!(
                "expected: \"src\" is its own id, {:?}, or, where it passes a message on, the \
                 id of who sent that (protocol: messages)",
                self.cluster.name(node)
            );
            return self.blame(node, &what, text, &expected);
        };
        if src != own {
            self.speaks_for(node, src, text);
        }
        let dest = NodeId::new(&message.dest);
        match self.endpoint(&dest) {
            Some(dest) => {
                if self.is_gone(dest) {
                    // To us it is late, and no error.
                    self.falls_silent(node, "a message to a client that has gone");
                }
                let cause = cause.unwrap_or_else(|| self.cause_of_line(node, &message.payload));
                self.send_as(own, src, dest, message.payload, cause);
            }
            None => self.blame_destination(node, &dest, &message.payload),
        }
    }

    /// A node uses another's name, as one that forwards requests does.
    fn speaks_for(&mut self, node: u32, src: Endpoint, text: &str) {
        if self.is_gone(src) {
            self.falls_silent(node, "a message in the name of a client that has gone");
        }
        let summary = format!(
            "{} sends messages in the name of others, as one that forwards requests may; they \
             take its own links and count as its own.",
            self.cluster.name(node)
        );
        self.remark(node, "note-foreign-src", summary, text);
    }
}
