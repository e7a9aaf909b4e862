//! Messages overtake each other by more than their latencies would let them:
//! several paths, queues in switches, a transport that sends again.

use glomers_history::{MILLISECOND, Value};
use serde::{Deserialize, Serialize};

use super::{Fault, Harm, Links, Window, number, target, validate_probability};
use crate::draws::Draws;
use crate::nemesis::Schedule;

/// Some messages between nodes take longer, so that later ones overtake them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reorder {
    /// For each message, 0 to 1.
    pub probability: f64,
    /// How much longer at most, evenly spread, ns.
    pub most: u64,
    /// On which links.
    pub links: Links,
}

pub(super) const WINDOW: Window = Window {
    kind: "reorder",
    begin: "start-reorder",
    end: "stop-reorder",
    harm: Some(Harm::Delayed),
    describe,
};

impl Reorder {
    /// A fault of this kind as a schedule draws it.
    pub(crate) fn draw(schedule: &Schedule, draws: &mut Draws) -> [Fault; 2] {
        let links = schedule.target.links(schedule.nodes, draws);
        let fault = Reorder { probability: schedule.reorder, most: schedule.delay, links };
        [Fault::StartReorder(fault), Fault::StopReorder]
    }

    pub(super) fn validate(&self, count: u32, places: u32) -> Result<(), String> {
        validate_probability(self.probability)?;
        self.links.validate(count, places)
    }

    /// As histories show it, with these links.
    pub(crate) fn to_value(&self, links: Value) -> Value {
        Value::record([
            ("probability", Value::Float(self.probability)),
            ("most-ms", Value::Float(self.most as f64 / MILLISECOND as f64)),
            ("links", links),
        ])
    }
}

fn describe(value: &Value) -> String {
    let (probability, most) = (number(value, "probability"), number(value, "most-ms"));
    format!("{probability} by up to {most} ms {}", target::describe_links(value))
}
