//! Whom a fault hits: nodes and links.

use fixedbitset::FixedBitSet;
use glomers_history::Value;
use serde::{Deserialize, Serialize};

use crate::services::SERVICES;

/// Which nodes a fault hits. In JSON a list of places, or `"leader"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Targets {
    /// These, by their places in the list.
    Nodes(Vec<u32>),
    /// Those whom a mark chooses when the fault begins.
    Marked(Marked),
}

/// Which nodes a mark chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Marked {
    /// Those that say they lead: their last mark `leader` in this life is
    /// neither null nor false.
    Leader,
}

/// Which links a fault hits: between nodes and, where the Plan says so, between
/// nodes and services. Services have the places after the nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Links {
    /// All.
    All,
    /// Those to and from these nodes.
    Around(Targets),
    /// These: from a node to a node.
    Single(Vec<(u32, u32)>),
}

impl From<Vec<u32>> for Targets {
    fn from(nodes: Vec<u32>) -> Targets {
        Targets::Nodes(nodes)
    }
}

impl Targets {
    /// The nodes that say they lead.
    pub const LEADER: Targets = Targets::Marked(Marked::Leader);

    pub(super) fn validate(&self, count: u32) -> Result<(), String> {
        match self {
            Targets::Nodes(nodes) => validate(nodes.iter().copied(), count),
            Targets::Marked(_) => Ok(()),
        }
    }

    /// As histories show what is about to be hit.
    pub(crate) fn to_value(&self, names: &[impl AsRef<str>]) -> Value {
        match self {
            Targets::Nodes(nodes) => names_value(nodes, names),
            Targets::Marked(Marked::Leader) => Value::keyword("leader"),
        }
    }
}

impl Links {
    pub(super) fn validate(&self, count: u32, places: u32) -> Result<(), String> {
        match self {
            Links::All | Links::Around(Targets::Marked(_)) => Ok(()),
            Links::Around(Targets::Nodes(nodes)) => {
                validate_places(nodes.iter().copied(), count, places)
            }
            Links::Single(links) => {
                validate_places(links.iter().flat_map(|&(from, to)| [from, to]), count, places)
            }
        }
    }

    /// As histories show what is about to be hit.
    pub(crate) fn to_value(&self, names: &[impl AsRef<str>]) -> Value {
        match self {
            Links::All => Value::keyword("all"),
            Links::Around(nodes) => Value::record([("around", nodes.to_value(names))]),
            Links::Single(links) => {
                Value::list(links.iter().map(|&(from, to)| names_value(&[from, to], names)))
            }
        }
    }
}

/// Refuses places that no node has.
pub(super) fn validate(nodes: impl IntoIterator<Item = u32>, count: u32) -> Result<(), String> {
    match nodes.into_iter().find(|&node| node >= count) {
        Some(node) => Err(format!("a fault names node number {node} of {count}")),
        None => Ok(()),
    }
}

/// Refuses places that neither a node has nor, where faults touch services, one of
/// these.
pub(super) fn validate_places(
    named: impl IntoIterator<Item = u32>,
    count: u32,
    places: u32,
) -> Result<(), String> {
    match named.into_iter().find(|&place| place >= places) {
        Some(place) if place < count + SERVICES.len() as u32 => Err(format!(
            "a fault names the service {}, but faults do not touch services unless that is \
             switched on (--fault-services)",
            SERVICES[(place - count) as usize]
        )),
        Some(place) => Err(format!("a fault names node number {place} of {count}")),
        None => Ok(()),
    }
}

fn names_value(nodes: &[u32], names: &[impl AsRef<str>]) -> Value {
    Value::list(nodes.iter().map(|&node| Value::string(names[node as usize].as_ref())))
}

/// Links in words, from what the history says: `on all links`.
pub(super) fn describe_links(value: &Value) -> String {
    let Some(links) = value.get("links") else { return String::new() };
    if let Some(nodes) = links.get("around") {
        return format!("around {}", describe_nodes(nodes));
    }
    match links {
        Value::List(links) => {
            let link = |link: Value| match link.as_list() {
                Some(ends) => ends.iter().map(|end| name(&end)).collect::<Vec<_>>().join(" → "),
                None => name(&link),
            };
            let links: Vec<String> = links.iter().map(link).collect();
            format!("on {}", links.join(", "))
        }
        _ => "on all links".to_owned(),
    }
}

/// Nodes in words, from a list of names.
pub(super) fn describe_nodes(nodes: &Value) -> String {
    let names: Vec<String> = match nodes.as_list() {
        Some(list) => list.iter().map(|node| name(&node)).collect(),
        None => Vec::new(),
    };
    if names.is_empty() { "nobody".to_owned() } else { names.join(" ") }
}

fn name(value: &Value) -> String {
    value.as_str().unwrap_or("?").to_owned()
}

/// Links, for fast tests.
#[derive(Debug)]
pub(crate) enum LinkSet {
    All,
    Around(FixedBitSet),
    Single(Vec<(u32, u32)>),
}

impl LinkSet {
    /// The links around these nodes.
    pub(crate) fn around(nodes: &[u32]) -> LinkSet {
        LinkSet::Around(nodes.iter().map(|&node| node as usize).collect())
    }

    pub(crate) fn contains(&self, src: u32, dest: u32) -> bool {
        match self {
            LinkSet::All => true,
            LinkSet::Around(nodes) => nodes.contains(src as usize) || nodes.contains(dest as usize),
            LinkSet::Single(links) => links.contains(&(src, dest)),
        }
    }
}
