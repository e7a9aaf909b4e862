//! The log of a key.

use glomers_node::Value;
use glomers_node::protocol::rpc::kafka::Messages;

use super::POLLED;

/// The messages of a key; a message's place is its offset.
#[derive(Debug, Default)]
pub(super) struct Log(Vec<Value>);

impl Log {
    /// Appends a message; its offset.
    pub(super) fn append(&mut self, message: Value) -> i64 {
        self.0.push(message);
        self.0.len() as i64 - 1
    }

    /// Messages from an offset on.
    pub(super) fn from(&self, offset: i64) -> Messages {
        from(&self.0, offset)
    }
}

/// Messages from an offset on.
pub(super) fn from(log: &[Value], offset: i64) -> Messages {
    let start = usize::try_from(offset).unwrap_or(0);
    let rest = log.iter().enumerate().skip(start).take(POLLED);
    rest.map(|(place, message)| (place as i64, message.clone())).collect()
}
