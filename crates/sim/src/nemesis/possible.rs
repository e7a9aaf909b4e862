//! Which faults can touch a cluster: others are not drawn.

use super::{KINDS, Kind, Schedule};
use crate::partition::PartitionKind;

impl Schedule {
    /// The kinds that were asked for and cannot touch this cluster, with the reason, a
    /// sentence for each.
    pub fn left_out(&self) -> Vec<String> {
        let asked = self.kinds.iter();
        asked
            .filter_map(|&kind| Some(format!("{}: {}", kind.name(), self.why_impossible(kind)?)))
            .collect()
    }

    /// Why a kind cannot touch this cluster, if it cannot.
    pub(super) fn why_impossible(&self, kind: Kind) -> Option<String> {
        let entry = KINDS.iter().find(|entry| entry.kind == kind)?;
        if let Some((_, why_impossible)) = entry.window {
            return why_impossible(self);
        }
        match kind {
            Kind::Partition => match self.possible_partitions(kind).is_empty() {
                true => self.no_link().or(Some("none of its ways cuts anything here".to_owned())),
                false => None,
            },
            Kind::OneWay | Kind::Bridge | Kind::SingleLink => {
                let needs = partition(kind).map_or(1, PartitionKind::least_nodes);
                (self.nodes < needs).then(|| {
                    let are = if self.nodes == 1 { "is" } else { "are" };
                    format!("it needs {needs} nodes, and there {are} {}", self.nodes)
                })
            }
            // Whatever the cluster, nodes can be killed and paused.
            _ => None,
        }
    }

    /// Why no fault of links can touch this cluster, if none can.
    pub(crate) fn no_link(&self) -> Option<String> {
        because(!self.has_links(), "1 node has no link to another")
    }

    /// The partitions of a kind that cut something here.
    pub(super) fn possible_partitions(&self, kind: Kind) -> Vec<PartitionKind> {
        let single = partition(kind);
        let all = match &single {
            Some(one) => std::slice::from_ref(one),
            None => self.target.partitions(),
        };
        let cuts = |kind: &PartitionKind| {
            self.nodes >= kind.least_nodes() || (self.services > 0 && kind.fits_services())
        };
        all.iter().copied().filter(cuts).collect()
    }

    pub(super) fn can_slow_links(&self) -> bool {
        self.has_links() && (self.slow > 1 || self.slow_extra > 0)
    }

    pub(super) fn can_slow_nodes(&self) -> bool {
        self.takes_time && !self.processes && self.slow > 1
    }

    /// Whether there is a link that faults hit.
    fn has_links(&self) -> bool {
        self.nodes > 1 || self.services > 0
    }
}

/// A reason, if it is one.
pub(crate) fn because(is_so: bool, why: &str) -> Option<String> {
    is_so.then(|| why.to_owned())
}

/// The partition that a kind of its own stands for.
fn partition(kind: Kind) -> Option<PartitionKind> {
    match kind {
        Kind::OneWay => Some(PartitionKind::OneWay),
        Kind::Bridge => Some(PartitionKind::Bridge),
        Kind::SingleLink => Some(PartitionKind::SingleLink),
        _ => None,
    }
}
