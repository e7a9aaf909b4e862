//! Loss in bursts: a link is good or bad for some time (Gilbert 1960, Elliott 1963).

use std::fmt;
use std::str::FromStr;

use glomers_history::{MILLISECOND, Time};
use serde::{Deserialize, Serialize};

use crate::draws::{Draws, Purpose};
use crate::latency::millionths;

/// How long a link at least stays good or bad.
pub(crate) const SLOT: u64 = 10 * MILLISECOND;

/// When a link loses messages: it turns bad and good again at random, and each state has
/// its own loss. Probabilities in millionths. As text: `gemodel:P,R[,LOSS[,LOSS-GOOD]]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bursts {
    /// That a good link turns bad within 10 ms.
    pub turns_bad: u64,
    /// That a bad link turns good within 10 ms.
    pub turns_good: u64,
    /// Loss while it is bad.
    pub loss_bad: u64,
    /// Loss while it is good.
    pub loss_good: u64,
}

impl Bursts {
    /// The share of messages that are lost in the long run, 0 to 1.
    pub fn mean_loss(self) -> f64 {
        let turns = (self.turns_bad + self.turns_good).max(1) as f64;
        let bad = self.turns_bad as f64 / turns;
        (bad * self.loss_bad as f64 + (1.0 - bad) * self.loss_good as f64) / 1e6
    }
}

impl fmt::Display for Bursts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |millionths: u64| millionths as f64 / 1e6;
        let (p, r) = (share(self.turns_bad), share(self.turns_good));
        write!(f, "gemodel:{p},{r},{},{}", share(self.loss_bad), share(self.loss_good))
    }
}

impl FromStr for Bursts {
    type Err = String;

    fn from_str(text: &str) -> Result<Bursts, String> {
        let form = "a model of loss is gemodel:P,R[,LOSS[,LOSS-GOOD]], as gemodel:0.01,0.2: a good \
                    link turns bad with P and a bad one good with R, each 10 ms";
        let rest = text.strip_prefix("gemodel:").ok_or_else(|| form.to_owned())?;
        let numbers: Vec<u64> = rest
            .split(',')
            .map(|part| millionths(part.trim()))
            .collect::<Result<_, _>>()
            .map_err(|error| format!("{error}; {form}"))?;
        let (&[turns_bad, turns_good], rest) = numbers.split_at_checked(2).unwrap_or_default()
        else {
            return Err(form.to_owned());
        };
        let (loss_bad, loss_good) = match *rest {
            [] => (1_000_000, 0),
            [bad] => (bad, 0),
            [bad, good] => (bad, good),
            _ => return Err(form.to_owned()),
        };
        Ok(Bursts { turns_bad, turns_good, loss_bad, loss_good })
    }
}

/// A link's state.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct State {
    slot: u64,
    is_bad: bool,
}

impl State {
    /// The loss at a moment that is not before an earlier one, of a link with this key.
    pub(crate) fn loss(&mut self, bursts: Bursts, seed: u64, link: u64, now: Time) -> f64 {
        let slot = now.0 / SLOT;
        while self.slot < slot {
            self.slot += 1;
            let turns = if self.is_bad { bursts.turns_good } else { bursts.turns_bad };
            let mut draws = Draws::keyed(seed, Purpose::Burst, link, self.slot, 0);
            if draws.below(1_000_000) < turns {
                self.is_bad = !self.is_bad;
            }
        }
        let loss = if self.is_bad { bursts.loss_bad } else { bursts.loss_good };
        loss as f64 / 1e6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_bad_as_often_and_as_long_as_it_should_be() {
        let bursts: Bursts = "gemodel:1%,0.2".parse().unwrap();
        assert_eq!(bursts.to_string(), "gemodel:0.01,0.2,1,0");
        let mut state = State::default();
        let count = 100_000;
        let states: Vec<bool> =
            (0..count).map(|slot| state.loss(bursts, 1, 7, Time(slot * SLOT)) > 0.5).collect();
        let bad = states.iter().filter(|bad| **bad).count() as f64 / count as f64;
        let begins = states.windows(2).filter(|pair| !pair[0] && pair[1]).count() as f64;
        // P / (P + R) of the time, 1 / R slots each.
        assert!((bad - 0.01 / 0.21).abs() < 0.005, "{bad}");
        let length = bad * count as f64 / begins;
        assert!((length - 5.0).abs() < 0.4, "{length}");
        for text in ["0.1,0.2", "gemodel:0.1", "gemodel:2,1", "gemodel:0,0,0,0,0"] {
            assert!(text.parse::<Bursts>().unwrap_err().contains("gemodel:P,R"), "{text}");
        }
    }
}
