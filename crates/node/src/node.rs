//! Nodes made of async handlers.

use std::cell::RefCell;
use std::process::ExitCode;
use std::rc::Rc;

use glomers_protocol::{DecodeError, ErrorCode, Message, Request, RpcError};

use crate::context::Context;
use crate::cx::Cx;
use crate::executor::Task;
use crate::outcome::{Outcome, Report};
use crate::process::{Incoming, Input, Process};
use crate::shared::Shared;

/// What happens with a message of one type.
type Handler<S> = Box<dyn Fn(&Running<S>, Incoming)>;
/// The handlers, each with its type of message. They are few: to look at all takes less
/// than to hash a name.
type Handlers<S> = Vec<(&'static str, Handler<S>)>;
/// What happens at the start.
type Starter<S> = Box<dyn FnOnce(Context<S>) -> Task>;

/// A node made of async handlers, one for each type of message.
///
/// `S` is the state that they share, reached through [`Context::with`]. Messages
/// are handled in the order in which they arrive; a handler runs until it waits
/// at an `.await`, and only then does the next begin.
///
/// A message whose type has no handler is answered with the error
/// `not-supported`, and one that lacks a field with `malformed-request`. A
/// handler's panic ends the node.
#[must_use = "a node does nothing until it runs"]
pub struct Node<S = ()> {
    state: S,
    handlers: Handlers<S>,
    starters: Vec<Starter<S>>,
}

impl<S: Default + 'static> Node<S> {
    /// A node without handlers whose state is the default one.
    pub fn new() -> Node<S> {
        Node::with_state(S::default())
    }
}

impl<S: Default + 'static> Default for Node<S> {
    fn default() -> Node<S> {
        Node::new()
    }
}

impl<S: 'static> Node<S> {
    /// A node without handlers.
    pub fn with_state(state: S) -> Node<S> {
        Node { state, handlers: Vec::new(), starters: Vec::new() }
    }

    /// Handles requests. What the handler returns is sent back: the reply, or an
    /// error.
    ///
    /// # Panics
    /// If the type of message has a handler already.
    pub fn on<M, F>(self, f: F) -> Node<S>
    where
        M: Request,
        F: AsyncFn(Context<S>, M) -> Result<M::Reply, RpcError> + 'static,
    {
        let f = Rc::new(f);
        self.handle(move |cx, msg_id, message: M| {
            let f = f.clone();
            async move {
                let (shared, src) = (cx.shared.clone(), cx.src.clone());
                let answer = f(cx, message).await;
                shared.answer::<M>(&src, msg_id, answer);
            }
        })
    }

    /// Handles messages that get no reply. The handler returns nothing, or a
    /// `Result` whose error goes to the log.
    ///
    /// # Panics
    /// If the type of message has a handler already.
    pub fn on_message<M, F, T>(self, f: F) -> Node<S>
    where
        M: Message,
        F: AsyncFn(Context<S>, M) -> T + 'static,
        T: Outcome,
    {
        let f = Rc::new(f);
        self.handle(move |cx, _, message: M| {
            let f = f.clone();
            async move {
                let shared = cx.shared.clone();
                f(cx, message).await.report(M::TYPE, &shared);
            }
        })
    }

    /// Runs when the node knows its id and peers, before it handles messages.
    /// What comes after the first `.await` may run later than messages.
    pub fn on_start<F, T>(mut self, f: F) -> Node<S>
    where
        F: AsyncFnOnce(Context<S>) -> T + 'static,
        T: Outcome,
    {
        self.starters.push(Box::new(move |cx| {
            Box::pin(async move {
                let shared = cx.shared.clone();
                f(cx).await.report("on_start", &shared);
            })
        }));
        self
    }

    /// Runs the node on stdin and stdout until stdin ends; see [`crate::run`].
    pub fn run(self) -> ExitCode {
        crate::run(self)
    }

    /// Handles messages of type `M` with the futures that `make` makes of them.
    fn handle<M, F>(mut self, make: impl Fn(Context<S>, Option<u64>, M) -> F + 'static) -> Node<S>
    where
        M: Message,
        F: Future<Output = ()> + 'static,
    {
        let handler: Handler<S> = Box::new(move |node, message| {
            if let Some((cx, msg_id, message)) = node.open::<M>(message) {
                node.shared.executor.start(Box::pin(make(cx, msg_id, message)));
            }
        });
        let is_new = self.handlers.iter().all(|(kind, _)| *kind != M::TYPE);
        assert!(is_new, "messages of type {:?} have two handlers", M::TYPE);
        self.handlers.push((M::TYPE, handler));
        self
    }
}

/// What can be driven: a [`Node`] with async handlers, or any [`Process`].
pub trait IntoProcess {
    /// The state machine that drivers take.
    fn into_process(self) -> Box<dyn Process>;
}

impl<P: Process + 'static> IntoProcess for P {
    fn into_process(self) -> Box<dyn Process> {
        Box::new(self)
    }
}

impl<S: 'static> IntoProcess for Node<S> {
    fn into_process(self) -> Box<dyn Process> {
        Box::new(Running {
            shared: Rc::new(Shared::new()),
            state: Rc::new(RefCell::new(self.state)),
            handlers: self.handlers,
            starters: self.starters,
        })
    }
}

/// A node with async handlers as a state machine.
struct Running<S> {
    shared: Rc<Shared>,
    state: Rc<RefCell<S>>,
    handlers: Handlers<S>,
    starters: Vec<Starter<S>>,
}

impl<S: 'static> Running<S> {
    /// Reads a message's body; if that fails says so to the sender.
    fn open<M: Message>(&self, message: Incoming) -> Option<(Context<S>, Option<u64>, M)> {
        let Incoming { src, header, payload } = message;
        match payload.into_message::<M>() {
            Ok(body) => {
                let cx = Context { shared: self.shared.clone(), state: self.state.clone(), src };
                Some((cx, header.msg_id, body))
            }
            Err(error) => {
                self.shared.refuse(&src, &header, malformed(&error));
                None
            }
        }
    }

    fn start(&mut self) {
        self.shared.started();
        for starter in std::mem::take(&mut self.starters) {
            let cx = Context {
                shared: self.shared.clone(),
                state: self.state.clone(),
                src: self.shared.identity().0.clone(),
            };
            self.shared.executor.start(starter(cx));
        }
    }

    fn message(&self, message: Incoming) {
        if let Some(in_reply_to) = message.header.in_reply_to {
            return self.shared.reply(in_reply_to, message.header, message.payload);
        }
        let wanted = message.header.kind();
        if let Some((_, handler)) = self.handlers.iter().find(|(kind, _)| *kind == wanted) {
            handler(self, message);
        } else {
            let error = RpcError::not_supported(wanted);
            self.shared.refuse(&message.src, &message.header, error);
        }
    }
}

fn malformed(error: &DecodeError) -> RpcError {
    RpcError::new(ErrorCode::MALFORMED_REQUEST, error.to_string())
}

impl<S: 'static> Process for Running<S> {
    fn handle(&mut self, input: Input, cx: &mut Cx) {
        let shared = self.shared.clone();
        let _lent = shared.lend(cx);
        match input {
            Input::Start { .. } => self.start(),
            Input::Message(message) => self.message(message),
            Input::Timer(_) => shared.fire(),
            Input::Synced(sync) => shared.synced(sync),
        }
        shared.executor.run();
    }
}

impl<S> Drop for Running<S> {
    fn drop(&mut self) {
        self.shared.executor.close();
    }
}
