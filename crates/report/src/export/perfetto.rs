//! Perfetto's native traces: a track for each node, client and service, messages as
//! flows between them, operations as slices, faults on a track of their own.
//!
//! The numbers of fields are those of Perfetto's published `.proto` files. What is
//! written is few kinds of packets, so it is written by hand.

use std::io::{self, Write};

use glomers_history::OpKind;
use rustc_hash::FxHashMap;

use super::{Events, What, fate};

/// `TrackEvent.Type`.
const BEGIN: u64 = 1;
const END: u64 = 2;
const INSTANT: u64 = 3;

/// The one sequence of packets.
const SEQUENCE: u64 = 1;
/// The track above all others.
const RUN: u64 = 1;
const FAULTS: u64 = 2;
const FIRST: u64 = 16;

/// Fields of `TracePacket`.
mod packet {
    pub(super) const TIMESTAMP: u32 = 8;
    pub(super) const SEQUENCE_ID: u32 = 10;
    pub(super) const TRACK_EVENT: u32 = 11;
    pub(super) const TRACK_DESCRIPTOR: u32 = 60;
}

/// Fields of `TrackDescriptor`.
mod track {
    pub(super) const UUID: u32 = 1;
    pub(super) const NAME: u32 = 2;
    pub(super) const PARENT: u32 = 5;
}

/// Fields of `TrackEvent`.
mod event {
    pub(super) const ANNOTATIONS: u32 = 4;
    pub(super) const TYPE: u32 = 9;
    pub(super) const TRACK: u32 = 11;
    pub(super) const CATEGORIES: u32 = 22;
    pub(super) const NAME: u32 = 23;
    pub(super) const FLOWS: u32 = 47;
    pub(super) const LAST_FLOWS: u32 = 48;
}

/// Fields of `DebugAnnotation`.
mod annotation {
    pub(super) const TEXT: u32 = 6;
    pub(super) const NAME: u32 = 10;
}

/// How much of a body or value is written.
const SHOWN: usize = 1000;

/// Bytes in the encoding of protocol buffers.
#[derive(Debug, Default, Clone)]
struct Fields(Vec<u8>);

impl Fields {
    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn number(&mut self, field: u32, number: u64) -> &mut Fields {
        self.varint(u64::from(field) << 3);
        self.varint(number);
        self
    }

    fn fixed(&mut self, field: u32, number: u64) -> &mut Fields {
        self.varint(u64::from(field) << 3 | 1);
        self.0.extend(number.to_le_bytes());
        self
    }

    fn bytes(&mut self, field: u32, bytes: &[u8]) -> &mut Fields {
        self.varint(u64::from(field) << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend(bytes);
        self
    }
}

struct Writer<'a, 'b> {
    events: &'a Events<'b>,
    out: &'a mut dyn Write,
    tracks: FxHashMap<String, u64>,
    /// Perfetto's times are not negative.
    shift: i64,
}

/// Writes the trace.
///
/// # Errors
/// As `out`.
pub fn write(events: &Events<'_>, out: &mut dyn Write) -> io::Result<()> {
    let shift = events.order.first().map_or(0, |event| event.time.min(0));
    let mut writer = Writer { events, out, tracks: FxHashMap::default(), shift };
    writer.track(RUN, "the run", None)?;
    writer.track(FAULTS, "faults", Some(RUN))?;
    for node in &events.context.nodes {
        writer.of(node)?;
    }
    for event in &events.order {
        writer.event(event.time, event.what)?;
    }
    Ok(())
}

impl Writer<'_, '_> {
    fn packet(&mut self, fields: &mut Fields) -> io::Result<()> {
        fields.number(packet::SEQUENCE_ID, SEQUENCE);
        let mut whole = Fields::default();
        whole.bytes(1, &fields.0);
        self.out.write_all(&whole.0)
    }

    fn track(&mut self, uuid: u64, name: &str, parent: Option<u64>) -> io::Result<()> {
        let mut descriptor = Fields::default();
        descriptor.number(track::UUID, uuid).bytes(track::NAME, name.as_bytes());
        if let Some(parent) = parent {
            descriptor.number(track::PARENT, parent);
        }
        let mut fields = Fields::default();
        fields.bytes(packet::TRACK_DESCRIPTOR, &descriptor.0);
        self.packet(&mut fields)
    }

