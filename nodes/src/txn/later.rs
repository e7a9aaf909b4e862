//! A value that somebody gives later.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

#[derive(Debug)]
struct Place<T> {
    value: Option<T>,
    waker: Option<Waker>,
}

/// Who gives the value.
#[derive(Debug)]
pub(super) struct Later<T>(Rc<RefCell<Place<T>>>);

impl<T> Later<T> {
    /// Gives it.
    pub(super) fn give(self, value: T) {
        let mut place = self.0.borrow_mut();
        place.value = Some(value);
        if let Some(waker) = place.waker.take() {
            waker.wake();
        }
    }
}

/// A place for a value, and what waits for it.
pub(super) fn later<T>() -> (Later<T>, impl Future<Output = T>) {
    let place = Rc::new(RefCell::new(Place { value: None, waker: None }));
    let ours = place.clone();
    let value = poll_fn(move |context| {
        let mut place = ours.borrow_mut();
        match place.value.take() {
            Some(value) => Poll::Ready(value),
            None => {
                place.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    });
    (Later(place), value)
}
