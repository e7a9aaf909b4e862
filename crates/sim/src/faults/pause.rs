//! Nodes are stopped where they are: a collector of garbage, a machine that is moved.

use glomers_history::Value;
use serde::{Deserialize, Serialize};

use super::report::keys;
use super::{Breaks, Effect, Harm, Targets, Whom, Words, target};

/// Nodes that stand still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Which.
    pub nodes: Targets,
}

pub(super) const WORDS: Words = Words {
    kind: "pause",
    begin: "pause",
    end: "resume",
    mended: "resumed",
    harm: Some(Harm::Waited),
    describe: |_, did| target::describe_nodes(&Value::list(keys(did))),
};

impl Pause {
    /// These nodes, by their places.
    pub fn nodes(nodes: impl Into<Targets>) -> Pause {
        Pause { nodes: nodes.into() }
    }
}

impl Breaks for Pause {
    fn words(&self) -> &'static Words {
        &WORDS
    }

    fn effect(&self) -> Effect<'_> {
        Effect::Paused
    }

    fn whom(&self) -> Whom<'_> {
        Whom::Nodes(&self.nodes)
    }

    fn to_value(&self, whom: Value) -> Value {
        whom
    }
}
