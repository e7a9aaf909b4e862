//! Which faults can touch a cluster: others are not drawn.

use super::{Kind, Schedule};
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
        let because = |is_so: bool, why: &str| is_so.then(|| why.to_owned());
        let no_link = (!self.has_links()).then(|| "1 node has no link to another".to_owned());
        match kind {
            Kind::Kill | Kind::Pause => None,
            Kind::Partition => match self.possible_partitions(kind).is_empty() {
                true => no_link.or(Some("none of its ways cuts anything here".to_owned())),
                false => None,
            },
            Kind::OneWay | Kind::Bridge | Kind::SingleLink => {
                let needs = partition(kind).map_or(1, PartitionKind::least_nodes);
                (self.nodes < needs).then(|| {
                    let are = if self.nodes == 1 { "is" } else { "are" };
                    format!("it needs {needs} nodes, and there {are} {}", self.nodes)
                })
            }
            Kind::Loss => no_link.or(because(self.loss <= 0.0, "it would lose no message")),
            Kind::Duplicate => {
                no_link.or(because(self.duplicate <= 0.0, "it would double no message"))
            }
            Kind::Reorder => {
                no_link.or(because(self.reorder <= 0.0, "it would hold up no message"))
            }
            Kind::Slow => because(
                !self.can_slow_links() && !self.can_slow_nodes(),
                "there is nothing here that it would slow down",
            ),
            Kind::Clock => because(self.processes, "the clock of a process is that of the machine")
                .or(because(self.clock == 0, "clocks that are wrong by 0 ms are right")),
            Kind::Disk => because(self.processes, "the disk of a process is that of the machine"),
        }
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

/// The partition that a kind of its own stands for.
fn partition(kind: Kind) -> Option<PartitionKind> {
    match kind {
        Kind::OneWay => Some(PartitionKind::OneWay),
        Kind::Bridge => Some(PartitionKind::Bridge),
        Kind::SingleLink => Some(PartitionKind::SingleLink),
        _ => None,
    }
}
