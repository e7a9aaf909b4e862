//! What came of many runs.

use glomers_check::{Finding, Validity};

use super::Attempt;

/// The share of seeds in which a broken node must be found out.
pub const ENOUGH: f64 = 0.99;

/// How often a broken node was found out.
#[derive(Debug, Default)]
pub struct Caught {
    /// In so many seeds it was tried.
    pub seeds: u64,
    /// In so many of them its finding appeared.
    pub caught: u64,
    /// The first of these seeds, and what was found.
    pub first: Option<(u64, Finding)>,
    /// The first seed without its finding, and the names of what was found instead.
    pub missed: Option<(u64, Vec<String>)>,
}

impl Caught {
    /// Counts a run; they are to come in order of their seeds.
    pub fn add(&mut self, attempt: &Attempt, name: &str) {
        self.seeds += 1;
        match attempt.finding(name).filter(|_| attempt.validity == Validity::Invalid) {
            Some(finding) => {
                self.caught += 1;
                self.first.get_or_insert_with(|| (attempt.seed, finding.clone()));
            }
            None => {
                self.missed.get_or_insert_with(|| (attempt.seed, names(attempt)));
            }
        }
    }

    /// Whether it was found out often enough.
    pub fn is_enough(&self) -> bool {
        self.caught as f64 >= ENOUGH * self.seeds as f64
    }
}

/// How often a right node was accepted.
#[derive(Debug, Default)]
pub struct Accepted {
    /// In so many seeds it was tried.
    pub seeds: u64,
    /// In so many of them it was accepted.
    pub accepted: u64,
    /// The first seed in which it was not, and the names of what was found.
    pub refused: Option<(u64, Vec<String>)>,
}

impl Accepted {
    /// Counts a run; they are to come in order of their seeds.
    pub fn add(&mut self, attempt: &Attempt) {
        self.seeds += 1;
        if attempt.validity == Validity::Valid {
            self.accepted += 1;
        } else {
            self.refused.get_or_insert_with(|| (attempt.seed, names(attempt)));
        }
    }

    /// Whether it was accepted in all seeds.
    pub fn is_all(&self) -> bool {
        self.accepted == self.seeds
    }
}

/// The names of findings; of an unknown verdict, that.
fn names(attempt: &Attempt) -> Vec<String> {
    match attempt.validity {
        Validity::Unknown if attempt.findings.is_empty() => vec!["unknown".to_owned()],
        _ => attempt.findings.iter().map(|finding| finding.name.to_string()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(seed: u64, validity: Validity, names: &[&'static str]) -> Attempt {
        let findings = names.iter().map(|name| Finding::new(name, "")).collect();
        Attempt { seed, validity, findings }
    }

    #[test]
    fn another_finding_or_none_is_no_proof() {
        let mut caught = Caught::default();
        for seed in 0..99 {
            caught.add(&attempt(seed, Validity::Invalid, &["other", "lost"]), "lost");
        }
        caught.add(&attempt(99, Validity::Unknown, &[]), "lost");
        assert!(caught.is_enough());
        assert_eq!(caught.first.as_ref().map(|(seed, _)| *seed), Some(0));
        caught.add(&attempt(100, Validity::Invalid, &["other"]), "lost");
        assert!(!caught.is_enough());
        assert_eq!((caught.seeds, caught.caught), (101, 99));
        assert_eq!(caught.missed, Some((99, vec!["unknown".to_owned()])));
    }

    #[test]
    fn one_refusal_is_one_too_many() {
        let mut accepted = Accepted::default();
        accepted.add(&attempt(0, Validity::Valid, &[]));
        assert!(accepted.is_all());
        accepted.add(&attempt(1, Validity::Invalid, &["lost"]));
        assert!(!accepted.is_all());
        assert_eq!(accepted.refused, Some((1, vec!["lost".to_owned()])));
    }
}
