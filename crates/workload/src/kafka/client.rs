//! A client of the logs: producer and consumer in one.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use glomers_history::{Op, Value};
use glomers_protocol::rpc::kafka::{
    COMMIT_OFFSETS_OK, CommitOffsets, CommitOffsetsOk, LIST_COMMITTED_OFFSETS_OK,
    ListCommittedOffsets, ListCommittedOffsetsOk, Offsets, POLL_OK, Poll, PollOk, SEND_OK, Send,
    SendOk,
};
use glomers_protocol::schema::Schema;
use glomers_protocol::{Message, Payload};
use glomers_sim::{Client, Step};

use super::commits::Commits;
use super::seen::parts;
use crate::reply::{Checked, checked, has_form};

/// One consumer and producer: the keys that are assigned to it, and how far it
/// is with each.
#[derive(Default)]
pub(super) struct KafkaClient {
    /// What the clients of the run have committed.
    commits: Rc<RefCell<Commits>>,
    /// The next offset to ask for, for each key assigned.
    next: Offsets,
    asked: Asked,
}

/// What the present operation waits for.
#[derive(Default)]
enum Asked {
    #[default]
    Nothing,
    Send {
        key: Value,
        message: Value,
    },
    Poll,
    /// What was polled is committed. Only then has the operation happened, and
    /// only then does the client go on from there: were it to forget that after
    /// an error, it would skip messages that the history does not show.
    Commit {
        polled: Value,
        next: Offsets,
    },
    Committed {
        keys: Vec<String>,
    },
}

impl Client for KafkaClient {
    fn invoke(&mut self, op: &Op) -> Step {
        self.asked = Asked::Nothing;
        match &*op.f {
            "crash" => Step::Crashed,
            "send" => self.send(op),
            "poll" => {
                self.asked = Asked::Poll;
                Step::Request(Arc::new(Poll { offsets: self.next.clone() }))
            }
            _ => self.assign(op),
        }
    }

    fn reply(&mut self, reply: &Payload) -> Step {
        let step = match std::mem::take(&mut self.asked) {
            // There is no request without one of the others.
            Asked::Nothing => Ok(Step::Done),
            Asked::Send { key, message } => read::<SendOk>(reply, &SEND_OK).map(|reply| {
                let sent = Value::list([Value::Int(reply.offset), message]);
                Step::Ok(micro_operation([Value::keyword("send"), key, sent]))
            }),
            Asked::Poll => read::<PollOk>(reply, &POLL_OK).map(|reply| self.polled(&reply)),
            Asked::Commit { polled, next } => {
                has_form::<CommitOffsetsOk>(reply, &COMMIT_OFFSETS_OK).map(|()| {
                    self.next = next;
                    Step::Ok(polled)
                })
            }
            Asked::Committed { keys } => {
                read::<ListCommittedOffsetsOk>(reply, &LIST_COMMITTED_OFFSETS_OK)
                    .map(|reply| self.assigned(keys, &reply.offsets))
            }
        };
        step.unwrap_or_else(Step::BadReply)
    }
}

impl KafkaClient {
    pub(super) fn new(commits: Rc<RefCell<Commits>>) -> KafkaClient {
        KafkaClient { commits, ..KafkaClient::default() }
    }

    fn send(&mut self, op: &Op) -> Step {
        let Some((key, message)) = parts(op) else {
            // Only from a list of operations that somebody wrote.
            return Step::Fail(Value::string("send needs a value [[send key message]]"));
        };
        let Some(name) = key.as_str().map(str::to_owned) else {
            return Step::Fail(Value::string("keys of logs are strings"));
        };
        self.asked = Asked::Send { key, message: message.clone() };
        Step::Request(Arc::new(Send { key: name, msg: message }))
    }

    /// From now on the client polls these keys. Those that it had stay where they
    /// are; the others begin at the last committed message, and in the final phase
    /// all begin anew.
    fn assign(&mut self, op: &Op) -> Step {
        let keys: Option<Vec<String>> = op.value.as_list().and_then(|keys| {
            keys.iter().map(|key| key.as_str().map(str::to_owned)).collect::<Option<_>>()
        });
        let Some(keys) = keys else {
            return Step::Fail(Value::string("assign needs a list of keys, which are strings"));
        };
        if op.is_final {
            self.next = keys.into_iter().map(|key| (key, 0)).collect();
            return Step::Done;
        }
        self.asked = Asked::Committed { keys: keys.clone() };
        Step::Request(Arc::new(ListCommittedOffsets { keys }))
    }

    /// The keys are assigned, and this is what the node says was committed of them.
    ///
    /// Consumers begin at a committed offset, not behind it, as Maelstrom means to.
    /// So 0 does for a key of which nothing was committed, whether its log is empty
    /// or not, and no node is asked for what lies behind the end of a log. From an
    /// offset that nobody committed no consumer begins.
    fn assigned(&mut self, keys: Vec<String>, said: &Offsets) -> Step {
        let commits = self.commits.borrow();
        let start = |key: &String| {
            let said = said.get(key).copied().unwrap_or(0);
            said.min(commits.highest(key).unwrap_or(0)).max(0)
        };
        let next = |key: String| {
            let next = self.next.get(&key).copied().unwrap_or_else(|| start(&key));
            (key, next)
        };
        let error = commits.error(keys.iter(), said);
        self.next = keys.into_iter().map(next).collect();
        error.map_or(Step::Done, Step::DoneBut)
    }

    fn polled(&mut self, reply: &PollOk) -> Step {
        let mut next = self.next.clone();
        let mut offsets = Offsets::new();
        for (key, log) in &reply.msgs {
            let Some(highest) = log.iter().map(|(offset, _)| *offset).max() else { continue };
            if let Some(next) = next.get_mut(key) {
                *next = next_after(highest).max(*next);
            }
            offsets.insert(key.clone(), highest);
        }
        let polled = micro_operation([Value::keyword("poll"), logs(&reply.msgs)]);
        if offsets.is_empty() {
            return Step::Ok(polled);
        }
        self.asked = Asked::Commit { polled, next };
        self.commits.borrow_mut().begin(&offsets);
        Step::Request(Arc::new(CommitOffsets { offsets }))
    }
}

fn next_after(offset: i64) -> i64 {
    offset.saturating_add(1)
}

fn micro_operation<const N: usize>(parts: [Value; N]) -> Value {
    Value::list([Value::list(parts)])
}

/// Logs as histories have them: `{key [[offset message] …]}`.
fn logs(logs: &BTreeMap<String, Vec<(i64, Value)>>) -> Value {
    let pair =
        |(offset, message): &(i64, Value)| Value::list([Value::Int(*offset), message.clone()]);
    Value::map(
        logs.iter().map(|(key, log)| (Value::string(key), Value::list(log.iter().map(pair)))),
    )
}

/// The reply as a Rust value, if it has the form that it must have.
fn read<M: Message>(reply: &Payload, schema: &Schema) -> Result<M, String> {
    match checked::<M>(reply, schema)? {
        Checked::Typed(reply) => Ok(reply.clone()),
        // The schema has left nothing to be wrong.
        Checked::Json(_) => reply.decode().map_err(|error| error.to_string()),
    }
}
