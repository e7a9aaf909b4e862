use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use glomers_history::Time;
use glomers_protocol::{Body, Message, NodeId, Payload, RpcError, Value};

use crate::disk::{Disk, Unsupported};
use crate::effect::Effect;
use crate::exposed::Exposed;
use crate::key;
use crate::process::{Incoming, TimerId};
use crate::rng::Rng;
use crate::runtime::{Identity, WallClock};
use crate::timers::Timers;

/// What a node can know and do while it handles an input.
///
/// Nothing happens before the handler returns: effects collect here and are
/// applied in order.
pub struct Cx {
    /// Boxed, because the async layer swaps contexts for each input.
    pub(crate) inner: Box<Inner>,
}

/// What a [`Cx`] holds.
pub(crate) struct Inner {
    pub(crate) id: NodeId,
    pub(crate) peers: Arc<[NodeId]>,
    pub(crate) now: Time,
    pub(crate) wall_clock: WallClock,
    /// Whether the node has looked at it. A wrong clock misleads only a node that does.
    pub(crate) clock_read: Cell<bool>,
    pub(crate) incarnation: Option<u32>,
    seed: u64,
    /// What the present step is about.
    cause: u64,
    /// Timers set in it so far.
    timers_set: u64,
    rng: Rng,
    /// Whether `rng` is the stream of the present step.
    rng_is_current: bool,
    /// Where the effects of each step begin, and what that is about.
    pub(crate) steps: Vec<(usize, u64)>,
    pub(crate) effects: Vec<Effect>,
    pub(crate) timers: Timers,
    pub(crate) disk: Option<Box<dyn Disk>>,
    /// Whether the node has asked for it. Without that it has begun no sync.
    pub(crate) disk_used: bool,
    exposed: Exposed,
    next_msg_id: u64,
}

impl Cx {
    pub(crate) fn new(identity: Identity) -> Cx {
        let mut rng = Rng::from_seed(identity.seed);
        // A reply to an earlier incarnation must not match a request of this
        // one, so only the first counts from 1.
        let next_msg_id =
            if identity.incarnation == Some(0) { 1 } else { (1 << 32) + rng.below(1 << 48) };
        let inner = Inner {
            id: NodeId::new(""),
            peers: Arc::from([]),
            now: Time::ZERO,
            wall_clock: WallClock(0),
            clock_read: Cell::new(false),
            incarnation: identity.incarnation,
            seed: identity.seed,
            cause: 0,
            timers_set: 0,
            rng,
            rng_is_current: false,
            steps: Vec::new(),
            effects: Vec::new(),
            timers: Timers::default(),
            disk: None,
            disk_used: false,
            exposed: Exposed::default(),
            next_msg_id,
        };
        Cx { inner: Box::new(inner) }
    }

    /// A context for unit tests of a [`Process`](crate::Process): node `id`
    /// among `peers`, at time 0, first incarnation, with the randomness of
    /// `seed`. See also [`Cx::take_effects`] and [`Cx::set_now`].
    pub fn for_test(id: &str, peers: &[&str], seed: u64) -> Cx {
        let mut cx = Cx::new(Identity { seed, incarnation: Some(0) });
        cx.inner.id = NodeId::new(id);
        cx.inner.peers = peers.iter().map(NodeId::new).collect();
        cx
    }

    /// The node's own id.
    pub fn id(&self) -> &NodeId {
        &self.inner.id
    }

    /// The ids of all nodes of the cluster, this one among them, in an order
    /// that is the same for all.
    pub fn peers(&self) -> &Arc<[NodeId]> {
        &self.inner.peers
    }

    /// How often this node was started before: 0 in its first life. `None` if
    /// the workbench does not say (Maelstrom).
    pub fn incarnation(&self) -> Option<u32> {
        self.inner.incarnation
    }

    /// Time since the start of this incarnation. Never goes back.
    pub fn now(&self) -> Time {
        self.inner.now
    }

    /// What a clock on the wall says. May jump, and differ between nodes.
    pub fn wall_clock(&self) -> WallClock {
        self.inner.clock_read.set(true);
        self.inner.wall_clock
    }

    /// The node's randomness: each step (a message, timer or sync that is handled) has
    /// a stream of its own.
    pub fn rng(&mut self) -> &mut Rng {
        let inner = &mut *self.inner;
        if !inner.rng_is_current {
            inner.rng_is_current = true;
            inner.rng = Rng::from_seed(key::mix(inner.seed, inner.cause));
        }
        &mut inner.rng
    }

    /// A step begins that is about this; what follows from it has keys made from it.
    pub(crate) fn begin_step(&mut self, cause: u64) {
        let inner = &mut *self.inner;
        inner.cause = cause;
        inner.timers_set = 0;
        inner.rng_is_current = false;
        if inner.effects.is_empty() {
            inner.steps.clear();
        }
        inner.steps.push((inner.effects.len(), cause));
    }

