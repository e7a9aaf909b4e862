//! What an async handler can know and do.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use glomers_history::Time;
use glomers_protocol::{Body, Message, NodeId, Payload, Request, Value};

use crate::call::Rpc;
use crate::combine::{Either, select};
use crate::disk::{Disk, DiskError, Unsupported};
use crate::kv::Kv;
use crate::outcome::{Outcome, Report};
use crate::rng::Rng;
use crate::runtime::WallClock;
use crate::shared::Shared;
use crate::sleep::Sleep;
use crate::synced::Synced;
use crate::tso::Tso;

/// What an async handler can know and do. Cheap to clone.
///
/// The node's state is reached through [`Context::with`], whose closure is not
/// async: so no borrow of the state lives across an `.await`, and between two
/// `.await`s nothing else touches it.
pub struct Context<S = ()> {
    pub(crate) shared: Rc<Shared>,
    pub(crate) state: Rc<RefCell<S>>,
    pub(crate) src: NodeId,
}

impl<S> Clone for Context<S> {
    fn clone(&self) -> Self {
        Context { shared: self.shared.clone(), state: self.state.clone(), src: self.src.clone() }
    }
}

impl<S: 'static> Context<S> {
    /// The node's own id.
    pub fn id(&self) -> &NodeId {
        &self.shared.identity().0
    }

    /// The ids of all nodes of the cluster, this one among them, in an order
    /// that is the same for all.
    pub fn peers(&self) -> &Arc<[NodeId]> {
        &self.shared.identity().1
    }

    /// The ids of all nodes but this one.
    pub fn others(&self) -> impl Iterator<Item = &NodeId> + Clone {
        let id = self.id();
        self.peers().iter().filter(move |peer| *peer != id)
    }

    /// Who sent the message that is handled; in `on_start` and what it spawns,
    /// the node itself.
    pub fn src(&self) -> &NodeId {
        &self.src
    }

    /// Time since the start of this incarnation. Never goes back.
    pub fn now(&self) -> Time {
        self.shared.now()
    }

    /// What a clock on the wall says. May jump, and differ between nodes.
    pub fn wall_clock(&self) -> WallClock {
        self.shared.cx().wall_clock()
    }

    /// How often this node was started before: 0 in its first life. `None` if
    /// the workbench does not say (Maelstrom).
    pub fn incarnation(&self) -> Option<u32> {
        self.shared.cx().incarnation()
    }

    /// Reads or changes the node's state.
    ///
    /// # Panics
    /// If called inside the closure of another `with`.
    pub fn with<T>(&self, f: impl FnOnce(&mut S) -> T) -> T {
        let mut state = self
            .state
            .try_borrow_mut()
            .expect("cx.with is called inside the closure of another cx.with");
        f(&mut state)
    }

    /// Sends a message that expects no reply.
    pub fn send<M: Message>(&self, dest: &NodeId, message: M) {
        self.shared.cx().send(dest, message);
    }

    /// Sends one message to several nodes without copying it:
    /// `cx.send_all(cx.others(), message)`.
    pub fn send_all<'a, M: Message>(
        &self,
        dests: impl IntoIterator<Item = &'a NodeId>,
        message: M,
    ) {
        let mut dests = dests.into_iter();
        let Some(mut dest) = dests.next() else { return };
        let body: Arc<dyn Body> = Arc::new(message);
        // Whoever makes `dests` may use `cx`, so it is lent for each message.
        let send =
            |dest, body| self.shared.cx().send_payload(dest, Payload::shared(body, None, None));
        for next in dests {
            send(dest, body.clone());
            dest = next;
        }
        send(dest, body);
    }

    /// Sends a request and waits for its reply:
    /// `cx.rpc(&peer, Read {}).timeout(…).retry(…).await`.
    pub fn rpc<M: Request>(&self, dest: &NodeId, message: M) -> Rpc<M> {
        Rpc::new(self.shared.clone(), dest.clone(), message)
    }

    /// Waits for a duration from now.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        Sleep::after(self.shared.clone(), duration)
    }

    /// Waits until a moment of the node's own clock ([`Context::now`]).
    pub fn sleep_until(&self, moment: Time) -> Sleep {
        Sleep::until(self.shared.clone(), moment)
    }

    /// Waits for a future, but no longer than a duration: `None` if it was not
    /// ready by then, and it is dropped.
    pub async fn timeout<F: IntoFuture>(&self, limit: Duration, future: F) -> Option<F::Output> {
        match select(future, self.sleep(limit)).await {
            Either::First(output) => Some(output),
            Either::Second(()) => None,
        }
    }

    /// Runs a future beside the current one, beginning when that next waits or
    /// ends. An `Err` goes to the log.
    pub fn spawn<F>(&self, future: F)
    where
        F: Future + 'static,
        F::Output: Outcome,
    {
        let shared = self.shared.clone();
        self.shared.executor.spawn(Box::pin(async move {
            future.await.report("a spawned task", &shared);
        }));
    }

    /// Calls a closure at every multiple of a duration from now, as long as the
    /// node lives. One call ends before the next begins; moments that pass
    /// meanwhile are left out, and the rhythm does not shift.
    ///
    /// # Panics
    /// If the duration is zero.
    pub fn every<F, T>(&self, period: Duration, mut f: F)
    where
        F: AsyncFnMut(Context<S>) -> T + 'static,
        T: Outcome,
    {
        assert!(!period.is_zero(), "cx.every needs a duration above zero");
        let cx = self.clone();
        self.shared.executor.spawn(Box::pin(async move {
            let mut next = cx.now() + period;
            loop {
                cx.sleep_until(next).await;
                f(cx.clone()).await.report("cx.every", &cx.shared);
                next += period;
                let late = cx.now().since(next).as_nanos();
                if late > 0 {
                    let missed = late.div_ceil(period.as_nanos());
                    next += period.saturating_mul(u32::try_from(missed).unwrap_or(u32::MAX));
                }
            }
        }));
    }

    /// Notes an observation about this node, for invariants and latencies:
    /// `cx.mark("holds", value)` where the node first has a value. On stdio
    /// marks are dropped.
    pub fn mark(&self, label: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        let (label, value) = (label.into(), value.into());
        self.shared.cx().mark(label, value);
    }

    /// Shows a value of the node's state, under a name, to the invariants of a test:
    /// `cx.expose("term", term)` wherever the term changes. Invariants see it from the end
    /// of this step on (where the node next waits), all that a step exposes at once, until
    /// the node exposes another value under that name or ends. On stdio it is dropped.
    pub fn expose(&self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        let (name, value) = (name.into(), value.into());
        self.shared.cx().expose(name, value);
    }

    /// Writes a line to the node's log: stderr on stdio.
    pub fn log(&self, line: impl Into<String>) {
        let line = line.into();
        self.shared.cx().log(line);
    }

    /// A random number from 0 up to, but not including, `end`.
    ///
    /// # Panics
    /// If `end` is 0.
    pub fn random_below(&self, end: u64) -> u64 {
        self.shared.cx().rng().below(end)
    }

    /// Uses the node's randomness, which comes from the run's seed.
    pub fn with_rng<T>(&self, f: impl FnOnce(&mut Rng) -> T) -> T {
        f(self.shared.cx().rng())
    }

    /// Uses the node's durable storage.
    ///
    /// # Errors
    /// If the driver has none.
    pub fn disk<T>(&self, f: impl FnOnce(&mut dyn Disk) -> T) -> Result<T, Unsupported> {
        Ok(f(self.shared.cx().disk()?))
    }

    /// Waits until all that was written to the disk before is durable.
    ///
    /// # Errors
    /// If the disk fails, or the driver has none.
    pub async fn sync(&self) -> Result<(), DiskError> {
        let sync = self.shared.cx().disk()?.sync()?;
        Synced::new(self.shared.clone(), sync).await;
        Ok(())
    }

    /// The linearizable key-value service `lin-kv`.
    pub fn lin_kv(&self) -> Kv {
        Kv::new(self.shared.clone(), "lin-kv")
    }

    /// The sequentially consistent key-value service `seq-kv`: a read may be
    /// old, but never older than what this node has seen.
    pub fn seq_kv(&self) -> Kv {
        Kv::new(self.shared.clone(), "seq-kv")
    }

    /// The key-value service `lww-kv`, which merges its replicas by "last writer
    /// wins" and may lose writes.
    pub fn lww_kv(&self) -> Kv {
        Kv::new(self.shared.clone(), "lww-kv")
    }

    /// The timestamp service `lin-tso`.
    pub fn lin_tso(&self) -> Tso {
        Tso::new(self.shared.clone())
    }
}
