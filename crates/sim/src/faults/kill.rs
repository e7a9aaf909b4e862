//! Nodes are killed and started again: a crash, a power cut, an update.

use glomers_history::Value;
use serde::{Deserialize, Serialize};

use super::report::keys;
use super::{Breaks, Effect, Harm, Targets, Whom, Words, target};

/// Nodes that are killed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kill {
    /// Which.
    pub nodes: Targets,
}

pub(super) const WORDS: Words = Words {
    kind: "kill",
    begin: "kill",
    end: "start",
    mended: "started",
    harm: Some(Harm::NodeDown),
    describe: |_, did| target::describe_nodes(&Value::list(keys(did))),
};

impl Kill {
    /// These nodes, by their places.
    pub fn nodes(nodes: impl Into<Targets>) -> Kill {
        Kill { nodes: nodes.into() }
    }
}

impl Breaks for Kill {
    fn words(&self) -> &'static Words {
        &WORDS
    }

    fn effect(&self) -> Effect<'_> {
        Effect::Down
    }

    fn whom(&self) -> Whom<'_> {
        Whom::Nodes(&self.nodes)
    }

    fn to_value(&self, whom: Value) -> Value {
        whom
    }
}
