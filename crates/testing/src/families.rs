//! Conditions drawn from families of Plans, as `glomers hunt` draws them.

use std::collections::BTreeMap;

use glomers_hunt::{Base, Family, Fixed, Weights, draw, family};
use glomers_sim::Plan;
use glomers_sim::nemesis::{KINDS, Kind};

use crate::seeds::Seeds;
use crate::simulation::Simulation;

/// What conditions are drawn from.
#[derive(Debug, Default)]
pub(crate) struct Drawn {
    families: Vec<Family>,
    claims: Option<Vec<Kind>>,
}

impl Drawn {
    /// The Plan with conditions of its seed. What the test says itself stays: how many
    /// nodes and clients there are, how often clients ask, and how long.
    pub(crate) fn conditions(&self, plan: Plan) -> Result<Plan, String> {
        if self.families.is_empty() {
            return match self.claims {
                Some(_) => Err("claims limit what is drawn: say .families([\"swarm\"])".to_owned()),
                None => Ok(plan),
            };
        }
        if !plan.faults.is_empty() {
            return Err("families draw the faults: leave out .fault(…)".to_owned());
        }
        let seed = plan.seed;
        let hold = |name: &str, number: f64| (name.to_owned(), Fixed::Number(number));
        let fixed = BTreeMap::from([
            hold("node-count", plan.nodes.len() as f64),
            hold("time-limit", plan.time_limit as f64 / 1e9),
            hold("concurrency", plan.concurrency.into()),
            hold("rate", 0.0),
        ]);
        let base = Base {
            plan,
            fixed,
            kinds: None,
            claims: self.claims.clone(),
            workers_per_node: 1,
            takes_keys: false,
        };
        draw(&self.families, &Weights::default(), &base, seed).map(|drawn| drawn.plan)
    }
}

impl Simulation {
    /// Draws latency, loss and faults from one of these families: shipped ones by name
    /// (`"swarm"`, `"quiet"`, `"leader"`, `"disk"`, `"link"`, `"clock"`, `"steady"`), or
    /// files in TOML, whose paths end in `.toml` and count from the folder of the package.
    /// The seed says which and how.
    ///
    /// # Panics
    /// If there is no such family, or its file is invalid; the message says why.
    pub fn families<'a>(mut self, families: impl IntoIterator<Item = &'a str>) -> Simulation {
        self.drawn.families = families.into_iter().map(family_of).collect();
        self
    }

    /// The kinds of faults that nodes claim to survive: others are not drawn. Without it
    /// all are.
    ///
    /// # Panics
    /// If there is no such kind.
    pub fn claims<'a>(mut self, kinds: impl IntoIterator<Item = &'a str>) -> Simulation {
        let kind = |name: &str| {
            family::kind(name).unwrap_or_else(|| {
                let all: Vec<&str> = KINDS.iter().map(|entry| entry.name).collect();
                panic!("there is no kind of fault {name:?}; there are {}", all.join(", "))
            })
        };
        self.drawn.claims = Some(kinds.into_iter().map(kind).collect());
        self
    }
}

impl Seeds {
    /// See [`Simulation::families`].
    ///
    /// ```
    /// use glomers_testing::prelude::*;
    ///
    /// Simulation::seeds(1..=20)
    ///     .nodes(3, || glomers_nodes::broadcast::flood_retry::node(Default::default()))
    ///     .workload(Broadcast::rate(20.0))
    ///     .families(["swarm", "link"])
    ///     .claims(["partition", "loss", "duplicate", "reorder", "slow", "pause"])
    ///     .run_for(2 * S)
    ///     .assert_valid();
    /// ```
    pub fn families<'a>(self, families: impl IntoIterator<Item = &'a str>) -> Seeds {
        let names: Vec<String> = families.into_iter().map(str::to_owned).collect();
        self.with(move |simulation| simulation.families(names.iter().map(String::as_str)))
    }

    /// See [`Simulation::claims`].
    pub fn claims<'a>(self, kinds: impl IntoIterator<Item = &'a str>) -> Seeds {
        let names: Vec<String> = kinds.into_iter().map(str::to_owned).collect();
        self.with(move |simulation| simulation.claims(names.iter().map(String::as_str)))
    }
}

fn family_of(name: &str) -> Family {
    if let Some(family) = Family::shipped(name) {
        return family;
    }
    let shipped: Vec<&str> = family::SHIPPED.iter().map(|(name, _)| *name).collect();
    if !name.ends_with(".toml") {
        panic!(
            "there is no family {name:?}; there are {}, and files that end in .toml",
            shipped.join(", ")
        );
    }
    let text = std::fs::read_to_string(name)
        .unwrap_or_else(|error| panic!("the family {name} cannot be read: {error}"));
    Family::parse(name, &text).unwrap_or_else(|error| panic!("{error}"))
}
