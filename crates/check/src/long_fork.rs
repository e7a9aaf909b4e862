//! Reads of several keys at once, each written once: whether all of them saw the writes
//! in one order.

use std::collections::{BTreeMap, BTreeSet};

use glomers_history::{History, Op, OpKind, Value};

use crate::{CheckResult, Checker, Context, Finding, Validity, words};

/// How many pairs of reads a finding shows.
const SHOWN: usize = 3;

/// Judges long forks, as Jepsen's workload of that name: transactions either write one
/// key, `[["w", 3, 1]]`, each key once, or read several at once, `[["r", 3, 1],
/// ["r", 4, null]]`. Of two reads of the same keys one must have all that the other has;
/// parallel snapshot isolation allows otherwise, snapshot isolation does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LongFork;

/// A read of several keys: the keys, and those that had a value.
struct Read<'a> {
    op: &'a Op,
    keys: BTreeSet<Value>,
    seen: BTreeSet<Value>,
}

/// The steps of a transaction: whether it reads, the key, the value.
fn steps(op: &Op) -> Option<Vec<(bool, Value, Value)>> {
    let step = |step: Value| {
        let step = step.as_list()?;
        let is_read = match step.get(0)?.as_str()? {
            "r" | "read" => true,
            "w" | "write" => false,
            _ => return None,
        };
        Some((is_read, step.get(1)?, step.get(2)?))
    };
    op.value.as_list()?.iter().map(step).collect()
}

impl Checker for LongFork {
    fn check(&self, history: &History, context: &Context) -> CheckResult {
        let mut reads: Vec<Read<'_>> = Vec::new();
        let mut written: BTreeMap<Value, &Op> = BTreeMap::new();
        let mut again: Option<(Value, &Op)> = None;
        for op in history.ops().iter().filter(|op| op.process.is_client()) {
            let Some(steps) = steps(op) else { continue };
            if op.kind == OpKind::Invoke {
                for (_, key, _) in steps.iter().filter(|(is_read, ..)| !is_read) {
                    if written.insert(key.clone(), op).is_some() && again.is_none() {
                        again = Some((key.clone(), op));
                    }
                }
            } else if op.kind == OpKind::Ok && steps.len() > 1 && steps.iter().all(|step| step.0) {
                let keys = steps.iter().map(|(_, key, _)| key.clone()).collect();
                let seen = steps.into_iter().filter(|(.., value)| *value != Value::Null);
                reads.push(Read { op, keys, seen: seen.map(|(_, key, _)| key).collect() });
            }
        }
        let mut result = CheckResult {
            fields: vec![("read-count", Value::from(reads.len() as u64))],
            ..CheckResult::default()
        };
        let open = if let Some((key, op)) = again {
            Some(format!(
                "Whether reads fork cannot be said: key {} is written twice, the second time by {}.",
                words::value(&key),
                words::operation(op, context)
            ))
        } else if reads.is_empty() {
            Some("Whether reads fork cannot be said: nobody read two keys at once.".to_owned())
        } else {
            None
        };
        let forks = if open.is_some() { Vec::new() } else { forks(reads) };
        result.fields.push(("fork-count", Value::from(forks.len() as u64)));
        if !forks.is_empty() {
            result.findings.push(finding(&forks, &written, context));
        }
        result.strict = match (&open, forks.is_empty()) {
            (Some(_), _) => Validity::Unknown,
            (None, right) => Validity::from_bool(right),
        };
        result.notes.extend(open);
        result.compat = result.strict;
        result
    }
}

/// Pairs of reads of which neither has all that the other has. Sorted by how much they
/// have, each read must have all of the one before.
fn forks(reads: Vec<Read<'_>>) -> Vec<[Read<'_>; 2]> {
    let mut groups: BTreeMap<BTreeSet<Value>, Vec<Read<'_>>> = BTreeMap::new();
    for read in reads {
        groups.entry(read.keys.clone()).or_default().push(read);
    }
    let mut forks = Vec::new();
    for mut group in groups.into_values() {
        group.sort_by_key(|read| read.seen.len());
        let mut before: Option<Read<'_>> = None;
        for read in group {
            before = match before {
                Some(less) if !less.seen.is_subset(&read.seen) => {
                    forks.push([less, read]);
                    None
                }
                _ => Some(read),
            };
        }
    }
    forks
}

fn finding(forks: &[[Read<'_>; 2]], written: &BTreeMap<Value, &Op>, context: &Context) -> Finding {
    let mut finding = Finding::new(
        "long-fork",
        format!(
            "{} of reads saw writes in different orders. Snapshots of one database follow each other: \
             of two reads of the same keys one has all that the other has.",
            words::count(forks.len(), "pair")
        ),
    );
    for [a, b] in forks.iter().take(SHOWN) {
        for (read, other) in [(a, b), (b, a)] {
            let only = read.seen.iter().find(|key| !other.seen.contains(key));
            let Some(key) = only else { continue };
            let wrote =
                written.get(key).map_or("nobody".to_owned(), |op| format!("op {}", op.index));
            finding.evidence.push(format!(
                "{} saw key {} written (by {wrote}), the other did not",
                words::operation(read.op, context),
                words::value(key)
            ));
            words::point(&mut finding, read.op, context);
        }
    }
    if let Some(more @ 1..) = forks.len().checked_sub(SHOWN) {
        finding.evidence.push(format!("and {more} more"));
    }
    finding
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(reads: &[&str]) -> (Validity, usize) {
        let mut text = String::new();
        let txns = ["[[:w 0 1]]", "[[:w 1 1]]"].into_iter().chain(reads.iter().copied());
        for (process, txn) in txns.enumerate() {
            for kind in ["invoke", "ok"] {
                text += &format!("{{:process {process}, :type :{kind}, :f :txn, :value {txn}}}\n");
            }
        }
        let history = glomers_history::read(text.as_bytes()).expect("a history");
        let result = LongFork.check(&history, &Context::default());
        (result.strict, result.findings.len())
    }

    #[test]
    fn reads_follow_each_other_or_fork() {
        let (none, first) = ("[[:r 0 nil] [:r 1 nil]]", "[[:r 0 1] [:r 1 nil]]");
        let (second, both) = ("[[:r 1 1] [:r 0 nil]]", "[[:r 0 1] [:r 1 1]]");
        assert_eq!(judge(&[both, first, none, both]), (Validity::Valid, 0));
        assert_eq!(judge(&[first, both, second]), (Validity::Invalid, 1));
        assert_eq!(judge(&["[[:r 0 1]]"]), (Validity::Unknown, 0));
        assert_eq!(judge(&[both, "[[:w 0 2]]"]), (Validity::Unknown, 0));
    }
}
