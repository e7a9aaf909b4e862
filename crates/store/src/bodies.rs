//! Long bodies, of which each mostly has what the one before had.
//!
//! The answers of a node to reads of a set or log that grows begin in the same way, behind
//! their own ids. So the journal takes from the last long body of the same sender what both
//! have from their first list on.

use glomers_history::journal::{BODY_LIMIT, LONG_BODY, Record};
use glomers_history::{Growing, List};
use glomers_protocol::Payload;
use rustc_hash::FxHashMap;

/// How much two bodies must have in common, so that it is worth a record.
const LEAST: usize = 64;

/// Of how many senders the last body is kept, at most.
const MOST: usize = 4096;

/// The last long body of each sender, by the number of its name.
#[derive(Default)]
pub(crate) struct LastBodies(FxHashMap<u32, Vec<u8>>);

impl LastBodies {
    /// The shorter form of a record, if it has one; the record's body is the last of its
    /// sender from here on.
    pub(crate) fn shorten<'a>(&mut self, record: Record<'a>) -> Record<'a> {
        let Record::Send { time, id, src, dest, kind, body, body_length } = record else {
            return record;
        };
        if body.len() < LONG_BODY {
            return record;
        }
        let Some(last) = self.last(src) else { return record };
        let alike = alike(last, body);
        last.clear();
        last.extend_from_slice(body);
        let Some((from, at, count)) = alike else { return record };
        Record::SendAlike {
            time,
            id,
            src,
            dest,
            kind,
            head: &body[..at],
            from: from as u32,
            count: count as u32,
            tail: &body[at + count..],
            body_length,
        }
    }

    /// The whole record, as it was before [`LastBodies::shorten`]. One that takes a part of
    /// a body that is not there stays as it is.
    pub(crate) fn whole<'a>(&'a mut self, record: Record<'a>) -> Record<'a> {
        match record {
            Record::Send { src, body, .. } if body.len() >= LONG_BODY => {
                if let Some(last) = self.last(src) {
                    last.clear();
                    last.extend_from_slice(body);
                }
                record
            }
            Record::SendAlike {
                time,
                id,
                src,
                dest,
                kind,
                head,
                from,
                count,
                tail,
                body_length,
            } => {
                let start = from as usize;
                let end = start.saturating_add(count as usize);
                let Some(last) = self.0.get_mut(&src).filter(|last| end <= last.len()) else {
                    return record;
                };
                last.truncate(end);
                last.splice(..start, head.iter().copied());
                last.extend_from_slice(tail);
                Record::Send { time, id, src, dest, kind, body: last, body_length }
            }
            other => other,
        }
    }

    /// The last long body of a sender, unless too many others have one.
    fn last(&mut self, src: u32) -> Option<&mut Vec<u8>> {
        if self.0.len() >= MOST && !self.0.contains_key(&src) {
            return None;
        }
        Some(self.0.entry(src).or_default())
    }
}

/// Bodies as text, as much of each as is kept.
#[derive(Default)]
pub(crate) struct Texts {
    text: Vec<u8>,
    growing: Growing<Spelled>,
}

/// What is known of a list, for one that goes on where it ends.
#[derive(Clone, Default)]
struct Spelled {
    count: usize,
    /// How many digits its elements have in all.
    digits: usize,
    /// The first of them, each with a comma behind it, as far as any body is kept.
    start: Vec<u8>,
}

impl Texts {
    /// The text of a body, whole or more than is kept of it, and how long the whole is.
    pub(crate) fn of(&mut self, payload: &Payload) -> (&[u8], usize) {
        self.text.clear();
        let Some(list) = payload.write_json_before_list(&mut self.text) else {
            return (&self.text, self.text.len());
        };
        let mut short = Spelled::default();
        let known = self.growing.note(list, |earlier| match earlier {
            // Of a list that goes on differently nothing is known.
            Some((earlier, count)) if count == earlier.count => earlier.and(list),
            _ => Spelled::default().and(list),
        });
        let spelled = known.unwrap_or_else(|| {
            short = std::mem::take(&mut short).and(list);
            &short
        });
        let length = self.text.len() + spelled.digits + list.len() + 1;
        self.text.extend_from_slice(&spelled.start);
        if spelled.start.len() == spelled.digits + list.len() {
            self.text.pop();
            self.text.extend_from_slice(b"]}");
        }
        (&self.text, length)
    }
}

