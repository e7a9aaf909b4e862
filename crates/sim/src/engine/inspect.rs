//! Looking into a run that was stopped.

use glomers_history::{Endpoint, Time};

use super::Engine;
use super::network::{InFlight, name_in};
use super::phases::Phase;
use crate::snapshot::{NodeSnapshot, PendingMessage, Snapshot};

impl Engine<'_> {
    /// A moment of this engine's clock, counted as operations are.
    pub(crate) fn as_history_time(&self, time: Time) -> Time {
        Time(time.0.saturating_sub(self.course.origin.unwrap_or_default().0))
    }

    /// Whether this moment of the engine's clock comes after that one, which is
    /// counted as operations are.
    pub(crate) fn is_after(&self, time: Time, moment: Time) -> bool {
        self.course.origin.is_some_and(|origin| time.0 > origin.0.saturating_add(moment.0))
    }

    /// Whether the run has ended; nodes may be there that wait to be stopped.
    pub(crate) fn is_over(&self) -> bool {
        self.course.is_over()
    }

    /// Whether operations may begin, or could at a time.
    pub(crate) fn has_begun(&self) -> bool {
        !matches!(self.course.phase, Phase::Before | Phase::Init { .. } | Phase::Setup { .. })
    }

    fn name_at(&self, end: Endpoint) -> String {
        name_in(&self.cluster, &self.clients, end).to_string()
    }

    /// A message on its way, in words.
    pub(super) fn pending(&self, message: &InFlight) -> PendingMessage {
        PendingMessage {
            id: message.id,
            src: self.name_at(message.src),
            dest: self.name_at(message.dest),
            kind: message.payload.header().kind().to_owned(),
            due: self.as_history_time(message.due),
            body: message.payload.to_json().get().to_owned(),
        }
    }

    /// What the engine knows; timers and disks are the host's.
    pub(crate) fn snapshot(&self, time: Time) -> Snapshot {
        let nodes =
            self.cluster.names.iter().zip(&self.cluster.nodes).map(|(name, state)| NodeSnapshot {
                name: name.to_string(),
                incarnation: state.incarnation,
                is_up: state.is_up || state.was_up_at_end,
                is_paused: state.is_paused,
                timers: Vec::new(),
                syncs: Vec::new(),
            });
        let mut messages: Vec<PendingMessage> =
            self.network.in_flight.iter().map(|(_, message)| self.pending(message)).collect();
        messages.sort_by_key(|message| (message.due, message.id));
        Snapshot { time, nodes: nodes.collect(), messages, is_over: self.is_over() }
    }
}
