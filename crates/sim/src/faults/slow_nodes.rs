//! Slow nodes: a machine that swaps, shares its processor or collects garbage.

use glomers_history::Value;
use serde::{Deserialize, Serialize};

use super::slow_links::validate_factor;
use super::{Breaks, Effect, Fault, Harm, Targets, Whom, Words, number, target};
use crate::draws::Draws;
use crate::nemesis::Schedule;

/// Nodes take longer for each message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SlowNodes {
    /// So many times their service time.
    pub factor: u32,
    /// Which.
    pub nodes: Targets,
}

pub(super) const WORDS: Words = Words {
    kind: "slow-nodes",
    begin: "start-slow-nodes",
    end: "stop-slow-nodes",
    mended: "mended",
    harm: Some(Harm::SlowNode),
    describe,
};

impl SlowNodes {
    /// A fault of this kind as a schedule draws it.
    pub(crate) fn draw(schedule: &Schedule, draws: &mut Draws) -> Fault {
        let nodes = schedule.target.nodes(schedule.nodes, draws);
        SlowNodes { factor: schedule.slow, nodes }.into()
    }
}

impl Breaks for SlowNodes {
    fn words(&self) -> &'static Words {
        &WORDS
    }

    fn effect(&self) -> Effect<'_> {
        Effect::ServiceTime(self.factor)
    }

    fn whom(&self) -> Whom<'_> {
        Whom::Nodes(&self.nodes)
    }

    fn validate(&self) -> Result<(), String> {
        validate_factor(self.factor)
    }

    fn to_value(&self, nodes: Value) -> Value {
        Value::record([("factor", Value::from(u64::from(self.factor))), ("nodes", nodes)])
    }
}

fn describe(_: &Value, value: &Value) -> String {
    let nodes = value.get("nodes").map(target::describe_nodes).unwrap_or_default();
    format!("service time × {} at {nodes}", number(value, "factor"))
}
