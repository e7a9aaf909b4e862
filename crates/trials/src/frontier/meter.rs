//! Counts what the engine's own statistics do not.

use glomers_history::{Endpoint, Event, Observer, Time};

/// Counts the bytes of messages between nodes, and what each node sends and
/// receives of them.
#[derive(Debug, Default)]
pub struct Meter {
    /// By the places of the nodes.
    busy: Vec<u64>,
    bytes: u64,
    body: Vec<u8>,
}

impl Meter {
    /// For a cluster of so many nodes.
    pub fn new(nodes: usize) -> Meter {
        Meter { busy: vec![0; nodes], ..Meter::default() }
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

impl Meter {
    /// Services, should there be any, count as nodes do in statistics, but are not
    /// candidates for the busiest.
    fn is_busy(&mut self, end: Endpoint) {
        if let Endpoint::Node(node) = end {
            self.busy[node as usize] += 1;
        }
    }
}

impl Observer for Meter {
    fn event(&mut self, _: Time, event: &Event<'_>) {
        match event {
            Event::Sent { message, .. } if !message.is_of_client() => {
                self.body.clear();
                message.payload.write_json(&mut self.body);
                self.bytes += self.body.len() as u64;
                self.is_busy(message.src);
            }
            Event::Received(message) if !message.is_of_client() => self.is_busy(message.dest),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use glomers_history::Message;
    use glomers_node::Payload;

    use super::*;

    #[test]
    fn counts_what_passes_between_nodes_only() {
        let mut meter = Meter::new(2);
        let payload = Payload::from_json("{\"a\":1}").unwrap();
        let (client, n0, n1) = (Endpoint::Client(0), Endpoint::Node(0), Endpoint::Node(1));
        let message = |id, src, dest| Message { id, src, dest, key: 0, payload: &payload };
        let all = [(client, n0), (n0, n1), (n0, n1), (n0, client)];
        for (id, (src, dest)) in (0..).zip(all) {
            let message = message(id, src, dest);
            meter.event(Time::ZERO, &Event::Sent { message, src: "", dest: "" });
        }
        for (id, (src, dest)) in (0..).zip(&all[..2]) {
            meter.event(Time::ZERO, &Event::Received(message(id, *src, *dest)));
        }
        assert_eq!((meter.bytes(), meter.hottest()), (14, 2));
        assert_eq!(meter.busy, [2, 1]);
    }
}
