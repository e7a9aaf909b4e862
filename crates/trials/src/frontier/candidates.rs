//! The nodes to be measured: one table.

use std::time::Duration;

use glomers_workload::nearest;

/// How a wanted latency becomes arguments.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Knob {
    /// It has none: one point, with these arguments.
    Fixed(&'static [&'static str]),
    /// `--max-latency D`: the node finds the rest itself.
    MaxLatency,
    /// `--period`: D less so many latencies of a link and a guard for each two.
    Schedule(f64),
    /// The same over four hops, with as many sub-hubs as keep all fan-outs equal.
    Tree,
    /// This argument, so many times D. Latency is then aimed at, not kept.
    Share(&'static str, f64),
}

/// A node to be measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// Its name in the registry of nodes.
    pub name: &'static str,
    /// How a wanted latency becomes arguments.
    pub knob: Knob,
    /// The lowest D where it makes sense, in latencies of a link.
    pub from: f64,
    /// The highest.
    pub to: f64,
}

/// How much before the hub's moment messages are to be there, the nodes' default.
const GUARD_MS: f64 = 10.0;

/// All candidates. Those that the registry does not have are left out.
pub const CANDIDATES: [Candidate; 9] = [
    // One hop, so from L on; beyond a few L a hub costs a fraction.
    Candidate { name: "direct", knob: Knob::MaxLatency, from: 1.0, to: 5.0 },
    // Two hops; at 2L itself the hub may not wait at all.
    Candidate { name: "hub-timer", knob: Knob::MaxLatency, from: 2.0, to: 20.0 },
    Candidate { name: "hub-sync", knob: Knob::Schedule(2.0), from: 2.2, to: f64::MAX },
    // It chooses its way itself, below two hops the direct one.
    Candidate { name: "hub-ft", knob: Knob::MaxLatency, from: 1.0, to: f64::MAX },
    // Four hops.
    Candidate { name: "tree-sync", knob: Knob::Tree, from: 4.5, to: f64::MAX },
    // A value needs some five rounds, of a pause and some latencies each.
    Candidate { name: "push-pull", knob: Knob::Share("--pause", 0.1), from: 4.0, to: f64::MAX },
    Candidate { name: "plumtree", knob: Knob::Fixed(&[]), from: 0.0, to: f64::MAX },
    Candidate { name: "flood", knob: Knob::Fixed(&[]), from: 0.0, to: f64::MAX },
    Candidate { name: "flood-retry", knob: Knob::Fixed(&["--tree", "4"]), from: 0.0, to: f64::MAX },
];

/// A name that no candidate has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownCandidate(pub String);

impl std::fmt::Display for UnknownCandidate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let known: Vec<&str> =
            CANDIDATES.iter().filter(|one| one.exists()).map(|one| one.name).collect();
        write!(f, "there is no algorithm {:?}", self.0)?;
        if let Some(near) = nearest(&self.0, &known) {
            write!(f, "; did you mean {near:?}?")?;
        }
        write!(f, " Known: {}.", known.join(", "))
    }
}

impl std::error::Error for UnknownCandidate {}

/// The candidate of this name.
///
/// # Errors
/// If there is none, or its node is not in the registry.
pub fn candidate(name: &str) -> Result<&'static Candidate, UnknownCandidate> {
    static ALL: [Candidate; CANDIDATES.len()] = CANDIDATES;
    ALL.iter()
        .find(|one| one.name == name && one.exists())
        .ok_or_else(|| UnknownCandidate(name.to_owned()))
}

impl Candidate {
    /// Whether the registry has its node.
    pub fn exists(&self) -> bool {
        glomers_nodes::entry(self.name).is_some()
    }

    /// Whether it makes sense where D is wanted and links have latency L.
    pub fn covers(&self, wanted: Duration, latency: Duration) -> bool {
        // A period is longer than its guard.
        if self.period_ms(wanted, latency).is_some_and(|period| period < 1.5 * GUARD_MS) {
            return false;
        }
        let (wanted, latency) = (wanted.as_secs_f64(), latency.as_secs_f64());
        // A millionth for what a product of floats is off.
        let factor = 1.0 + 1e-6;
        latency == 0.0
            || wanted * factor >= self.from * latency && wanted <= self.to * latency * factor
    }

