//! The state machine: keys and values, and what makes a request that stands in
//! the log twice happen once (§8; thesis, §6.3).

use std::collections::BTreeMap;

use glomers_node::Value;

use super::message::{Answer, Command, Request, RequestId};

/// What the applied part of the log amounts to. The same on all nodes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Machine {
    values: BTreeMap<Value, Value>,
    sessions: BTreeMap<(u32, u64), Session>,
}

/// Requests of one incarnation of a node.
#[derive(Debug, Default, PartialEq, Eq)]
struct Session {
    /// Whoever waits for lower numbers has gone.
    floor: u64,
    /// Results from `floor` on.
    answers: BTreeMap<u64, Answer>,
}

/// What is known of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// It has not been applied.
    New,
    /// It has been applied, with this result.
    Applied(Answer),
    /// Nobody waits for it any more, and it must not be applied (again).
    Stale,
}

impl Machine {
    /// Whether a request has been applied.
    pub fn known(&self, id: RequestId) -> Known {
        match self.sessions.get(&(id.origin, id.session)) {
            Some(session) if id.number < session.floor => Known::Stale,
            Some(session) => session
                .answers
                .get(&id.number)
                .map_or(Known::New, |answer| Known::Applied(answer.clone())),
            None => Known::New,
        }
    }

    /// Applies a request of the log, once. `None`: it is stale.
    pub fn apply(&mut self, request: &Request) -> Option<Answer> {
        let session = self.sessions.entry((request.id.origin, request.id.session)).or_default();
        if request.floor > session.floor {
            session.floor = request.floor;
            session.answers = session.answers.split_off(&request.floor);
        }
        match self.known(request.id) {
            Known::Stale => None,
            Known::Applied(answer) => Some(answer),
            Known::New => {
                let answer = self.execute(&request.command);
                if let Some(session) =
                    self.sessions.get_mut(&(request.id.origin, request.id.session))
                {
                    session.answers.insert(request.id.number, answer.clone());
                }
                Some(answer)
            }
        }
    }

    /// Does what a command says, whether it was done before or not.
    pub fn execute(&mut self, command: &Command) -> Answer {
        match command {
            Command::Read { key } => self.read(key),
            Command::Write { key, value } => {
                self.values.insert(key.clone(), value.clone());
                Answer::Written
            }
            Command::Cas { key, from, to, create } => match self.values.get_mut(key) {
                Some(value) if value == from => {
                    *value = to.clone();
                    Answer::Swapped
                }
                Some(value) => Answer::mismatch(value, from),
                None if *create => {
                    self.values.insert(key.clone(), to.clone());
                    Answer::Swapped
                }
                None => Answer::missing(),
            },
        }
    }

    /// The value of a key.
    pub fn read(&self, key: &Value) -> Answer {
        self.values.get(key).map_or_else(Answer::missing, |value| Answer::Value(value.clone()))
    }
}
