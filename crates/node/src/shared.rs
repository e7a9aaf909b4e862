//! What the futures of one node share.

use std::cell::{Cell, OnceCell, RefCell, RefMut};
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::task::Waker;

use glomers_history::Time;
use glomers_protocol::{Header, NodeId, Payload, Request, RpcError};

use crate::collections::Map;
use crate::cx::Cx;
use crate::executor::{Executor, Wakeup};
use crate::process::{SyncId, TimerId};
use crate::runtime::{Identity, MOST_AT_ONCE};

/// What the futures of one node share: everything but the user's state.
pub(crate) struct Shared {
    /// The kernel's context while an input is handled, else a stand-in that
    /// nobody reads.
    cx: RefCell<Cx>,
    pub(crate) executor: Executor,
    /// The requests that wait for a reply, by `msg_id`.
    calls: RefCell<Map<u64, Awaited>>,
    /// The last sync that is done.
    synced: Cell<Option<SyncId>>,
    /// Who waits for syncs, by the sync, in the order in which they began to.
    syncing: RefCell<Vec<(SyncId, Waker)>>,
    identity: OnceCell<(NodeId, Arc<[NodeId]>)>,
    /// Sleeps that took no time, since the last input.
    short_sleeps: Cell<u32>,
}

/// A request that was sent.
enum Awaited {
    Pending(Wakeup),
    Answered(Header, Payload),
}

/// Lends the kernel's context to the futures; takes it back when dropped, even
/// by a panic, so that the driver finds what was logged before.
pub(crate) struct Lent<'a> {
    shared: &'a Shared,
    cx: &'a mut Cx,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        std::mem::swap(&mut *self.shared.cx.borrow_mut(), self.cx);
    }
}

impl Shared {
    pub(crate) fn new() -> Shared {
        let stand_in = Identity { seed: 0, incarnation: Some(0) };
        Shared {
            cx: RefCell::new(Cx::new(stand_in)),
            executor: Executor::default(),
            calls: RefCell::default(),
            synced: Cell::new(None),
            syncing: RefCell::default(),
            identity: OnceCell::new(),
            short_sleeps: Cell::new(0),
        }
    }

    pub(crate) fn lend<'a>(&'a self, cx: &'a mut Cx) -> Lent<'a> {
        std::mem::swap(&mut *self.cx.borrow_mut(), cx);
        self.short_sleeps.set(0);
        Lent { shared: self, cx }
    }

    /// A sleep was over before it began.
    ///
    /// # Panics
    /// If that happens again and again at one moment: a handler that loops so would
    /// never return.
    pub(crate) fn slept_for_no_time(&self) {
        let count = self.short_sleeps.get() + 1;
        self.short_sleeps.set(count);
        assert!(
            count < MOST_AT_ONCE,
            "cx.sleep was called {count} times at one moment for no time, so time could never go \
             on; sleep for some time"
        );
    }

