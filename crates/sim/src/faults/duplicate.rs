//! Messages are delivered twice: a sender or a queue that sends again because an
//! acknowledgement was lost or late.

use glomers_history::{MILLISECOND, Value};
use serde::{Deserialize, Serialize};

use super::{Fault, Harm, Links, Window, number, target, validate_probability};
use crate::draws::Draws;
use crate::nemesis::Schedule;

/// Copies of messages between nodes are delivered after the messages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Duplicate {
    /// For each message, 0 to 1.
    pub probability: f64,
    /// A copy takes a latency of its own and, evenly spread, up to so much
    /// longer, ns.
    pub most: u64,
    /// On which links.
    pub links: Links,
}

pub(super) const WINDOW: Window = Window {
    kind: "duplicate",
    begin: "start-duplicate",
    end: "stop-duplicate",
    harm: Some(Harm::Doubled),
    describe,
};

impl Duplicate {
    /// A fault of this kind as a schedule draws it.
    pub(crate) fn draw(schedule: &Schedule, draws: &mut Draws) -> [Fault; 2] {
        let links = schedule.target.links(schedule.nodes, draws);
        let fault = Duplicate { probability: schedule.duplicate, most: schedule.delay, links };
        [Fault::StartDuplicate(fault), Fault::StopDuplicate]
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
    format!("{probability}, up to {most} ms later, {}", target::describe_links(value))
}
