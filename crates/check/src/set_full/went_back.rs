//! Reads that lack what an earlier read at the same node held.

use std::collections::{BTreeMap, BTreeSet};

use glomers_history::{History, Process, Value};

use super::SetFull;
use super::scan::{Read, Scan};
use crate::{CheckResult, Context, Finding, words};

/// How many reads a finding shows.
const SHOWN: usize = 3;

/// Two lists that differ in more places than this are compared element by element.
const FEW: usize = 4096;

/// A read that lacks what an earlier one held.
struct Back {
    read: Read,
    /// What it lacks.
    lacks: Vec<u32>,
    /// A read that held the first of these, and ended before this one began.
    earlier: Read,
}

/// Adds the reads that went back: a finding if the set must not do that, else a
/// note. A node that was killed between two reads is another node afterwards.
pub(super) fn report(
    spec: &SetFull,
    history: &History,
    context: &Context,
    scan: &mut Scan,
    result: &mut CheckResult,
) {
    let mut backs = Vec::new();
    for lives in by_life(history, context, scan).values() {
        if !grows(history, lives) {
            backs.extend(went_back(history, scan, lives));
        }
    }
    if backs.is_empty() {
        return;
    }
    backs.sort_by_key(|back| back.read.complete);
    let ids: BTreeSet<u32> = backs.iter().flat_map(|back| back.lacks.iter().copied()).collect();
    let mut values: Vec<Value> =
        ids.into_iter().map(|id| scan.interner.value(id).clone()).collect();
    values.sort();
    result.fields.extend([
        ("went-back-count", Value::from(backs.len() as u64)),
        ("went-back", Value::list(values)),
    ]);
    let lack = if backs.len() == 1 { "lacks" } else { "lack" };
    let told = format!(
        "{} {lack} values that an earlier read at the same node held",
        words::count(backs.len(), "read")
    );
    let op = |place: u32| &history.ops()[place as usize];
    let lacked = |back: &Back| words::values(back.lacks.iter().map(|&id| scan.interner.value(id)));
    if !spec.monotonic_reads {
        let first = &backs[0];
        result.notes.push(format!(
            "{told}; the first: {} lacks {}, of which {} had the first. A g-set may do that for a \
             while; --require monotonic-reads makes it a finding.",
            words::operation(op(first.read.complete), context),
            lacked(first),
            words::operation(op(first.earlier.complete), context),
        ));
        return;
    }
    let mut finding = Finding::new(
        "read-went-back",
        format!(
            "{told}, though the node was not killed in between. What a node has shown once it must \
             show ever after."
        ),
    );
    for back in backs.iter().take(SHOWN) {
        let (before, after) = (op(back.earlier.complete), op(back.read.complete));
        let first = words::value(scan.interner.value(back.lacks[0]));
        finding.evidence.push(format!("{first} was read by {}", words::operation(before, context)));
        finding.evidence.push(format!(
            "{}, which began later, lacks {}: {}",
            words::operation(after, context),
            words::count(back.lacks.len(), "value"),
            lacked(back)
        ));
        words::point(&mut finding, after, context);
        words::point(&mut finding, before, context);
    }
    if let Some(more @ 1..) = backs.len().checked_sub(SHOWN) {
        finding.evidence.push(format!("and {more} more"));
    }
    result.findings.push(finding);
}

/// The reads of each life of each node, in the order in which they began. Those
/// during which the node was killed belong to none.
fn by_life(
    history: &History,
    context: &Context,
    scan: &Scan,
) -> BTreeMap<(usize, usize), Vec<Read>> {
    let mut lives: BTreeMap<(usize, usize), Vec<Read>> = BTreeMap::new();
    if context.nodes.is_empty() {
        return lives;
    }
    let ops = history.ops();
    let mut kills: Vec<Vec<u32>> = vec![Vec::new(); context.nodes.len()];
    for (place, op) in (0..).zip(ops) {
        if let (Process::Nemesis, "kill", Value::Map(nodes)) = (op.process, &*op.f, &op.value) {
            for (name, _) in nodes.iter() {
                let node = context.nodes.iter().position(|node| Some(&**node) == name.as_str());
                if let Some(node) = node {
                    kills[node].push(place);
                }
            }
        }
    }
    for &read in scan.reads.iter().rev() {
        let node = context.node_index_of(&ops[read.invoke as usize]);
        let Some(node) = node.filter(|&node| node < kills.len()) else { continue };
        if ops[read.complete as usize].value == Value::Null {
            continue;
        }
        let life = |place: u32| kills[node].partition_point(|&kill| kill < place);
        let (began, ended) = (life(read.invoke), life(read.complete));
        if began == ended {
            lives.entry((node, began)).or_default().push(read);
        }
    }
    lives
}

