//! What a traced host says about itself: which guarantee a run has, and why.

use std::collections::BTreeMap;

use crate::options::Pin;

/// How far one can rely on a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guarantee {
    /// Time is virtual, but another run of the same Plan may differ.
    Virtual,
    /// Another run on this machine is the same, byte for byte.
    Exact,
}

impl Guarantee {
    /// Its name in results.
    pub fn name(self) -> &'static str {
        match self {
            Guarantee::Virtual => "virtual",
            Guarantee::Exact => "exact",
        }
    }
}

/// Something that the run has to say about its nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// In words, with node, thread, call and what to do.
    pub text: String,
    /// Whether the run is `exact` no longer.
    pub lowers: bool,
    /// How often it happened.
    pub count: u64,
}

/// What is to be said about a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The guarantee.
    pub guarantee: Guarantee,
    /// What happened that is worth a word.
    pub notes: Vec<Note>,
    /// How often a thread was stopped, in all.
    pub stops: u64,
}

/// One thing that was tried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Which pin depends on it; `None`: all of virtual time.
    pub pin: Option<Pin>,
    /// What it is.
    pub name: &'static str,
    /// If it is absent: why, in the system's words.
    pub absent: Option<String>,
    /// What its absence costs.
    pub cost: &'static str,
}

/// Collects notes.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    found: BTreeMap<String, (bool, u64)>,
}

impl Notes {
    /// Says something; `lowers`: the run is exact no longer.
    pub(crate) fn say(&mut self, lowers: bool, text: String) {
        let (is_low, count) = self.found.entry(text).or_default();
        *is_low |= lowers;
        *count += 1;
    }

    /// All that was said.
    pub(crate) fn report(&self, stops: u64) -> Report {
        let notes: Vec<Note> = self
            .found
            .iter()
            .map(|(text, &(lowers, count))| Note { text: text.clone(), lowers, count })
            .collect();
        let is_exact = !notes.iter().any(|note| note.lowers);
        let guarantee = if is_exact { Guarantee::Exact } else { Guarantee::Virtual };
        Report { guarantee, notes, stops }
    }
}
