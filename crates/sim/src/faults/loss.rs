//! Messages get lost: a link or a switch that drops packets, over a transport
//! that does not send them again.

use glomers_history::Value;
use serde::{Deserialize, Serialize};

use super::{Fault, Harm, Links, Window, number, target, validate_probability};
use crate::draws::Draws;
use crate::nemesis::Schedule;

/// Messages between nodes get lost, beside the Plan's own loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    /// For each message, 0 to 1.
    pub probability: f64,
    /// On which links.
    pub links: Links,
}

pub(super) const WINDOW: Window = Window {
    kind: "loss",
    begin: "start-loss",
    end: "stop-loss",
    harm: Some(Harm::Lost),
    describe,
};

impl Loss {
    /// A fault of this kind as a schedule draws it.
    pub(crate) fn draw(schedule: &Schedule, draws: &mut Draws) -> [Fault; 2] {
        let links = schedule.target.links(schedule.nodes, draws);
        [Fault::StartLoss(Loss { probability: schedule.loss, links }), Fault::StopLoss]
    }

    pub(super) fn validate(&self, count: u32, places: u32) -> Result<(), String> {
        validate_probability(self.probability)?;
        self.links.validate(count, places)
    }

    /// As histories show it, with these links.
    pub(crate) fn to_value(&self, links: Value) -> Value {
        Value::record([("probability", Value::Float(self.probability)), ("links", links)])
    }
}

fn describe(value: &Value) -> String {
    format!("{} {}", number(value, "probability"), target::describe_links(value))
}
