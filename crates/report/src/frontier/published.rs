//! Results that others have reported for challenges 3d and 3e, and the marks.
//!
//! Self-reported; some count messages with clients too. Where several report much
//! the same, one stands for all.

use super::document::{Mark, Network, Published};

/// Source, challenge, messages per operation, median and maximum in ms, technique.
type Entry = (&'static str, &'static str, f64, f64, f64, &'static str);

/// All of them, the most frugal first.
pub const PUBLISHED: [Entry; 13] = [
    ("teivah", "3e", 1.92, 764.0, 1087.0, "star, batches of 500 ms, acknowledged"),
    ("a public Rust repository", "3e", 1.987, 339.0, 678.0, "hub 500 ms, leaves 100 ms"),
    ("Woosang Kang's blog", "3e", 2.986, 895.0, 1129.0, "tree, periodic gossip"),
    ("deamondev.github.io", "3e", 3.391, 738.0, 993.0, "tree by hand, batches"),
    ("a repository", "", 4.26, 3051.0, 4781.0, "line, periodic, 200 ms"),
    ("a repository", "3e", 5.01, 521.0, 755.0, "tree4, batches"),
    ("a repository", "3e", 8.63, 890.0, 1503.0, "batched gossip"),
    ("a repository", "3e", 11.66, 751.0, 1208.0, "batched spanning tree"),
    ("a repository", "3e", 12.77, 853.0, 1411.0, "batched spanning tree"),
    ("madhavshekhar.com", "3e", 13.0, 564.0, 1077.0, "all to all, ticks of 1 s"),
    ("Tejas242", "", 13.3, 385.0, 530.0, "tree4, batches of 15 ms"),
    ("teivah", "3d", 23.4, 181.0, 207.0, "star flood, acknowledged"),
    ("several", "3d", 23.9, 370.0, 508.0, "tree4 flood, acknowledged"),
];

/// Challenge, messages per operation, median and maximum in ms.
pub const MARKS: [(&str, f64, f64, f64); 2] =
    [("3d", 30.0, 400.0, 600.0), ("3e", 20.0, 1000.0, 2000.0)];

/// Whether the setting is that of challenges 3d and 3e, so that published results
/// can be set beside.
pub fn is_the_challenge(network: &Network) -> bool {
    network.nodes == 25
        && network.latency_ms == 100
        && network.latency_distribution == "constant"
        && network.rate == 100.0
        && network.loss == 0.0
        && network.nemesis.is_empty()
}

impl Published {
    /// All of them.
    pub fn all() -> Vec<Published> {
        let one = |&(source, challenge, messages, median, max, technique): &Entry| Published {
            source: source.to_owned(),
            challenge: challenge.to_owned(),
            messages_per_operation: messages,
            median_ms: median,
            max_ms: max,
            technique: technique.to_owned(),
        };
        PUBLISHED.iter().map(one).collect()
    }
}

impl Mark {
    /// Both.
    pub fn all() -> Vec<Mark> {
        let one = |&(name, messages, median, max): &(&str, f64, f64, f64)| Mark {
            name: name.to_owned(),
            messages_per_operation: messages,
            median_ms: median,
            max_ms: max,
        };
        MARKS.iter().map(one).collect()
    }
}
