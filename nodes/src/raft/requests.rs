//! Clients' requests: any node takes them, the leader decides them, and the node
//! that took one answers it (§8).
//!
//! A node keeps a request until it knows the result, and sends it again when
//! another node leads or no answer comes. Requests have names, and the state
//! machine applies each name once, so that does no harm. Whoever applies the entry
//! of a request tells the node that took it; that node also answers by itself when
//! it applies the entry. Answers that come twice or late find nobody waiting.

use std::collections::BTreeMap;
use std::sync::Arc;

use glomers_node::protocol::rpc::kv::{Cas, CasOk, Read, ReadOk, Write, WriteOk};
use glomers_node::{Cx, ErrorCode, Incoming, Message, RpcError, Time};

use super::machine::Known;
use super::message::{Answer, Command, Forward, Forwarded, Request, RequestId, Term};
use super::{Flaw, Raft};

/// Requests that clients gave to this node.
#[derive(Debug, Default)]
pub(super) struct Requests {
    /// Random bits, other ones in every life of the node.
    session: u64,
    count: u64,
    pending: BTreeMap<u64, Pending>,
}

#[derive(Debug)]
struct Pending {
    /// Whom to answer.
    client: Incoming,
    command: Command,
    since: Time,
    /// The leader it was given to, with its term, and when.
    given_to: Option<(usize, Term)>,
    given_at: Time,
    /// Whether it may have got into a log.
    may_happen: bool,
}

impl Requests {
    pub(super) fn start(&mut self, cx: &mut Cx) {
        // 48 bits stay exact in every JSON implementation.
        self.session = cx.rng().bits() >> 16;
    }
}

impl Raft {
    pub(super) fn client_request(&mut self, message: &Incoming, cx: &mut Cx) {
        let command = match command(message) {
            Ok(command) => command,
            Err(error) => return cx.reply_error(message, error),
        };
        if let (true, Command::Read { key }) = (self.is(Flaw::ReadsFromFollower), &command) {
            // Wrong: this node may not have heard yet of writes that have been
            // acknowledged.
            return reply(message, self.machine.read(key), cx);
        }
        self.requests.count += 1;
        let pending = Pending {
            client: message.clone(),
            command,
            since: cx.now(),
            given_to: None,
            given_at: cx.now(),
            may_happen: false,
        };
        self.requests.pending.insert(self.requests.count, pending);
        self.hand_on(self.requests.count, cx);
        if !self.retry.is_set() {
            self.retry.set(self.options.resend_after() / 4, cx);
        }
    }

    /// The leader has changed: it gets all that waits.
    pub(super) fn hand_on_requests(&mut self, cx: &mut Cx) {
        for number in self.requests.pending.keys().copied().collect::<Vec<u64>>() {
            self.hand_on(number, cx);
        }
    }

    /// Gives a request to the leader, if there is one that does not have it.
    fn hand_on(&mut self, number: u64, cx: &mut Cx) {
        let Some(leader) = self.leader else { return };
        let place = (leader, self.store.term());
        let floor = self.requests.pending.keys().next().copied().unwrap_or_default();
        let Some(pending) = self.requests.pending.get_mut(&number) else { return };
        if pending.given_to == Some(place) {
            return;
        }
        pending.given_to = Some(place);
        pending.given_at = cx.now();
        pending.may_happen = !matches!(pending.command, Command::Read { .. });
        let id = RequestId { origin: self.me as u32, session: self.requests.session, number };
        let request = Arc::new(Request { id, floor, command: pending.command.clone() });
        if leader == self.me {
            self.lead_request(request, cx);
        } else {
            self.send(leader, Forward { request }, cx);
        }
    }

    /// Sends requests again that are overdue, and gives up old ones.
    pub(super) fn look_after_requests(&mut self, cx: &mut Cx) {
        let (now, options) = (cx.now(), self.options);
        let mut tired = Vec::new();
        for (&number, pending) in &mut self.requests.pending {
            let age = now.since(pending.since);
            if age >= options.patience && (!pending.may_happen || age >= 4 * options.patience) {
                tired.push(number);
            } else if age < options.patience
                && now.since(pending.given_at) >= options.resend_after()
            {
                // Later on, the client has gone: it is enough to keep ready for
                // the answer.
                pending.given_to = None;
            }
        }
        for number in tired {
            let Some(pending) = self.requests.pending.remove(&number) else { continue };
            // Of what may have got into a log nobody knows; there is no honest
            // answer, so the client's time-out is left to say that.
            if !pending.may_happen {
                let text = "no leader is known, or it did not answer in time";
                let error = RpcError::new(ErrorCode::TEMPORARILY_UNAVAILABLE, text);
                cx.reply_error(&pending.client, error);
            }
        }
        self.hand_on_requests(cx);
        if !self.requests.pending.is_empty() {
            self.retry.set(options.resend_after() / 4, cx);
        }
    }

