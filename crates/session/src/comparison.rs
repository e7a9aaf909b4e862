//! A replay compared with the run that it repeats: whether they are the same, and else where
//! they part.

use std::path::Path;

use glomers_sim::Plan;
use glomers_store::{Difference, Recovered};

use crate::error::SessionError;
use crate::recover::open;
use crate::trace::{Event, Trace, What};

/// What came of comparing.
#[derive(Debug)]
pub enum Comparison {
    /// Every file is the same; so many messages were sent.
    Same {
        /// How many.
        messages: u64,
    },
    /// The stored run was cut short, and until then both are the same.
    SameSoFar {
        /// How many events there are until then.
        events: usize,
    },
    /// Something else happened.
    Differs {
        /// The stored run, or the part of it that was compared.
        before: Box<Trace>,
        /// The same of the replay.
        now: Box<Trace>,
        /// The place of the first event that differs.
        place: usize,
    },
    /// The same happened, but a file is not the same.
    FilesDiffer(Box<Difference>),
}

impl Comparison {
    /// Compares a stored run with the replay in a directory: every file if the stored
    /// run came to its end, else what happened until it was cut off.
    ///
    /// # Errors
    /// If one of them cannot be read.
    pub fn of(
        (recovered, stored): (&Recovered, &Plan),
        (directory, plan): (&Path, &Plan),
    ) -> Result<Comparison, SessionError> {
        let again = open(directory)?;
        let (before, now) = (Trace::read(recovered, stored)?, Trace::read(&again, plan)?);
        let differs = |before: Trace, now: Trace, place| Comparison::Differs {
            before: Box::new(before),
            now: Box::new(now),
            place,
        };
        if !recovered.is_complete() {
            // Its two streams may have been cut off at different moments.
            for stream in [of_history, of_journal] {
                let (before, now) = (stream(&before), stream(&now));
                let same = |(a, b): &(&Event, &Event)| a == b || is_cut_off(a, b);
                let place = before.events.iter().zip(&now.events).take_while(same).count();
                if place < before.events.len() {
                    return Ok(differs(before, now, place));
                }
            }
            return Ok(Comparison::SameSoFar { events: before.events.len() });
        }
        let place = before.events.iter().zip(&now.events).take_while(|(a, b)| a == b).count();
        if place < before.events.len().max(now.events.len()) {
            return Ok(differs(before, now, place));
        }
        Ok(match glomers_store::compare(recovered.directory(), directory)? {
            Some(difference) => Comparison::FilesDiffer(Box::new(difference)),
            None => Comparison::Same { messages: again.message_count() },
        })
    }
}

/// What the history tells.
fn of_history(trace: &Trace) -> Trace {
    let is_in_it = |what: &What| {
        matches!(what, What::Operation { .. } | What::Fault { .. } | What::State { .. })
    };
    part_of(trace, is_in_it)
}

/// What the journal tells.
fn of_journal(trace: &Trace) -> Trace {
    let is_in_it = |what: &What| {
        !matches!(what, What::Operation { .. } | What::Fault { .. } | What::State { .. })
    };
    part_of(trace, is_in_it)
}

fn part_of(trace: &Trace, is_in_it: impl Fn(&What) -> bool) -> Trace {
    let events = trace.events.iter().filter(|event| is_in_it(&event.what));
    Trace { nodes: trace.nodes.clone(), events: events.cloned().collect(), ..Trace::default() }
}

/// Whether a message's fate is not known only because the stored run was cut off.
fn is_cut_off(stored: &Event, replayed: &Event) -> bool {
    let (
        What::Sent { message: a, fate: None, until: None, body: x },
        What::Sent { message: b, body: y, .. },
    ) = (&stored.what, &replayed.what)
    else {
        return false;
    };
    (stored.time, a, x) == (replayed.time, b, y)
}
