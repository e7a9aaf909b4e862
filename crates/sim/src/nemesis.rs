//! Fault schedules: what is drawn at random is drawn into the Plan.

use crate::draws::{Draws, Purpose};
use crate::partition::PartitionKind;
use crate::plan::{Fault, FaultEvent};

/// Partitions as Maelstrom makes them: alternately started and stopped, the
/// first at time 0, gaps uniform on [0, 2·interval]; each start draws its kind.
///
/// `interval` and `time_limit` are in ns. The schedule depends on the seed and
/// the number of nodes only.
pub fn partitions(seed: u64, nodes: u32, interval: u64, time_limit: u64) -> Vec<FaultEvent> {
    let mut draws = Draws::keyed(seed, Purpose::Nemesis, 1, 0, 0);
    let mut events = Vec::new();
    let mut at = 0;
    while at < time_limit {
        let fault = if events.len() % 2 == 0 {
            let kind = PartitionKind::DRAWN[draws.below(4) as usize];
            Fault::StartPartition { kind, cut: kind.draw(nodes, &mut draws) }
        } else {
            Fault::StopPartition
        };
        events.push(FaultEvent { at, fault });
        // At least a nanosecond, so that an interval of 0 ends too.
        at += draws.below(2 * interval.max(1)).max(1);
    }
    events
}
