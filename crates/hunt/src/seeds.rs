//! Which seeds a hunt tries, and which of them are a shard's.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Seeds from one to another, or without end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seeds {
    /// The first.
    pub from: u64,
    /// The one after the last.
    pub end: Option<u64>,
}

impl FromStr for Seeds {
    type Err = String;

    /// `1..500` (without 500, as in Rust), `1..=500`, `1..` (without end), `17`.
    fn from_str(text: &str) -> Result<Seeds, String> {
        let wrong =
            || "seeds are written 1..500 (without 500), 1..=500, or 17 for a single one".to_owned();
        let number = |text: &str| text.trim().parse::<u64>().map_err(|_| wrong());
        let seeds = match text.split_once("..") {
            None => {
                let from = number(text)?;
                Seeds { from, end: Some(from.checked_add(1).ok_or_else(wrong)?) }
            }
            Some((from, "")) => Seeds { from: number(from)?, end: None },
            Some((from, end)) => {
                let end = match end.strip_prefix('=') {
                    Some(last) => number(last)?.checked_add(1).ok_or_else(wrong)?,
                    None => number(end)?,
                };
                Seeds { from: number(from)?, end: Some(end) }
            }
        };
        match seeds.end {
            Some(end) if end <= seeds.from => Err(format!("there is no seed in {text}")),
            _ => Ok(seeds),
        }
    }
}

/// One part of a campaign: the seeds s with s mod `of` = `number` − 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Which, from 1.
    pub number: u64,
    /// Of how many.
    pub of: u64,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let wrong = || "a shard is written 3/8: the third of eight".to_owned();
        let (number, of) = text.split_once('/').ok_or_else(wrong)?;
        let number = number.trim().parse().map_err(|_| wrong())?;
        let of = of.trim().parse().map_err(|_| wrong())?;
        Shard { number, of }.checked()
    }
}

impl Shard {
    /// Itself, if there is such a shard.
    ///
    /// # Errors
    /// If its number is not from 1 to how many there are.
    pub fn checked(self) -> Result<Shard, String> {
        match (1..=self.of).contains(&self.number) {
            true => Ok(self),
            false => Err(format!(
                "there is no shard {}/{}: shards count from 1 to {}",
                self.number, self.of, self.of
            )),
        }
    }

    /// Whether a seed is its own.
    pub fn has(self, seed: u64) -> bool {
        seed % self.of == self.number - 1
    }
}

impl Seeds {
    /// The seeds of a shard, or all, in order; up to the largest there is.
    pub fn of(self, shard: Option<Shard>) -> impl Iterator<Item = u64> {
        (self.from..self.end.unwrap_or(u64::MAX))
            .filter(move |&seed| shard.is_none_or(|shard| shard.has(seed)))
    }

    /// The round of a seed: each has so many seeds of the whole campaign.
    pub fn round_of(self, seed: u64) -> u64 {
        (seed - self.from) / ROUND
    }

    /// How many seeds there are, if they have an end.
    pub fn count(self) -> Option<u64> {
        self.end.map(|end| end - self.from)
    }
}

/// How many seeds a round has.
pub const ROUND: u64 = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_written_as_in_rust() {
        let seeds = |text: &str| text.parse::<Seeds>();
        assert_eq!(seeds("1..500"), Ok(Seeds { from: 1, end: Some(500) }));
        assert_eq!(seeds("1..=500"), Ok(Seeds { from: 1, end: Some(501) }));
        assert_eq!(seeds("7"), Ok(Seeds { from: 7, end: Some(8) }));
        assert_eq!(seeds("7.."), Ok(Seeds { from: 7, end: None }));
        for wrong in ["", "a..b", "5..5", "9..3", "1...4", "-1..4"] {
            assert!(seeds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_seed_is_in_exactly_one_shard() {
        let all = Seeds { from: 3, end: Some(100) };
        let mut found: Vec<u64> =
            (1..=8).flat_map(|number| all.of(Some(Shard { number, of: 8 }))).collect();
        found.sort_unstable();
        assert_eq!(found, (3..100).collect::<Vec<u64>>());
        assert!("0/8".parse::<Shard>().is_err() && "9/8".parse::<Shard>().is_err());
    }
}
