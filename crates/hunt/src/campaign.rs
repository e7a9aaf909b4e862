//! A hunt: many seeds in parallel, their rows in order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::draw::{Base, Drawn, draw};
use crate::family::Family;
use crate::groups::Groups;
use crate::row::{Lab, Row, Verdict};
use crate::seeds::{ROUND, Seeds, Shard};
use crate::weights::Weights;

/// What is hunted, and where.
#[derive(Debug, Clone)]
pub struct Hunt {
    /// The families that Plans are drawn from.
    pub families: Vec<Family>,
    /// What is the same in all Plans.
    pub base: Base,
    /// The seeds.
    pub seeds: Seeds,
    /// Which of them, if not all.
    pub shard: Option<Shard>,
    /// The weights at the beginning.
    pub weights: Weights,
    /// Whether weights change from round to round. They do not where parts of a campaign
    /// must not depend on each other.
    pub adapts: bool,
}

/// All that has come of the rows so far: a function of the rows in order of their seeds.
#[derive(Debug, Clone)]
pub struct Tally {
    adapts: bool,
    /// Those of each round that may begin.
    by_round: Vec<Arc<Weights>>,
    /// All that was counted, also of the round that is not whole.
    counted: Weights,
    features: BTreeSet<String>,
    groups: Groups,
    rows: u64,
    unknown: u64,
}

impl Tally {
    /// Before any run.
    pub fn new(hunt: &Hunt) -> Tally {
        // A shard is no whole round.
        Tally::with(&hunt.weights, hunt.adapts && hunt.shard.is_none())
    }

    /// Before any run, with these weights, which change from round to round or do not.
    pub fn with(weights: &Weights, adapts: bool) -> Tally {
        let first = Arc::new(weights.clone());
        Tally {
            adapts,
            // The weights of a round come from all rounds but the one before it, which
            // may still be under way: so nobody waits at the end of a round.
            by_round: vec![first.clone(), first],
            counted: weights.clone(),
            features: BTreeSet::new(),
            groups: Groups::default(),
            rows: 0,
            unknown: 0,
        }
    }

    /// Counts a row; they come in order of their seeds.
    pub fn add(&mut self, row: &Row) {
        let mut is_new = false;
        for feature in &row.features {
            if !self.features.contains(feature) {
                is_new = true;
                self.features.insert(feature.clone());
            }
        }
        self.counted.add(row, is_new);
        self.groups.add(row);
        self.rows += 1;
        self.unknown += u64::from(row.verdict == Verdict::Unknown);
        if self.adapts && self.rows.is_multiple_of(ROUND) {
            self.by_round.push(Arc::new(self.counted.clone()));
        }
    }

    /// The weights of a round, if they are known yet.
    fn weights(&self, round: u64) -> Option<Arc<Weights>> {
        match self.adapts {
            true => self.by_round.get(round as usize).cloned(),
            false => self.by_round.first().cloned(),
        }
    }

    /// What was found.
    pub fn groups(&self) -> &Groups {
        &self.groups
    }

    /// How many runs there were.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How many runs nobody can judge.
    pub fn unknown(&self) -> u64 {
        self.unknown
    }

    /// What all runs so far say is worth it.
    pub fn counted(&self) -> &Weights {
        &self.counted
    }

    /// The Plan of a seed that was run.
    ///
    /// # Errors
    /// If it cannot be drawn, which it could before.
    pub fn drawn(&self, hunt: &Hunt, seed: u64) -> Result<Drawn, String> {
        let weights = self.weights(hunt.seeds.round_of(seed)).unwrap_or_default();
        draw(&hunt.families, &weights, &hunt.base, seed)
    }
}

/// Why a hunt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// All seeds were tried.
    Complete,
    /// Somebody stopped it, or its time was over.
    Stopped,
}

