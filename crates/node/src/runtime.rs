use std::time::Duration;

use glomers_history::Time;
use glomers_protocol::rpc::init::{Init, InitOk};
use glomers_protocol::{ErrorCode, NodeId, Payload, RpcError};

use crate::cx::Cx;
use crate::disk::Disk;
use crate::effect::Effect;
use crate::process::{Incoming, Input, Process, SyncId};

/// How often a node may do at one moment what takes no time; more is a loop without
/// end, which would keep its driver for ever.
pub(crate) const MOST_AT_ONCE: u32 = 1_000_000;

/// A time of day: nanoseconds since 1970-01-01 00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallClock(pub u64);

/// What makes one incarnation of a node different from others.
#[derive(Debug, Clone, Copy)]
pub struct Identity {
    /// Seed of the node's randomness.
    pub seed: u64,
    /// How often the node was started before; `None` if nobody knows.
    pub incarnation: Option<u32>,
}

/// One incarnation of a node, ready to be driven: it takes messages and wake-ups
/// with their times and leaves effects. Handles `init`, holds back what comes
/// before it, and keeps the timers. Used by every driver.
pub struct Runtime {
    process: Box<dyn Process>,
    cx: Cx,
    started_at: Time,
    /// Messages that came before `init`, and what they are the cause of; `None` once
    /// the node runs.
    early: Option<Vec<(u64, Incoming)>>,
    /// Steps so far, for drivers that do not say what they are about.
    steps: u64,
    /// What the next step is about.
    next_cause: Option<u64>,
}

impl Runtime {
    /// A node that has not been initialised, born at `now`.
    pub fn new(process: Box<dyn Process>, identity: Identity, now: Time) -> Runtime {
        Runtime {
            process,
            cx: Cx::new(identity),
            started_at: now,
            early: Some(Vec::new()),
            steps: 0,
            next_cause: None,
        }
    }

    /// Gives the node a disk.
    #[must_use]
    pub fn with_disk(mut self, disk: Box<dyn Disk>) -> Runtime {
        self.cx.inner.disk = Some(disk);
        self
    }

    /// Says what the next message or sync is, by a key that does not depend on what
    /// else happens: the node's randomness in that step follows from it. Without this
    /// steps are counted.
    pub fn set_cause(&mut self, cause: u64) {
        self.next_cause = Some(cause);
    }

    /// What the last step was about.
    pub fn cause(&self) -> u64 {
        self.cx.cause()
    }

    fn begin_step(&mut self) -> u64 {
        self.steps += 1;
        let cause = self.next_cause.take().unwrap_or(self.steps);
        self.cx.begin_step(cause);
        cause
    }

    fn handle(&mut self, input: Input) {
        self.process.handle(input, &mut self.cx);
        self.cx.end_step();
    }

    /// Delivers a message. `now` is the driver's clock, not the node's.
    pub fn message(&mut self, now: Time, wall_clock: WallClock, src: NodeId, payload: Payload) {
        self.set_clocks(now, wall_clock);
        let cause = self.begin_step();
        let header = payload.header();
        let message = Incoming { src, header, payload };
        match &mut self.early {
            None if message.header.kind() == "init" => self.second_init(&message),
            None => self.handle(Input::Message(message)),
            Some(early) if message.header.kind() == "init" => {
                let held_back = std::mem::take(early);
                if self.init(&message) {
                    self.early = None;
                    for (cause, message) in held_back {
                        self.cx.begin_step(cause);
                        self.handle(Input::Message(message));
                    }
                } else {
                    self.early = Some(held_back);
                }
            }
            Some(early) => early.push((cause, message)),
        }
    }

    fn init(&mut self, message: &Incoming) -> bool {
        match message.payload.decode::<Init>() {
            Ok(init) => {
                self.cx.inner.id = init.node_id;
                self.cx.inner.peers = init.node_ids;
                let recovered = self.has_stored();
                self.handle(Input::Start { recovered });
                self.cx.reply(message, InitOk {});
                true
            }
            Err(error) => {
                let error = RpcError::new(ErrorCode::MALFORMED_REQUEST, error.to_string());
                self.cx.reply_error(message, error);
                false
            }
        }
    }

