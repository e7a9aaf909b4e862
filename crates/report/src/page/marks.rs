//! Marks of nodes as columns.
//!
//! Most marks are made while a message is handled, at the moment at which it arrived;
//! so a mark is told by the arrival, and by a time of its own only where there is none.

use rustc_hash::FxHashMap;

use super::names::Names;
use super::pack::{Differences, Packer};

/// The gap of a mark that has a time of its own.
const OWN_TIME: u64 = 0;

/// The marks of a run.
#[derive(Debug, Default)]
pub(super) struct Marks {
    all: Vec<Mark>,
    texts: Names,
}

#[derive(Debug, Clone, Copy)]
struct Mark {
    /// µs.
    time: i64,
    node: u32,
    label: u32,
    value: u32,
}

impl Marks {
    pub(super) fn take(&mut self, time: i64, node: u32, label: u32, value: &str) {
        let value = self.texts.place(value);
        self.all.push(Mark { time, node, label, value });
    }

    /// Packs the marks, those of each node together. `arrivals`: when messages arrived
    /// at each node, µs, in any order.
    ///
    /// `k.gap` is one more than how many arrivals at its node lie between the mark and
    /// the last one that was told by an arrival (1: the same arrival); 0: its time is the
    /// next in `k.time`.
    pub(super) fn pack(&self, arrivals: &FxHashMap<u32, Vec<i64>>, packer: &mut Packer) {
        let mut marks = self.all.clone();
        marks.sort_by_key(|mark| mark.node);
        let [mut gap, mut node, mut label, mut value, mut time] = [const { Vec::<u64>::new() }; 5];
        let (mut nodes, mut times) = (Differences::default(), Differences::default());
        for group in marks.chunk_by(|one, other| one.node == other.node) {
            let mut arrivals = arrivals.get(&group[0].node).cloned().unwrap_or_default();
            arrivals.sort_unstable();
            // How many arrivals there are up to the last that told a mark, with it.
            let mut passed = 0;
            for mark in group {
                let is_same = passed > 0 && arrivals[passed - 1] == mark.time;
                let next = passed + arrivals[passed..].partition_point(|&at| at < mark.time);
                if is_same {
                    gap.push(1);
                } else if arrivals.get(next) == Some(&mark.time) {
                    gap.push((next - passed) as u64 + 2);
                    passed = next + 1;
                } else {
                    gap.push(OWN_TIME);
                    time.push(times.next(mark.time));
                }
                node.push(nodes.next(mark.node.into()));
                label.push(mark.label.into());
                value.push(mark.value.into());
            }
        }
        for (name, column) in [
            ("k.gap", &gap),
            ("k.time", &time),
            ("k.node", &node),
            ("k.label", &label),
            ("k.value", &value),
        ] {
            packer.numbers(name, column);
        }
        packer.texts("k.texts", self.texts.all());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_told_by_arrivals_where_there_are_such() {
        let mut marks = Marks::default();
        for (time, node) in [(5, 0), (10, 1), (10, 0), (10, 0), (12, 1), (30, 0), (31, 0)] {
            marks.take(time, node, 0, "4");
        }
        let arrivals = FxHashMap::from_iter([(0, vec![10, 7, 30, 20]), (1, vec![9, 10])]);
        let mut packer = Packer::default();
        marks.pack(&arrivals, &mut packer);
        // Node 0: 5 by itself, 10 is its second arrival, twice, 30 its fourth, 31 by
        // itself; node 1: 10 is its second, 12 by itself.
        assert_eq!(packer.column("k.gap"), [0, 3, 1, 3, 0, 3, 0]);
        assert_eq!(packer.column("k.time"), [10, 52, 37]);
        assert_eq!(packer.column("k.node"), [0, 0, 0, 0, 0, 2, 0]);
    }
}
