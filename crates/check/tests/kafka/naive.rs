//! The definitions of all errors, one by one, without regard to time: for
//! histories of a dozen operations.

use std::collections::{BTreeMap, BTreeSet};

use glomers_check::Validity;
use glomers_history::{History, Op, OpKind, Process, Value};

#[derive(Debug, Clone)]
pub(crate) struct Txn {
    pub(crate) kind: OpKind,
    pub(crate) process: u32,
    pub(crate) begin: Option<usize>,
    pub(crate) end: Option<usize>,
    pub(crate) sends: Vec<(Value, Value, Option<i64>)>,
    pub(crate) polls: BTreeMap<Value, Vec<(i64, Value)>>,
    /// Keys of which it got nothing.
    empty: BTreeSet<Value>,
    pub(crate) assigns: Option<Vec<Value>>,
    /// Whether it polled and its reply was refused.
    refused: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Opinion {
    pub(crate) compat: Validity,
    pub(crate) strict: Validity,
    /// As Jepsen counts them.
    pub(crate) counts: BTreeMap<&'static str, usize>,
    /// Those of them that are findings.
    pub(crate) found: BTreeSet<String>,
}

fn list(value: &Value) -> Vec<Value> {
    value.as_list().map(|list| list.iter().collect()).unwrap_or_default()
}

fn transaction(begin: Option<(usize, &Op)>, end: Option<(usize, &Op)>) -> Option<Txn> {
    let (_, op) = end.or(begin)?;
    let kind = end.map_or(OpKind::Info, |(_, op)| op.kind);
    let Process::Client(process) = op.process else { return None };
    let mut txn = Txn {
        kind,
        process,
        begin: begin.map(|(at, _)| at),
        end: end.map(|(at, _)| at),
        sends: Vec::new(),
        polls: BTreeMap::new(),
        empty: BTreeSet::new(),
        assigns: None,
        refused: matches!(&*op.f, "poll" | "txn")
            && end.is_some_and(|(_, end)| end.error.is_some()),
    };
    if &*op.f == "assign" {
        if kind == OpKind::Fail {
            return None;
        }
        txn.assigns = Some(list(&op.value));
        return Some(txn);
    }
    if !matches!(&*op.f, "send" | "poll" | "txn") {
        return None;
    }
    for part in list(&op.value) {
        let part = list(&part);
        if part[0].as_str() == Some("send") {
            match part[2].as_list().filter(|_| end.is_some()) {
                Some(pair) => {
                    let offset = pair.get(0).and_then(|offset| offset.as_int());
                    txn.sends.push((part[1].clone(), pair.get(1)?, offset));
                }
                None => txn.sends.push((part[1].clone(), part[2].clone(), None)),
            }
        } else if let Some(Value::Map(got)) = part.get(1) {
            for (key, pairs) in got.iter() {
                for pair in list(pairs) {
                    let pair = list(&pair);
                    let offset = pair[0].as_int()?;
                    txn.polls.entry(key.clone()).or_default().push((offset, pair[1].clone()));
                }
                if list(pairs).is_empty() {
                    txn.empty.insert(key.clone());
                }
            }
        }
    }
    Some(txn)
}

pub(crate) fn transactions(history: &History) -> Vec<Txn> {
    let mut txns = Vec::new();
    let ops = history.ops();
    let pairs = history.pairs();
    // An open one is over when its process goes on, or when the history is.
    let mut open: BTreeMap<u32, usize> = BTreeMap::new();
    for (at, op) in ops.iter().enumerate() {
        let Process::Client(process) = op.process else { continue };
        if op.kind == OpKind::Invoke {
            if let Some(left) = open.insert(process, at) {
                txns.extend(transaction(Some((left, &ops[left])), None));
            }
            continue;
        }
        open.remove(&process);
        let begin = pairs[at].map(|begin| (begin, &ops[begin]));
        txns.extend(transaction(begin, Some((at, op))));
    }
    let mut open: Vec<usize> = open.into_values().collect();
    open.sort_unstable();
    let open = open.into_iter().filter_map(|left| transaction(Some((left, &ops[left])), None));
    txns.extend(open);
    txns
}

pub(crate) fn judge(history: &History) -> Opinion {
    let txns = transactions(history);
    let oks = || txns.iter().filter(|txn| txn.kind == OpKind::Ok);
    let messages: BTreeSet<(Value, Value)> = txns
        .iter()
        .flat_map(|txn| {
            let sent = txn.sends.iter().map(|(key, value, _)| (key.clone(), value.clone()));
            let polled = txn.polls.iter().flat_map(|(key, pairs)| {
                pairs.iter().map(|(_, value)| (key.clone(), value.clone()))
            });
            sent.chain(polled).collect::<Vec<_>>()
        })
        .collect();
    let reads = |txn: &Txn, key: &Value, value: &Value| {
        txn.polls.get(key).is_some_and(|pairs| pairs.iter().any(|(_, other)| other == value))
    };
    let sends = |txn: &Txn, key: &Value, value: &Value| {
        txn.sends.iter().any(|(k, v, _)| k == key && v == value)
    };
    let ok_read = |key: &Value, value: &Value| oks().any(|txn| reads(txn, key, value));
    let committed = |txn: &Txn| match txn.kind {
        OpKind::Ok => true,
        OpKind::Info => txn.sends.iter().any(|(key, value, _)| ok_read(key, value)),
        _ => false,
    };
    // The log of each key: of each offset its values, in the order that polls, then sends show them.
    let mut logs: BTreeMap<Value, BTreeMap<i64, Vec<Value>>> = BTreeMap::new();
    let mut put = |key: &Value, offset: i64, value: &Value| {
        let values = logs.entry(key.clone()).or_default().entry(offset).or_default();
        if !values.contains(value) {
            values.push(value.clone());
        }
    };
    for txn in &txns {
        for (key, pairs) in &txn.polls {
            for (offset, value) in pairs {
                put(key, *offset, value);
            }
        }
    }
    for txn in txns.iter().filter(|txn| committed(txn)) {
        for (key, value, offset) in &txn.sends {
            if let Some(offset) = offset {
                put(key, *offset, value);
            }
        }
    }
    let dense = |key: &Value| -> Vec<&Vec<Value>> {
        logs.get(key).map(|log| log.values().collect()).unwrap_or_default()
    };
    let index = |key: &Value, value: &Value| dense(key).iter().rposition(|vs| vs[0] == *value);
    let earliest = |key: &Value, v: &Value| dense(key).iter().position(|vs| vs.contains(v));
    let latest = |key: &Value, v: &Value| dense(key).iter().rposition(|vs| vs.contains(v));
    let delta = |key: &Value, from: &Value, to: &Value| match (index(key, from), index(key, to)) {
        (Some(from), Some(to)) => to as i64 - from as i64,
        _ => 1,
    };

    // Messages that a poll may have held whose reply was refused.
    let hidden = |key: &Value, value: &Value| {
        let mut assigned: BTreeMap<u32, &Vec<Value>> = BTreeMap::new();
        txns.iter().any(|txn| {
            if let Some(keys) = &txn.assigns {
                assigned.insert(txn.process, keys);
            }
            let may_have = assigned.get(&txn.process).is_none_or(|keys| keys.contains(key));
            let senders: Vec<&Txn> = txns.iter().filter(|txn| sends(txn, key, value)).collect();
            let times = senders.iter().flat_map(|txn| &txn.sends);
            let once = times.filter(|(k, v, _)| k == key && v == value).count() == 1;
            let begun = !once || senders[0].begin < txn.end;
            txn.refused && may_have && begun
        })
    };

    let mut found: BTreeSet<String> = BTreeSet::new();
    let mut is_hidden = false;
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut note = |name, times: usize| {
        if times > 0 {
            *counts.entry(name).or_default() += times;
        }
    };
    let held = logs.values().flat_map(|log| log.values());
    note("inconsistent-offsets", held.filter(|values| values.len() > 1).count());
    let places = |(key, value): &(Value, Value)| {
        dense(key).iter().filter(|values| values.contains(value)).count()
    };
    note("duplicate", messages.iter().filter(|message| places(message) > 1).count());
    for txn in oks() {
        let failed = |key: &Value, value: &Value| {
            txns.iter().any(|other| other.kind == OpKind::Fail && sends(other, key, value))
        };
        let bad = messages.iter().filter(|(k, v)| reads(txn, k, v) && failed(k, v));
        note("G1a", bad.count());
    }
    for txn in &txns {
        let own = messages.iter().filter(|(k, v)| reads(txn, k, v) && sends(txn, k, v));
        note("precommitted-read", own.count());
    }
    let lost = messages.iter().filter(|(key, value)| {
        let read = messages.iter().filter(|(k, v)| k == key && ok_read(k, v));
        let bound = read.filter_map(|(k, v)| earliest(k, v)).max();
        latest(key, value).is_some_and(|latest| Some(latest) <= bound)
            && !ok_read(key, value)
            && txns.iter().any(|txn| committed(txn) && sends(txn, key, value))
    });
    let lost: Vec<_> = lost.collect();
    note("lost-write", lost.len());
    let unseen =
        messages.iter().filter(|(k, v)| oks().any(|txn| sends(txn, k, v)) && !ok_read(k, v));
    let unseen: Vec<_> = unseen.collect();
    note("unseen", unseen.len());
    for (name, missing) in [("lost-write", &lost), ("unseen", &unseen)] {
        for (key, value) in missing {
            if hidden(key, value) {
                is_hidden = true;
            } else {
                found.insert(name.to_owned());
            }
        }
    }
    // A step between messages at several offsets is wrong if it is by the offsets that were named.
    let shows = |key: &Value, from: (&Value, Option<i64>), to: (&Value, Option<i64>)| {
        let delta = delta(key, from.0, to.0);
        let several = |value: &Value| dense(key).iter().filter(|vs| vs.contains(value)).count() > 1;
        let (Some(a), Some(b)) = (from.1, to.1) else { return delta };
        if !several(from.0) && !several(to.0) {
            return delta;
        }
        let offsets: Vec<i64> = logs[key].keys().copied().collect();
        let place = |offset| offsets.iter().position(|&other| other == offset).unwrap() as i64;
        let named = place(b) - place(a);
        if (named > 1) == (delta > 1) && (named < 1) == (delta < 1) { delta } else { 1 }
    };
    let phantoms = messages.iter().filter(|(k, v)| !txns.iter().any(|txn| sends(txn, k, v)));
    note("phantom-read", phantoms.count());

    let processes: BTreeSet<u32> = txns.iter().map(|txn| txn.process).collect();
    for process in processes {
        let mut polled: BTreeMap<Value, (i64, Value)> = BTreeMap::new();
        let mut empty: BTreeSet<Value> = BTreeSet::new();
        let mut sent: BTreeMap<Value, (Value, Option<i64>)> = BTreeMap::new();
        let mut find = |name: &str, is_wrong: bool| {
            if is_wrong {
                found.insert(name.to_owned());
            }
        };
        for txn in txns.iter().filter(|txn| txn.process == process) {
            if let Some(keys) = &txn.assigns {
                polled.retain(|key, _| keys.contains(key));
                sent.retain(|key, _| keys.contains(key));
                continue;
            }
            for (key, pairs) in &txn.polls {
                if let Some((at, last)) = polled.get(key) {
                    let shown = shows(key, (last, Some(*at)), (&pairs[0].1, Some(pairs[0].0)));
                    let delta = delta(key, last, &pairs[0].1);
                    let (skip, back) = if empty.contains(key) {
                        ("poll-skip-after-empty", "nonmonotonic-poll-after-empty")
                    } else {
                        ("poll-skip", "nonmonotonic-poll")
                    };
                    note(skip, usize::from(delta > 1));
                    note(back, usize::from(delta < 1));
                    find(skip, shown > 1);
                    find(back, shown < 1);
                }
                for two in pairs.windows(2) {
                    let named = |pair: &(i64, Value)| Some(pair.0);
                    let (from, to) = (&two[0], &two[1]);
                    let shown = shows(key, (&from.1, named(from)), (&to.1, named(to)));
                    let delta = delta(key, &from.1, &to.1);
                    note("int-poll-skip", usize::from(delta > 1));
                    note("int-nonmonotonic-poll", usize::from(delta < 1));
                    find("int-poll-skip", shown > 1);
                    find("int-nonmonotonic-poll", shown < 1);
                }
                if txn.kind == OpKind::Ok {
                    polled.insert(key.clone(), pairs[pairs.len() - 1].clone());
                    empty.remove(key);
                }
            }
            if txn.kind == OpKind::Ok {
                let got_none = |key: &&Value| !txn.polls.contains_key(*key);
                empty.extend(txn.empty.iter().filter(got_none).cloned());
            }
            let keys: BTreeSet<&Value> = txn.sends.iter().map(|(key, ..)| key).collect();
            for key in keys {
                let mine = txn.sends.iter().filter(|(k, ..)| k == key);
                let mine: Vec<(Value, Option<i64>)> =
                    mine.map(|(_, value, offset)| (value.clone(), *offset)).collect();
                let end = |(value, offset): &(Value, Option<i64>)| (value.clone(), *offset);
                let counts = txn.kind != OpKind::Fail;
                if let Some((last, at)) = sent.get(key).filter(|_| counts) {
                    let (first, offset) = end(&mine[0]);
                    note("nonmonotonic-send", usize::from(delta(key, last, &first) < 1));
                    find("nonmonotonic-send", shows(key, (last, *at), (&first, offset)) < 1);
                }
                for two in mine.windows(2) {
                    let (from, to) = (end(&two[0]), end(&two[1]));
                    let shown = shows(key, (&from.0, from.1), (&to.0, to.1));
                    let delta = delta(key, &from.0, &to.0);
                    note("int-send-skip", usize::from(delta > 1));
                    note("int-nonmonotonic-send", usize::from(delta < 1));
                    find("int-nonmonotonic-send", shown < 1);
                }
                if counts {
                    sent.insert(key.clone(), end(&mine[mine.len() - 1]));
                }
            }
        }
    }

    let n = txns.len();
    let mut polls = vec![vec![false; n]; n];
    let mut all = vec![vec![false; n]; n];
    for (a, writer) in txns.iter().enumerate() {
        for (b, reader) in txns.iter().enumerate() {
            let wr = messages.iter().any(|(k, v)| {
                // What was sent more than once has no one sender.
                let times: usize = txns
                    .iter()
                    .map(|txn| txn.sends.iter().filter(|(k2, v2, _)| k2 == k && v2 == v).count())
                    .sum();
                let real = writer.kind != OpKind::Fail && reader.end.is_some();
                real && times == 1 && sends(writer, k, v) && reads(reader, k, v)
            });
            let time = writer.kind == OpKind::Ok
                && reader.kind != OpKind::Fail
                && matches!((writer.end, reader.begin), (Some(end), Some(begin)) if end < begin);
            polls[a][b] = a != b && wr;
            all[a][b] = a != b && (wr || time);
        }
    }
    let polls = closure(polls);
    let all = closure(all);
    let mut seen = vec![false; n];
    for a in 0..n {
        if seen[a] || !all[a][a] {
            continue;
        }
        let members: Vec<usize> = (0..n).filter(|&b| all[a][b] && all[b][a]).collect();
        members.iter().for_each(|&member| seen[member] = true);
        let by_polls = members.iter().any(|&member| polls[member][member]);
        note(if by_polls { "G1c" } else { "G1c-realtime" }, 1);
    }

    let judged_above = |name: &str| {
        name.contains("skip")
            || name.contains("nonmonotonic")
            || matches!(name, "lost-write" | "unseen")
    };
    found.extend(counts.keys().filter(|name| !judged_above(name)).map(|&name| name.to_owned()));
    let jepsens = |name: &str| name != "int-send-skip" && !name.ends_with("-after-empty");
    // No transaction before another, those that failed counted in.
    let works = || txns.iter().filter(|txn| txn.assigns.is_none());
    let related = works().any(|a| {
        let after = |b: &Txn| b.end.is_some() && b.begin.is_some() && a.end < b.begin;
        a.kind == OpKind::Ok && works().any(after)
    });
    let others = |at: usize, k: &Value, v: &Value| {
        let mut senders = txns.iter().enumerate().filter(|(_, txn)| sends(txn, k, v));
        senders.clone().next().is_none() || senders.any(|(other, _)| other != at)
    };
    let known = txns
        .iter()
        .enumerate()
        .any(|(at, txn)| messages.iter().any(|(k, v)| reads(txn, k, v) && others(at, k, v)));
    let unrelated = !related && !known;
    let jepsens_bad = unrelated || counts.keys().any(|&name| jepsens(name));
    let compat = if counts.contains_key("phantom-read") {
        Validity::Unknown
    } else {
        Validity::from_bool(!jepsens_bad)
    };
    let acknowledged = oks().any(|txn| !txn.sends.is_empty());
    let strict = match (found.is_empty(), acknowledged && !is_hidden) {
        (false, _) => Validity::Invalid,
        (true, false) => Validity::Unknown,
        (true, true) => Validity::Valid,
    };
    if unrelated {
        counts.insert("empty-transaction-graph", 1);
    }
    Opinion { compat, strict, counts, found }
}

fn closure(mut edges: Vec<Vec<bool>>) -> Vec<Vec<bool>> {
    let n = edges.len();
    for via in 0..n {
        for a in 0..n {
            for b in 0..n {
                edges[a][b] |= edges[a][via] && edges[via][b];
            }
        }
    }
    edges
}