    /// A node does not start over: whoever repeats the same `init` gets the same
    /// answer (the first may have been lost), anything else is refused.
    fn second_init(&mut self, message: &Incoming) {
        match message.payload.decode::<Init>() {
            Ok(init)
                if init.node_id == self.cx.inner.id && init.node_ids == self.cx.inner.peers =>
            {
                self.cx.reply(message, InitOk {});
            }
            Ok(_) => {
                let text = format!("this node is initialised already, as {}", self.cx.inner.id);
                let error = RpcError::new(ErrorCode::PRECONDITION_FAILED, text);
                self.cx.reply_error(message, error);
            }
            Err(error) => {
                let error = RpcError::new(ErrorCode::MALFORMED_REQUEST, error.to_string());
                self.cx.reply_error(message, error);
            }
        }
    }

    /// Fires the timers that are due at `now`, in order.
    pub fn wake(&mut self, now: Time, wall_clock: WallClock) {
        self.set_clocks(now, wall_clock);
        let mut fired = 0;
        while let Some(timer) = self.cx.inner.timers.take_due(self.cx.inner.now) {
            fired += 1;
            assert!(
                fired < MOST_AT_ONCE,
                "{fired} timers fired at one moment, each set for no time by the one before, so \
                 time could never go on; let them take some time"
            );
            self.cx.begin_step(timer.key);
            self.handle(Input::Timer(timer));
        }
    }

    /// Tells the node that a sync is done, and with it all before it.
    pub fn synced(&mut self, now: Time, wall_clock: WallClock, sync: SyncId) {
        self.set_clocks(now, wall_clock);
        self.begin_step();
        self.handle(Input::Synced(sync));
    }

    /// Whether an earlier incarnation left something. A disk that cannot say so
    /// may hold something.
    fn has_stored(&mut self) -> bool {
        let disk = self.cx.inner.disk.as_mut();
        disk.is_some_and(|disk| disk.list().map_or(true, |files| !files.is_empty()))
    }

    /// When the node wants to be woken, by the driver's clock.
    pub fn next_wake(&self) -> Option<Time> {
        let due = self.cx.inner.timers.next_due()?;
        Some(self.started_at + Duration::from_nanos(due.0))
    }

    /// The key of the timer that goes off next.
    pub fn next_timer(&self) -> Option<u64> {
        self.cx.inner.timers.next_key()
    }

    /// When all timers are due, by the driver's clock.
    pub fn timers(&self) -> Vec<Time> {
        let due = self.cx.inner.timers.all();
        due.map(|at| self.started_at + Duration::from_nanos(at.0)).collect()
    }

    /// The effects of the last calls; the driver drains them.
    pub fn effects(&mut self) -> &mut Vec<Effect> {
        &mut self.cx.inner.effects
    }

    /// Exchanges the effects of the last calls for an empty list, and with them where those
    /// of each step begin and what that is about.
    pub fn swap_effects(&mut self, effects: &mut Vec<Effect>, steps: &mut Vec<(usize, u64)>) {
        let inner = &mut *self.cx.inner;
        std::mem::swap(&mut inner.effects, effects);
        std::mem::swap(&mut inner.steps, steps);
    }

    /// Whether the node has looked at its wall clock since this was last asked.
    pub fn take_clock_read(&mut self) -> bool {
        self.cx.inner.clock_read.take()
    }

    /// Whether the node has asked for its disk since this was last asked; who does
    /// not has begun no sync.
    pub fn take_disk_used(&mut self) -> bool {
        std::mem::take(&mut self.cx.inner.disk_used)
    }

    /// The node's id, once it is initialised.
    pub fn id(&self) -> Option<&NodeId> {
        self.early.is_none().then_some(&self.cx.inner.id)
    }

    fn set_clocks(&mut self, now: Time, wall_clock: WallClock) {
        let now = Time(now.0.saturating_sub(self.started_at.0));
        self.cx.inner.now = self.cx.inner.now.max(now);
        self.cx.inner.wall_clock = wall_clock;
    }
}