    pub(super) fn forward_requested(&mut self, from: usize, request: Arc<Request>, cx: &mut Cx) {
        if self.is_leader() {
            return self.lead_request(request, cx);
        }
        let refusal = Forwarded { id: request.id, term: self.store.term(), answer: None };
        self.send(from, refusal, cx);
    }

    pub(super) fn forwarded(&mut self, from: usize, reply: Forwarded, cx: &mut Cx) {
        if let Some(answer) = reply.answer {
            return self.answer_own(reply.id, answer, cx);
        }
        // It does not lead. If that is news, wait for who does.
        if reply.term >= self.store.term() && self.leader == Some(from) {
            self.leader = None;
        }
        if let Some(pending) = self.requests.pending.get_mut(&reply.id.number)
            && pending.given_to.is_some_and(|(place, _)| place == from)
        {
            pending.given_to = None;
        }
    }

    /// The leader decides a request.
    fn lead_request(&mut self, request: Arc<Request>, cx: &mut Cx) {
        if let Command::Read { key } = &request.command {
            return self.read(&request, key, cx);
        }
        if !self.is(Flaw::AppliesTwice) {
            match self.machine.known(request.id) {
                Known::Applied(answer) => return self.answer(request.id, answer, cx),
                Known::Stale => return,
                Known::New => {}
            }
            let on_its_way = self.store.after(self.committed, usize::MAX);
            let has_id = |held: &Arc<Request>| held.id == request.id;
            if on_its_way.iter().any(|entry| entry.request.as_ref().is_some_and(has_id)) {
                return;
            }
        }
        self.append(Some(request), cx);
    }

    /// Applies a request of the log.
    pub(super) fn apply(&mut self, request: &Request, cx: &mut Cx) {
        let answer = if self.is(Flaw::AppliesTwice) {
            // Wrong: nodes send requests again, and to several leaders, so one
            // may stand in the log twice. Names and sessions are there for that.
            Some(self.machine.execute(&request.command))
        } else {
            self.machine.apply(request)
        };
        let Some(answer) = answer else { return };
        if self.is_leader() {
            self.answer(request.id, answer, cx);
        } else {
            self.answer_own(request.id, answer, cx);
        }
    }

    /// Tells the node that took a request what came of it.
    pub(super) fn answer(&mut self, id: RequestId, answer: Answer, cx: &mut Cx) {
        let origin = id.origin as usize;
        if origin == self.me {
            self.answer_own(id, answer, cx);
        } else if origin < self.names.len() {
            let reply = Forwarded { id, term: self.store.term(), answer: Some(answer) };
            self.send(origin, reply, cx);
        }
    }

    /// Answers the client, if this node took the request and it still waits.
    fn answer_own(&mut self, id: RequestId, answer: Answer, cx: &mut Cx) {
        if id.origin as usize != self.me || id.session != self.requests.session {
            return;
        }
        if let Some(pending) = self.requests.pending.remove(&id.number) {
            reply(&pending.client, answer, cx);
        }
    }
}

fn command(message: &Incoming) -> Result<Command, RpcError> {
    fn body<M: Message>(message: &Incoming) -> Result<M, RpcError> {
        let malformed = |error| RpcError::new(ErrorCode::MALFORMED_REQUEST, error);
        message.payload.decode().map_err(|error| malformed(error.to_string()))
    }
    match message.header.kind() {
        Read::TYPE => body(message).map(|Read { key }| Command::Read { key }),
        Write::TYPE => body(message).map(|Write { key, value }| Command::Write { key, value }),
        Cas::TYPE => body(message).map(|Cas { key, from, to, create_if_not_exists: create }| {
            Command::Cas { key, from, to, create }
        }),
        kind => Err(RpcError::not_supported(kind)),
    }
}

fn reply(client: &Incoming, answer: Answer, cx: &mut Cx) {
    match answer {
        Answer::Value(value) => cx.reply(client, ReadOk { value }),
        Answer::Written => cx.reply(client, WriteOk {}),
        Answer::Swapped => cx.reply(client, CasOk {}),
        Answer::Failed(error) => cx.reply_error(client, error),
    }
}
