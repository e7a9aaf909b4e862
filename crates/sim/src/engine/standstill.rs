//! Time that does not go on: events that cause each other at one instant, without end.

use std::collections::BTreeMap;

use glomers_history::{Ended, Endpoint, Finding};
use glomers_node::Header;

use super::Engine;
use super::network::name_in;
use crate::queue::Due;

/// How many events may happen at one instant: far more than any cluster needs, and
/// less than a second of work.
const MOST_AT_ONCE: u32 = 500_000;
/// How many more are allowed for each node: values flood big clusters at one instant.
const MORE_FOR_EACH_NODE: u32 = 1_000;
/// How many events after that are looked at, to say what goes on.
const LOOKED_AT: u32 = 10_000;

/// The events of the present instant.
#[derive(Debug)]
pub(super) struct Standstill {
    count: u32,
    most: u32,
    /// What happened past the bound, and how often.
    seen: BTreeMap<String, u32>,
}

impl Standstill {
    pub(super) fn new(nodes: usize) -> Standstill {
        let more = (nodes as u32).saturating_mul(MORE_FOR_EACH_NODE);
        Standstill { count: 0, most: MOST_AT_ONCE + more, seen: BTreeMap::new() }
    }

    /// Time has gone on.
    pub(super) fn goes_on(&mut self) {
        self.count = 0;
    }

    /// Another event at the same instant; whether there are too many.
    pub(super) fn is_too_much(&mut self) -> bool {
        self.count += 1;
        self.count > self.most
    }
}

impl Engine<'_> {
    /// Looks at what happens past the bound, and ends the run once enough was seen.
    #[cold]
    pub(super) fn stands_still(&mut self, due: Due) {
        let what = self.in_words(due);
        let standstill = &mut self.standstill;
        *standstill.seen.entry(what).or_default() += 1;
        if standstill.count < standstill.most + LOOKED_AT {
            return;
        }
        let count = standstill.count;
        let mut seen: Vec<(String, u32)> =
            std::mem::take(&mut standstill.seen).into_iter().collect();
        seen.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let time = self.history_time();
        let summary = format!(
            "Time does not go on: {count} events at {time}, and each leads to the next at once."
        );
        let mut finding = Finding::new("time-stands-still", summary);
        finding.time = Some(time);
        finding.evidence = vec![format!("among the last {LOOKED_AT} events:")];
        let shown = seen.iter().take(5);
        finding.evidence.extend(shown.map(|(what, count)| format!("  {count} times: {what}")));
        finding.evidence.push(
            "something must take time: a latency, a service time (--service-time), a pause \
             between a node's messages or timers, or a --rate that is a number"
                .to_owned(),
        );
        self.find(&finding);
        self.end_early(Ended::Broken);
    }

    fn in_words(&self, due: Due) -> String {
        match due {
            Due::Arrive(key) => match self.network.in_flight.get(key as usize) {
                Some(message) => {
                    let name = |end| name_in(&self.cluster, &self.clients, end);
                    let header: Header = message.payload.header();
                    let (src, dest) = match (message.src, message.dest) {
                        (Endpoint::Client(_), dest) => {
                            ("a client".to_owned(), name(dest).to_string())
                        }
                        (src, Endpoint::Client(_)) => {
                            (name(src).to_string(), "a client".to_owned())
                        }
                        (src, dest) => (name(src).to_string(), name(dest).to_string()),
                    };
                    format!("a message {:?} from {src} to {dest}", header.kind())
                }
                None => "a message arrives".to_owned(),
            },
            Due::Wake { node, .. } => {
                format!("a timer of {} fires", self.cluster.name(node))
            }
            Due::Served { node, .. } | Due::Held { node, .. } => {
                format!("{} takes a message", self.cluster.name(node))
            }
            Due::Generate | Due::Listed { .. } | Due::NextFinal { .. } => {
                "a client begins an operation".to_owned()
            }
            Due::Woken { .. } => "a client goes on".to_owned(),
            Due::Timeout { .. } => "a client has waited long enough".to_owned(),
            Due::Fault { .. } => "a fault begins or ends".to_owned(),
            Due::LatencyStep { .. } => "latencies change".to_owned(),
            Due::PhaseEnd { .. } => "a phase of the run ends".to_owned(),
            Due::Deferred(_) => "a node does something".to_owned(),
        }
    }
}
