//! Conditions in words.

use super::conditions::{Conditions, Faults, Turn};

/// What a cluster is put through, in a line: "3 nodes, 50 op/s for 10 s, 10 % lost".
pub fn in_words(under: &Conditions) -> String {
    let nodes = if under.nodes == 1 { "node" } else { "nodes" };
    let clients = match (under.clients, under.nodes) {
        (1, _) => String::new(),
        (clients, 1) => format!(", {clients} clients"),
        (clients, _) => format!(", {clients} clients each"),
    };
    let operations = match under.operations.len() {
        0 => format!("{} op/s for {} s", under.rate, under.seconds),
        count => format!("{count} operations by hand"),
    };
    let mut parts = vec![format!("{} {nodes}{clients}", under.nodes), operations];
    if under.latency_ms > 0 {
        parts.push(format!("{} ms mean latency", under.latency_ms));
    }
    if under.loss > 0.0 {
        parts.push(format!("{:.0} % lost", under.loss * 100.0));
    }
    if under.sync_ms != Conditions::CALM.sync_ms {
        parts.push(format!("syncs of {} ms", under.sync_ms));
    }
    parts.extend(faults(under));
    let says_so = matches!(under.faults, Faults::InTurn { what: Turn::FromServices, .. });
    if under.fault_services && !says_so {
        parts.push("services too".to_owned());
    }
    if under.total {
        parts.push("all must succeed".to_owned());
    }
    parts.extend(under.options.iter().map(|(name, value)| format!("{name} {value}")));
    parts.join(", ")
}

fn faults(under: &Conditions) -> Option<String> {
    let seconds = |ms: u64| format!("{} s", ms as f64 / 1000.0);
    match under.faults {
        Faults::None => None,
        Faults::Drawn { kinds, every_ms } => {
            let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
            Some(format!("{} every {}", names.join(" and "), seconds(every_ms)))
        }
        Faults::InTurn { what, for_ms } => {
            let whom = if under.nodes == 1 { "the node" } else { "each node" };
            let what = match what {
                Turn::Apart(1) => format!("{whom} apart"),
                Turn::Apart(count) => format!("{count} nodes apart"),
                Turn::FromServices => format!("{whom} cut off from the services"),
                Turn::Pause => format!("{whom} paused"),
                Turn::Kill => format!("{whom} killed"),
                Turn::Rivals => "two rivals for the lead".to_owned(),
            };
            Some(format!("{what} for {} in turn", seconds(for_ms)))
        }
        Faults::Script(_) => Some("faults by hand".to_owned()),
    }
}
