//! [`hub_sync`](super::hub_sync) with a level between: leaves send to s sub-hubs,
//! these to the hub, and back. For so many nodes that one hub cannot serve them
//! all.
//!
//! Nobody sends to more than about max(s, n/s) others: 32 with n = 1000 and
//! s = 32. The last node has a value after at most P + 2 guards + 4L, and with μ
//! values a second from each node's clients, λ in all, it takes
//! [(n−1−s)(1−e^(−μP)) + s(1−e^(−nμP/s)) + (n−1)(1−e^(−λP))]/P messages a second.
//! A tree never beats the star, neither in messages nor in latency; it only spares
//! the hub.
//!
//! Source: spec of this project, section 3.2.

pub use super::hub_sync::{HubSync as TreeSync, Options};
