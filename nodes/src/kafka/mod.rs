//! Logs by key with consumers that commit how far they are, as in Kafka.

pub mod fast;
pub mod lin_kv;
mod log;
pub mod single;

use glomers_node::protocol::rpc::kafka::Offsets;

/// How many messages of a log an answer to a poll holds at most. A consumer that
/// is far behind polls again.
const POLLED: usize = 1000;

/// Notes committed offsets. A commit that comes late does not take back what was
/// committed further on.
fn commit(committed: &mut Offsets, offsets: Offsets) {
    for (key, offset) in offsets {
        let known = committed.entry(key).or_insert(offset);
        *known = offset.max(*known);
    }
}

/// Of these offsets those of some keys.
fn only(offsets: &Offsets, keys: &[String]) -> Offsets {
    let offset = |key: &String| Some((key.clone(), *offsets.get(key)?));
    keys.iter().filter_map(offset).collect()
}
