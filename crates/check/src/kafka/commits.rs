//! Where consumers begin who take a key over: behind what was committed.
//!
//! A client commits what it polled, and nothing else. So whoever begins in the
//! middle of a log, without the messages before, proves that somebody had polled
//! up to there; or that the node takes more for committed than was.

use glomers_history::{History, OpKind};
use rustc_hash::FxHashMap;

use super::key_value;
use super::orders::Orders;
use super::parse::Parsed;
use super::transactions::Transaction;
use crate::places::NONE;
use crate::{Context, Finding, words};

/// How many leaps are shown.
const SHOWN: usize = 3;

/// A consumer that began too far.
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
    let count = words::count(leaps.len(), "consumer");
    let mut finding = Finding::new(
        "commit-too-far",
        format!(
            "{count} began behind messages that nobody had polled. A consumer begins behind what \
             was committed, and nobody commits what nobody has polled."
        ),
    );
    for leap in leaps.iter().take(SHOWN) {
        let message = |id: u32| words::value(&parsed.messages[id as usize].value);
        let offset = |id| orders.offset(leap.key, id).unwrap_or_default();
        let (poll, assign) = (&parsed.transactions[leap.poll as usize], leap.assign as usize);
        let (poll, assign) = (poll.place(), parsed.transactions[assign].place());
        let words = |place: u32| words::operation(&ops[place as usize], context);
        finding.evidence.push(format!(
            "{} began key {} with {} (offset {}); {} (offset {}) had been polled by nobody when {} \
             took the key over",
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
        for poll in parsed.polls_of(transaction) {
            let got = parsed.messages_of(poll).first().copied();
            let (Some(first), true) = (got, transaction.is_ok()) else { continue };
            let Some(assign) = session.get_mut(&poll.key).and_then(Option::take) else { continue };
            let until = parsed.transactions[assign as usize].end;
            let log = &orders.logs[poll.key as usize].first;
            let Some(before) = orders.place(first).and_then(|place| place.checked_sub(1)) else {
                continue;
            };
            if reached(&reach[poll.key as usize], until).is_none_or(|reached| reached < before) {
                let left_out = log[before as usize];
                let (poll, key) = (number as u32, poll.key);
                leaps.push(Leap { assign, poll, key, left_out, first });
            }
        }
    }
    leaps
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
