//! What clients have committed, against what nodes say of it.

use glomers_check::commit_too_far;
use glomers_history::Value;
use glomers_protocol::rpc::kafka::Offsets;

/// The highest offset of each key that any client has begun to commit.
#[derive(Debug, Default)]
pub(super) struct Commits {
    highest: Offsets,
}

impl Commits {
    /// A client commits these offsets: from now on nodes may say so.
    pub(super) fn begin(&mut self, offsets: &Offsets) {
        for (key, offset) in offsets {
            let highest = self.highest.entry(key.clone()).or_insert(*offset);
            *highest = (*highest).max(*offset);
        }
    }

    /// The highest offset of a key that may have been committed; `None`: nobody has
    /// begun to commit any.
    pub(super) fn highest(&self, key: &str) -> Option<i64> {
        self.highest.get(key).copied()
    }

    /// What is wrong with what a node says was committed of these keys, as the
    /// history tells it. Of a key of which nothing was committed, a node may say 0.
    pub(super) fn error<'a>(
        &self,
        keys: impl Iterator<Item = &'a String>,
        said: &Offsets,
    ) -> Option<Value> {
        let wrong = |key: &'a String| {
            let (said, highest) = (*said.get(key)?, self.highest(key));
            (said > highest.unwrap_or(0)).then_some((key.as_str(), said, highest))
        };
        let wrong: Vec<_> = keys.filter_map(wrong).collect();
        (!wrong.is_empty()).then(|| commit_too_far(&wrong))
    }
}
