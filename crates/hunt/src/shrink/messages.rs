//! Exceptions for single messages, when a node goes.

use glomers_sim::{MessageName, MessageOverride};

use super::places::moved;

/// The exceptions that are left.
pub(crate) fn without_node(overrides: &[MessageOverride], gone: u32) -> Vec<MessageOverride> {
    let left = overrides.iter().filter_map(|one| {
        let message = match one.message {
            MessageName::Nth { src, dest, count } => {
                MessageName::Nth { src: moved(src, gone)?, dest: moved(dest, gone)?, count }
            }
            key @ MessageName::Key(_) => key,
        };
        Some(MessageOverride { message, ..one.clone() })
    });
    left.collect()
}
