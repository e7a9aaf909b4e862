//! The request and reply types of the standard workloads, as Maelstrom defines
//! them. `any` fields are [`Value`](crate::Value)s.

pub mod broadcast;
pub mod counter;
pub mod echo;
pub mod g_set;
pub mod init;
pub mod kafka;
pub mod kv;
pub mod tso;
pub mod txn;
pub mod unique_ids;

/// Implements [`Message`](crate::Message), and [`Request`](crate::Request)
/// where a reply is named.
macro_rules! messages {
    ($($name:ident = $kind:literal $(=> $reply:ident)?),* $(,)?) => {
        $(
            impl $crate::Message for $name {
                const TYPE: &'static str = $kind;
            }
            $(impl $crate::Request for $name {
                type Reply = $reply;
            })?
        )*
    };
}
use messages;
