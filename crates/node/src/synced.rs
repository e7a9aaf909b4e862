//! Waiting until what was written is durable.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::process::SyncId;
use crate::shared::Shared;

/// Waits for a sync; made by [`Context::sync`](crate::Context::sync).
pub(crate) struct Synced {
    shared: Rc<Shared>,
    sync: SyncId,
}

impl Synced {
    pub(crate) fn new(shared: Rc<Shared>, sync: SyncId) -> Synced {
        Synced { shared, sync }
    }
}

impl Future for Synced {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match self.shared.is_synced(self.sync, context.waker()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}
