//! Slow links and slow nodes: congestion, a far away replica, a machine that
//! swaps, shares its processor or collects garbage.

use glomers_history::{MILLISECOND, Value};
use serde::{Deserialize, Serialize};

use super::{Fault, Harm, Links, Targets, Window, number, target};
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

/// Nodes take longer for each message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SlowNodes {
    /// So many times their service time.
    pub factor: u32,
    /// Which.
    pub nodes: Targets,
}

pub(super) const LINKS: Window = Window {
    kind: "slow-links",
    begin: "start-slow-links",
    end: "stop-slow-links",
    harm: Some(Harm::SlowLink),
    describe: describe_links,
};

pub(super) const NODES: Window = Window {
    kind: "slow-nodes",
    begin: "start-slow-nodes",
    end: "stop-slow-nodes",
    harm: Some(Harm::SlowNode),
    describe: describe_nodes,
};

fn validate_factor(factor: u32) -> Result<(), String> {
    match factor {
        0 => Err("a slow link or node takes at least as long as before: a factor of 1".to_owned()),
        _ => Ok(()),
    }
}

impl SlowLinks {
    /// A fault of this kind as a schedule draws it.
    pub(crate) fn draw(schedule: &Schedule, draws: &mut Draws) -> [Fault; 2] {
        let links = schedule.target.links(schedule.nodes, draws);
        let fault = SlowLinks { factor: schedule.slow, extra: schedule.slow_extra, links };
        [Fault::StartSlowLinks(fault), Fault::StopSlowLinks]
    }

    pub(super) fn validate(&self, count: u32, places: u32) -> Result<(), String> {
        validate_factor(self.factor)?;
        self.links.validate(count, places)
    }

    /// As histories show it, with these links.
    pub(crate) fn to_value(&self, links: Value) -> Value {
        Value::record([
            ("factor", Value::from(u64::from(self.factor))),
            ("extra-ms", Value::Float(self.extra as f64 / MILLISECOND as f64)),
            ("links", links),
        ])
    }
}

impl SlowNodes {
    /// A fault of this kind as a schedule draws it.
    pub(crate) fn draw(schedule: &Schedule, draws: &mut Draws) -> [Fault; 2] {
        let nodes = schedule.target.nodes(schedule.nodes, draws);
        let fault = SlowNodes { factor: schedule.slow, nodes };
        [Fault::StartSlowNodes(fault), Fault::StopSlowNodes]
    }

    pub(super) fn validate(&self, count: u32) -> Result<(), String> {
        validate_factor(self.factor)?;
        self.nodes.validate(count)
    }

    /// As histories show it, with these nodes.
    pub(crate) fn to_value(&self, nodes: Value) -> Value {
        Value::record([("factor", Value::from(u64::from(self.factor))), ("nodes", nodes)])
    }
}

fn describe_links(value: &Value) -> String {
    let (factor, extra) = (number(value, "factor"), number(value, "extra-ms"));
    let mut how = format!("latency × {factor}");
    if extra > 0.0 {
        how += &format!(" + {extra} ms");
    }
    format!("{how} {}", target::describe_links(value))
}

fn describe_nodes(value: &Value) -> String {
    let nodes = value.get("nodes").map(target::describe_nodes).unwrap_or_default();
    format!("service time × {} at {nodes}", number(value, "factor"))
}
