//! A client of the timestamp service.

use std::rc::Rc;
use std::time::Duration;

use glomers_protocol::rpc::tso::Ts;
use glomers_protocol::{NodeId, RpcError};

use crate::call::{DEFAULT_TIMEOUT, Rpc};
use crate::shared::Shared;

/// A client of the timestamp service; see
/// [`Context::lin_tso`](crate::Context::lin_tso).
#[derive(Clone)]
pub struct Tso {
    shared: Rc<Shared>,
    timeout: Duration,
}

impl Tso {
    pub(crate) fn new(shared: Rc<Shared>) -> Tso {
        Tso { shared, timeout: DEFAULT_TIMEOUT }
    }

    /// How long to wait for the service; [`DEFAULT_TIMEOUT`] unless set.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Tso {
        self.timeout = timeout;
        self
    }

    /// A number higher than all that the service gave before, to any node.
    ///
    /// # Errors
    /// If the service does not answer.
    pub async fn timestamp(&self) -> Result<u64, RpcError> {
        let rpc = Rpc::new(self.shared.clone(), NodeId::new("lin-tso"), Ts {});
        Ok(rpc.timeout(self.timeout).await?.ts)
    }
}
