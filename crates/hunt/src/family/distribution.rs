//! What a knob of a family may say.

use serde::Deserialize;

/// A number, one of several, or a range.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Numbers {
    /// Always this.
    Only(f64),
    /// One of these; what stands twice is twice as likely.
    Any(Vec<f64>),
    /// From one to another.
    Range(Range),
}

/// From one number to another.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The least.
    pub from: f64,
    /// The most.
    pub to: f64,
    /// Whether each number is equally likely, or each factor.
    #[serde(default)]
    pub scale: Scale,
}

/// How a range is spread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// Each number is equally likely.
    #[default]
    Linear,
    /// Each factor is: from 1 to 10 as often as from 10 to 100.
    Log,
}

/// Into how many parts a range is cut for weights.
const PARTS: usize = 4;

impl Numbers {
    pub(super) fn check(&self) -> Result<(), String> {
        match self {
            Numbers::Any(all) if all.is_empty() => Err("the list is empty".to_owned()),
            Numbers::Range(Range { from, to, .. }) if from > to => {
                Err(format!("the range ends at {to}, before it begins at {from}"))
            }
            Numbers::Range(Range { from, scale: Scale::Log, .. }) if *from <= 0.0 => {
                Err("a range with scale \"log\" begins above 0".to_owned())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn bounds(&self) -> (f64, f64) {
        match self {
            Numbers::Only(number) => (*number, *number),
            Numbers::Any(all) => {
                let least = all.iter().copied().fold(f64::INFINITY, f64::min);
                (least, all.iter().copied().fold(f64::NEG_INFINITY, f64::max))
            }
            Numbers::Range(range) => (range.from, range.to),
        }
    }

    /// In how many parts weights know it.
    pub fn parts(&self) -> usize {
        match self {
            Numbers::Only(_) => 1,
            Numbers::Any(all) => all.len(),
            Numbers::Range(_) => PARTS,
        }
    }

    /// A number of one part; `place` from 0 to 1 says where in it.
    pub fn at(&self, part: usize, place: f64) -> f64 {
        match self {
            Numbers::Only(number) => *number,
            Numbers::Any(all) => all[part],
            Numbers::Range(Range { from, to, scale }) => {
                let place = (part as f64 + place) / PARTS as f64;
                match scale {
                    Scale::Linear => from + (to - from) * place,
                    Scale::Log => from * libm::exp(libm::log(to / from) * place),
                }
            }
        }
    }
}

/// A word, or one of several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Words {
    /// Always this.
    Only(String),
    /// One of these; what stands twice is twice as likely.
    Any(Vec<String>),
}

impl Words {
    /// All of them.
    pub fn all(&self) -> &[String] {
        match self {
            Words::Only(word) => std::slice::from_ref(word),
            Words::Any(all) => all,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_a_range_without_a_gap() {
        for scale in [Scale::Linear, Scale::Log] {
            let range = Numbers::Range(Range { from: 2.0, to: 200.0, scale });
            assert!((range.at(0, 0.0) - 2.0).abs() < 1e-9);
            for part in 1..PARTS {
                assert!((range.at(part, 0.0) - range.at(part - 1, 1.0)).abs() < 1e-9);
            }
            assert!((range.at(PARTS - 1, 1.0) - 200.0).abs() < 1e-9);
        }
        let log = Numbers::Range(Range { from: 1.0, to: 100.0, scale: Scale::Log });
        assert!((log.at(2, 0.0) - 10.0).abs() < 1e-9, "half of the factors are below 10");
    }
}