    /// The track of a name, which is made when it first comes.
    fn of(&mut self, name: &str) -> io::Result<u64> {
        if let Some(&uuid) = self.tracks.get(name) {
            return Ok(uuid);
        }
        let uuid = FIRST + self.tracks.len() as u64;
        self.tracks.insert(name.to_owned(), uuid);
        self.track(uuid, name, Some(RUN))?;
        Ok(uuid)
    }

    fn put(
        &mut self,
        time: i64,
        kind: u64,
        track: u64,
        names: Option<(&str, &str)>,
        rest: impl FnOnce(&mut Fields),
    ) -> io::Result<()> {
        let mut event = Fields::default();
        event.number(event::TYPE, kind).number(event::TRACK, track);
        if let Some((category, name)) = names {
            event.bytes(event::CATEGORIES, category.as_bytes()).bytes(event::NAME, name.as_bytes());
        }
        rest(&mut event);
        let mut fields = Fields::default();
        fields
            .number(packet::TIMESTAMP, (time - self.shift) as u64)
            .bytes(packet::TRACK_EVENT, &event.0);
        self.packet(&mut fields)
    }

    fn event(&mut self, time: i64, what: What) -> io::Result<()> {
        let events = self.events;
        match what {
            What::Sent(at) | What::Arrived(at) => {
                let message = &events.messages[at];
                let is_sent = matches!(what, What::Sent(_));
                let (own, other) = if is_sent {
                    (&message.src, &message.dest)
                } else {
                    (&message.dest, &message.src)
                };
                let track = self.of(own)?;
                let kind = message.kind.as_deref().unwrap_or("(no type)");
                let name = if is_sent {
                    format!("{kind} → {other}")
                } else {
                    format!("{other} → {kind}")
                };
                let flow = message.id + 1;
                self.put(time, INSTANT, track, Some(("message", &name)), |event| {
                    match is_sent {
                        true => event.fixed(event::FLOWS, flow),
                        false => event.fixed(event::LAST_FLOWS, flow),
                    };
                    if is_sent {
                        annotate(event, "id", &message.id.to_string());
                        annotate(event, "fate", fate(message));
                        annotate(event, "body", &message.body);
                    }
                })
            }
            // What was lost has no end of its flow; its fate stands where it was sent.
            What::Lost(_) => Ok(()),
            What::Marked(at) => {
                let mark = &events.marks[at];
                let track = self.of(&mark.node)?;
                let name = format!("{} {}", mark.label, crate::page::cut(&mark.value, 80));
                self.put(time, INSTANT, track, Some(("mark", &name)), |_| {})
            }
            What::Operation(at) => {
                let op = &events.history.ops()[at];
                let track = self.of(&format!("client {}", events.worker(op)))?;
                let value = op.value.to_json();
                if op.kind == OpKind::Invoke {
                    let name = format!("{} {}", op.f, crate::page::cut(&value, 80));
                    let node = events.asked(op).unwrap_or_default();
                    return self.put(time, BEGIN, track, Some(("operation", &name)), |event| {
                        annotate(event, "node", node);
                        annotate(event, "index", &op.index.to_string());
                    });
                }
                self.put(time, END, track, None, |event| {
                    annotate(event, "end", op.kind.name());
                    annotate(event, "value", &value);
                })
            }
            What::FaultBegins(at) => {
                let fault = &events.faults[at];
                let name = fault.kind.clone();
                // Faults overlap, so each has a track.
                let track = self.fault(at)?;
                self.put(time, BEGIN, track, Some(("fault", &name)), |event| {
                    annotate(event, "which", &fault.description);
                    annotate(event, "effects", &fault.effects);
                })
            }
            What::FaultEnds(at) => {
                let track = self.fault(at)?;
                self.put(time, END, track, None, |_| {})
            }
        }
    }

    fn fault(&mut self, at: usize) -> io::Result<u64> {
        // A blank stands before no name of a node.
        let key = format!(" {at}");
        if let Some(&uuid) = self.tracks.get(&key) {
            return Ok(uuid);
        }
        let uuid = FIRST + self.tracks.len() as u64;
        self.tracks.insert(key, uuid);
        let name = self.events.faults[at].kind.clone();
        self.track(uuid, &name, Some(FAULTS))?;
        Ok(uuid)
    }
}

fn annotate(event: &mut Fields, name: &str, text: &str) {
    let mut fields = Fields::default();
    fields
        .bytes(annotation::NAME, name.as_bytes())
        .bytes(annotation::TEXT, crate::page::cut(text, SHOWN).as_bytes());
    event.bytes(event::ANNOTATIONS, &fields.0);
}
