//! The executor that runs a node's handlers and tasks, in a fixed order.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::pin::Pin;
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
    /// The slot whose task is polled, and what its waker points to.
    polled: Cell<Option<(usize, *const ())>>,
    /// The slots to poll, in the order they were woken, before all of `woken`.
    queue: RefCell<VecDeque<usize>>,
    /// What was woken by wakers, which others may have.
    woken: Arc<Woken>,
}

/// Whom to wake. Nearly always that is a task of the node itself, which needs no waker:
/// to count a waker's references and to lock its queue takes longer than all else that a
/// request needs.
pub(crate) enum Wakeup {
    /// The task in this slot.
    Task(usize),
    /// A future that somebody polls in his own way.
    Other(Waker),
}

impl Wakeup {
    /// Whether both wake the same.
    pub(crate) fn is_same(&self, other: &Wakeup) -> bool {
        match (self, other) {
            (Wakeup::Task(one), Wakeup::Task(other)) => one == other,
            (Wakeup::Other(one), Wakeup::Other(other)) => one.will_wake(other),
            _ => false,
        }
    }
}

#[derive(Default)]
struct Slots {
    all: Vec<Slot>,
    /// The slot that was freed last.
    free: Option<usize>,
    closed: bool,
}

/// A place for a task. It keeps its waker for all tasks that live here one after
/// another, so that a task costs no waker of its own; a waker that outlives its
/// task may cause a later one to be polled once more than needed.
struct Slot {
    flag: Arc<Flag>,
    /// Taken out while the task is polled.
    waker: Option<Waker>,
    task: Option<Task>,
    /// The slot that was freed before this one, while this one is free.
    next_free: Option<usize>,
}

/// What a waker points to.
struct Flag {
    index: usize,
    /// Whether the slot stands in the queue already.
    queued: AtomicBool,
    woken: Arc<Woken>,
}

/// Slots that wakers woke, in order. A mutex, although there is one thread, because
/// wakers must be `Send`.
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

    /// Puts all behind the others.
    #[inline]
    fn move_to(&self, others: &mut VecDeque<usize>) {
        if self.any.load(Ordering::Relaxed) {
            let mut queue = self.lock();
            others.append(&mut queue);
            self.any.store(false, Ordering::Relaxed);
        }
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

impl Slot {
    /// Takes the waker out, to poll with; it is made when it is first needed.
    fn take_waker(&mut self) -> Waker {
        self.waker.take().unwrap_or_else(|| Waker::from(self.flag.clone()))
    }
}

impl Slots {
    /// Nobody lives in this slot any more.
    fn give_back(&mut self, index: usize) {
        self.all[index].next_free = self.free.replace(index);
    }
}

impl Executor {
    /// Polls a new task at once; keeps it only if it has to wait.
    pub(crate) fn start(&self, mut task: Task) {
        let Some((index, waker)) = self.reserve() else {
            return;
        };
        let poll = self.poll_task(index, &mut task, &waker);
        let mut slots = self.slots.borrow_mut();
        slots.all[index].waker = Some(waker);
        match poll {
            Poll::Ready(()) => slots.give_back(index),
            Poll::Pending => slots.all[index].task = Some(task),
        }
    }

    fn poll_task(&self, index: usize, task: &mut Task, waker: &Waker) -> Poll<()> {
        let before = self.polled.replace(Some((index, waker.data())));
        let poll = task.as_mut().poll(&mut Context::from_waker(waker));
        self.polled.set(before);
        poll
    }

    /// What wakes who is polled with this waker.
    pub(crate) fn wakeup(&self, waker: &Waker) -> Wakeup {
        match self.polled.get() {
            Some((index, own)) if own == waker.data() => Wakeup::Task(index),
            _ => Wakeup::Other(waker.clone()),
        }
    }

    /// Wakes somebody.
    pub(crate) fn wake(&self, wakeup: Wakeup) {
        match wakeup {
            Wakeup::Task(index) => {
                let slots = self.slots.borrow();
                let queued = &slots.all[index].flag.queued;
                // A waker on another thread may set it between the two; then the task is
                // polled once more than needed.
                if !queued.load(Ordering::Relaxed) {
                    queued.store(true, Ordering::Relaxed);
                    let mut queue = self.queue.borrow_mut();
                    self.woken.move_to(&mut queue);
                    queue.push_back(index);
                }
            }
            Wakeup::Other(waker) => waker.wake(),
        }
    }

    /// The slot that was woken first.
    fn next(&self) -> Option<usize> {
        let mut queue = self.queue.borrow_mut();
        self.woken.move_to(&mut queue);
        queue.pop_front()
    }

    /// Puts a new task at the end of the queue.
    pub(crate) fn spawn(&self, task: Task) {
        let Some((index, waker)) = self.reserve() else { return };
        {
            let slot = &mut self.slots.borrow_mut().all[index];
            (slot.task, slot.waker) = (Some(task), Some(waker));
        }
        self.wake(Wakeup::Task(index));
    }

    /// Runs tasks until none is woken.
    ///
    /// # Panics
    /// If they wake each other, or themselves, without end.
    pub(crate) fn run(&self) {
        let mut polls = 0;
        while let Some(index) = self.next() {
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
        let (mut task, waker) = {
            let slot = &mut self.slots.borrow_mut().all[index];
            slot.flag.queued.store(false, Ordering::Relaxed);
            match slot.task.take() {
                Some(task) => (task, slot.take_waker()),
                None => return,
            }
        };
        let poll = self.poll_task(index, &mut task, &waker);
        self.slots.borrow_mut().all[index].waker = Some(waker);
        match poll {
            Poll::Ready(()) => {
                // Dropped outside the borrow, as in `close`.
                drop(task);
                self.slots.borrow_mut().give_back(index);
            }
            Poll::Pending => self.slots.borrow_mut().all[index].task = Some(task),
        }
    }

    /// Takes a slot that nobody uses; none once the executor is closed.
    fn reserve(&self) -> Option<(usize, Waker)> {
        let mut slots = self.slots.borrow_mut();
        if slots.closed {
            return None;
        }
        let index = match slots.free {
            Some(index) => {
                slots.free = slots.all[index].next_free;
                index
            }
            None => {
                let index = slots.all.len();
                let flag = Arc::new(Flag {
                    index,
                    queued: AtomicBool::new(false),
                    woken: self.woken.clone(),
                });
                slots.all.push(Slot { waker: None, flag, task: None, next_free: None });
                index
            }
        };
        Some((index, slots.all[index].take_waker()))
    }
}
