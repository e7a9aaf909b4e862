//! Echoes that are not what was sent.
//!
//! | node | what is wrong | finding | under | minimal case |
//! |---|---|---|---|---|
//! | `echo-shared-buffer` | the text waits in a field that the next request overwrites | `wrong-echo` | two clients a node | one node, two echoes at once |
//! | `echo-short-buffer` | more than 14 bytes are cut off | `wrong-echo` | nothing | one node, one echo of 15 bytes |
//! | `echo-cached` | answers are cached by `msg_id`, which is unique only for its client | `wrong-echo` | two clients a node | one node, an echo of each of two clients |
//! | `echo-busy` | while a request is served, others are dropped | `unavailable` | two clients a node, all must succeed | one node, two echoes at once |
//! | `echo-replies-twice` | every reply is sent again, in case it was lost | `replied-twice` | nothing | one node, one echo |

use std::collections::BTreeMap;
use std::time::Duration;

use glomers_node::protocol::rpc::echo::{Echo, EchoOk};
use glomers_node::{Cx, ErrorCode, Input, Node, Process, RpcError, Value};

/// How long a node takes for what it does beside: writing a line to an audit log,
/// say.
const BESIDE: Duration = Duration::from_millis(2);

/// Keeps the text in the node's state while it waits.
pub fn shared_buffer() -> Node<Option<Value>> {
    Node::<Option<Value>>::new().on(async |cx, Echo { echo }| {
        cx.with(|buffer| *buffer = Some(echo));
        cx.sleep(BESIDE).await;
        // Wrong: another request may have come while this one waited.
        let echo = cx.with(|buffer| buffer.clone()).unwrap_or(Value::Null);
        Ok(EchoOk { echo })
    })
}

/// Has a buffer of fixed length, which is long enough for all tests by hand.
pub fn short_buffer() -> Node<()> {
    Node::new().on(async |_cx, Echo { echo }| match echo.as_str() {
        // Wrong: "Please echo 100" has 15 bytes.
        Some(text) => Ok(EchoOk { echo: Value::string(text.get(..14).unwrap_or(text)) }),
        None => Ok(EchoOk { echo }),
    })
}

/// Answers a request that was sent again from a cache.
#[derive(Debug, Default)]
pub struct Cached {
    /// Wrong: `msg_id` is unique for each sender, not for all of them together.
    answers: BTreeMap<u64, Value>,
}

impl Process for Cached {
    fn handle(&mut self, input: Input, cx: &mut Cx) {
        let Input::Message(message) = input else { return };
        match (message.payload.decode::<Echo>(), message.header.msg_id) {
            (Ok(Echo { echo }), Some(id)) => {
                let echo = self.answers.entry(id).or_insert(echo).clone();
                cx.reply(&message, EchoOk { echo });
            }
            (Ok(_), None) => {}
            (Err(error), _) => {
                let error = RpcError::new(ErrorCode::MALFORMED_REQUEST, error.to_string());
                cx.reply_error(&message, error);
            }
        }
    }
}

/// Sends every reply again, though a reply to a client is never lost.
#[derive(Debug)]
pub struct RepliesTwice;

impl Process for RepliesTwice {
    fn handle(&mut self, input: Input, cx: &mut Cx) {
        let Input::Message(message) = input else { return };
        match message.payload.decode::<Echo>() {
            Ok(Echo { echo }) => {
                cx.reply(&message, EchoOk { echo: echo.clone() });
                // Wrong: who asked has its answer.
                cx.reply(&message, EchoOk { echo });
            }
            Err(error) => {
                let error = RpcError::new(ErrorCode::MALFORMED_REQUEST, error.to_string());
                cx.reply_error(&message, error);
            }
        }
    }
}

/// Serves one request at a time.
pub fn busy() -> Node<bool> {
    Node::<bool>::new().on(async |cx, Echo { echo }| {
        if cx.with(|is_busy| std::mem::replace(is_busy, true)) {
            // Wrong: who asked waits for ever, where it could wait its turn.
            std::future::pending::<()>().await;
        }
        cx.sleep(BESIDE).await;
        cx.with(|is_busy| *is_busy = false);
        Ok(EchoOk { echo })
    })
}
