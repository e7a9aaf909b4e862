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
    /// Of the last list of each beginning: how many elements it has, and how many digits
    /// these have in all.
    growing: Growing<(usize, usize)>,
}

impl Texts {
    /// The text of a body, whole or more than is kept of it, and how long the whole is.
    pub(crate) fn of(&mut self, payload: &Payload) -> (&[u8], usize) {
        self.text.clear();
        // An element and its comma are two bytes at least.
        let Some(list) = payload.write_json_before_list(BODY_LIMIT / 2, &mut self.text) else {
            return (&self.text, self.text.len());
        };
        let length = self.text.len() + digits(&mut self.growing, list) + list.len() + 1;
        let mut number = itoa::Buffer::new();
        for element in list.as_small().into_iter().flat_map(|small| small.iter()) {
            self.text.extend_from_slice(number.format(element).as_bytes());
            self.text.push(b',');
            if self.text.len() > BODY_LIMIT {
                break;
            }
        }
        (&self.text, length)
    }
}

/// How many digits the elements of a long list have, counted for those alone that the last
/// list with its beginning had not.
fn digits(growing: &mut Growing<(usize, usize)>, list: &List) -> usize {
    let from = |from| {
        let rest = list.as_small().into_iter().flat_map(move |small| small.range(from, usize::MAX));
        rest.map(|element: u32| element.checked_ilog10().unwrap_or(0) as usize + 1).sum::<usize>()
    };
    let update = |earlier| match earlier {
        Some(((length, digits), count)) if count == length => digits + from(count),
        _ => from(0),
    };
    let known = growing.note(list, |earlier| (list.len(), update(earlier)));
    known.map_or_else(|| from(0), |&(_, digits)| digits)
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
        for length in [0, 10, 2047, 2048, 2049, 3000, 2500, 9000, 9001, 11_111] {
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
