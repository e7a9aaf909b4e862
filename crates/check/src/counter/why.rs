//! Why a counter may be wrong: adds that overwrote each other, and failed ones that
//! were counted.

use glomers_history::{Op, OpKind};

use super::{Add, Judge};
use crate::words;

/// How many pairs of adds are named.
const SHOWN: usize = 2;

/// How many pairs are looked at: enough to name some.
const MOST: usize = 1000;

impl Judge<'_> {
    /// What may explain that a read is this much from what would be right: too few if
    /// negative. Only adds that began before a place in the history count.
    pub(super) fn why(&self, by: i128, before: usize) -> Vec<String> {
        match by {
            ..0 => self.overwritten(-by, before),
            0 => Vec::new(),
            1.. => self.failed_and_counted(by, before),
        }
    }

    /// "op 41 (add 3 at n1)".
    fn add_in_words(&self, add: &Add) -> String {
        let op = self.op(add.begin);
        let place = match self.context.node_of(op) {
            Some(node) => format!(" at {node}"),
            None => String::new(),
        };
        format!("op {} (add {}{place})", op.index, add.delta)
    }

    fn end_of(&self, add: &Add) -> Option<&Op> {
        add.end.map(|end| self.op(end))
    }

    /// Acknowledged adds that ran at the same time as another: one of such a pair is
    /// lost where nodes read, add and write.
    fn overwritten(&self, missing: i128, before: usize) -> Vec<String> {
        let end = |add: &Add| add.end.unwrap_or(usize::MAX);
        let begun = self.scan.adds.iter().filter(|add| add.begin < before);
        let (mut pairs, mut open): (Vec<(&Add, &Add)>, Vec<&Add>) = (Vec::new(), Vec::new());
        let mut alike = 0;
        for add in begun.filter(|add| add.delta != 0) {
            open.retain(|other| end(other) > add.begin);
            for other in open.iter().take(MOST.saturating_sub(pairs.len())) {
                // The one that may be what is missing first.
                let is_it = |one: &Add| one.kind == OpKind::Ok && one.delta == missing;
                let (one, other) = if is_it(other) { (*other, add) } else { (add, *other) };
                if is_it(one) {
                    pairs.insert(alike, (one, other));
                    alike += 1;
                } else {
                    pairs.push((one, other));
                }
            }
            open.push(add);
        }
        let Some(&(one, other)) = pairs.first() else { return Vec::new() };
        if alike > 0 {
            let told = pairs[..alike].iter().take(SHOWN).map(|(one, other)| {
                format!(
                    "{} and {} ran at the same time: if the second overwrote the first, that is \
                     the {missing} that are missing",
                    self.add_in_words(one),
                    self.add_in_words(other)
                )
            });
            return told.collect();
        }
        vec![format!(
            "{} of adds {}ran at the same time, the first {} and {}: who reads, adds and writes \
             without a compare-and-set overwrites one of such a pair",
            words::count(pairs.len(), "pair"),
            if pairs.len() >= MOST { "and more " } else { "" },
            self.add_in_words(one),
            self.add_in_words(other)
        )]
    }

    /// Adds that failed, and that make up what a read has too many.
    fn failed_and_counted(&self, excess: i128, before: usize) -> Vec<String> {
        let failed = self.scan.failed.iter().filter(|add| add.begin < before && add.delta != 0);
        let failed: Vec<&Add> = failed.collect();
        if let Some(add) = failed.iter().find(|add| add.delta == excess) {
            return vec![format!(
                "{} {}; yet {excess} is what the read has too many: it was counted",
                self.add_in_words(add),
                words::failed(self.end_of(add))
            )];
        }
        let sum: i128 = failed.iter().map(|add| add.delta).sum();
        let Some(first) = failed.first() else { return Vec::new() };
        let all = if sum == excess {
            format!("the {} make just that", words::count(failed.len(), "failed add"))
        } else {
            format!("there are {} with the sum {sum}", words::count(failed.len(), "failed add"))
        };
        vec![format!(
            "{all}: perhaps some were counted; the first, {}, {}",
            self.add_in_words(first),
            words::failed(self.end_of(first))
        )]
    }
}
