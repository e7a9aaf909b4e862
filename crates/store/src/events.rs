//! A stored run as the events that it was made of, in their order.

use std::fs::File;
use std::io::Read as _;

use glomers_history::journal::{Disturbance, Record};
use glomers_history::{
    Ended, Endpoint, Event, Finding, History, Message, Node, Observer, Time, Value,
};
use glomers_protocol::Payload;
use rustc_hash::FxHashMap;

use crate::StoreError;
use crate::journal::{Journal, records};

/// A message that was sent and has not come to all its ends.
struct OnTheWay {
    src: Endpoint,
    dest: Endpoint,
    payload: Payload,
    /// How many ends are to come: of one that a fault doubled there are two.
    ends: u32,
}

impl OnTheWay {
    fn told(&self, id: u64) -> Message<'_> {
        Message { id, src: self.src, dest: self.dest, key: 0, payload: &self.payload }
    }
}

/// The names by their numbers, and who has them.
#[derive(Default)]
struct Names(Vec<(Box<str>, Option<Endpoint>)>);

impl Names {
    fn name(&self, number: u32) -> &str {
        self.0.get(number as usize).map_or("", |(name, _)| name)
    }

    fn end(&self, number: u32) -> Option<Endpoint> {
        self.0.get(number as usize).and_then(|(_, end)| *end)
    }

    fn node(&self, number: u32) -> Option<Node<'_>> {
        match self.end(number) {
            Some(Endpoint::Node(place)) => Some(Node { place, name: self.name(number) }),
            _ => None,
        }
    }
}

/// Tells an observer what a journal holds.
struct Player<'a> {
    who: &'a dyn Fn(&str) -> Option<Endpoint>,
    observer: &'a mut dyn Observer,
    history: &'a History,
    /// Operations told so far.
    told: usize,
    names: Names,
    on_the_way: FxHashMap<u64, OnTheWay>,
    origin: Time,
    now: Time,
}

impl Journal {
    /// Tells an observer all events of the run in their order, but for what nodes
    /// logged. `who` knows who has a name.
    pub(crate) fn play(
        &self,
        history: &History,
        who: &dyn Fn(&str) -> Option<Endpoint>,
        observer: &mut dyn Observer,
    ) -> Result<(), StoreError> {
        let file = File::open(self.path()).map_err(StoreError::at(self.path(), "read"))?;
        let mut player = Player {
            who,
            observer,
            history,
            told: 0,
            names: Names::default(),
            on_the_way: FxHashMap::default(),
            origin: Time::ZERO,
            now: Time::ZERO,
        };
        records(self.path(), file.take(self.sound()), |record| {
            player.take(record);
            Ok(())
        })?;
        // A history may go on where the journal is torn.
        while player.operation() {}
        Ok(())
    }
}

impl Player<'_> {
    /// Tells the next operation, if there is one.
    fn operation(&mut self) -> bool {
        let Some(op) = self.history.ops().get(self.told) else { return false };
        self.told += 1;
        self.now = Time(self.origin.0.saturating_add(op.time.0));
        self.observer.event(self.now, &Event::Operation(op));
        true
    }

    /// A message, or its copy, came to its end.
    fn ended(&mut self, id: u64) {
        if let Some(message) = self.on_the_way.get_mut(&id) {
            message.ends -= 1;
            if message.ends == 0 {
                self.on_the_way.remove(&id);
            }
        }
    }

    fn take(&mut self, record: Record<'_>) {
        let told = match record {
            Record::Name { text, .. } => {
                self.names.0.push((text.into(), (self.who)(text)));
                return;
            }
            Record::Operation { .. } => {
                self.operation();
                return;
            }
            Record::Send { time, id, src, dest, body, .. } => {
                let ends = (self.names.end(src), self.names.end(dest));
                let (Some(from), Some(to)) = ends else { return };
                // One that was too long to be kept whole is no JSON any more.
                let text = std::str::from_utf8(body).unwrap_or_default();
                let payload = Payload::from_json(text)
                    .or_else(|_| Payload::from_json("null"))
                    .expect("null is JSON");
                let message = OnTheWay { src: from, dest: to, payload, ends: 1 };
                self.on_the_way.insert(id, message);
                let (src, dest) = (self.names.name(src), self.names.name(dest));
                let message = self.on_the_way[&id].told(id);
                Some((time, Event::Sent { message, src, dest }))
            }
            Record::Receive { time, id } => {
                let message = self.on_the_way.get(&id);
                message.map(|message| (time, Event::Received(message.told(id))))
            }
            Record::Drop { time, id, reason } => {
                let message = self.on_the_way.get(&id);
                message.map(|message| (time, Event::Dropped(message.told(id), reason)))
            }
            Record::Disturb { time, id, how } => {
                let message = self.on_the_way.get(&id);
                message.map(|message| (time, Event::Disturbed(message.told(id), how)))
            }
            Record::Mark { time, node, label, value } => {
                let (node, label) = (self.names.node(node), self.names.name(label));
                let value = &Value::from_json(value).unwrap_or(Value::Null);
                if let Some(node) = node {
                    self.now = time;
                    self.observer.event(time, &Event::Marked { node, label, value });
                }
                return;
            }
            Record::Finding { time, node, name, summary, evidence } => {
                let node = Some(self.names.name(node)).filter(|node| !node.is_empty());
                let finding = &Finding {
                    name: name.to_owned().into(),
                    summary: summary.to_owned(),
                    evidence: evidence.lines().map(str::to_owned).collect(),
                    operations: Vec::new(),
                    node: node.map(str::to_owned),
                    time: Some(time),
                    circle: Vec::new(),
                };
                self.observer.event(self.now, &Event::Found(finding));
                return;
            }
            Record::ClockRead { time, node } => {
                self.names.node(node).map(|node| (time, Event::ClockRead(node)))
            }
            Record::Started { time, node, incarnation } => {
                let node = self.names.node(node);
                node.map(|node| (time, Event::Started { node, incarnation }))
            }
            Record::Stopped { time, node, why } => {
                self.names.node(node).map(|node| (time, Event::Stopped { node, why }))
            }
            Record::Initialised { time } => {
                self.origin = time;
                Some((time, Event::Initialised))
            }
            Record::MainBegan { time } => Some((time, Event::MainBegan)),
            Record::Over { time, how } => Some((time, Event::Ended(how))),
            Record::Ended { how } => {
                let all = [Ended::Completed, Ended::Broken, Ended::Interrupted];
                let how = all.into_iter().find(|ended| ended.name() == how);
                how.map(|how| (self.now, Event::Ended(how)))
            }
            Record::SendAlike { .. }
            | Record::Block { .. }
            | Record::Replay { .. }
            | Record::End => None,
        };
        let Some((time, event)) = told else { return };
        self.now = time;
        self.observer.event(time, &event);
        match record {
            Record::Receive { id, .. } | Record::Drop { id, .. } => self.ended(id),
            Record::Disturb { id, how: Disturbance::Doubled, .. } => {
                self.on_the_way.entry(id).and_modify(|message| message.ends += 1);
            }
            _ => {}
        }
    }
}
