//! Single messages: what chance did to them, as a list, and their names.
//!
//! A loss of a tenth says little, and whatever is taken out of a run may meet another tenth.
//! As a list each loss stands for itself: it can go like a fault, and what is left is needed.

use std::collections::BTreeMap;

use glomers_history::journal::{Disturbance, DropReason};
use glomers_history::{Endpoint, Event, MILLISECOND, Message, Observer, SECOND, Time};
use glomers_sim::{Fault, MessageName, MessageOverride, OverrideAction, Plan};

use super::oracle::Oracle;
use super::places::moved;
use super::windows::{schedule, windows};

/// A message between servers.
#[derive(Debug)]
struct Seen {
    key: u64,
    /// Between nodes: sender, receiver, and how many the link carried before.
    place: Option<(u32, u32, u64)>,
    sent: Time,
    is_lost: bool,
    is_late: bool,
    is_doubled: bool,
    end: Option<Time>,
    end_of_copy: Option<Time>,
}

/// What became of the messages between servers in one run.
#[derive(Debug, Default)]
pub(crate) struct Fates {
    messages: BTreeMap<u64, Seen>,
    links: BTreeMap<(u32, u32), u64>,
}

impl Fates {
    fn ends(&mut self, message: &Message<'_>, time: Time) {
        let Some(seen) = self.messages.get_mut(&message.id) else { return };
        // A copy has a key of its own.
        let is_copy = message.key != seen.key || seen.end.is_some();
        let end = if is_copy { &mut seen.end_of_copy } else { &mut seen.end };
        end.get_or_insert(time);
    }
}

impl Observer for Fates {
    fn event(&mut self, time: Time, event: &Event<'_>) {
        match event {
            Event::Sent { message, .. } => {
                let place = match (message.src, message.dest) {
                    (Endpoint::Client(_), _) | (_, Endpoint::Client(_)) => return,
                    (Endpoint::Node(src), Endpoint::Node(dest)) => {
                        let before = self.links.entry((src, dest)).or_default();
                        *before += 1;
                        Some((src, dest, *before - 1))
                    }
                    _ => None,
                };
                let seen = Seen {
                    key: message.key,
                    place,
                    sent: time,
                    is_lost: false,
                    is_late: false,
                    is_doubled: false,
                    end: None,
                    end_of_copy: None,
                };
                self.messages.insert(message.id, seen);
            }
            Event::Received(message) => self.ends(message, time),
            Event::Dropped(message, DropReason::Loss | DropReason::Fault) => {
                if let Some(seen) = self.messages.get_mut(&message.id) {
                    seen.is_lost = true;
                }
            }
            Event::Dropped(message, _) => self.ends(message, time),
            Event::Disturbed(message, how) => {
                let Some(seen) = self.messages.get_mut(&message.id) else { return };
                seen.is_late |= *how == Disturbance::Delayed;
                seen.is_doubled |= *how == Disturbance::Doubled;
            }
            _ => {}
        }
    }
}

/// What chance does to single messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chance {
    Loses,
    Doubles,
    HoldsUp,
}

impl Chance {
    /// The Plan without it.
    fn taken_from(self, plan: &Plan) -> Plan {
        let mut less = plan.clone();
        if self == Chance::Loses {
            (less.loss, less.loss_bursts) = (0.0, None);
            less.links.iter_mut().for_each(|rule| rule.loss = None);
            less.links.retain(|rule| rule.latency.is_some());
        }
        let mut left = windows(&plan.faults);
        left.retain(|window| match window.fault {
            Fault::Loss(_) => self != Chance::Loses,
            Fault::Duplicate(_) => self != Chance::Doubles,
            Fault::Reorder(_) => self != Chance::HoldsUp,
            _ => true,
        });
        if left.len() < windows(&plan.faults).len() {
            less.faults = schedule(&left);
        }
        less
    }

    /// What it did to a message.
    fn did(self, seen: &Seen) -> Option<OverrideAction> {
        let took = |end: Option<Time>| Some(end?.0.saturating_sub(seen.sent.0));
        match self {
            Chance::Loses => seen.is_lost.then_some(OverrideAction::Drop),
            Chance::Doubles if seen.is_doubled => {
                took(seen.end_of_copy).map(OverrideAction::Double)
            }
            Chance::HoldsUp if seen.is_late => took(seen.end).map(OverrideAction::Delay),
            Chance::Doubles | Chance::HoldsUp => None,
        }
    }
}

