//! Messages, counted.

use glomers_history::Value;

/// Messages counted over one set of links.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages that were sent, lost ones too.
    pub sent: u64,
    /// Messages that were delivered.
    pub received: u64,
}

/// Messages counted over the whole run, from `init` until the nodes stop.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NetStatistics {
    /// Messages with a client at one end.
    pub clients: Counts,
    /// All others.
    pub servers: Counts,
    /// Operations that clients began.
    pub operations: u64,
}

impl NetStatistics {
    /// All messages.
    pub fn all(&self) -> Counts {
        Counts {
            sent: self.clients.sent + self.servers.sent,
            received: self.clients.received + self.servers.received,
        }
    }

    /// Messages between servers for each operation of a client; 0 if there was
    /// none.
    pub fn servers_per_operation(&self) -> f64 {
        if self.operations == 0 { 0.0 } else { self.servers.sent as f64 / self.operations as f64 }
    }

    /// As results show them (`net`).
    pub fn to_value(&self) -> Value {
        let counts = |counts: Counts, per_operation: bool| {
            let mut pairs = vec![
                ("send-count", Value::from(counts.sent)),
                ("recv-count", Value::from(counts.received)),
                ("msg-count", Value::from(counts.sent)),
            ];
            if per_operation && self.operations > 0 {
                // Maelstrom prints single precision; so do we, in order to be
                // comparable by eye.
                let ratio = counts.sent as f64 / self.operations as f64;
                let ratio = (ratio as f32).to_string().parse().unwrap_or(ratio);
                pairs.push(("msgs-per-op", Value::Float(ratio)));
            }
            Value::record(pairs)
        };
        Value::record([
            ("all", counts(self.all(), true)),
            ("clients", counts(self.clients, false)),
            ("servers", counts(self.servers, true)),
            ("valid?", Value::Bool(true)),
        ])
    }
}
