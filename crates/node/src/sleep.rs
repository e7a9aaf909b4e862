//! Waiting for a moment.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use glomers_history::Time;

use crate::process::TimerId;
use crate::shared::Shared;

/// Waits for a moment; made by [`Context::sleep`](crate::Context::sleep). Its
/// timer is taken back when it is dropped.
#[must_use = "nothing waits until this is awaited"]
pub struct Sleep {
    shared: Rc<Shared>,
    until: Time,
    timer: Option<TimerId>,
}

impl Sleep {
    /// Until a moment of the node's own clock. [`Time::MAX`] never comes.
    pub(crate) fn until(shared: Rc<Shared>, until: Time) -> Sleep {
        Sleep { shared, until, timer: None }
    }

    /// For a duration from now.
    pub(crate) fn after(shared: Rc<Shared>, duration: Duration) -> Sleep {
        let until = shared.now() + duration;
        Sleep::until(shared, until)
    }

    fn take_back(&mut self) {
        if let Some(timer) = self.timer.take() {
            self.shared.forget_timer(timer);
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let now = self.shared.now();
        if now >= self.until {
            if self.timer.is_none() {
                self.shared.slept_for_no_time();
            }
            self.take_back();
            return Poll::Ready(());
        }
        if self.until == Time::MAX {
            return Poll::Pending;
        }
        let timer = match self.timer {
            Some(timer) => timer,
            None => {
                let timer = self.shared.cx().set_timer(self.until - now);
                self.timer = Some(timer);
                timer
            }
        };
        self.shared.watch_timer(timer, context.waker());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.take_back();
    }
}
