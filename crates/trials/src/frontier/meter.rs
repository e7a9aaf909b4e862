//! Counts what the engine's own statistics do not.

use glomers_history::journal::DropReason;
use glomers_history::{Observer, Time};
use glomers_node::Payload;
use rustc_hash::FxHashMap;

/// Counts the bytes of messages between nodes, and what each node sends and
/// receives of them.
#[derive(Debug, Default)]
pub struct Meter {
    /// The place of each node in `busy`.
    places: FxHashMap<Box<str>, u32>,
    busy: Vec<u64>,
    /// To whom each message on its way goes.
    on_the_way: FxHashMap<u64, u32>,
    bytes: u64,
    body: Vec<u8>,
}

impl Meter {
    /// For a cluster of these nodes.
    pub fn new(nodes: &[String]) -> Meter {
        let places = (0..).zip(nodes).map(|(place, name)| (name.as_str().into(), place)).collect();
        Meter { places, busy: vec![0; nodes.len()], ..Meter::default() }
    }

    /// The bytes of all bodies between nodes as JSON, lost ones too.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many messages the busiest node sent to and received from other nodes.
    pub fn hottest(&self) -> u64 {
        self.busy.iter().copied().max().unwrap_or(0)
    }
}

impl Observer for Meter {
    fn sent(&mut self, _: Time, id: u64, src: &str, dest: &str, payload: &Payload) {
        // Services, should there be any, count as nodes do in statistics, but are
        // not candidates for the busiest.
        if src.starts_with('c') || dest.starts_with('c') {
            return;
        }
        self.body.clear();
        payload.write_json(&mut self.body);
        self.bytes += self.body.len() as u64;
        if let Some(&place) = self.places.get(src) {
            self.busy[place as usize] += 1;
        }
        if let Some(&place) = self.places.get(dest) {
            self.on_the_way.insert(id, place);
        }
    }

    fn received(&mut self, _: Time, id: u64) {
        if let Some(place) = self.on_the_way.remove(&id) {
            self.busy[place as usize] += 1;
        }
    }

    fn dropped(&mut self, _: Time, id: u64, _: DropReason) {
        self.on_the_way.remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_passes_between_nodes_only() {
        let names = ["n0".to_owned(), "n1".to_owned()];
        let mut meter = Meter::new(&names);
        let payload = Payload::from_json("{\"a\":1}").unwrap();
        let moment = Time::ZERO;
        for (id, src, dest) in [(0, "c0", "n0"), (1, "n0", "n1"), (2, "n0", "n1"), (3, "n0", "c0")]
        {
            meter.sent(moment, id, src, dest, &payload);
        }
        meter.received(moment, 0);
        meter.received(moment, 1);
        meter.dropped(moment, 2, DropReason::Loss);
        meter.received(moment, 2);
        assert_eq!((meter.bytes(), meter.hottest()), (14, 2));
        assert_eq!(meter.busy, [2, 1]);
    }
}
