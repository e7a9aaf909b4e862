//! Which nodes do not hear which.

use std::collections::BTreeMap;

use fixedbitset::FixedBitSet;
use glomers_history::Value;
use serde::{Deserialize, Serialize};

use crate::draws::Draws;

/// For each receiver the nodes whose messages it does not get. Nodes are given
/// by their places in the list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cut(BTreeMap<u32, Vec<u32>>);

/// How a cut is chosen: the four kinds that Maelstrom has, ours, and by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartitionKind {
    /// One node alone.
    One,
    /// Random halves; the smaller has ⌊n/2⌋ nodes.
    Majority,
    /// ⌊(n−1)/3⌋ nodes cut off from the others.
    MinorityThird,
    /// Every node hears a majority, but no two the same: not transitive.
    MajoritiesRing,
    /// Some nodes are not heard by the others, but hear them.
    OneWay,
    /// As somebody wrote it.
    ByHand,
    /// Two halves that do not hear each other, and one node that both hear.
    Bridge,
    /// Two nodes do not hear each other; each hears all others.
    SingleLink,
    /// Those that say they lead when it begins, each alone; their clients still
    /// reach them.
    Leader,
}

impl PartitionKind {
    /// The kinds that are drawn from.
    pub const DRAWN: [PartitionKind; 4] = [
        PartitionKind::One,
        PartitionKind::Majority,
        PartitionKind::MinorityThird,
        PartitionKind::MajoritiesRing,
    ];

    /// The name in histories.
    pub fn name(self) -> &'static str {
        match self {
            PartitionKind::One => "one",
            PartitionKind::Majority => "majority",
            PartitionKind::MinorityThird => "minority-third",
            PartitionKind::MajoritiesRing => "majorities-ring",
            PartitionKind::OneWay => "one-way",
            PartitionKind::ByHand => "by-hand",
            PartitionKind::Bridge => "bridge",
            PartitionKind::SingleLink => "single-link",
            PartitionKind::Leader => "leader",
        }
    }

    /// How many nodes it needs to cut a link between two.
    pub fn least_nodes(self) -> u32 {
        match self {
            PartitionKind::ByHand => 1,
            PartitionKind::One
            | PartitionKind::Majority
            | PartitionKind::OneWay
            | PartitionKind::SingleLink
            | PartitionKind::Leader => 2,
            PartitionKind::MajoritiesRing | PartitionKind::Bridge => 3,
            PartitionKind::MinorityThird => 4,
        }
    }

    /// Whether what it cuts off may be all services, so that it cuts something
    /// however few nodes there are.
    pub(crate) fn fits_services(self) -> bool {
        matches!(
            self,
            PartitionKind::One
                | PartitionKind::Majority
                | PartitionKind::MinorityThird
                | PartitionKind::Leader
        )
    }

    /// Draws a cut of this kind among `count` nodes.
    pub fn draw(self, count: u32, draws: &mut Draws) -> Cut {
        let mut nodes: Vec<u32> = (0..count).collect();
        draws.shuffle(&mut nodes);
        let apart = match self {
            PartitionKind::One => 1.min(count),
            PartitionKind::Majority => count / 2,
            PartitionKind::MinorityThird => count.saturating_sub(1) / 3,
            PartitionKind::MajoritiesRing => return majorities_ring(&nodes, draws),
            PartitionKind::OneWay => {
                let unheard = 1 + draws.below(u64::from(count.max(2)) - 1) as usize;
                let (unheard, others) = nodes.split_at(unheard.min(nodes.len()));
                return Cut::links(
                    others.iter().flat_map(|&to| unheard.iter().map(move |&from| (to, from))),
                );
            }
            PartitionKind::Bridge => {
                let (_bridge, others) = nodes.split_at(1.min(nodes.len()));
                let (a, b) = others.split_at(others.len() / 2);
                return Cut::components(&[a.to_vec(), b.to_vec()]);
            }
            PartitionKind::SingleLink => {
                let ends = nodes.iter().take(2).map(|&node| vec![node]);
                return Cut::components(&ends.collect::<Vec<Vec<u32>>>());
            }
            // One was written, the other is known when it begins.
            PartitionKind::ByHand | PartitionKind::Leader => return Cut::default(),
        };
        let (small, large) = nodes.split_at(apart as usize);
        Cut::components(&[small.to_vec(), large.to_vec()])
    }
}