    /// The period of a schedule, in ms.
    fn period_ms(&self, wanted: Duration, latency: Duration) -> Option<f64> {
        let hops = match self.knob {
            Knob::Schedule(hops) => hops,
            Knob::Tree => 4.0,
            _ => return None,
        };
        let (wanted_ms, latency_ms) = (wanted.as_secs_f64() * 1e3, latency.as_secs_f64() * 1e3);
        Some(wanted_ms - hops * latency_ms - hops / 2.0 * GUARD_MS)
    }

    /// The wanted latencies at which it is measured, of those given: `None` stands
    /// for the one point of a node that has no knob.
    pub fn points(&self, wanted: &[Duration], latency: Duration) -> Vec<Option<Duration>> {
        if let Knob::Fixed(_) = self.knob {
            return vec![None];
        }
        let covered = wanted.iter().filter(|wanted| self.covers(**wanted, latency));
        covered.map(|wanted| Some(*wanted)).collect()
    }

    /// Its arguments for a wanted latency, where links have latency L and there are
    /// so many nodes.
    pub fn arguments(
        &self,
        wanted: Option<Duration>,
        latency: Duration,
        nodes: u32,
    ) -> Vec<String> {
        let wanted = wanted.unwrap_or_default();
        let ms = wanted.as_secs_f64() * 1e3;
        let pair = |name: &str, ms: f64| vec![name.to_owned(), format!("{:.0}", ms.max(1.0))];
        match self.knob {
            Knob::Fixed(arguments) => arguments.iter().map(|one| (*one).to_owned()).collect(),
            Knob::MaxLatency => pair("--max-latency", ms),
            Knob::Schedule(_) => {
                pair("--period", self.period_ms(wanted, latency).unwrap_or_default())
            }
            Knob::Tree => {
                let mut all = pair("--period", self.period_ms(wanted, latency).unwrap_or_default());
                let sub_hubs = nodes.isqrt().max(1);
                all.extend(["--sub-hubs".to_owned(), sub_hubs.to_string()]);
                all
            }
            Knob::Share(name, share) => pair(name, share * ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn each_candidate_understands_its_arguments() {
        for candidate in CANDIDATES.iter().filter(|one| one.exists()) {
            for point in candidate.points(&[100 * MS, 500 * MS, 2000 * MS], 100 * MS) {
                let entry = glomers_nodes::entry(candidate.name).unwrap();
                let arguments = candidate.arguments(point, 100 * MS, 25);
                if let Err(reason) = (entry.make)(&arguments) {
                    panic!("{} {arguments:?}: {reason}", candidate.name);
                }
                assert_eq!(entry.workload, "broadcast");
            }
        }
    }

    #[test]
    fn wanted_latencies_become_points_where_they_make_sense() {
        let wanted = [100 * MS, 200 * MS, 1000 * MS];
        let [direct, timer, sync, ..] = CANDIDATES;
        assert_eq!(direct.points(&wanted, 100 * MS), [Some(100 * MS), Some(200 * MS)]);
        assert_eq!(timer.points(&wanted, 100 * MS), [Some(200 * MS), Some(1000 * MS)]);
        assert_eq!(sync.points(&wanted, 100 * MS), [Some(1000 * MS)]);
        assert_eq!(direct.arguments(Some(200 * MS), 100 * MS, 25), ["--max-latency", "200"]);
        assert_eq!(sync.arguments(Some(1000 * MS), 100 * MS, 25), ["--period", "790"]);
        let flood = candidate("flood").unwrap();
        assert_eq!(flood.points(&wanted, 100 * MS), [None]);
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest() {
        let said = candidate("floood").unwrap_err().to_string();
        assert!(said.contains("did you mean \"flood\"?"), "{said}");
    }
}
