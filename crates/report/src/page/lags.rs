//! How far consumers of logs were behind, over time.
//!
//! A consumer's place in a log is known from what it was given: one more than the last
//! offset. The end of a log is one more than the highest offset that an answer has told.

use std::collections::BTreeMap;

use glomers_history::{History, Op, OpKind, Process, Value};
use rustc_hash::FxHashMap;

use super::journal::micros;
use super::names::Names;
use super::pack::{Differences, Packer};
use super::plain::plain;

/// Into how many parts the time of a run is cut; of each the largest lag is kept.
const PARTS: i64 = 400;

/// What is written for a key that a consumer has no longer.
const GONE: u64 = 0;

/// Lags where they changed: at the end of a part of the run, of a consumer and a key.
#[derive(Debug, Default)]
pub(super) struct Lags {
    keys: Names,
    /// How long a part is, µs.
    part: i64,
    at: Vec<u64>,
    client: Vec<u64>,
    key: Vec<u64>,
    /// One more than the lag; [`GONE`].
    lag: Vec<u64>,
}

/// A consumer's place in a log.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    next: i64,
    /// The largest lag within the part.
    most: i64,
}

#[derive(Debug, Default)]
struct Reader {
    /// By client and key; a client is a worker, whatever its process.
    places: BTreeMap<(u32, u32), Place>,
    /// By key: one more than the highest offset that is known.
    ends: FxHashMap<u32, i64>,
    /// By key: one more than the highest offset that a poll gave anybody.
    polled: FxHashMap<u32, i64>,
    /// What was written last.
    told: FxHashMap<(u32, u32), u64>,
    parts: Differences,
}

impl Lags {
    /// Reads the sends and polls of a history, until all logs are read once more from
    /// their beginnings, as is done at the end of a run.
    pub(super) fn read(history: &History, concurrency: u32) -> Lags {
        let ops = history.ops().split(|op| op.is_final).next().unwrap_or_default();
        let is_client = |op: &&Op| op.process.is_client();
        let last = ops.iter().rfind(is_client).map_or(0, |op| micros(op.time.0 as i64));
        let mut lags = Lags { part: (last / PARTS).max(1), ..Lags::default() };
        let mut reader = Reader::default();
        let mut part = 0;
        for op in ops {
            let now = micros(op.time.0 as i64) / lags.part;
            if now > part {
                lags.tell(&mut reader, part);
                part = now;
            }
            let Process::Client(process) = op.process else { continue };
            let client = process % concurrency.max(1);
            match (&*op.f, op.kind) {
                ("crash", _) => reader.places.retain(|(who, _), _| *who != client),
                ("assign" | "subscribe", OpKind::Ok) => lags.assign(&mut reader, client, op),
                (_, OpKind::Ok) => lags.steps(&mut reader, client, op),
                _ => {}
            }
        }
        lags.tell(&mut reader, part);
        lags
    }

    /// The client keeps its places in the keys that it had.
    fn assign(&mut self, reader: &mut Reader, client: u32, op: &Op) {
        let keys: Vec<u32> = op.value.as_list().map_or_else(Vec::new, |keys| {
            keys.iter().map(|key| self.keys.place(&name(&key))).collect()
        });
        reader
            .places
            .retain(|(who, key), _| *who != client || (keys.contains(key) && !op.is_final));
        for key in keys {
            let next = reader.begin(key);
            reader.places.entry((client, key)).or_insert(Place { next, most: 0 });
        }
    }

    fn steps(&mut self, reader: &mut Reader, client: u32, op: &Op) {
        let Some(steps) = op.value.as_list() else { return };
        for step in steps.iter() {
            let Some(words) = step.as_list() else { continue };
            let word = words.get(0);
            match word.as_ref().and_then(Value::as_str) {
                Some("send") => {
                    let (Some(key), Some(sent)) = (words.get(1), words.get(2)) else { continue };
                    let key = self.keys.place(&name(&key));
                    reader.ends_at(key, offset(&sent));
                }
                Some("poll") => {
                    let Some(Value::Map(polled)) = words.get(1) else { continue };
                    for (key, messages) in polled.iter() {
                        let key = self.keys.place(&name(key));
                        let given = messages.as_list().map_or_else(Vec::new, |messages| {
                            messages.iter().filter_map(|message| offset(&message)).collect()
                        });
                        reader.poll(client, key, &given);
                    }
                }
                _ => {}
            }
        }
    }

