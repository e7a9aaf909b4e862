//! The order of each key's messages, as offsets tell it.

use super::offsets::Offsets;
use super::parse::Parsed;
use crate::places::NONE;

/// What the offsets of a key hold. Places count the offsets that hold something.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// The offset of each place, ascending.
    pub(super) offsets: Vec<i64>,
    /// The message of each place: where there are several, the one met first.
    pub(super) first: Vec<u32>,
    /// Further messages of an offset, sorted by it, in the order they were met.
    pub(super) others: Vec<(i64, u32)>,
}

/// Where a message stands in the order of its key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Position {
    /// The last place where it comes first: where it stands in the order that
    /// sessions are compared with. [`NONE`] if it comes first nowhere.
    pub(super) ordered: u32,
    /// The first place that holds it, [`NONE`] if none does.
    pub(super) earliest: u32,
    /// The last place that holds it.
    pub(super) latest: u32,
    /// How many places hold it.
    pub(super) places: u32,
}

/// The orders of all keys.
#[derive(Debug)]
pub(super) struct Orders {
    pub(super) logs: Vec<Log>,
    /// By message.
    pub(super) positions: Vec<Position>,
    /// [`Position::ordered`] alone, which is asked for each message of each poll.
    ordered: Vec<u32>,
}

impl Orders {
    pub(super) fn new(parsed: &mut Parsed) -> Orders {
        // What polls say is there; what sends say counts if they happened.
        let mut offsets = std::mem::take(&mut parsed.offsets);
        for transaction in &parsed.transactions {
            if parsed.must_have_committed(transaction) {
                for send in parsed.sends_of(transaction) {
                    if let Some(offset) = send.offset {
                        offsets[send.key as usize].put(offset, send.message);
                    }
                }
            }
        }
        let absent = Position { ordered: NONE, earliest: NONE, latest: NONE, places: 0 };
        let mut positions = vec![absent; parsed.messages.len()];
        let logs: Vec<Log> =
            offsets.into_iter().map(|offsets| log(offsets, &mut positions)).collect();
        let ordered = positions.iter().map(|position| position.ordered).collect();
        Orders { logs, positions, ordered }
    }

    /// Where a message stands in the order of its key, if it does.
    pub(super) fn place(&self, message: u32) -> Option<u32> {
        Some(self.ordered[message as usize]).filter(|&place| place != NONE)
    }

    /// How many places further the second of two messages of a key stands; `None`
    /// if one of them stands nowhere.
    pub(super) fn delta(&self, from: u32, to: u32) -> Option<i64> {
        Some(i64::from(self.place(to)?) - i64::from(self.place(from)?))
    }
}

fn log(offsets: Offsets, positions: &mut [Position]) -> Log {
    let Offsets { first, mut others } = offsets;
    // Stable, so that those of an offset stay in the order they were met.
    others.sort_by_key(|&(offset, _)| offset);
    let mut kept: Vec<(i64, u32)> = Vec::new();
    for other in others {
        let same = kept.iter().rev().take_while(|(offset, _)| *offset == other.0);
        if !same.into_iter().any(|known| *known == other) {
            kept.push(other);
        }
    }
    let mut log = Log { others: kept, ..Log::default() };
    let mut next_other = 0;
    for (offset, message) in first.iter() {
        let place = log.offsets.len() as u32;
        log.offsets.push(offset);
        log.first.push(message);
        positions[message as usize].ordered = place;
        hold(&mut positions[message as usize], place);
        while let Some(&(at, other)) = log.others.get(next_other)
            && at == offset
        {
            hold(&mut positions[other as usize], place);
            next_other += 1;
        }
    }
    log
}

fn hold(position: &mut Position, place: u32) {
    if position.earliest == NONE {
        position.earliest = place;
    }
    position.latest = place;
    position.places += 1;
}

/// What findings and results ask.
impl Orders {
    /// The offsets of a key that hold a message.
    pub(super) fn offsets(&self, key: u32, message: u32) -> Vec<i64> {
        let log = &self.logs[key as usize];
        let first = log.offsets.iter().zip(&log.first).filter(|&(_, &id)| id == message);
        let others = log.others.iter().filter(|&&(_, id)| id == message);
        let all = first.map(|(&offset, _)| offset).chain(others.map(|&(offset, _)| offset));
        let mut offsets: Vec<i64> = all.collect();
        offsets.sort_unstable();
        offsets
    }

    /// The messages that stand between two of a key.
    pub(super) fn between(&self, key: u32, from: u32, to: u32) -> &[u32] {
        let (Some(from), Some(to)) = (self.place(from), self.place(to)) else { return &[] };
        self.logs[key as usize].first.get(from as usize + 1..to as usize).unwrap_or(&[])
    }

    /// The offset where a message stands in the order, if it does.
    pub(super) fn offset(&self, key: u32, message: u32) -> Option<i64> {
        self.logs[key as usize].offsets.get(self.place(message)? as usize).copied()
    }
}
