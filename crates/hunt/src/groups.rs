//! Findings that are the same, over all runs.

use std::collections::BTreeMap;

use crate::row::Row;
use crate::signature::Signature;

/// All runs with one finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The finding.
    pub signature: Signature,
    /// How many runs have it.
    pub runs: u64,
    /// The first seed that has it.
    pub first: u64,
    /// The run with the fewest operations, then messages.
    pub smallest: Size,
}

/// How large a run is; the order is from small to large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size {
    /// Operations.
    pub operations: u64,
    /// Messages.
    pub messages: u64,
    /// Nodes.
    pub nodes: u64,
    /// Faults.
    pub faults: u64,
    /// Its seed.
    pub seed: u64,
}

/// The groups of all runs so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Groups(BTreeMap<Signature, Group>);

impl Groups {
    /// Counts a run.
    pub fn add(&mut self, row: &Row) {
        let Row { seed, operations, messages, nodes, faults, .. } = *row;
        let size = Size { operations, messages, nodes, faults, seed };
        for signature in &row.findings {
            let group = self.0.entry(signature.clone()).or_insert_with(|| Group {
                signature: signature.clone(),
                runs: 0,
                first: seed,
                smallest: size,
            });
            group.runs += 1;
            group.first = group.first.min(seed);
            group.smallest = group.smallest.min(size);
        }
    }

    /// The groups, those with most runs first.
    pub fn in_order(&self) -> Vec<&Group> {
        let mut all: Vec<&Group> = self.0.values().collect();
        all.sort_by_key(|group| (std::cmp::Reverse(group.runs), group.first));
        all
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