    /// The kernel's context; not to be held while anybody else's code runs.
    pub(crate) fn cx(&self) -> RefMut<'_, Cx> {
        self.cx
            .try_borrow_mut()
            .expect("cx is used inside the closure of cx.with_rng or cx.disk; do that outside it")
    }

    pub(crate) fn started(&self) {
        let cx = self.cx();
        let _ = self.identity.set((cx.id().clone(), cx.peers().clone()));
    }

    pub(crate) fn identity(&self) -> &(NodeId, Arc<[NodeId]>) {
        self.identity.get().expect("a node has an id before its first handler runs")
    }

    pub(crate) fn now(&self) -> Time {
        self.cx().now()
    }

    /// Answers a request. Without a `msg_id` the sender wants no answer, but the
    /// log gets an error.
    pub(crate) fn answer<M: Request>(
        &self,
        src: &NodeId,
        msg_id: Option<u64>,
        answer: Result<M::Reply, RpcError>,
    ) {
        let payload = match answer {
            Ok(reply) if msg_id.is_some() => Payload::typed(reply, None, msg_id),
            Ok(_) => return,
            Err(error) if msg_id.is_some() => Payload::typed(error, None, msg_id),
            Err(error) => {
                let line = format!("message of type {:?} from {src}: {error}", M::TYPE);
                self.cx().log(line);
                return;
            }
        };
        self.cx().send_payload(src, payload);
    }

    /// A message that cannot be handled: an error to who wants a reply, a line
    /// in the log else.
    pub(crate) fn refuse(&self, src: &NodeId, header: &Header, error: RpcError) {
        let mut cx = self.cx();
        if header.msg_id.is_some() && header.in_reply_to.is_none() {
            let payload = Payload::typed(error, None, header.msg_id);
            cx.send_payload(src, payload);
        } else {
            cx.log(format!("message of type {:?} from {src}: {error}", header.kind()));
        }
    }

    /// Has `waker` woken by a timer.
    pub(crate) fn watch_timer(&self, timer: TimerId, waker: &Waker) {
        let wakeup = self.executor.wakeup(waker);
        // What was to be woken before is dropped outside the borrow.
        let _before = self.cx().inner.timers.watch(timer, wakeup);
    }

    pub(crate) fn forget_timer(&self, timer: TimerId) {
        let _wakeup = self.cx().inner.timers.remove(timer);
    }

    /// A timer goes off: wakes who waits for it.
    pub(crate) fn fire(&self) {
        let wakeup = self.cx().inner.timers.take_fired();
        if let Some(wakeup) = wakeup {
            self.executor.wake(wakeup);
        }
    }

    /// Whether a sync is done; else has `waker` woken when it is.
    pub(crate) fn is_synced(&self, sync: SyncId, waker: &Waker) -> bool {
        if self.synced.get() >= Some(sync) {
            return true;
        }
        let mut syncing = self.syncing.borrow_mut();
        let known = syncing.iter().any(|(other, known)| *other == sync && known.will_wake(waker));
        if !known {
            syncing.push((sync, waker.clone()));
        }
        false
    }

    pub(crate) fn synced(&self, sync: SyncId) {
        self.synced.set(self.synced.get().max(Some(sync)));
        let woken: Vec<(SyncId, Waker)> =
            self.syncing.borrow_mut().extract_if(.., |(other, _)| *other <= sync).collect();
        for (_, waker) in woken {
            waker.wake();
        }
    }

    /// Has `waker` woken by the reply to a request.
    pub(crate) fn watch_reply(&self, msg_id: u64, waker: &Waker) {
        let wakeup = self.executor.wakeup(waker);
        self.calls.borrow_mut().insert(msg_id, Awaited::Pending(wakeup));
    }

    /// Takes the reply if it has come; else has `waker` woken when it does.
    pub(crate) fn take_reply(&self, msg_id: u64, waker: &Waker) -> Option<(Header, Payload)> {
        let mut calls = self.calls.borrow_mut();
        let Entry::Occupied(mut call) = calls.entry(msg_id) else { return None };
        match call.get_mut() {
            Awaited::Pending(known) => {
                let wakeup = self.executor.wakeup(waker);
                if !known.is_same(&wakeup) {
                    *known = wakeup;
                }
                None
            }
            Awaited::Answered(..) => match call.remove() {
                Awaited::Answered(header, payload) => Some((header, payload)),
                Awaited::Pending(_) => None,
            },
        }
    }

    pub(crate) fn forget_call(&self, msg_id: u64) {
        let forgotten = self.calls.borrow_mut().remove(&msg_id);
        drop(forgotten);
    }

    /// A reply arrived. Late ones and second ones find nobody.
    pub(crate) fn reply(&self, in_reply_to: u64, header: Header, payload: Payload) {
        let mut calls = self.calls.borrow_mut();
        if let Some(call) = calls.get_mut(&in_reply_to)
            && let Awaited::Pending(_) = call
        {
            let before = std::mem::replace(call, Awaited::Answered(header, payload));
            drop(calls);
            if let Awaited::Pending(wakeup) = before {
                self.executor.wake(wakeup);
            }
        }
    }
}