    /// What the present step is about.
    pub(crate) fn cause(&self) -> u64 {
        self.inner.cause
    }

    /// What earlier incarnations made durable, and where to write.
    ///
    /// # Errors
    /// If the driver has no storage.
    pub fn disk(&mut self) -> Result<&mut (dyn Disk + 'static), Unsupported> {
        self.inner.disk_used = true;
        self.inner.disk.as_deref_mut().ok_or(Unsupported { what: "durable storage (cx.disk())" })
    }

    /// A `msg_id` that this incarnation has not used.
    pub fn next_msg_id(&mut self) -> u64 {
        let id = self.inner.next_msg_id;
        self.inner.next_msg_id += 1;
        id
    }

    /// Sends a message that expects no reply.
    pub fn send<M: Message>(&mut self, dest: &NodeId, message: M) {
        self.send_payload(dest, Payload::new(message));
    }

    /// Sends one body to several nodes without copying it.
    pub fn send_all<'a, M: Message>(
        &mut self,
        dests: impl IntoIterator<Item = &'a NodeId>,
        message: M,
    ) {
        let mut dests = dests.into_iter();
        let Some(mut dest) = dests.next() else { return };
        let body: Arc<dyn Body> = Arc::new(message);
        for next in dests {
            self.send_payload(dest, Payload::shared(body.clone(), None, None));
            dest = next;
        }
        self.send_payload(dest, Payload::shared(body, None, None));
    }

    /// Sends a request; the reply arrives as a message whose header's
    /// `in_reply_to` is the id that this returns.
    pub fn request<M: Message>(&mut self, dest: &NodeId, message: M) -> u64 {
        let id = self.next_msg_id();
        self.send_payload(dest, Payload::typed(message, Some(id), None));
        id
    }

    /// Replies to a message. Does nothing if that has no `msg_id`, as it then
    /// wants no reply.
    pub fn reply<M: Message>(&mut self, to: &Incoming, message: M) {
        if to.header.msg_id.is_some() {
            let payload = Payload::typed(message, None, to.header.msg_id);
            self.send_payload(&to.src, payload);
        }
    }

    /// Replies to a message with an error.
    pub fn reply_error(&mut self, to: &Incoming, error: RpcError) {
        self.reply(to, error);
    }

    /// Sends a body with the header it has.
    pub fn send_payload(&mut self, dest: &NodeId, payload: Payload) {
        self.inner.effects.push(Effect::Send { dest: dest.clone(), payload });
    }

    /// Asks for an [`Input::Timer`](crate::Input::Timer) after a duration.
    pub fn set_timer(&mut self, after: Duration) -> TimerId {
        let inner = &mut *self.inner;
        let key = key::mix(inner.cause, key::TIMER + inner.timers_set);
        inner.timers_set += 1;
        inner.timers.set(inner.now + after, key)
    }

    /// Takes back a timer; whether it was still to come.
    pub fn cancel_timer(&mut self, id: TimerId) -> bool {
        self.inner.timers.cancel(id)
    }

    /// Notes an observation about this node, for invariants and latencies:
    /// `cx.mark("holds", value)` where the node first has a value.
    pub fn mark(&mut self, label: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        self.inner.effects.push(Effect::Mark { label: label.into(), value: value.into() });
    }

    /// Shows a value of the node's state, under a name, to the invariants of a test. They see
    /// it from the end of this step on, until the node exposes another value under that name
    /// or ends: `cx.expose("term", self.term)` wherever the term changes. To show the same
    /// value again is nothing new. On stdio it is dropped.
    pub fn expose(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        self.inner.exposed.set(name.into(), value.into());
    }

    /// At the end of a step: says what it has exposed.
    pub(crate) fn end_step(&mut self) {
        let effect = self.inner.exposed.take();
        self.inner.effects.extend(effect);
    }

    /// Writes a line to the node's log.
    pub fn log(&mut self, line: impl Into<String>) {
        self.inner.effects.push(Effect::Log(line.into()));
    }

    /// Takes what the node wants done, leaving nothing: for tests, and for
    /// processes that hold back what they say until something is durable.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.inner.effects)
    }

    /// For tests: sets the node's monotonic clock.
    ///
    /// # Panics
    /// If that would turn the clock back.
    pub fn set_now(&mut self, now: Time) {
        assert!(now >= self.inner.now, "the monotonic clock cannot go back");
        self.inner.now = now;
    }

    /// For tests: takes the first timer that is due.
    pub fn take_due_timer(&mut self) -> Option<TimerId> {
        self.inner.timers.take_due(self.inner.now)
    }
}