    /// Writes what has changed at the end of a part.
    fn tell(&mut self, reader: &mut Reader, part: i64) {
        let gone: Vec<(u32, u32)> = reader
            .told
            .iter()
            .filter(|(who, lag)| **lag != GONE && !reader.places.contains_key(who))
            .map(|(who, _)| *who)
            .collect();
        let mut changes: BTreeMap<(u32, u32), u64> =
            gone.into_iter().map(|who| (who, GONE)).collect();
        for (&who, place) in &mut reader.places {
            let end = reader.ends.get(&who.1).copied().unwrap_or_default();
            let lag = place.most.max(end - place.next).max(0) as u64 + 1;
            place.most = 0;
            if reader.told.get(&who) != Some(&lag) {
                changes.insert(who, lag);
            }
        }
        for (who, lag) in changes {
            reader.told.insert(who, lag);
            self.at.push(reader.parts.next(part));
            self.client.push(who.0.into());
            self.key.push(who.1.into());
            self.lag.push(lag);
        }
    }

    /// Packs the columns.
    pub(super) fn pack(&self, packer: &mut Packer) {
        for (name, column) in [
            ("l.part", &vec![self.part as u64]),
            ("l.at", &self.at),
            ("l.client", &self.client),
            ("l.key", &self.key),
            ("l.lag", &self.lag),
        ] {
            packer.numbers(name, column);
        }
        packer.texts("l.keys", self.keys.all());
    }
}

impl Reader {
    /// Where a consumer begins that had not the key: at what was committed, which is no
    /// farther than what was polled.
    fn begin(&self, key: u32) -> i64 {
        self.polled.get(&key).map_or(0, |polled| (polled - 1).max(0))
    }

    fn ends_at(&mut self, key: u32, offset: Option<i64>) {
        let Some(offset) = offset else { return };
        let end = self.ends.entry(key).or_default();
        *end = (*end).max(offset.saturating_add(1));
    }

    fn poll(&mut self, client: u32, key: u32, given: &[i64]) {
        let begin = self.begin(key);
        let end = self.ends.get(&key).copied().unwrap_or_default();
        let place = self.places.entry((client, key)).or_insert(Place { next: begin, most: 0 });
        place.most = place.most.max(end - place.next);
        let Some(&last) = given.iter().max() else { return };
        place.next = last.saturating_add(1);
        let polled = self.polled.entry(key).or_default();
        *polled = (*polled).max(place.next);
        self.ends_at(key, Some(last));
    }
}

/// The offset of a pair of offset and message.
fn offset(pair: &Value) -> Option<i64> {
    pair.as_list()?.get(0)?.as_int()
}

fn name(key: &Value) -> String {
    key.as_str().map_or_else(|| plain(key, super::SHOWN), str::to_owned)
}

#[cfg(test)]
mod tests {
    use glomers_history::Time;

    use super::*;

    fn op(ms: u64, process: u32, f: &str, kind: OpKind, json: &str) -> Op {
        Op {
            index: 0,
            time: Time(ms * 1_000_000),
            process: Process::Client(process),
            kind,
            f: f.into(),
            value: Value::from_json(json).unwrap(),
            error: None,
            is_final: false,
        }
    }

    /// What was told: part, client, key, lag or -1.
    fn told(lags: &Lags) -> Vec<(i64, u64, u64, i64)> {
        let mut part = 0;
        let all = (0..lags.at.len()).map(|n| {
            let zigzag = lags.at[n] as i64;
            part += (zigzag >> 1) ^ -(zigzag & 1);
            (part, lags.client[n], lags.key[n], lags.lag[n] as i64 - 1)
        });
        all.collect()
    }

    #[test]
    fn a_consumer_is_behind_by_what_it_was_not_given() {
        let ok = OpKind::Ok;
        let mut history = History::new();
        for op in [
            op(0, 1, "assign", ok, r#"["a"]"#),
            op(100, 0, "send", ok, r#"[["send","a",[0,5]]]"#),
            op(200, 0, "send", ok, r#"[["send","a",[1,6]]]"#),
            op(300, 1, "poll", ok, r#"[["poll",{"a":[[0,5]]}]]"#),
            op(350, 1, "poll", ok, r#"[["poll",{"a":[[1,6]]}]]"#),
            op(370, 1, "poll", ok, r#"[["poll",{"a":[]}]]"#),
            op(380, 1, "crash", OpKind::Info, "null"),
            op(400, 3, "poll", ok, r#"[["poll",{"a":[]}]]"#),
        ] {
            history.push(op);
        }
        let lags = Lags::read(&history, 2);
        assert_eq!(lags.part, 1000, "400 ms in 400 parts");
        assert_eq!(
            told(&lags),
            [
                (0, 1, 0, 0),
                (100, 1, 0, 1),
                (200, 1, 0, 2),
                (350, 1, 0, 1),
                (370, 1, 0, 0),
                (380, 1, 0, -1),
                // It begins at what was committed, which the client polls again.
                (400, 1, 0, 1)
            ]
        );
    }
}
