//! The definitions of set-full, written down without a thought for speed. An
//! independent second opinion: shares no code with the checker.

use std::collections::{BTreeMap, BTreeSet};

use glomers_check::Validity;
use glomers_history::{History, Op, OpKind, Process, Value};

pub(crate) struct Naive {
    pub(crate) compat: Validity,
    pub(crate) strict: Validity,
    pub(crate) fields: BTreeMap<&'static str, Value>,
}

struct Read {
    invoke: usize,
    complete: usize,
    is_final: bool,
    elements: Vec<Value>,
}

fn client(op: &Op, f: &str, kind: OpKind) -> bool {
    op.process != Process::Nemesis && *op.f == *f && op.kind == kind
}

/// The entry that ends what begins at `at`: the process' next, if it is an end.
fn end(ops: &[Op], at: usize) -> Option<usize> {
    let next = (at + 1..ops.len()).find(|&i| ops[i].process == ops[at].process)?;
    (ops[next].kind != OpKind::Invoke && ops[next].f == ops[at].f).then_some(next)
}

fn reads(ops: &[Op], malformed: &mut bool, throws: &mut bool) -> Vec<Read> {
    for op in ops.iter().filter(|op| client(op, "read", OpKind::Ok)) {
        match op.value {
            Value::List(_) | Value::Set(_) => {}
            Value::Null => *malformed = true,
            _ => (*malformed, *throws) = (true, true),
        }
    }
    let invokes = (0..ops.len()).filter(|&at| client(&ops[at], "read", OpKind::Invoke));
    let mut reads = Vec::new();
    for invoke in invokes {
        let Some(complete) = end(ops, invoke) else {
            continue;
        };
        let elements = match &ops[complete].value {
            Value::List(list) => list.iter().collect(),
            Value::Set(set) => set.to_vec(),
            Value::Null => Vec::new(),
            _ => continue,
        };
        if ops[complete].kind == OpKind::Ok {
            reads.push(Read {
                invoke,
                complete,
                is_final: ops[invoke].is_final || ops[complete].is_final,
                elements,
            });
        }
    }
    reads
}

fn quantiles(mut sorted: Vec<u64>) -> Option<Value> {
    sorted.sort();
    if sorted.is_empty() {
        return None;
    }
    let m = sorted.len();
    let q = |p: f64| Value::from(sorted[(m - 1).min((m as f64 * p) as usize)]);
    Some(Value::map([
        (Value::Int(0), q(0.0)),
        (Value::Float(0.5), q(0.5)),
        (Value::Float(0.95), q(0.95)),
        (Value::Float(0.99), q(0.99)),
        (Value::Int(1), q(1.0)),
    ]))
}

/// The reads that lack what an earlier read at the same node held, as pairs of the
/// read's end and a value that it lacks; process p asks node p mod 3. No read counts
/// during which its node was killed, and no two between which it was.
fn went_back(ops: &[Op], reads: &[Read]) -> BTreeSet<(usize, Value)> {
    let node = |read: &Read| match ops[read.invoke].process {
        Process::Client(process) => process % 3,
        Process::Nemesis => unreachable!("it reads nothing"),
    };
    let is_killed = |node: u32, from: usize, until: usize| {
        ops[from..until]
            .iter()
            .any(|op| op.process == Process::Nemesis && op.value.get(&format!("n{node}")).is_some())
    };
    let mut backs = BTreeSet::new();
    for earlier in reads {
        for later in reads {
            let is_same = node(earlier) == node(later)
                && earlier.complete < later.invoke
                && !is_killed(node(earlier), earlier.invoke, later.complete);
            let is_null = ops[later.complete].value == Value::Null;
            for value in earlier.elements.iter().filter(|_| is_same && !is_null) {
                if !later.elements.contains(value) {
                    backs.insert((later.complete, value.clone()));
                }
            }
        }
    }
    backs
}

