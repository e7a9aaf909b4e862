//! Families: distributions over Plans, as data.
//!
//! A family is a TOML file in the words of the command line. Each knob is a number, a
//! list of which each is equally likely, or a range:
//!
//! ```toml
//! about = "few operations and many faults"
//! node-count = [3, 5]
//! rate = { from = 1, to = 50, scale = "log" }
//!
//! [[faults]]
//! nemesis = ["partition", "kill"]
//! each = 0.5
//! nemesis-interval = { from = 0.3, to = 3 }
//! nemesis-target = ["any", "leader"]
//!
//! [delays]
//! count = [1, 2, 3]
//! length = { from = 100, to = 5000, scale = "log" }
//! ```

mod distribution;

use glomers_sim::Distribution;
use glomers_sim::nemesis::{KINDS, Kind, Target};
use serde::Deserialize;

pub use distribution::{Numbers, Words};

/// A distribution over Plans. What it does not say is as the command line has it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Family {
    /// Its name; that of its file unless it says another.
    #[serde(default)]
    pub name: String,
    /// One line about it.
    pub about: String,
    /// How many nodes.
    pub node_count: Option<Numbers>,
    /// How many clients each node has, as a multiple of what the workload needs.
    pub clients: Option<Numbers>,
    /// Operations per second of all clients together.
    pub rate: Option<Numbers>,
    /// How long operations go on, in seconds.
    pub time_limit: Option<Numbers>,
    /// How many keys are in use at a time, of workloads that take that.
    pub key_count: Option<Numbers>,
    /// Mean latency between nodes, in ms.
    pub latency: Option<Numbers>,
    /// How latencies are spread, as `--latency-dist` has it: `uniform`, `lognormal:1`.
    pub latency_dist: Option<Words>,
    /// The fraction of messages that is lost all the time.
    pub loss: Option<Numbers>,
    /// Mean time that a node takes for a message, in ms.
    pub service_time: Option<Numbers>,
    /// Mean time that a disk takes to sync, in ms.
    pub sync_time: Option<Numbers>,
    /// Whether faults touch the links of services: 0 or 1.
    pub fault_services: Option<Numbers>,
    /// What is broken: groups of kinds that share their intervals and targets.
    #[serde(default)]
    pub faults: Vec<FaultGroup>,
    /// Single messages that take very long.
    pub delays: Option<Delays>,
}

/// Kinds of faults that share intervals, lengths and targets.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FaultGroup {
    /// Which kinds, by their names.
    pub nemesis: Vec<String>,
    /// The probability that each kind is there; 1 unless said.
    #[serde(default = "certain")]
    pub each: f64,
    /// Mean time between the end of a fault and the next, in seconds.
    pub nemesis_interval: Option<Numbers>,
    /// Mean length of a fault, in seconds.
    pub nemesis_length: Option<Numbers>,
    /// Whom they hit.
    pub nemesis_target: Option<Words>,
    /// loss: the fraction that is lost.
    pub fault_loss: Option<Numbers>,
    /// duplicate: the fraction that comes twice.
    pub fault_duplicate: Option<Numbers>,
    /// reorder: the fraction that is held up.
    pub fault_reorder: Option<Numbers>,
    /// reorder and duplicate: how much later at most, in ms.
    pub fault_delay: Option<Numbers>,
    /// slow: how many times as long.
    pub fault_slow: Option<Numbers>,
    /// clock: how wrong at most, in ms.
    pub fault_clock: Option<Numbers>,
}

fn certain() -> f64 {
    1.0
}

/// A few messages of a run that take very long.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Delays {
    /// How many.
    pub count: Numbers,
    /// How long each takes, in ms.
    pub length: Numbers,
}

/// What is wrong with the text of a family.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the family {file} cannot be used: {reason}")]
pub struct FamilyError {
    /// Its file, or its name if it is shipped.
    pub file: String,
    /// What is wrong, and what would be right.
    pub reason: String,
}

