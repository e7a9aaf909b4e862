//! Logs that lose, double or hide messages.
//!
//! | node | what is wrong | finding | under | minimal case |
//! |---|---|---|---|---|
//! | `kafka-local-offsets` | each node has logs of its own | `inconsistent-offsets` | nothing | two nodes, a send of one key to each |
//! | `kafka-reuses-offset` | between taking an offset and storing the message lies a wait | `inconsistent-offsets` | four clients | one node, two sends of one key at once |
//! | `kafka-without-cas` | a log in lin-kv is read, appended to and written | `inconsistent-offsets` | nothing | two nodes, two sends of one key at once |
//! | `kafka-retries-send` | a send to the owner is repeated until it answers | `duplicate` | loss | two nodes, one send, its answer lost |
//! | `kafka-skips` | a poll begins behind the offset that is asked for, unless that is 0 | `poll-skip` | nothing | one node, two sends, two polls |
//! | `kafka-goes-back` | a poll begins before the offset that is asked for | `nonmonotonic-poll` | nothing | one node, a send, two polls |
//! | `kafka-drops` | a full buffer is replaced by an empty one, with the message that found it full | `unseen` | nothing | one node, 33 sends |
//! | `kafka-write-behind` | sends are acknowledged before the service has them | `unseen` | kills | one node, a send, a kill |
//! | `kafka-shows-failed` | a send that the service does not confirm in time is said to have failed | `G1a` | latency | one node, a send that is confirmed late, a poll |
//! | `kafka-commits-too-far` | a commit is taken for a commit of the whole log | `commit-too-far` | latency | one node, a poll, a send, the commit of the poll, an assignment, a send, a poll |

pub mod memory;
pub mod on_lin_kv;
pub mod owners;