pub(crate) fn judge(history: &History) -> Naive {
    let ops = history.ops();
    let (mut malformed, mut throws) = (false, false);
    let reads = reads(ops, &mut malformed, &mut throws);
    let mut elements: BTreeSet<Value> = BTreeSet::new();
    let is_add = |at: &usize| client(&ops[*at], "broadcast", OpKind::Invoke);
    let adds: Vec<usize> = (0..ops.len()).filter(is_add).collect();
    elements.extend(adds.iter().map(|&at| ops[at].value.clone()));
    let (mut stable, mut lost, mut never_read, mut stale) = (vec![], vec![], vec![], vec![]);
    let (mut stable_ms, mut lost_ms, mut worst) = (vec![], vec![], vec![]);
    for e in &elements {
        let added = *adds.iter().rfind(|&&at| ops[at].value == *e).unwrap();
        let relevant: Vec<&Read> = reads.iter().filter(|r| r.complete > added).collect();
        let known = (added + 1..ops.len()).find(|&at| {
            client(&ops[at], "broadcast", OpKind::Ok) && ops[at].value == *e
                || relevant.iter().any(|r| r.complete == at && r.elements.contains(e))
        });
        let last = |present: bool| {
            let having = relevant.iter().filter(|r| r.elements.contains(e) == present);
            having.map(|r| r.invoke as i64).max()
        };
        let (present, absent) = (last(true), last(false));
        let time = |at: i64| ops[at as usize].time.nanos() as i128;
        let ms = |until: Option<i64>| {
            let until = until.map_or(0, |at| time(at) + 1);
            let known = ops[known.unwrap()].time.nanos() as i128;
            ((until - known).max(0) / 1_000_000) as u64
        };
        if present.is_some() && absent.unwrap_or(-1) < present.unwrap() {
            stable.push(e.clone());
            stable_ms.push(ms(absent));
            if ms(absent) > 0 {
                stale.push(e.clone());
                worst.push((u64::MAX - ms(absent), e.clone()));
            }
        } else if let (Some(known), Some(absent)) = (known, absent)
            && present.unwrap_or(-1) < absent
            && (known as i64) < absent
        {
            lost.push(e.clone());
            lost_ms.push(ms(present));
        } else {
            never_read.push(e.clone());
        }
    }
    worst.sort();
    worst.truncate(8);
    let read_values: BTreeSet<Value> = reads.iter().flat_map(|r| r.elements.clone()).collect();
    let adds_of = |e: &Value| -> Vec<usize> {
        let of = adds.iter().copied().filter(|&at| ops[at].value == *e);
        of.collect()
    };
    let unexpected: Vec<Value> = read_values
        .iter()
        .filter(|e| {
            let having = |r: &&Read| r.elements.contains(e);
            let mut having = reads.iter().filter(having);
            having.any(|r| adds_of(e).iter().all(|&add| add > r.complete))
        })
        .cloned()
        .collect();
    let failed = |add: usize| end(ops, add).is_some_and(|end| ops[end].kind == OpKind::Fail);
    let aborted: Vec<Value> = read_values
        .iter()
        .filter(|e| {
            reads.iter().filter(|r| r.elements.contains(e)).any(|r| {
                let adds = adds_of(e);
                let before: Vec<_> = adds.iter().filter(|&&add| add < r.complete).collect();
                !before.is_empty() && before.iter().all(|&&add| failed(add))
            })
        })
        .cloned()
        .collect();
    let mut duplicates: BTreeMap<Value, i64> = BTreeMap::new();
    for e in &read_values {
        let times = |r: &Read| r.elements.iter().filter(|x| *x == e).count() as i64;
        let most = reads.iter().map(times).max().unwrap_or(0);
        if most > 1 {
            duplicates.insert(e.clone(), most);
        }
    }
    let first_final = (0..ops.len()).find(|&at| {
        client(&ops[at], "read", OpKind::Invoke)
            && (ops[at].is_final || end(ops, at).is_some_and(|end| ops[end].is_final))
    });
    let missing: Vec<Value> = elements
        .iter()
        .filter(|e| {
            let first_add = adds_of(e)[0];
            let proven = |at: usize| {
                client(&ops[at], "broadcast", OpKind::Ok) && ops[at].value == **e
                    || reads.iter().any(|r| r.complete == at && r.elements.contains(e))
            };
            let known = (first_add + 1..ops.len())
                .any(|at| proven(at) && first_final.is_some_and(|first| at < first));
            known && reads.iter().any(|r| r.is_final && !r.elements.contains(e))
        })
        .cloned()
        .collect();
    let compat = match (throws, lost.is_empty(), stable.is_empty()) {
        (true, _, _) => Validity::Unknown,
        (_, false, _) => Validity::Invalid,
        (_, _, true) => Validity::Unknown,
        _ => Validity::Valid,
    };
    let backs = went_back(ops, &reads);
    let clean = [&lost, &unexpected, &aborted, &missing].iter().all(|list| list.is_empty())
        && duplicates.is_empty()
        && backs.is_empty()
        && !malformed;
    let count = |list: &[Value]| Value::Int(list.len() as i64);
    let mut fields = BTreeMap::from([
        ("attempt-count", Value::Int(elements.len() as i64)),
        ("stable-count", count(&stable)),
        ("lost-count", count(&lost)),
        ("lost", Value::list(lost)),
        ("never-read-count", count(&never_read)),
        ("never-read", Value::list(never_read)),
        ("stale-count", count(&stale)),
        ("stale", Value::list(stale)),
        ("worst-stale", Value::list(worst.into_iter().map(|(_, e)| e))),
        ("duplicated-count", Value::Int(0)),
        ("duplicated", Value::map([])),
        ("unexpected-count", count(&unexpected)),
        ("unexpected", Value::list(unexpected)),
        ("aborted-present-count", count(&aborted)),
        ("aborted-present", Value::list(aborted)),
        ("missing-at-end-count", count(&missing)),
        ("missing-at-end", Value::list(missing)),
        ("duplicates-count", Value::Int(duplicates.len() as i64)),
        ("duplicates", Value::map(duplicates.into_iter().map(|(e, n)| (e, Value::Int(n))))),
    ]);
    fields.extend(quantiles(stable_ms).map(|q| ("stable-latencies", q)));
    fields.extend(quantiles(lost_ms).map(|q| ("lost-latencies", q)));
    if !backs.is_empty() {
        let read: BTreeSet<usize> = backs.iter().map(|(read, _)| *read).collect();
        let values: BTreeSet<Value> = backs.into_iter().map(|(_, value)| value).collect();
        fields.insert("went-back-count", Value::Int(read.len() as i64));
        fields.insert("went-back", Value::list(values));
    }
    if ops.iter().any(|op| op.process == Process::Nemesis) {
        fields.insert("cut-messages", Value::map([]));
        let counts = ["cut-value-count", "cut-value-arrived-count", "cut-value-missing-count"];
        fields.extend(counts.map(|name| (name, Value::Int(0))));
    }
    Naive { compat, strict: if clean { compat } else { Validity::Invalid }, fields }
}
