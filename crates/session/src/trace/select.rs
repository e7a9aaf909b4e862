//! Which part of a run is shown.

use std::ops::Range;

use super::{Event, Trace, What};

/// How many events before what is asked for are shown with it, and after it.
const CONTEXT: usize = 12;

/// Which events are shown. The default: all, but messages of clients.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Only from this time until that, ns.
    pub between: Option<Range<i64>>,
    /// Only what is about these nodes; all if there are none.
    pub only: Vec<String>,
    /// Only messages of these types; all if there are none.
    pub kinds: Vec<String>,
    /// Messages of clients, too. Their operations are shown in any case.
    pub clients: bool,
    /// The operation with this index, from its beginning to its end, and what was
    /// just before and after.
    pub around_operation: Option<u64>,
    /// The message with this id, likewise.
    pub around_message: Option<u64>,
    /// The most events.
    pub limit: Option<usize>,
}

impl Trace {
    /// The part that is asked for. Faults and states of nodes are kept in any
    /// case. `None` if there is no such operation or message.
    #[must_use]
    pub fn select(&self, selection: &Selection) -> Option<Trace> {
        let mut events: Vec<&Event> =
            self.events.iter().filter(|event| selection.takes(&event.what)).collect();
        let (mut before, mut after) = (0, 0);
        let mut window = |events: &mut Vec<&Event>, range: Range<usize>| {
            before += range.start;
            after += events.len() - range.end;
            events.truncate(range.end);
            events.drain(..range.start);
        };
        if selection.around_operation.is_some() || selection.around_message.is_some() {
            let is_meant = |event: &&Event| selection.is_meant(&event.what);
            let first = events.iter().position(is_meant)?;
            let last = events.iter().rposition(is_meant)?;
            let end = (last + 1 + CONTEXT).min(events.len());
            window(&mut events, first.saturating_sub(CONTEXT)..end);
        }
        if let Some(between) = &selection.between {
            let start = events.partition_point(|event| event.time < between.start);
            let end = events.partition_point(|event| event.time <= between.end).max(start);
            window(&mut events, start..end);
        }
        if let Some(limit) = selection.limit {
            let end = limit.min(events.len());
            window(&mut events, 0..end);
        }
        let nodes = self.nodes.iter().filter(|node| selection.has(node));
        Some(Trace {
            nodes: nodes.cloned().collect(),
            events: self.with_what_was_on(&events),
            before,
            after,
        })
    }

    /// The events, after what faults and states there were when they begin.
    fn with_what_was_on(&self, events: &[&Event]) -> Vec<Event> {
        let Some(first) = events.first() else { return Vec::new() };
        let earlier = self.events.iter().take_while(|event| !std::ptr::eq(*event, *first));
        let mut on: Vec<&Event> = Vec::new();
        for event in earlier {
            match &event.what {
                What::Fault { number, begins: false, .. } => on.retain(
                    |other| !matches!(&other.what, What::Fault { number: n, .. } if n == number),
                ),
                What::Fault { .. } | What::State { .. } => on.push(event),
                _ => {}
            }
        }
        on.into_iter().chain(events.iter().copied()).cloned().collect()
    }
}

impl Selection {
    fn has(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }

    fn takes(&self, what: &What) -> bool {
        match what {
            What::Fault { .. } => true,
            What::State { nodes, .. } => nodes.iter().any(|node| self.has(node)),
            What::Sent { message, .. } | What::Arrived { message, .. } => {
                let is_client = |name: &str| name.starts_with('c');
                let of_client = is_client(&message.src) || is_client(&message.dest);
                let has_kind = self.kinds.is_empty() || self.kinds.contains(&message.kind);
                let named = self.kinds.contains(&message.kind);
                let is_meant = self.around_message == Some(message.id);
                let has_ends = self.has(&message.src) || self.has(&message.dest);
                is_meant || has_kind && has_ends && (!of_client || self.clients || named)
            }
            // Who asks for types of messages wants to see those only.
            What::Operation { .. } if self.is_meant(what) => true,
            _ if !self.kinds.is_empty() => false,
            What::Operation { node: None, .. } => self.only.is_empty(),
            _ => what.names().iter().any(|name| self.has(name)),
        }
    }

    fn is_meant(&self, what: &What) -> bool {
        match what {
            What::Operation { index, began, .. } => {
                self.around_operation.is_some_and(|wanted| wanted == *index || wanted == *began)
            }
            What::Sent { message, .. } | What::Arrived { message, .. } => {
                self.around_message == Some(message.id)
            }
            _ => false,
        }
    }
}
