//! Messages get lost: a link or a switch that drops packets, over a transport
//! that does not send them again.

use glomers_history::Value;
use serde::{Deserialize, Serialize};

use super::{
    Breaks, Effect, Fault, Harm, Links, Passage, Whom, Words, number, target, validate_probability,
};
use crate::draws::{Draws, Purpose};
use crate::nemesis::{Schedule, because};

/// Messages between nodes get lost, beside the Plan's own loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    /// For each message, 0 to 1.
    pub probability: f64,
    /// On which links.
    pub links: Links,
}

pub(super) const WORDS: Words = Words {
    kind: "loss",
    begin: "start-loss",
    end: "stop-loss",
    mended: "mended",
    harm: Some(Harm::Lost),
    describe,
};

impl Loss {
    /// A fault of this kind as a schedule draws it.
    pub(crate) fn draw(schedule: &Schedule, draws: &mut Draws) -> Fault {
        let links = schedule.target.links(schedule.nodes, draws);
        Loss { probability: schedule.loss, links }.into()
    }

    /// Why a schedule does not draw it, if so.
    pub(crate) fn why_impossible(schedule: &Schedule) -> Option<String> {
        schedule.no_link().or(because(schedule.loss <= 0.0, "it would lose no message"))
    }
}

impl Breaks for Loss {
    fn words(&self) -> &'static Words {
        &WORDS
    }

    fn effect(&self) -> Effect<'_> {
        Effect::Messages
    }

    fn whom(&self) -> Whom<'_> {
        Whom::Links(&self.links)
    }

    fn validate(&self) -> Result<(), String> {
        validate_probability(self.probability)
    }

    fn pass(&self, message: &mut Passage<'_>) {
        message.is_lost |= message.draws(Purpose::FaultLoss).unit() < self.probability;
    }

    fn to_value(&self, links: Value) -> Value {
        Value::record([("probability", Value::Float(self.probability)), ("links", links)])
    }
}

fn describe(_: &Value, value: &Value) -> String {
    format!("{} {}", number(value, "probability"), target::describe_links(value))
}