/// The families that are shipped: name and text.
pub const SHIPPED: [(&str, &str); 7] = [
    ("swarm", include_str!("../../families/swarm.toml")),
    ("quiet", include_str!("../../families/quiet.toml")),
    ("leader", include_str!("../../families/leader.toml")),
    ("disk", include_str!("../../families/disk.toml")),
    ("link", include_str!("../../families/link.toml")),
    ("clock", include_str!("../../families/clock.toml")),
    ("steady", include_str!("../../families/steady.toml")),
];

/// The kind of fault of this name.
pub fn kind(name: &str) -> Option<Kind> {
    KINDS.iter().find(|entry| entry.name == name).map(|entry| entry.kind)
}

/// The targets of faults, by their names on the command line.
pub const TARGETS: [(&str, Target); 5] = [
    ("any", Target::Any),
    ("one", Target::One),
    ("minority", Target::Minority),
    ("majority", Target::Majority),
    ("leader", Target::Leader),
];

impl Family {
    /// Reads a family. `file` names it in errors, and is its name if it has none.
    ///
    /// # Errors
    /// If the text is no TOML, has a word that is not known, or a value that is
    /// invalid; says where, and what would be valid.
    pub fn parse(file: &str, text: &str) -> Result<Family, FamilyError> {
        let refuse = |reason: String| FamilyError { file: file.to_owned(), reason };
        let mut family: Family = toml::from_str(text)
            .map_err(|error| refuse(error.to_string().trim_end().to_owned()))?;
        if family.name.is_empty() {
            let stem = std::path::Path::new(file).file_stem().and_then(|stem| stem.to_str());
            family.name = stem.unwrap_or(file).to_owned();
        }
        family.check().map_err(refuse)?;
        Ok(family)
    }

    /// The shipped family of this name.
    pub fn shipped(name: &str) -> Option<Family> {
        let (name, text) = SHIPPED.iter().find(|(shipped, _)| *shipped == name)?;
        Some(Family::parse(name, text).expect("a test reads all that are shipped"))
    }

    fn check(&self) -> Result<(), String> {
        let knobs = [
            ("node-count", &self.node_count, 1.0, 1000.0),
            ("clients", &self.clients, 1.0, 100.0),
            ("rate", &self.rate, 0.001, 1e6),
            ("time-limit", &self.time_limit, 0.001, 1e6),
            ("key-count", &self.key_count, 1.0, 1e6),
            ("latency", &self.latency, 0.0, 3_600_000.0),
            ("loss", &self.loss, 0.0, 1.0),
            ("service-time", &self.service_time, 0.0, 1e6),
            ("sync-time", &self.sync_time, 0.0, 1e6),
            ("fault-services", &self.fault_services, 0.0, 1.0),
        ];
        for (name, numbers, lowest, highest) in knobs {
            within(name, numbers.as_ref(), lowest, highest)?;
        }
        for spread in self.latency_dist.iter().flat_map(|words| words.all()) {
            let parsed = spread.parse::<Distribution>();
            parsed.map_err(|reason| format!("latency-dist has {spread:?}: {reason}"))?;
        }
        if let Some(delays) = &self.delays {
            within("delays.count", Some(&delays.count), 0.0, 1000.0)?;
            within("delays.length", Some(&delays.length), 0.0, 1e7)?;
        }
        let mut seen: Vec<(Schedule, usize)> = Vec::new();
        for (at, group) in self.faults.iter().enumerate() {
            group.check()?;
            for kind in group.kinds() {
                let schedule = Schedule::of(kind);
                match seen.iter().find(|(other, _)| *other == schedule) {
                    Some(&(_, other)) if other != at => {
                        return Err(format!(
                            "{} stands in another group of faults than one that shares its \
                             schedule: {}",
                            kind.name(),
                            schedule.rule()
                        ));
                    }
                    _ => seen.push((schedule, at)),
                }
            }
        }
        Ok(())
    }
}

/// What shares one sequence of beginnings and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Schedule {
    Links,
    Processes,
    Own(Kind),
}

