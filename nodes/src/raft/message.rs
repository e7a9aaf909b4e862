//! What nodes say to each other. Every term is the sender's own at that moment.

use std::sync::Arc;

use glomers_node::{ErrorCode, Message, RpcError, Value};
use serde::{Deserialize, Serialize};

/// A term: time as Raft counts it. At most one leader each (§5.1).
pub type Term = u64;
/// A place in the log, from 1; 0 is before the first.
pub type Index = u64;

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// The value of a key. Never in the log.
    Read {
        /// The key.
        key: Value,
    },
    /// Sets a key.
    Write {
        /// The key.
        key: Value,
        /// Its value from now on.
        value: Value,
    },
    /// Sets a key if it has a certain value.
    Cas {
        /// The key.
        key: Value,
        /// The value that it must have.
        from: Value,
        /// Its value from now on.
        to: Value,
        /// Whether a key that does not exist is made, whatever `from` says.
        create: bool,
    },
}

/// Names a client's request, however often nodes send it to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RequestId {
    /// The place of the node that the client asked.
    pub origin: u32,
    /// Random bits of that node's incarnation: a restarted node counts anew.
    pub session: u64,
    /// The node's count of requests, from 1.
    pub number: u64,
}

/// A client's request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Its name.
    pub id: RequestId,
    /// Requests of this session with a lower number have been answered or given
    /// up, so their results can be forgotten.
    pub floor: u64,
    /// What is asked for.
    pub command: Command,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The value that was read.
    Value(Value),
    /// The key was written.
    Written,
    /// The key had the right value and was written.
    Swapped,
    /// Nothing changed, for this reason.
    Failed(RpcError),
}

impl Answer {
    /// Error 20.
    pub fn missing() -> Answer {
        Answer::Failed(RpcError::new(ErrorCode::KEY_DOES_NOT_EXIST, "key does not exist"))
    }

    /// Error 22.
    pub fn mismatch(current: &Value, from: &Value) -> Answer {
        let text = format!("current value {current} is not {from}");
        Answer::Failed(RpcError::new(ErrorCode::PRECONDITION_FAILED, text))
    }
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The term of the leader that made it.
    pub term: Term,
    /// What it does; `None`: nothing, it begins a term.
    pub request: Option<Arc<Request>>,
}

/// Asks for a vote (§5.2), or whether there would be one (thesis, §9.6).
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
pub struct RequestVote {
    /// The candidate's term.
    pub term: Term,
    /// Nothing changes yet: the candidate only asks if an election is worth it.
    pub pre: bool,
    /// The place of the last entry of the candidate's log …
    pub last_index: Index,
    /// … and that entry's term.
    pub last_term: Term,
}

/// Answers [`RequestVote`].
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
pub struct Vote {
    /// The voter's term.
    pub term: Term,
    /// As in the question.
    pub pre: bool,
    /// Whether the candidate has the vote.
    pub granted: bool,
}

/// Entries for a follower's log; without any a heartbeat (§5.3).
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
pub struct AppendEntries {
    /// The leader's term.
    pub term: Term,
    /// The place before the first of `entries` …
    pub prev_index: Index,
    /// … and the term of the entry there.
    pub prev_term: Term,
    /// Entries, in order.
    pub entries: Vec<Entry>,
    /// Up to where the leader knows the log to be committed.
    pub committed: Index,
    /// The leader's count of such rounds in this term. A round that a majority
    /// has answered proves that there was no newer leader when it began.
    pub round: u64,
}

/// Answers [`AppendEntries`].
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
pub struct Appended {
    /// The follower's term.
    pub term: Term,
    /// Whether the follower's log had the entry before the first.
    pub success: bool,
    /// On success: up to where the follower's log is the leader's. Else: up to
    /// where it may be.
    pub index: Index,
    /// As in the question.
    pub round: u64,
}

/// Hands a client's request to the leader.
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
pub struct Forward {
    /// The request.
    pub request: Arc<Request>,
}

/// Answers [`Forward`].
#[derive(Debug, Clone, Serialize, Deserialize, Message)]
pub struct Forwarded {
    /// Which request.
    pub id: RequestId,
    /// The sender's term.
    pub term: Term,
    /// What came of it; `None`: the sender is not the leader.
    pub answer: Option<Answer>,
}
