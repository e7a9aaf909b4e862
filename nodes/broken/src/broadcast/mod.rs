//! Broadcast that loses, doubles or takes back values.
//!
//! | node | what is wrong | finding | under | minimal case |
//! |---|---|---|---|---|
//! | `broadcast-no-retry` | each value is sent to each neighbour once | `missing-at-end` | loss | two nodes, one value, its message lost |
//! | `broadcast-one-hop` | only values of clients are sent on, not those of neighbours | `missing-at-end` | nothing | three nodes in a line, one value at an end |
//! | `broadcast-full-queue` | what finds the queue to a neighbour full is never sent | `missing-at-end` | partitions | two nodes apart, nine values |
//! | `broadcast-acks-and-drops` | what comes while too much is on its way is acknowledged and dropped | `lost` | partitions | two nodes apart, nine values |
//! | `broadcast-refuses-and-keeps` | a value that no neighbour confirms in time is refused, and kept | `aborted-present` | partitions | two nodes apart, one value |
//! | `broadcast-doubles` | between the look whether a value is new and its storing lies a wait | `duplicated` | latency | two neighbours tell a third the same value at once |
//! | `broadcast-clears-batch` | a batch is cleared after it was acknowledged, with what came meanwhile | `missing-at-end` | latency | two nodes, two values, the second on the way of the first |
//! | `broadcast-high-water` | nodes ask only for what is above the highest value they have | `missing-at-end` | loss | two nodes, two values, the first one's message lost |
//! | `broadcast-snapshot` | reads are answered from a copy made at every 100th value | `missing-at-end` | nothing | one node, one value |
//! | `broadcast-hides` | values are taken out of the state while they are sent, and put back afterwards | `read-went-back` | latency | two nodes, a value, two reads at its node |

pub mod batch;
pub mod flooding;
pub mod high_water;
pub mod reads;
