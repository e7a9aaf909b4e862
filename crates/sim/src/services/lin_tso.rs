//! The service `lin-tso`: timestamps that only grow.

use glomers_node::Payload;
use glomers_node::protocol::rpc::tso::TsOk;

use super::request::ReplyTo;

/// `lin-tso`: timestamps 0, 1, 2, …, linearizable.
#[derive(Debug, Default)]
pub(super) struct LinTso {
    next: u64,
}

impl LinTso {
    pub(super) fn answer(&mut self, to: ReplyTo) -> Payload {
        let ts = self.next;
        self.next += 1;
        to.reply(TsOk { ts })
    }
}
