//! Clusters that are spread over the world: round trips between regions, as data.

use crate::latency::{Distribution, Latency};
use crate::plan::LinkRule;

/// Round trips between ten regions of a public cloud, measured in autumn 2024.
const WORLD: &str = include_str!("world.regions");

/// Regions and the round trips between them.
#[derive(Debug, Clone, PartialEq)]
pub struct Regions {
    /// Their names, in the order in which nodes are placed in them: the first node in the
    /// first, and so on round and round.
    pub names: Vec<String>,
    /// Mean round trips in ms, a row for each region.
    pub round_trips: Vec<Vec<f64>>,
}

impl Regions {
    /// The names of those that come with Glomers.
    pub const SHIPPED: [&str; 1] = ["world"];

    /// Regions that come with Glomers, by name.
    pub fn shipped(name: &str) -> Option<Regions> {
        (name == "world").then(|| Regions::parse(WORLD).expect("the shipped file can be read"))
    }

    /// Reads a table: a line `regions NAME NAME …`, then lines `NAME NAME MS` with the
    /// mean round trip between two regions, or within one; `#` begins a comment. Within
    /// a region it is 1 ms unless a line says otherwise.
    ///
    /// # Errors
    /// The number of the line, from 1, and what is wrong with it.
    pub fn parse(text: &str) -> Result<Regions, (usize, String)> {
        let mut regions: Option<Regions> = None;
        let mut last = 1;
        for (number, line) in (1..).zip(text.lines()) {
            let words: Vec<&str> =
                line.split('#').next().unwrap_or_default().split_whitespace().collect();
            if words.is_empty() {
                continue;
            }
            last = number;
            match (&words[..], &mut regions) {
                (["regions", names @ ..], None) if !names.is_empty() => {
                    regions = Some(Regions::named(names).map_err(|what| (number, what))?);
                }
                ([from, to, ms], Some(regions)) => {
                    regions.set(from, to, ms).map_err(|what| (number, what))?;
                }
                (_, None) => {
                    let text = "the first line is \"regions\" and their names, as in: regions \
                                london tokyo";
                    return Err((number, text.to_owned()));
                }
                _ => {
                    let text = "a line is two regions and the round trip between them in ms, as \
                                in: london tokyo 242";
                    return Err((number, text.to_owned()));
                }
            }
        }
        let regions = regions.ok_or((1, "there are no regions in it".to_owned()))?;
        for (from, row) in regions.names.iter().zip(&regions.round_trips) {
            if let Some(to) = row.iter().position(|ms| ms.is_nan()) {
                let text = format!(
                    "there is no round trip between {from} and {}: add a line for it",
                    regions.names[to]
                );
                return Err((last, text));
            }
        }
        Ok(regions)
    }

    fn named(names: &[&str]) -> Result<Regions, String> {
        for (place, name) in names.iter().enumerate() {
            if names[..place].contains(name) {
                return Err(format!("there are two regions {name:?}"));
            }
        }
        let row = |from| (0..names.len()).map(move |to| if from == to { 1.0 } else { f64::NAN });
        Ok(Regions {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            round_trips: (0..names.len()).map(|from| row(from).collect()).collect(),
        })
    }

    fn set(&mut self, from: &str, to: &str, ms: &str) -> Result<(), String> {
        let place = |name: &str| {
            let found = self.names.iter().position(|known| known == name);
            found.ok_or_else(|| {
                format!("there is no region {name:?}; there are {}", self.names.join(", "))
            })
        };
        let (from, to) = (place(from)?, place(to)?);
        let ms = ms.parse::<f64>().ok().filter(|ms| (0.0..=3_600_000.0).contains(ms));
        let ms = ms.ok_or("a round trip is a number of ms")?;
        self.round_trips[from][to] = ms;
        self.round_trips[to][from] = ms;
        Ok(())
    }

    /// The region of a node, by its place.
    pub fn of(&self, node: u32) -> &str {
        &self.names[node as usize % self.names.len()]
    }

    /// Rules for the links of so many nodes: half of the round trip each way, in whole
    /// ms, spread like this.
    pub fn rules(&self, nodes: u32, distribution: Distribution) -> Vec<LinkRule> {
        let count = self.names.len();
        let mut rules = Vec::new();
        for src in 0..nodes {
            for dest in (0..nodes).filter(|dest| *dest != src) {
                let ms = self.round_trips[src as usize % count][dest as usize % count] / 2.0;
                rules.push(LinkRule {
                    src: Some(src),
                    dest: Some(dest),
                    latency: Some(Latency { mean_ms: libm::round(ms) as u64, distribution }),
                    loss: None,
                });
            }
        }
        rules
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_become_rules_for_links() {
        let text = "regions a b # two\na b 100\nb b 4\n";
        let regions = Regions::parse(text).unwrap();
        let rules = regions.rules(4, Distribution::Uniform);
        assert_eq!((rules.len(), regions.of(3)), (12, "b"));
        let mean = |src, dest| {
            let found = rules.iter().find(|rule| (rule.src, rule.dest) == (Some(src), Some(dest)));
            found.unwrap().latency.unwrap().mean_ms
        };
        assert_eq!((mean(0, 1), mean(3, 0), mean(1, 3)), (50, 50, 2));
        let said = |text: &str| Regions::parse(text).unwrap_err();
        assert!(said("a b 3").1.contains("\"regions\""));
        assert!(said("regions a b\na c 3").1.contains("no region \"c\""));
        assert!(said("regions a b\n").1.contains("between a and b"));
        assert!(said("regions a a").1.contains("two regions"));
        assert_eq!(Regions::shipped("world").unwrap().names.len(), 10);
        assert!(Regions::shipped("mars").is_none());
    }
}
