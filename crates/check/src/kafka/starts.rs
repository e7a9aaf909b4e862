//! Where consumers begin who take a key over: at what was committed.
//!
//! A client commits what it polled, and nothing else, and begins at what was
//! committed or before. So whoever begins in the middle of a log proves that
//! somebody had polled up to there; or that its poll left out messages that it had
//! asked for.

use glomers_history::{History, OpKind};
use rustc_hash::FxHashMap;

use super::key_value;
use super::orders::Orders;
use super::parse::Parsed;
use super::transactions::{Poll, Transaction};
use crate::places::NONE;
use crate::{Context, Finding, words};

/// How many leaps are shown.
const SHOWN: usize = 3;

/// A consumer whose first poll of a key left messages out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Leap {
    /// The transaction that assigned the key.
    assign: u32,
    /// The first poll that got messages of it.
    poll: u32,
    key: u32,
    /// The message that stands before the first that it got.
    left_out: u32,
    first: u32,
}

/// How far the polls of a key may have committed: where they begin in the history,
/// ascending, with the farthest place of them and all before.
type Reach = Vec<(u32, u32)>;

/// The finding, if there is a leap.
pub(super) fn finding(
    history: &History,
    context: &Context,
    parsed: &Parsed,
    orders: &Orders,
) -> Option<Finding> {
    let leaps = leaps(parsed, orders);
    let ops = history.ops();
    let mut finding = Finding::new(
        "poll-skip-after-assign",
        format!(
            "{} missed messages at the beginning of {} first poll of a key. A poll gets every \
             message from the offset on that it asks for.",
            words::count(leaps.len(), "consumer"),
            if leaps.len() == 1 { "its" } else { "their" },
        ),
    );
    for leap in leaps.iter().take(SHOWN) {
        let message = |id: u32| words::value(&parsed.messages[id as usize].value);
        let offset = |id| orders.offset(leap.key, id).unwrap_or_default();
        let (poll, assign) = (&parsed.transactions[leap.poll as usize], leap.assign as usize);
        let (poll, assign) = (poll.place(), parsed.transactions[assign].place());
        let words = |place: u32| words::operation(&ops[place as usize], context);
        finding.evidence.push(format!(
            "{} began key {} with {} (offset {}), behind {} (offset {}), which nobody had polled \
             when {} took the key over",
            words(poll),
            words::value(key_value(parsed, leap.key)),
            message(leap.first),
            offset(leap.first),
            message(leap.left_out),
            offset(leap.left_out),
            words(assign),
        ));
        for place in [poll, assign] {
            words::point(&mut finding, &ops[place as usize], context);
        }
    }
    if leaps.len() > SHOWN {
        finding.evidence.push(format!("and {} more", leaps.len() - SHOWN));
    }
    (!leaps.is_empty()).then_some(finding)
}

fn leaps(parsed: &Parsed, orders: &Orders) -> Vec<Leap> {
    if parsed.subscribes {
        return Vec::new();
    }
    let reach = reach(parsed, orders);
    let mut leaps = Vec::new();
    // By process the keys that it has, each with the transaction that assigned it,
    // until a poll has had messages of it.
    let mut sessions: FxHashMap<u32, FxHashMap<u32, Option<u32>>> = FxHashMap::default();
    for (number, transaction) in parsed.transactions.iter().enumerate() {
        let session = sessions.entry(transaction.process).or_default();
        if let Some(keys) = &transaction.assigns {
            // Only an answered one says where the consumer begins.
            let assign = transaction.is_ok().then_some(number as u32);
            session.retain(|key, _| keys.contains(key));
            for key in keys {
                session.entry(*key).or_insert(assign);
            }
            continue;
        }
        if !transaction.is_ok() {
            continue;
        }
        for polls in parsed.polls_of(transaction).chunk_by(|a, b| a.key == b.key) {
            let key = polls[0].key;
            let Some(assign) = session.get_mut(&key) else {
                // A node that gives more than it is asked for may have done so in
                // polls that nobody knows, too: then anything may be committed.
                return Vec::new();
            };
            let Some(assign) = assign.take() else { continue };
            let until = parsed.transactions[assign as usize].end;
            let Some((left_out, first)) = left_out(parsed, orders, transaction, polls) else {
                continue;
            };
            let place = orders.place(left_out);
            if reached(&reach[key as usize], until) < place {
                leaps.push(Leap { assign, poll: number as u32, key, left_out, first });
            }
        }
    }
    leaps
}

/// The message that stands before all that a transaction polled of a key, and the
/// first of these, if the former was there to be polled. Where offsets contradict
/// each other nobody can say what stands before what.
fn left_out(
    parsed: &Parsed,
    orders: &Orders,
    transaction: &Transaction,
    polls: &[Poll],
) -> Option<(u32, u32)> {
    let log = &orders.logs[polls[0].key as usize];
    let is_clear = |id: u32| orders.positions[id as usize].places == 1;
    let polled = || polls.iter().flat_map(|poll| parsed.messages_of(poll)).copied();
    if !log.others.is_empty() || !polled().all(is_clear) {
        return None;
    }
    let first = polled().min_by_key(|&id| orders.place(id))?;
    let before = orders.place(first)?.checked_sub(1)?;
    let left_out = log.first[before as usize];
    let was_there =
        transaction.begin != NONE && parsed.messages[left_out as usize].sent_ok < transaction.begin;
    // Who knows of no commit asks from 0.
    let was_asked_for = log.offsets[before as usize] >= 0;
    (is_clear(left_out) && was_there && was_asked_for).then_some((left_out, first))
}

/// The farthest place that a poll which began before may have committed.
fn reached(reach: &Reach, until: u32) -> Option<u32> {
    let count = reach.partition_point(|&(begin, _)| begin < until);
    count.checked_sub(1).map(|last| reach[last].1)
}

fn reach(parsed: &Parsed, orders: &Orders) -> Vec<Reach> {
    let mut all: Vec<Reach> = vec![Reach::new(); parsed.keys.len()];
    let mut assigned: FxHashMap<u32, &[u32]> = FxHashMap::default();
    for transaction in &parsed.transactions {
        if let Some(keys) = &transaction.assigns {
            assigned.insert(transaction.process, keys);
            continue;
        }
        let begin = if transaction.begin == NONE { 0 } else { transaction.begin };
        if is_unknown_poll(transaction) {
            // It may have polled and committed anything of its keys.
            for key in assigned.get(&transaction.process).copied().unwrap_or_default() {
                all[*key as usize].push((begin, NONE));
            }
        }
        for poll in parsed.polls_of(transaction) {
            let places = parsed.messages_of(poll).iter().filter_map(|&id| orders.place(id));
            all[poll.key as usize].extend(places.max().map(|place| (begin, place)));
        }
    }
    for reach in &mut all {
        reach.sort_unstable();
        let mut farthest = 0;
        for (_, place) in reach {
            farthest = farthest.max(*place);
            *place = farthest;
        }
    }
    all
}

fn is_unknown_poll(transaction: &Transaction) -> bool {
    transaction.kind != OpKind::Ok && transaction.sends.0 == transaction.sends.1
}
