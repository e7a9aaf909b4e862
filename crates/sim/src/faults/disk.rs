//! Disks that are slow, full or failing.

use glomers_history::Value;
use serde::{Deserialize, Serialize};

use super::{Fault, Targets, Window, target};
use crate::disk::DiskCondition;
use crate::draws::Draws;
use crate::nemesis::Schedule;

/// Something is wrong with the disks of nodes, instead of what was before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadDisks {
    /// Whose.
    pub nodes: Targets,
    /// What.
    pub condition: DiskCondition,
}

pub(super) const WINDOW: Window = Window {
    kind: "disk",
    begin: "start-disk",
    end: "stop-disk",
    // Told by marks, not by messages.
    harm: None,
    describe,
};

impl BadDisks {
    /// A fault of this kind as a schedule draws it.
    pub(crate) fn draw(schedule: &Schedule, draws: &mut Draws) -> [Fault; 2] {
        let condition = match draws.below(3) {
            0 => DiskCondition::Slow { factor: 100 },
            1 => DiskCondition::Full,
            _ => DiskCondition::Failing { percent: 30 },
        };
        let nodes = schedule.target.nodes(schedule.nodes, draws);
        [Fault::StartDisk(BadDisks { nodes, condition }), Fault::StopDisk]
    }

    pub(super) fn validate(&self, count: u32) -> Result<(), String> {
        self.nodes.validate(count)
    }

    /// As histories show it, with these nodes.
    pub(crate) fn to_value(&self, nodes: Value) -> Value {
        Value::record([("condition", Value::keyword(self.condition.name())), ("nodes", nodes)])
    }
}

fn describe(value: &Value) -> String {
    let condition = value.get("condition").and_then(Value::as_str).unwrap_or("?");
    let nodes = value.get("nodes").map(target::describe_nodes).unwrap_or_default();
    format!("{condition}: {nodes}")
}