/// Up to five nodes: in a random ring each hears the ⌊n/2⌋+1 nodes centred on it
/// (with an even number of them, one more before it than after). More nodes:
/// random symmetric links until each sees a majority.
fn majorities_ring(ring: &[u32], draws: &mut Draws) -> Cut {
    let count = ring.len();
    let majority = count / 2 + 1;
    let mut hears: Vec<FixedBitSet> = (0..count)
        .map(|node| {
            let mut heard = FixedBitSet::with_capacity(count);
            heard.insert(node);
            heard
        })
        .collect();
    if count <= 5 {
        let before = majority / 2;
        for (place, &node) in ring.iter().enumerate() {
            for step in 0..majority {
                let other = ring[(place + count + step - before) % count];
                hears[node as usize].insert(other as usize);
            }
        }
    } else {
        while let Some(node) = ring
            .iter()
            .map(|&node| node as usize)
            .find(|&node| hears[node].count_ones(..) < majority)
        {
            // Among the nodes it does not hear, one of those with the fewest
            // links, so that degrees stay even.
            let strangers: Vec<usize> =
                (0..count).filter(|&other| !hears[node].contains(other)).collect();
            let fewest = strangers.iter().map(|&other| hears[other].count_ones(..)).min();
            let candidates: Vec<usize> = strangers
                .into_iter()
                .filter(|&other| Some(hears[other].count_ones(..)) == fewest)
                .collect();
            let other = candidates[draws.below(candidates.len() as u64) as usize];
            hears[node].insert(other);
            hears[other].insert(node);
        }
    }
    let cut = hears.iter().enumerate().map(|(node, heard)| {
        let deaf_to = (0..count).filter(|&other| !heard.contains(other)).map(|other| other as u32);
        (node as u32, deaf_to.collect())
    });
    Cut(cut.collect())
}

impl Cut {
    /// Cuts nodes into groups that hear only themselves.
    pub fn components(groups: &[Vec<u32>]) -> Cut {
        let mut cut = BTreeMap::new();
        for (at, group) in groups.iter().enumerate() {
            let mut others: Vec<u32> = groups
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != at)
                .flat_map(|(_, nodes)| nodes.iter().copied())
                .collect();
            others.sort_unstable();
            for &node in group {
                cut.insert(node, others.clone());
            }
        }
        Cut(cut)
    }

    /// Cuts single directions: `(receiver, source)`.
    pub fn links(pairs: impl IntoIterator<Item = (u32, u32)>) -> Cut {
        let mut cut: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (receiver, source) in pairs {
            let sources = cut.entry(receiver).or_default();
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
        for sources in cut.values_mut() {
            sources.sort_unstable();
        }
        Cut(cut)
    }

    /// The same with services, which have the places after the nodes: each stands
    /// beside a node, drawn for it, and hears and is heard as that node is. If no link
    /// between nodes is cut, all services are cut off from all nodes instead.
    #[must_use]
    pub fn with_services(self, nodes: u32, services: u32, draws: &mut Draws) -> Cut {
        let places = nodes..nodes + services;
        if self.is_empty() {
            return Cut::components(&[(0..nodes).collect(), places.collect()]);
        }
        let beside: Vec<(u32, u32)> =
            places.map(|service| (service, draws.below(nodes.into()) as u32)).collect();
        let pairs = self.pairs().collect::<Vec<(u32, u32)>>();
        let mut all = pairs.clone();
        for (service, node) in beside {
            let same = pairs.iter().flat_map(|&(receiver, source)| {
                let heard = (source == node).then_some((receiver, service));
                heard.into_iter().chain((receiver == node).then_some((service, source)))
            });
            all.extend(same);
        }
        Cut::links(all)
    }

    /// Receivers and sources, in pairs.
    fn pairs(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.iter()
            .flat_map(|(receiver, sources)| sources.iter().map(move |&source| (receiver, source)))
    }

    /// Receivers and the sources that each does not hear.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &[u32])> {
        self.0.iter().map(|(receiver, sources)| (*receiver, sources.as_slice()))
    }

    /// All nodes that it names.
    pub fn nodes(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().flat_map(|(receiver, sources)| {
            std::iter::once(*receiver).chain(sources.iter().copied())
        })
    }

    /// Whether it cuts nothing.
    pub fn is_empty(&self) -> bool {
        self.0.values().all(Vec::is_empty)
    }

    /// As histories show it: a map from receiver to the set of sources. `names` are
    /// those of all places.
    pub fn to_value(&self, names: &[impl AsRef<str>]) -> Value {
        let name = |node: u32| Value::string(names[node as usize].as_ref());
        Value::map(self.iter().map(|(receiver, sources)| {
            (name(receiver), Value::set(sources.iter().map(|&source| name(source))))
        }))
    }
}

/// What is cut at present, for fast tests.
#[derive(Debug, Default)]
pub(crate) struct Barrier {
    deaf_to: Vec<FixedBitSet>,
}