/// The probability that a message is lost where other losses than those of a list are tried.
const LOSS: f64 = 0.5;

/// The Plan with chance in the place of its list of lost messages, if there is one.
pub(crate) fn lost_by_chance(plan: &Plan) -> Option<Plan> {
    let mut other = plan.clone();
    other.overrides.retain(|one| one.action != OverrideAction::Drop);
    other.loss = LOSS;
    (plan.loss == 0.0 && other.overrides.len() < plan.overrides.len()).then_some(other)
}

/// Puts a list of single messages in the place of chance, if that still has the finding.
pub(crate) fn listed(plan: &mut Plan, oracle: &mut Oracle<'_>) {
    for chance in [Chance::Loses, Chance::Doubles, Chance::HoldsUp] {
        let mut candidate = chance.taken_from(plan);
        if candidate == *plan {
            continue;
        }
        let Some(fates) = oracle.watch(plan) else { return };
        let known: Vec<MessageName> = plan.overrides.iter().map(|one| one.message).collect();
        let done = fates.messages.values().filter_map(|seen| {
            let message = MessageName::Key(seen.key);
            Some(MessageOverride { message, action: chance.did(seen)? })
        });
        candidate.overrides.extend(done.filter(|one| !known.contains(&one.message)));
        oracle.accept(plan, candidate);
    }
}

/// Names messages by what led to them: so they are the same whatever else goes.
pub(crate) fn named_by_cause(plan: &mut Plan, oracle: &mut Oracle<'_>) {
    renamed(plan, oracle, |name, seen| match (name, seen.place) {
        (MessageName::Nth { src, dest, count }, Some(place)) if place == (src, dest, count) => {
            Some(MessageName::Key(seen.key))
        }
        _ => None,
    });
}

/// Names messages by their links and how many these carried before, as people do: nothing
/// depends on the numbers of clients and operations then.
pub(crate) fn named_by_place(plan: &mut Plan, oracle: &mut Oracle<'_>) {
    renamed(plan, oracle, |name, seen| match (name, seen.place) {
        (MessageName::Key(key), Some((src, dest, count))) if key == seen.key => {
            Some(MessageName::Nth { src, dest, count })
        }
        _ => None,
    });
}

/// Times of single messages become none, or short and round.
pub(crate) fn round(plan: &mut Plan, oracle: &mut Oracle<'_>) {
    for place in 0..plan.overrides.len() {
        let (OverrideAction::Delay(time) | OverrideAction::Double(time)) =
            plan.overrides[place].action
        else {
            continue;
        };
        let short = [0, MILLISECOND, 10 * MILLISECOND, 100 * MILLISECOND, SECOND];
        let round = [SECOND, SECOND / 10, SECOND / 100, MILLISECOND]
            .map(|unit| time.saturating_add(unit / 2) / unit * unit);
        for simple in short.into_iter().filter(|&short| short < time).chain(round) {
            let mut candidate = plan.clone();
            if let OverrideAction::Delay(time) | OverrideAction::Double(time) =
                &mut candidate.overrides[place].action
            {
                *time = simple;
            }
            if oracle.accept(plan, candidate) {
                break;
            }
        }
    }
}

fn renamed(
    plan: &mut Plan,
    oracle: &mut Oracle<'_>,
    name: impl Fn(MessageName, &Seen) -> Option<MessageName>,
) {
    if plan.overrides.is_empty() {
        return;
    }
    let Some(fates) = oracle.watch(plan) else { return };
    let mut candidate = plan.clone();
    for one in &mut candidate.overrides {
        let found = fates.messages.values().find_map(|seen| name(one.message, seen));
        one.message = found.unwrap_or(one.message);
    }
    oracle.accept(plan, candidate);
}

/// The exceptions that are left when a node goes.
pub(crate) fn without_node(overrides: &[MessageOverride], gone: u32) -> Vec<MessageOverride> {
    let left = overrides.iter().filter_map(|one| {
        let message = match one.message {
            MessageName::Nth { src, dest, count } => {
                MessageName::Nth { src: moved(src, gone)?, dest: moved(dest, gone)?, count }
            }
            key @ MessageName::Key(_) => key,
        };
        Some(MessageOverride { message, ..one.clone() })
    });
    left.collect()
}
