//! What all nodes do when the wanted latency leaves no time for a hub.
//!
//! Each sends what its clients broadcast to all others itself, as
//! [`direct`](crate::broadcast::direct) does: it holds its first new value for D − L,
//! L being half of the longest round trip that it measured. The hub is still there:
//! what has not been acknowledged for [`MEND`], leaves tell the hub and the hub tells
//! leaves, so that a lost message, a cut or a dead node is mended as ever.

use std::time::Duration;

use glomers_node::{Cx, Time};

use super::HubFt;
use super::message::Kind;
use crate::broadcast::repair::Which;

/// How long what is sent directly may take to be acknowledged, on batches of
/// others, before hub or leaf send it again.
pub(super) const MEND: Duration = Duration::from_secs(2);

/// What a node remembers that sends to all others.
#[derive(Debug, Default)]
pub(super) struct Direct {
    /// When to send what this node's clients broadcast.
    pub(super) send_at: Option<Time>,
    /// What was held when this node last looked at what is unacknowledged.
    before: Vec<u64>,
}

impl HubFt {
    pub(super) fn is_direct(&self) -> bool {
        self.plan.direct.is_some()
    }

    /// A client broadcast something.
    pub(super) fn direct_news(&mut self, now: Time) {
        let Some(wanted) = self.plan.direct else { return };
        let way = self.round_trips.slowest().map(|round_trip| round_trip / 2);
        // As long as nothing is known, nothing waits.
        let wanted = Duration::from_micros(wanted);
        let hold = way.map_or(Duration::ZERO, |way| wanted.saturating_sub(way));
        self.direct.send_at.get_or_insert(now + hold);
    }

    /// Sends it, if it is time.
    pub(super) fn act_directly(&mut self, cx: &mut Cx) {
        if self.direct.send_at.is_none_or(|at| at > cx.now()) {
            return;
        }
        self.direct.send_at = None;
        let own = self.repair.own_origin();
        for peer in self.repair.others() {
            let unsent = self.repair.unsent_of(peer, |origin| origin == own);
            if unsent > 0 {
                self.send(peer, Kind::Direct, Which::Unsent, cx);
            }
        }
        self.leaf.has_acknowledged();
    }

    /// Whether the peer has not acknowledged something for long.
    pub(super) fn is_overdue(&self, peer: usize) -> bool {
        self.repair.lacked_before(peer, &self.direct.before)
    }

    /// From now on, what is held now and not acknowledged at the next look is
    /// overdue.
    pub(super) fn look_back(&mut self) {
        self.direct.before = self.repair.counts();
    }
}
