//! Links are cut: a switch that fails, a firewall, a cable.

use glomers_history::Value;
use serde::{Deserialize, Serialize};

use super::report::describe_cut;
use super::{Breaks, Effect, Harm, Whom, Words};
use crate::partition::{Cut, PartitionKind};

/// Some nodes do not hear some others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Partition {
    /// How the cut was chosen.
    pub kind: PartitionKind,
    /// What is cut. Not used with [`PartitionKind::Leader`], which is resolved when it
    /// begins.
    pub cut: Cut,
}

pub(super) const WORDS: Words = Words {
    kind: "partition",
    begin: "start-partition",
    end: "stop-partition",
    mended: "network-healed",
    harm: Some(Harm::Cut),
    describe,
};

impl Partition {
    /// As somebody wrote it.
    pub fn by_hand(cut: Cut) -> Partition {
        Partition { kind: PartitionKind::ByHand, cut }
    }
}

impl Breaks for Partition {
    fn words(&self) -> &'static Words {
        &WORDS
    }

    fn effect(&self) -> Effect<'_> {
        Effect::Cut((self.kind != PartitionKind::Leader).then_some(&self.cut))
    }

    fn whom(&self) -> Whom<'_> {
        Whom::Cut
    }

    fn to_value(&self, whom: Value) -> Value {
        match whom {
            Value::Null => Value::keyword(self.kind.name()),
            cut => Value::list([Value::keyword("isolated"), cut]),
        }
    }
}

fn describe(before: &Value, did: &Value) -> String {
    let kind = before.as_str().unwrap_or(WORDS.kind);
    let cut = did.as_list().and_then(|list| list.get(1));
    format!("{kind}: {}", describe_cut(cut.as_ref()))
}
