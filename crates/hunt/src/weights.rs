//! Which families and knobs have been useful: counts, and Thompson sampling over them.

use std::collections::BTreeMap;

use glomers_sim::draws::Draws;
use serde::{Deserialize, Serialize};

use crate::row::Row;

/// How often something was tried, and how often it was useful.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Runs.
    pub tries: u64,
    /// Runs that found something or did something new.
    pub hits: u64,
}

/// The tallies of one family.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FamilyTallies {
    /// Of all its runs.
    pub all: Tally,
    /// Of the parts of its knobs.
    pub knobs: BTreeMap<String, Vec<Tally>>,
}

impl FamilyTallies {
    /// The tally of one part of a knob.
    pub fn part(&self, knob: &str, part: usize) -> Tally {
        let parts = self.knobs.get(knob);
        parts.and_then(|parts| parts.get(part)).copied().unwrap_or_default()
    }
}

/// What decides which families and knobs are drawn. Without any run, all are drawn as the
/// families say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weights {
    /// By the family's name.
    pub families: BTreeMap<String, FamilyTallies>,
}

impl Weights {
    /// Whether there was no run yet.
    pub fn is_empty(&self) -> bool {
        self.families.is_empty()
    }

    /// The tallies of a family.
    pub fn of(&self, family: &str) -> Option<&FamilyTallies> {
        self.families.get(family)
    }

    /// Counts a run.
    pub fn add(&mut self, row: &Row, is_new: bool) {
        let hit = u64::from(row.is_found() || (is_new && row.succeeded > 0));
        let of = self.families.entry(row.family.clone()).or_default();
        let count = |tally: &mut Tally| {
            tally.tries += 1;
            tally.hits += hit;
        };
        count(&mut of.all);
        for (knob, part) in &row.knobs {
            let parts = of.knobs.entry(knob.clone()).or_default();
            let part = *part as usize;
            if parts.len() <= part {
                parts.resize(part + 1, Tally::default());
            }
            count(&mut parts[part]);
        }
    }

    /// Adds what another part of the same campaign has counted.
    pub fn merge(&mut self, other: &Weights) {
        for (name, theirs) in &other.families {
            let ours = self.families.entry(name.clone()).or_default();
            let add = |ours: &mut Tally, theirs: Tally| {
                ours.tries += theirs.tries;
                ours.hits += theirs.hits;
            };
            add(&mut ours.all, theirs.all);
            for (knob, parts) in &theirs.knobs {
                let mine = ours.knobs.entry(knob.clone()).or_default();
                mine.resize(mine.len().max(parts.len()), Tally::default());
                mine.iter_mut().zip(parts).for_each(|(mine, part)| add(mine, *part));
            }
        }
    }
}

/// A draw from what a tally says of the share of runs that are worth it: the beta
/// distribution with a flat prior.
pub(crate) fn beta(tally: Tally, draws: &mut Draws) -> f64 {
    let hits = gamma(tally.hits as f64 + 1.0, draws);
    let misses = gamma((tally.tries - tally.hits) as f64 + 1.0, draws);
    hits / (hits + misses)
}

/// A draw from the gamma distribution with a shape of 1 or more (Marsaglia and Tsang
/// 2000). `libm` gives the same bits on every machine.
fn gamma(shape: f64, draws: &mut Draws) -> f64 {
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / libm::sqrt(9.0 * d);
    loop {
        let x = normal(draws);
        let v = 1.0 + c * x;
        if v <= 0.0 {
            continue;
        }
        let v = v * v * v;
        let u = 1.0 - draws.unit();
        if libm::log(u) < 0.5 * x * x + d - d * v + d * libm::log(v) {
            return d * v;
        }
    }
}

/// A draw from the standard normal distribution (Box and Muller 1958).
fn normal(draws: &mut Draws) -> f64 {
    let radius = libm::sqrt(2.0 * draws.exponential(1.0));
    radius * libm::cos(2.0 * std::f64::consts::PI * draws.unit())
}

#[cfg(test)]
mod tests {
    use glomers_sim::draws::Purpose;

    use super::*;

    #[test]
    fn draws_of_a_share_have_its_mean_and_spread() {
        for (hits, tries) in [(0u64, 0u64), (3, 10), (90, 100), (0, 256)] {
            let mut draws = Draws::keyed(1, Purpose::Family, hits, tries, 0);
            let count = 20_000;
            let all: Vec<f64> =
                (0..count).map(|_| beta(Tally { tries, hits }, &mut draws)).collect();
            let (a, b) = (hits as f64 + 1.0, (tries - hits) as f64 + 1.0);
            let mean = all.iter().sum::<f64>() / f64::from(count);
            assert!((mean - a / (a + b)).abs() < 0.01, "{mean} for {hits} of {tries}");
            let spread =
                all.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / f64::from(count);
            let wanted = a * b / ((a + b) * (a + b) * (a + b + 1.0));
            assert!((spread / wanted - 1.0).abs() < 0.05, "{spread} for {hits} of {tries}");
        }
    }
}
