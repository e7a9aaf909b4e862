//! Whom drawn faults hit.

use crate::draws::Draws;
use crate::faults::{Links, Targets};
use crate::partition::PartitionKind;

/// Whom drawn faults hit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Target {
    /// Chance decides how many, and which.
    #[default]
    Any,
    /// One node.
    One,
    /// As many nodes as can be missed: ⌊(n−1)/2⌋, but one at least.
    Minority,
    /// As few nodes as cannot be missed: ⌊n/2⌋+1.
    Majority,
    /// Those that say they lead when the fault begins.
    Leader,
}

impl Target {
    /// The partitions that cut off such nodes.
    pub(super) fn partitions(self) -> &'static [PartitionKind] {
        match self {
            Target::Any => &PartitionKind::DRAWN,
            Target::One => &[PartitionKind::One],
            // Halves: who cuts off a minority cuts off a majority.
            Target::Minority | Target::Majority => &[PartitionKind::Majority],
            Target::Leader => &[PartitionKind::Leader],
        }
    }

    /// The nodes of one fault, one at least. Any: a random non-empty subset, one node,
    /// ⌊(n−1)/3⌋, ⌊n/2⌋ or ⌊n/2⌋+1 of them, or all; each way is equally likely.
    pub(crate) fn nodes(self, nodes: u32, draws: &mut Draws) -> Targets {
        if self == Target::Leader {
            return Targets::LEADER;
        }
        let mut order: Vec<u32> = (0..nodes).collect();
        draws.shuffle(&mut order);
        let count = match self {
            Target::One => 1,
            Target::Minority => (nodes.saturating_sub(1) / 2).max(1),
            Target::Majority => nodes / 2 + 1,
            Target::Any | Target::Leader => match draws.below(6) {
                0 => 1 + draws.below(u64::from(nodes)) as u32,
                1 => 1,
                2 => nodes.saturating_sub(1) / 3,
                3 => nodes / 2,
                4 => nodes / 2 + 1,
                _ => nodes,
            },
        };
        order.truncate(count.clamp(1, nodes.max(1)) as usize);
        order.sort_unstable();
        order.into()
    }

    /// The links of one fault. Any: by chance all, or those around some nodes.
    pub(crate) fn links(self, nodes: u32, draws: &mut Draws) -> Links {
        if self == Target::Any && draws.below(2) == 0 {
            return Links::All;
        }
        Links::Around(self.nodes(nodes, draws))
    }
}
