//! Slow links: congestion, a replica that is far away.

use glomers_history::journal::Disturbance;
use glomers_history::{MILLISECOND, Value};
use serde::{Deserialize, Serialize};

use super::{Breaks, Effect, Fault, Harm, Links, Passage, Whom, Words, number, target};
use crate::draws::Draws;
use crate::nemesis::Schedule;

/// Messages between nodes take longer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SlowLinks {
    /// So many times their latency …
    pub factor: u32,
    /// … and so much more, ns.
    pub extra: u64,
    /// On which links.
    pub links: Links,
}

pub(super) const WORDS: Words = Words {
    kind: "slow-links",
    begin: "start-slow-links",
    end: "stop-slow-links",
    mended: "mended",
    harm: Some(Harm::SlowLink),
    describe,
};

impl SlowLinks {
    /// A fault of this kind as a schedule draws it.
    pub(crate) fn draw(schedule: &Schedule, draws: &mut Draws) -> Fault {
        let links = schedule.target.links(schedule.nodes, draws);
        SlowLinks { factor: schedule.slow, extra: schedule.slow_extra, links }.into()
    }

    fn slowed(&self, nanos: u64) -> u64 {
        nanos.saturating_mul(self.factor.into()).saturating_add(self.extra)
    }
}

impl Breaks for SlowLinks {
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
        validate_factor(self.factor)
    }

    fn pass(&self, message: &mut Passage<'_>) {
        message.latency = self.slowed(message.latency);
        message.copy = message.copy.map(|copy| self.slowed(copy));
        message.disturbances.push(Disturbance::SlowLink);
    }

    fn to_value(&self, links: Value) -> Value {
        Value::record([
            ("factor", Value::from(u64::from(self.factor))),
            ("extra-ms", Value::Float(self.extra as f64 / MILLISECOND as f64)),
            ("links", links),
        ])
    }
}

/// Refuses a factor that would make something fast.
pub(super) fn validate_factor(factor: u32) -> Result<(), String> {
    match factor {
        0 => Err("a slow link or node takes at least as long as before: a factor of 1".to_owned()),
        _ => Ok(()),
    }
}

fn describe(_: &Value, value: &Value) -> String {
    let (factor, extra) = (number(value, "factor"), number(value, "extra-ms"));
    let mut how = format!("latency × {factor}");
    if extra > 0.0 {
        how += &format!(" + {extra} ms");
    }
    format!("{how} {}", target::describe_links(value))
}
