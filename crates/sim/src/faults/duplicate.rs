//! Messages are delivered twice: a sender or a queue that sends again because an
//! acknowledgement was lost or late.

use glomers_history::journal::Disturbance;
use glomers_history::{MILLISECOND, Value};
use serde::{Deserialize, Serialize};

use super::{
    Breaks, Effect, Fault, Harm, Links, Passage, Whom, Words, number, target, validate_probability,
};
use crate::draws::{Draws, Purpose};
use crate::nemesis::{Schedule, because};

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

pub(super) const WORDS: Words = Words {
    kind: "duplicate",
    begin: "start-duplicate",
    end: "stop-duplicate",
    mended: "mended",
    harm: Some(Harm::Doubled),
    describe,
};

impl Duplicate {
    /// A fault of this kind as a schedule draws it.
    pub(crate) fn draw(schedule: &Schedule, draws: &mut Draws) -> Fault {
        let links = schedule.target.links(schedule.nodes, draws);
        Duplicate { probability: schedule.duplicate, most: schedule.delay, links }.into()
    }

    /// Why a schedule does not draw it, if so.
    pub(crate) fn why_impossible(schedule: &Schedule) -> Option<String> {
        let is_nothing = schedule.duplicate <= 0.0;
        schedule.no_link().or(because(is_nothing, "it would double no message"))
    }
}

impl Breaks for Duplicate {
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
        let mut stream = message.draws(Purpose::Duplicate);
        if message.copy.is_none() && stream.unit() < self.probability {
            message.copy_held_up = stream.below(self.most.saturating_add(1));
            message.copy = Some(message.another(stream));
            message.disturbances.push(Disturbance::Doubled);
        }
    }

    fn to_value(&self, links: Value) -> Value {
        Value::record([
            ("probability", Value::Float(self.probability)),
            ("most-ms", Value::Float(self.most as f64 / MILLISECOND as f64)),
            ("links", links),
        ])
    }
}

fn describe(_: &Value, value: &Value) -> String {
    let (probability, most) = (number(value, "probability"), number(value, "most-ms"));
    format!("{probability}, up to {most} ms later, {}", target::describe_links(value))
}
