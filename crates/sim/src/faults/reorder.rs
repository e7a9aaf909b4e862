//! Messages overtake each other by more than their latencies would let them:
//! several paths, queues in switches, a transport that sends again.

use glomers_history::journal::Disturbance;
use glomers_history::{MILLISECOND, Value};
use serde::{Deserialize, Serialize};

use super::{
    Breaks, Effect, Fault, Harm, Links, Passage, Whom, Words, number, target, validate_probability,
};
use crate::draws::{Draws, Purpose};
use crate::nemesis::{Schedule, because};

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

pub(super) const WORDS: Words = Words {
    kind: "reorder",
    begin: "start-reorder",
    end: "stop-reorder",
    mended: "mended",
    harm: Some(Harm::Delayed),
    describe,
};

impl Reorder {
    /// A fault of this kind as a schedule draws it.
    pub(crate) fn draw(schedule: &Schedule, draws: &mut Draws) -> Fault {
        let links = schedule.target.links(schedule.nodes, draws);
        Reorder { probability: schedule.reorder, most: schedule.delay, links }.into()
    }

    /// Why a schedule does not draw it, if so.
    pub(crate) fn why_impossible(schedule: &Schedule) -> Option<String> {
        let is_nothing = schedule.reorder <= 0.0;
        schedule.no_link().or(because(is_nothing, "it would hold up no message"))
    }
}

impl Breaks for Reorder {
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
        let mut stream = message.draws(Purpose::Reorder);
        if stream.unit() < self.probability {
            let held_up = 1 + stream.below(self.most.max(1));
            message.held_up = message.held_up.saturating_add(held_up);
            message.disturbances.push(Disturbance::Delayed);
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
    format!("{probability} by up to {most} ms {}", target::describe_links(value))
}
