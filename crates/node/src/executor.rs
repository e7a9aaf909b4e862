//! The executor that runs a node's handlers and tasks, in a fixed order.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// How many polls one input may cause.
const MOST_POLLS: u32 = 10_000_000;

/// A future that the executor owns.
pub(crate) type Task = Pin<Box<dyn Future<Output = ()>>>;

/// Runs the tasks of one node, first woken first run, on whatever thread calls
/// it. Nothing else wakes tasks than the node's own inputs, so the order is a
/// function of those.
#[derive(Default)]
pub(crate) struct Executor {
    slots: RefCell<Slots>,
    woken: Arc<Woken>,
}

#[derive(Default)]
struct Slots {
    all: Vec<Slot>,
    free: Vec<usize>,
    closed: bool,
}

/// A place for a task. It keeps its waker for all tasks that live here one after
/// another, so that a task costs no waker of its own; a waker that outlives its
/// task may cause a later one to be polled once more than needed.
struct Slot {
    flag: Arc<Flag>,
    /// Counted without atomics, as it is taken for each message.
    waker: Rc<Waker>,
    task: Option<Task>,
}

/// What a waker points to.
struct Flag {
    index: usize,
    /// Whether the slot stands in the queue already.
    queued: AtomicBool,
    woken: Arc<Woken>,
}

/// The slots to poll, in the order they were woken. A mutex, although there is
/// one thread, because wakers must be `Send`.
#[derive(Default)]
struct Woken {
    queue: Mutex<VecDeque<usize>>,
    /// Whether there may be something in the queue: most messages wake nobody,
    /// and this costs less than the lock.
    any: AtomicBool,
}

impl Woken {
    fn lock(&self) -> MutexGuard<'_, VecDeque<usize>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, index: usize) {
        let mut queue = self.lock();
        queue.push_back(index);
        self.any.store(true, Ordering::Relaxed);
    }

    fn pop(&self) -> Option<usize> {
        if !self.any.load(Ordering::Relaxed) {
            return None;
        }
        let mut queue = self.lock();
        let first = queue.pop_front();
        if first.is_none() {
            self.any.store(false, Ordering::Relaxed);
        }
        first
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.queued.swap(true, Ordering::Relaxed) {
            self.woken.push(self.index);
        }
    }
}

impl Executor {
    /// Polls a new task at once; keeps it only if it has to wait.
    pub(crate) fn start(&self, mut task: Task) {
        let Some((index, waker)) = self.reserve() else {
            return;
        };
        match task.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(()) => self.slots.borrow_mut().free.push(index),
            Poll::Pending => self.slots.borrow_mut().all[index].task = Some(task),
        }
    }

    /// Puts a new task at the end of the queue.
    pub(crate) fn spawn(&self, task: Task) {
        if let Some((index, waker)) = self.reserve() {
            self.slots.borrow_mut().all[index].task = Some(task);
            waker.wake_by_ref();
        }
    }

    /// Runs tasks until none is woken.
    ///
    /// # Panics
    /// If they wake each other, or themselves, without end.
    pub(crate) fn run(&self) {
        let mut polls = 0;
        while let Some(index) = self.woken.pop() {
            polls += 1;
            assert!(
                polls < MOST_POLLS,
                "{polls} tasks ran at one moment, each woken at once by itself or another, so time \
                 could never go on; let one of them wait for something"
            );
            self.poll(index);
        }
    }

    /// Drops all tasks and takes no more. They hold the node and the node holds
    /// them, so without this a node would never be freed.
    pub(crate) fn close(&self) {
        let tasks: Vec<Task> = {
            let mut slots = self.slots.borrow_mut();
            slots.closed = true;
            slots.all.iter_mut().filter_map(|s| s.task.take()).collect()
        };
        // Outside the borrow: what tasks own may use the executor when dropped.
        drop(tasks);
    }

    fn poll(&self, index: usize) {
        let (task, waker) = {
            let slot = &mut self.slots.borrow_mut().all[index];
            slot.flag.queued.store(false, Ordering::Relaxed);
            (slot.task.take(), slot.waker.clone())
        };
        let Some(mut task) = task else {
            return;
        };
        match task.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(()) => {
                // Dropped outside the borrow, as in `close`.
                drop(task);
                self.slots.borrow_mut().free.push(index);
            }
            Poll::Pending => self.slots.borrow_mut().all[index].task = Some(task),
        }
    }

    /// Takes a slot that nobody uses; none once the executor is closed.
    fn reserve(&self) -> Option<(usize, Rc<Waker>)> {
        let mut slots = self.slots.borrow_mut();
        if slots.closed {
            return None;
        }
        let index = match slots.free.pop() {
            Some(index) => index,
            None => {
                let index = slots.all.len();
                let flag = Arc::new(Flag {
                    index,
                    queued: AtomicBool::new(false),
                    woken: self.woken.clone(),
                });
                slots.all.push(Slot {
                    waker: Rc::new(Waker::from(flag.clone())),
                    flag,
                    task: None,
                });
                index
            }
        };
        Some((index, slots.all[index].waker.clone()))
    }
}