struct State<'a> {
    seeds: Box<dyn Iterator<Item = u64> + Send + 'a>,
    /// The rows that are done and wait for an earlier one, by their places.
    done: BTreeMap<u64, Row>,
    /// How many seeds were begun.
    begun: u64,
    /// How many rows were counted.
    counted: u64,
    stopped: bool,
    error: Option<String>,
    tally: &'a mut Tally,
    on_row: &'a mut (dyn FnMut(&Row, &Tally) -> Result<(), String> + Send),
}

/// Runs all seeds but the first `skip`, whose rows are in `tally` already, on so many
/// threads. `on_row` gets each row in order of the seeds. Ends early when `is_over` says
/// so; every row that was handed to `on_row` has all before it.
///
/// # Errors
/// If a Plan cannot be drawn or run, or `on_row` fails.
pub fn run(
    hunt: &Hunt,
    lab: &dyn Lab,
    threads: usize,
    tally: &mut Tally,
    is_over: &(dyn Fn() -> bool + Sync),
    on_row: &mut (dyn FnMut(&Row, &Tally) -> Result<(), String> + Send),
) -> Result<Over, String> {
    let skip = tally.rows();
    let state = Mutex::new(State {
        seeds: Box::new(
            hunt.seeds.of(hunt.shard).skip(usize::try_from(skip).unwrap_or(usize::MAX)),
        ),
        done: BTreeMap::new(),
        begun: 0,
        counted: 0,
        stopped: false,
        error: None,
        tally,
        on_row,
    });
    let changed = Condvar::new();
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                while let Some((place, seed, weights)) = next(hunt, &state, &changed, is_over) {
                    let row = row(hunt, lab, &weights, seed);
                    deliver(&state, &changed, place, row);
                }
            });
        }
    });
    let state = state.into_inner().unwrap_or_else(PoisonError::into_inner);
    match state.error {
        Some(error) => Err(error),
        None if state.stopped => Ok(Over::Stopped),
        None => Ok(Over::Complete),
    }
}

/// What a thread does next: a place, its seed, and the weights of its round.
fn next(
    hunt: &Hunt,
    state: &Mutex<State<'_>>,
    changed: &Condvar,
    is_over: &dyn Fn() -> bool,
) -> Option<(u64, u64, Arc<Weights>)> {
    let mut state = lock(state);
    if state.stopped || state.error.is_some() {
        return None;
    }
    if is_over() {
        state.stopped = true;
        return None;
    }
    let seed = state.seeds.next()?;
    let place = state.begun;
    state.begun += 1;
    let round = hunt.seeds.round_of(seed);
    loop {
        if let Some(weights) = state.tally.weights(round) {
            return Some((place, seed, weights));
        }
        if state.stopped || state.error.is_some() {
            return None;
        }
        // Somebody else has a run of the round before the last.
        state = changed.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
}

/// A lock that a panic of another thread does not take away.
fn lock<'a, 'b>(state: &'a Mutex<State<'b>>) -> MutexGuard<'a, State<'b>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn row(hunt: &Hunt, lab: &dyn Lab, weights: &Weights, seed: u64) -> Result<Option<Row>, String> {
    let drawn = draw(&hunt.families, weights, &hunt.base, seed)?;
    let run = lab.run(&drawn.plan).map_err(|error| format!("seed {seed}: {error}"))?;
    let complete = run.filter(crate::row::Run::is_complete);
    Ok(complete.map(|run| Row::of(&drawn, hunt.seeds.round_of(seed), &run, &hunt.base)))
}

/// Hands over all rows that are next.
fn deliver(
    state: &Mutex<State<'_>>,
    changed: &Condvar,
    place: u64,
    row: Result<Option<Row>, String>,
) {
    let mut guard = lock(state);
    let state = &mut *guard;
    match row {
        Ok(Some(row)) => {
            state.done.insert(place, row);
        }
        Ok(None) => state.stopped = true,
        Err(error) => state.error = state.error.take().or(Some(error)),
    }
    while let Some(row) = state.done.remove(&state.counted) {
        state.counted += 1;
        state.tally.add(&row);
        if let Err(error) = (state.on_row)(&row, state.tally) {
            state.error = state.error.take().or(Some(error));
        }
    }
    drop(guard);
    changed.notify_all();
}