/// Whether it is plain that each read has all that the reads before it had. If
/// not, they have to be looked at element by element. Most nodes answer with lists
/// that only grow somewhere, which is seen without looking at every element.
fn grows(history: &History, reads: &[Read]) -> bool {
    let value = |read: &Read| &history.ops()[read.complete as usize].value;
    let mut ended: Vec<usize> = (0..reads.len()).collect();
    ended.sort_unstable_by_key(|&at| reads[at].complete);
    let mut ended = ended.into_iter().peekable();
    // For each read one that it has all of; at first none.
    let mut has: Vec<Option<usize>> = vec![None; reads.len()];
    // One that has all that those had which have ended.
    let mut whole: Option<usize> = None;
    for at in 0..reads.len() {
        while let Some(other) = ended.next_if(|&other| reads[other].complete < reads[at].invoke) {
            whole = match whole {
                None => Some(other),
                Some(whole) if has[other] == Some(whole) => Some(other),
                Some(whole) if is_part(value(&reads[whole]), value(&reads[other])) => Some(other),
                Some(whole) if is_part(value(&reads[other]), value(&reads[whole])) => Some(whole),
                Some(_) => return false,
            };
        }
        if let Some(whole) = whole {
            if !is_part(value(&reads[whole]), value(&reads[at])) {
                return false;
            }
            has[at] = Some(whole);
        }
    }
    true
}

/// Whether it is plain that a list has all elements of another.
fn is_part(part: &Value, whole: &Value) -> bool {
    let (Value::List(part), Value::List(whole)) = (part, whole) else { return false };
    if part.is_empty() {
        return true;
    }
    let (Some(part), Some(whole)) = (part.as_small(), whole.as_small()) else {
        return false;
    };
    let before = part.common_prefix(whole);
    let most = part.count().min(whole.count()) - before;
    let after = part.common_suffix(whole, most);
    let (rest, other) = (part.count() - before - after, whole.count() - before - after);
    if rest == 0 {
        return true;
    }
    if other == 0 || rest.saturating_mul(other) > FEW {
        return false;
    }
    let other: Vec<u32> = whole.range(before, other).collect();
    part.range(before, rest).all(|element| other.contains(&element))
}

/// The reads of a life that went back, by the definition.
fn went_back(history: &History, scan: &mut Scan, reads: &[Read]) -> Vec<Back> {
    let mut ended: Vec<Read> = reads.to_vec();
    ended.sort_unstable_by_key(|read| read.complete);
    // What the reads that have ended held, and a bit for each such element.
    let mut held: Vec<u32> = Vec::new();
    let mut is_held: Vec<bool> = vec![false; scan.elements.len()];
    let (mut done, mut ids, mut backs) = (0, Vec::new(), Vec::new());
    for &read in reads {
        while let Some(earlier) = ended.get(done).filter(|earlier| earlier.complete < read.invoke) {
            ids.clear();
            scan.ids_of(history, *earlier, &mut ids);
            for &id in &ids {
                if !std::mem::replace(&mut is_held[id as usize], true) {
                    held.push(id);
                }
            }
            done += 1;
        }
        scan.stamp_reads(history, &[read]);
        let mut lacks: Vec<u32> = held.iter().copied().filter(|&id| !scan.is_stamped(id)).collect();
        if lacks.is_empty() {
            continue;
        }
        lacks.sort_unstable_by(|&a, &b| scan.interner.value(a).cmp(scan.interner.value(b)));
        let first = lacks[0];
        let before = ended[..done].iter().rev().copied();
        let earlier = before.into_iter().find(|&earlier| {
            ids.clear();
            scan.ids_of(history, earlier, &mut ids);
            ids.contains(&first)
        });
        if let Some(earlier) = earlier {
            backs.push(Back { read, lacks, earlier });
        }
    }
    backs
}