impl Barrier {
    /// All that these cut, of so many places.
    pub(crate) fn new<'a>(cuts: impl Iterator<Item = &'a Cut>, count: usize) -> Barrier {
        let mut deaf_to = Vec::new();
        for (receiver, sources) in cuts.flat_map(Cut::iter) {
            deaf_to.resize(count, FixedBitSet::new());
            let set = &mut deaf_to[receiver as usize];
            set.grow(count);
            set.extend(sources.iter().map(|&source| source as usize));
        }
        Barrier { deaf_to }
    }

    pub(crate) fn cuts(&self, src: u32, dest: u32) -> bool {
        self.deaf_to.get(dest as usize).is_some_and(|set| set.contains(src as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draws::Purpose;

    fn drawn(kind: PartitionKind, count: u32, seed: u64) -> Cut {
        kind.draw(count, &mut Draws::keyed(seed, Purpose::Nemesis, 0, 0, 0))
    }

    fn deaf_to(cut: &Cut, node: u32) -> usize {
        cut.iter().find(|(receiver, _)| *receiver == node).map_or(0, |(_, sources)| sources.len())
    }

    #[test]
    fn sides_have_the_sizes_that_maelstrom_gives_them() {
        for seed in 0..50 {
            for count in 1..12 {
                let sides = |kind| {
                    let cut = drawn(kind, count, seed);
                    let mut small = 0;
                    for node in 0..count {
                        let deaf = deaf_to(&cut, node) as u32;
                        small = small.max(deaf.min(count - deaf));
                    }
                    small
                };
                assert_eq!(sides(PartitionKind::One), 1.min(count - 1));
                assert_eq!(sides(PartitionKind::Majority), count / 2);
                assert_eq!(sides(PartitionKind::MinorityThird), (count - 1) / 3);
            }
        }
    }

    /// A kind that cuts no link of so many nodes says so before it is drawn.
    #[test]
    fn kinds_cut_something_from_their_least_number_of_nodes_on() {
        let kinds = [
            PartitionKind::One,
            PartitionKind::Majority,
            PartitionKind::MinorityThird,
            PartitionKind::MajoritiesRing,
            PartitionKind::OneWay,
            PartitionKind::Bridge,
            PartitionKind::SingleLink,
        ];
        for kind in kinds {
            for (seed, count) in (0..20).flat_map(|seed| (1..8).map(move |count| (seed, count))) {
                let cuts = !drawn(kind, count, seed).is_empty();
                assert_eq!(cuts, count >= kind.least_nodes(), "{kind:?} of {count}");
            }
        }
    }

    #[test]
    fn a_service_hears_and_is_heard_as_one_of_the_nodes() {
        for seed in 0..50 {
            for count in 1..8 {
                let kinds = PartitionKind::DRAWN;
                for kind in kinds.into_iter().chain([PartitionKind::OneWay]) {
                    let mut draws = Draws::keyed(seed, Purpose::Nemesis, 1, 0, 0);
                    let cut = drawn(kind, count, seed);
                    let placed = cut.clone().with_services(count, 4, &mut draws);
                    let among = |&(a, b): &(u32, u32)| a < count && b < count;
                    let of_nodes: Vec<(u32, u32)> = placed.pairs().filter(among).collect();
                    assert_eq!(of_nodes, cut.pairs().collect::<Vec<_>>(), "{kind:?}");
                    for service in count..count + 4 {
                        let with = |node: u32| {
                            let pairs = placed.pairs().filter(|&(a, b)| a < count || b < count);
                            let named = |at| if at == service { node } else { at };
                            let own = pairs.filter(|&(a, b)| a == service || b == service);
                            own.map(|(a, b)| (named(a), named(b))).collect::<Vec<_>>()
                        };
                        let is_beside = |node: u32| {
                            let mut with = with(node);
                            with.sort_unstable();
                            let own = cut.pairs().filter(|&(a, b)| a == node || b == node);
                            with == own.collect::<Vec<_>>()
                        };
                        if cut.is_empty() {
                            assert_eq!(with(service).len(), 2 * count as usize);
                        } else {
                            assert!((0..count).any(is_beside), "{kind:?} {placed:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_bridge_is_heard_by_all_and_a_single_link_is_single() {
        for seed in 0..50 {
            for count in 1..12 {
                let cut = drawn(PartitionKind::Bridge, count, seed);
                let deaf: Vec<usize> = (0..count).map(|node| deaf_to(&cut, node)).collect();
                let bridges = deaf.iter().filter(|deaf| **deaf == 0).count();
                if count >= 3 {
                    assert_eq!(bridges, 1, "{cut:?}");
                    assert_eq!(deaf.iter().sum::<usize>(), {
                        let (a, b) = ((count - 1) / 2, (count - 1).div_ceil(2));
                        2 * (a * b) as usize
                    });
                }
                let cut = drawn(PartitionKind::SingleLink, count, seed);
                let deaf: usize = (0..count).map(|node| deaf_to(&cut, node)).sum();
                assert_eq!(deaf, if count == 1 { 0 } else { 2 });
            }
        }
    }

    #[test]
    fn in_a_ring_of_majorities_each_node_hears_a_majority() {
        for seed in 0..50 {
            for count in 1..12 {
                let cut = drawn(PartitionKind::MajoritiesRing, count, seed);
                for node in 0..count {
                    let heard = count as usize - deaf_to(&cut, node);
                    assert!(heard > count as usize / 2, "{heard} of {count}");
                    if count <= 5 {
                        assert_eq!(heard, count as usize / 2 + 1);
                    }
                }
                if count == 3 {
                    // One neighbour each, and the cut is one-way.
                    let cut: Vec<(u32, u32)> =
                        cut.iter().flat_map(|(r, s)| s.iter().map(move |s| (r, *s))).collect();
                    assert_eq!(cut.len(), 3);
                    assert!(cut.iter().all(|(r, s)| !cut.contains(&(*s, *r))));
                }
            }
        }
    }
}
