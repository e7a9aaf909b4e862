//! Requests to other nodes, and waiting for their replies.

use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use glomers_protocol::{Body, ErrorCode, Header, Message, NodeId, Payload, Request, RpcError};

use crate::retry::Retry;
use crate::shared::Shared;
use crate::sleep::Sleep;

/// How long to wait for a reply if the caller does not say: as Maelstrom's
/// clients do.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

/// A request to another node; made by [`Context::rpc`](crate::Context::rpc).
///
/// Nothing is sent until it is awaited. When the time is up the request is
/// forgotten, so a late reply has no effect; the error has the code
/// [`ErrorCode::TIMEOUT`].
#[must_use = "nothing is sent until this is awaited"]
pub struct Rpc<M> {
    shared: Rc<Shared>,
    dest: NodeId,
    /// Shared by all attempts.
    body: Arc<dyn Body>,
    timeout: Duration,
    retry: Option<Retry>,
    message: PhantomData<fn(M)>,
}

impl<M: Request> Rpc<M> {
    pub(crate) fn new(shared: Rc<Shared>, dest: NodeId, message: M) -> Rpc<M> {
        Rpc {
            shared,
            dest,
            body: Arc::new(message),
            timeout: DEFAULT_TIMEOUT,
            retry: None,
            message: PhantomData,
        }
    }

    /// How long each attempt waits for its reply; [`DEFAULT_TIMEOUT`] unless
    /// set. [`Duration::MAX`] waits for ever.
    pub fn timeout(mut self, timeout: Duration) -> Rpc<M> {
        self.timeout = timeout;
        self
    }

    /// Sends the request again when no reply came; see [`Retry`].
    pub fn retry(mut self, retry: Retry) -> Rpc<M> {
        self.retry = Some(retry);
        self
    }
}

impl<M: Request> IntoFuture for Rpc<M> {
    type Output = Result<M::Reply, RpcError>;
    type IntoFuture = Call<M>;

    fn into_future(self) -> Call<M> {
        Call { rpc: self, state: State::Unsent, repetitions: 0 }
    }
}

/// An [`Rpc`] that is awaited.
#[must_use = "nothing is sent until this is awaited"]
pub struct Call<M: Request> {
    rpc: Rpc<M>,
    state: State,
    repetitions: u32,
}

enum State {
    Unsent,
    Waiting { msg_id: u64, limit: Sleep },
    Pausing(Sleep),
    Done,
}

impl<M: Request> Call<M> {
    /// Sends an attempt under a `msg_id` of its own, so that a late reply to an
    /// earlier attempt does not count.
    fn send(&mut self, context: &Context<'_>) {
        let shared = &self.rpc.shared;
        let mut cx = shared.cx();
        let msg_id = cx.next_msg_id();
        let payload = Payload::shared(self.rpc.body.clone(), Some(msg_id), None);
        cx.send_payload(&self.rpc.dest, payload);
        drop(cx);
        shared.watch_reply(msg_id, context.waker());
        let limit = Sleep::after(shared.clone(), self.rpc.timeout);
        self.state = State::Waiting { msg_id, limit };
    }

    fn timed_out(&self) -> RpcError {
        RpcError::new(
            ErrorCode::TIMEOUT,
            format!("{} did not answer {:?} within {:?}", self.rpc.dest, M::TYPE, self.rpc.timeout),
        )
    }

    /// What the reply says.
    fn read(&self, header: &Header, payload: Payload) -> Result<M::Reply, RpcError> {
        let wrong = |reason: String| {
            let text = format!("{} answered {:?} with {reason}", self.rpc.dest, M::TYPE);
            RpcError::new(ErrorCode::CRASH, text)
        };
        match header.kind() {
            kind if kind == M::Reply::TYPE => payload
                .into_message::<M::Reply>()
                .map_err(|error| wrong(format!("a bad body: {error}"))),
            kind if kind == RpcError::TYPE => Err(payload
                .into_message::<RpcError>()
                .unwrap_or_else(|error| wrong(format!("a bad body: {error}")))),
            kind => Err(wrong(format!("{kind:?}, but {:?} was expected", M::Reply::TYPE))),
        }
    }

    /// Ends an attempt; `Some` if it was the last.
    fn finish(&mut self, result: Result<M::Reply, RpcError>) -> Option<Result<M::Reply, RpcError>> {
        if let (Err(error), Some(retry)) = (&result, &self.rpc.retry) {
            let shared = &self.rpc.shared;
            let pause = retry.pause(self.repetitions, error, shared.cx().rng());
            if let Some(pause) = pause {
                self.repetitions += 1;
                self.state = State::Pausing(Sleep::after(shared.clone(), pause));
                return None;
            }
        }
        self.state = State::Done;
        Some(result)
    }

    fn forget(&mut self) {
        if let State::Waiting { msg_id, .. } = self.state {
            self.rpc.shared.forget_call(msg_id);
        }
    }
}

impl<M: Request> Future for Call<M> {
    type Output = Result<M::Reply, RpcError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let call = self.get_mut();
        let mut is_sent_now = false;
        loop {
            let result = match &mut call.state {
                State::Unsent => {
                    call.send(context);
                    is_sent_now = true;
                    continue;
                }
                State::Waiting { msg_id, limit } => {
                    let reply = match is_sent_now {
                        true => None,
                        false => call.rpc.shared.take_reply(*msg_id, context.waker()),
                    };
                    is_sent_now = false;
                    if let Some((header, payload)) = reply {
                        call.read(&header, payload)
                    } else if Pin::new(limit).poll(context).is_ready() {
                        call.forget();
                        // Most attempts are repeated, and nobody reads why: it is put into
                        // words after the last.
                        let late = RpcError::new(ErrorCode::TIMEOUT, String::new());
                        match call.finish(Err(late)) {
                            Some(_) => return Poll::Ready(Err(call.timed_out())),
                            None => continue,
                        }
                    } else {
                        return Poll::Pending;
                    }
                }
                State::Pausing(pause) => {
                    if Pin::new(pause).poll(context).is_pending() {
                        return Poll::Pending;
                    }
                    call.state = State::Unsent;
                    continue;
                }
                State::Done => panic!("a finished rpc was polled again"),
            };
            if let Some(result) = call.finish(result) {
                return Poll::Ready(result);
            }
        }
    }
}

impl<M: Request> Drop for Call<M> {
    fn drop(&mut self) {
        self.forget();
    }
}