impl Spelled {
    /// Of a list that begins with all that is known.
    fn and(mut self, list: &List) -> Spelled {
        let mut number = itoa::Buffer::new();
        let new = list.as_small().into_iter();
        for element in new.flat_map(|small| small.range(self.count, usize::MAX)) {
            self.digits += element.checked_ilog10().unwrap_or(0) as usize + 1;
            if self.start.len() <= BODY_LIMIT {
                self.start.extend_from_slice(number.format(element).as_bytes());
                self.start.push(b',');
            }
        }
        self.count = list.len();
        self
    }
}

/// Where what both have from their first list on begins in each, and how long it is.
fn alike(last: &[u8], body: &[u8]) -> Option<(usize, usize, usize)> {
    let start = |body: &[u8]| body.iter().position(|&byte| byte == b'[');
    let (from, at) = (start(last)?, start(body)?);
    let (a, b) = (&last[from..], &body[at..]);
    // Whole pieces are compared much faster than bytes.
    const PIECE: usize = 32;
    let pieces = a.chunks_exact(PIECE).zip(b.chunks_exact(PIECE));
    let whole = PIECE * pieces.take_while(|(a, b)| a == b).count();
    let rest = a[whole..].iter().zip(&b[whole..]).take_while(|(a, b)| a == b).count();
    let count = whole + rest;
    (count >= LEAST).then_some((from, at, count))
}

#[cfg(test)]
mod tests {
    use glomers_history::Time;
    use glomers_protocol::rpc::broadcast::ReadOk;

    use super::*;

    #[test]
    fn of_a_long_list_as_much_is_written_as_is_kept_and_its_length_is_right() {
        let mut texts = Texts::default();
        for length in
            [0, 1, 10, 256, 257, 258, 900, 901, 1000, 2047, 2500, 2400, 9000, 9001, 11_111]
        {
            let elements: Vec<i64> = (0..length).map(|i| i * 7919 % 12_345).collect();
            let messages = List::from_integers(&elements);
            let payload = Payload::typed(ReadOk { messages }, Some(7), Some(length as u64));
            let mut whole = Vec::new();
            payload.write_json(&mut whole);
            let (text, all) = texts.of(&payload);
            assert_eq!(all, whole.len());
            let kept = BODY_LIMIT.min(all);
            assert_eq!(text[..kept], whole[..kept]);
        }
    }

    fn send(src: u32, body: &str) -> Record<'_> {
        let body_length = body.len() as u64;
        let body = body.as_bytes();
        Record::Send { time: Time(1), id: 2, src, dest: 3, kind: Some(4), body, body_length }
    }

    #[test]
    fn bodies_are_the_same_after_they_were_shortened() {
        let list = |length: usize, id: usize| {
            let items: Vec<String> = (0..length).map(|i| (i * 7919 % 1000).to_string()).collect();
            format!(r#"{{"type":"read_ok","msg_id":{id},"messages":[{}]}}"#, items.join(","))
        };
        let mut bodies: Vec<(u32, String)> = Vec::new();
        for round in 0..60 {
            bodies.push((round % 3, list(round as usize * 5, round as usize * 17)));
            bodies.push((round % 2, format!(r#"{{"echo":"{}"}}"#, "x".repeat(round as usize * 9))));
        }
        let (mut writing, mut reading) = (LastBodies::default(), LastBodies::default());
        let mut shortened = 0;
        for (src, body) in &bodies {
            let record = writing.shorten(send(*src, body));
            shortened += usize::from(matches!(record, Record::SendAlike { .. }));
            assert_eq!(reading.whole(record), send(*src, body));
        }
        assert!(shortened > 20, "{shortened}");
    }

    #[test]
    fn a_part_of_a_body_that_is_not_there_is_refused() {
        let mut bodies = LastBodies::default();
        let alike = |from, count| Record::SendAlike {
            time: Time(1),
            id: 2,
            src: 0,
            dest: 3,
            kind: None,
            head: b"{",
            from,
            count,
            tail: b"}",
            body_length: 9,
        };
        let mut is_refused = |record| matches!(bodies.whole(record), Record::SendAlike { .. });
        assert!(is_refused(alike(0, 0)));
        let long = "y".repeat(300);
        assert!(!is_refused(send(0, &long)));
        assert!(is_refused(alike(299, 2)));
        assert!(is_refused(alike(u32::MAX, u32::MAX)));
        assert!(!is_refused(alike(299, 1)));
    }
}