impl Schedule {
    fn of(kind: Kind) -> Schedule {
        match kind {
            Kind::Partition | Kind::OneWay | Kind::Bridge | Kind::SingleLink => Schedule::Links,
            Kind::Kill | Kind::Pause => Schedule::Processes,
            other => Schedule::Own(other),
        }
    }

    fn rule(self) -> &'static str {
        match self {
            Schedule::Links => "partition, one-way, bridge and single-link belong into one group",
            Schedule::Processes => "kill and pause belong into one group",
            Schedule::Own(_) => "name each kind once",
        }
    }
}

impl FaultGroup {
    /// Its kinds.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> + '_ {
        self.nemesis.iter().filter_map(|name| kind(name))
    }

    fn check(&self) -> Result<(), String> {
        let kinds = Words::Any(self.nemesis.clone());
        let names: Vec<&str> = KINDS.iter().map(|entry| entry.name).collect();
        known("nemesis", Some(&kinds), &names)?;
        if !(0.0..=1.0).contains(&self.each) {
            return Err(format!("each is a probability from 0 to 1, but it is {}", self.each));
        }
        known("nemesis-target", self.nemesis_target.as_ref(), &TARGETS.map(|(name, _)| name))?;
        let knobs = [
            ("nemesis-interval", &self.nemesis_interval, 0.001, 1e6),
            ("nemesis-length", &self.nemesis_length, 0.001, 1e6),
            ("fault-loss", &self.fault_loss, 0.0, 1.0),
            ("fault-duplicate", &self.fault_duplicate, 0.0, 1.0),
            ("fault-reorder", &self.fault_reorder, 0.0, 1.0),
            ("fault-delay", &self.fault_delay, 0.0, 1e9),
            ("fault-slow", &self.fault_slow, 1.0, 1e6),
            ("fault-clock", &self.fault_clock, 0.0, 1e9),
        ];
        for (name, numbers, lowest, highest) in knobs {
            within(name, numbers.as_ref(), lowest, highest)?;
        }
        Ok(())
    }
}

fn within(name: &str, numbers: Option<&Numbers>, lowest: f64, highest: f64) -> Result<(), String> {
    let Some(numbers) = numbers else { return Ok(()) };
    numbers.check().map_err(|reason| format!("{name}: {reason}"))?;
    let (least, most) = numbers.bounds();
    if least < lowest || most > highest {
        return Err(format!(
            "{name} goes from {least} to {most}, but it must be from {lowest} to {highest}"
        ));
    }
    Ok(())
}

fn known(name: &str, words: Option<&Words>, all: &[&str]) -> Result<(), String> {
    let Some(words) = words else { return Ok(()) };
    let words = words.all();
    if words.is_empty() {
        return Err(format!(
            "{name} is an empty list; leave it out, or name one of {}",
            all.join(", ")
        ));
    }
    match words.iter().find(|word| !all.contains(&word.as_str())) {
        Some(word) => Err(format!("{name} has {word:?}; known: {}", all.join(", "))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_are_shipped_can_be_read() {
        for (name, _) in SHIPPED {
            let family = Family::shipped(name).unwrap();
            assert_eq!(family.name, name);
            assert!(family.about.len() < 90, "{name}: a line");
        }
    }

    #[test]
    fn mistakes_are_told_with_what_would_be_right() {
        let error = |text: &str| Family::parse("mine.toml", text).unwrap_err().to_string();
        assert!(error("about = 1").contains("mine.toml"));
        assert!(error("about = \"x\"\nratte = 3").contains("ratte"));
        assert!(error("about = \"x\"\nrate = [-1]").contains("rate goes from -1"));
        assert!(error("about = \"x\"\nrate = []").contains("empty"));
        assert!(error("about = \"x\"\nrate = { from = 3, to = 1 }").contains("rate: "));
        let faults = |text: &str| error(&format!("about = \"x\"\n{text}"));
        assert!(faults("[[faults]]\nnemesis = [\"kil\"]").contains("known: partition"));
        let twice = "[[faults]]\nnemesis = [\"kill\"]\n[[faults]]\nnemesis = [\"pause\"]";
        assert!(faults(twice).contains("kill and pause belong into one group"));
    }
}
