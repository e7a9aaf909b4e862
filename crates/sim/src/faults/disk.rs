//! Disks that are slow, full or failing.

use glomers_history::Value;
use serde::{Deserialize, Serialize};

use super::{Breaks, Effect, Fault, Targets, Whom, Words, target};
use crate::disk::DiskCondition;
use crate::draws::Draws;
use crate::nemesis::{Schedule, because};

/// Something is wrong with the disks of nodes, instead of what was before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadDisks {
    /// Whose.
    pub nodes: Targets,
    /// What.
    pub condition: DiskCondition,
}

pub(super) const WORDS: Words = Words {
    kind: "disk",
    begin: "start-disk",
    end: "stop-disk",
    mended: "disks-healed",
    // Told by marks, not by messages.
    harm: None,
    describe,
};

impl BadDisks {
    /// A fault of this kind as a schedule draws it.
    pub(crate) fn draw(schedule: &Schedule, draws: &mut Draws) -> Fault {
        let condition = match draws.below(3) {
            0 => DiskCondition::Slow { factor: 100 },
            1 => DiskCondition::Full,
            _ => DiskCondition::Failing { percent: 30 },
        };
        let nodes = schedule.target.nodes(schedule.nodes, draws);
        BadDisks { nodes, condition }.into()
    }

    /// Why a schedule does not draw it, if so.
    pub(crate) fn why_impossible(schedule: &Schedule) -> Option<String> {
        because(schedule.processes, "the disk of a process is that of the machine")
    }
}

impl Breaks for BadDisks {
    fn words(&self) -> &'static Words {
        &WORDS
    }

    fn effect(&self) -> Effect<'_> {
        Effect::Disk(self.condition)
    }

    fn whom(&self) -> Whom<'_> {
        Whom::Nodes(&self.nodes)
    }

    fn to_value(&self, nodes: Value) -> Value {
        Value::record([("condition", Value::keyword(self.condition.name())), ("nodes", nodes)])
    }
}

fn describe(_: &Value, value: &Value) -> String {
    let condition = value.get("condition").and_then(Value::as_str).unwrap_or("?");
    let nodes = value.get("nodes").map(target::describe_nodes).unwrap_or_default();
    format!("{condition}: {nodes}")
}
