//! A set as a log for each node, copied by position.

use std::collections::BTreeMap;

use glomers_node::{List, Value};
use serde::{Deserialize, Serialize};

use super::Counts;
use crate::broadcast::Values;

/// A piece of the log of an origin: where it begins, and its elements.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Run {
    origin: String,
    first: u64,
    elements: Vec<Value>,
}

/// What a node knows.
#[derive(Debug, Default)]
pub struct Logs {
    /// This node's own origin.
    pub(super) me: String,
    logs: BTreeMap<String, Vec<Value>>,
    /// The elements of all logs, each once.
    values: Values,
}

impl Logs {
    /// Takes an element from a client. One that is there already came by some
    /// log, which brings it to all.
    pub(super) fn add(&mut self, element: Value) {
        if self.values.insert(&element) {
            self.logs.entry(self.me.clone()).or_default().push(element);
        }
    }

    pub(super) fn elements(&self) -> List {
        self.values.to_list()
    }

    pub(super) fn counts(&self) -> Counts {
        self.logs.iter().map(|(origin, log)| (origin.clone(), log.len() as u64)).collect()
    }

    /// What somebody lacks who has so much.
    pub(super) fn beyond(&self, have: &Counts) -> Vec<Run> {
        let run = |(origin, log): (&String, &Vec<Value>)| {
            let first = have.get(origin).copied().unwrap_or(0);
            let elements = log.get(first as usize..)?.to_vec();
            (!elements.is_empty()).then(|| Run { origin: origin.clone(), first, elements })
        };
        self.logs.iter().filter_map(run).collect()
    }

    /// Whether this node lacks something that somebody has who has so much.
    pub(super) fn lacks(&self, have: &Counts) -> bool {
        let count = |origin| self.logs.get(origin).map_or(0, |log| log.len() as u64);
        have.iter().any(|(origin, &theirs)| theirs > count(origin))
    }

    /// Takes what another node has sent. A run that would leave a gap is of no
    /// use: the next comparison brings it again.
    pub(super) fn merge(&mut self, run: Run) {
        let log = self.logs.entry(run.origin).or_default();
        let Some(known) = (log.len() as u64).checked_sub(run.first) else { return };
        for element in run.elements.into_iter().skip(known as usize) {
            self.values.insert(&element);
            log.push(element);
        }
    }
}
