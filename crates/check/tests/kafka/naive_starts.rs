//! The definition of a first poll that leaves messages out at its beginning.

use std::collections::BTreeMap;

use glomers_history::{History, OpKind, Value};

use super::naive::{Txn, transactions};

/// Whether any consumer missed messages at the beginning of a key.
pub(crate) fn missed(history: &History) -> bool {
    let txns = transactions(history);
    // The keys of a process before a transaction, and what assigned each.
    let keys = |at: usize| {
        let mut keys: BTreeMap<&Value, &Txn> = BTreeMap::new();
        for txn in txns[..at].iter().filter(|txn| txn.process == txns[at].process) {
            let Some(assigned) = &txn.assigns else { continue };
            let old = std::mem::take(&mut keys);
            keys.extend(assigned.iter().map(|key| (key, old.get(key).copied().unwrap_or(txn))));
        }
        keys
    };
    let polls = |at: usize| txns[at].kind == OpKind::Ok && txns[at].assigns.is_none();
    let all = || (0..txns.len()).filter(|&at| polls(at));
    if all().any(|at| txns[at].polls.keys().any(|key| !keys(at).contains_key(key))) {
        return false;
    }
    all().any(|at| {
        txns[at].polls.keys().any(|key| {
            let assign = keys(at)[key];
            let since = |earlier: &usize| {
                txns[*earlier].process == txns[at].process
                    && txns[*earlier].polls.contains_key(key)
                    && keys(*earlier).get(key).is_some_and(|other| std::ptr::eq(*other, assign))
            };
            let is_first =
                !all().take_while(|&earlier| earlier < at).any(|earlier| since(&earlier));
            is_first && assign.kind == OpKind::Ok && misses(&txns, at, key, assign)
        })
    })
}

fn misses(txns: &[Txn], at: usize, key: &Value, assign: &Txn) -> bool {
    let poll = &txns[at];
    let ok_read = |key: &Value, value: &Value| {
        let mut oks = txns.iter().filter(|txn| txn.kind == OpKind::Ok);
        oks.any(|txn| txn.polls.get(key).is_some_and(|pairs| pairs.iter().any(|p| p.1 == *value)))
    };
    // What offsets hold, from all polls and from sends that certainly happened.
    let mut log: BTreeMap<i64, &Value> = BTreeMap::new();
    let mut pairs: Vec<(i64, &Value)> = Vec::new();
    for txn in txns {
        pairs.extend(txn.polls.get(key).into_iter().flatten().map(|(o, v)| (*o, v)));
        let shows = txn.sends.iter().any(|(key, value, _)| ok_read(key, value));
        if txn.kind == OpKind::Ok || txn.kind == OpKind::Info && shows {
            let sends = txn.sends.iter().filter(|(k, ..)| k == key);
            pairs.extend(sends.filter_map(|(_, v, o)| Some(((*o)?, v))));
        }
    }
    for (offset, value) in pairs {
        if log.insert(offset, value).is_some_and(|old| old != value) {
            return false;
        }
    }
    let offsets = |value: &Value| -> Vec<i64> {
        log.iter().filter(|(_, v)| **v == value).map(|(o, _)| *o).collect()
    };
    if poll.polls[key].iter().any(|(_, value)| offsets(value).len() != 1) {
        return false;
    }
    let first = poll.polls[key].iter().map(|(offset, _)| *offset).min().expect("some");
    let Some((&before, &left_out)) = log.range(..first).next_back() else { return false };
    let was_there = txns.iter().any(|txn| {
        txn.kind == OpKind::Ok
            && txn.sends.iter().any(|(k, v, _)| k == key && v == left_out)
            && txn.end < poll.begin
    });
    if offsets(left_out).len() != 1 || before < 0 || !was_there {
        return false;
    }
    // Whether somebody may have committed it, or what is behind it.
    !txns.iter().enumerate().any(|(other, txn)| {
        let begun = txn.begin.unwrap_or(0) < assign.end.expect("it is ok") && txn.assigns.is_none();
        let is_unknown = txn.kind != OpKind::Ok && txn.sends.is_empty();
        let last = |at: usize| {
            let assigns = txns[..at].iter().filter(|t| t.process == txns[at].process);
            assigns.filter_map(|t| t.assigns.as_ref()).next_back()
        };
        let anything = is_unknown && last(other).is_some_and(|keys| keys.contains(key));
        let polled = txn.polls.get(key).is_some_and(|pairs| {
            pairs.iter().any(|(_, v)| offsets(v).last().is_some_and(|&offset| offset >= before))
        });
        begun && (anything || polled)
    })
}
