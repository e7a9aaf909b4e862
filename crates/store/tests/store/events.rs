//! A stored run played again.

use glomers_history::journal::{Disturbance, DropReason};
use glomers_history::{
    Ended, Event, Finding, Message, Node, Observer, OpKind, Process, StopReason, Time, Value,
};
use glomers_store::{Recovered, Store, StoreWriter};

use crate::common::{end, json, now, op};

/// Events as text.
#[derive(Default)]
struct Transcript(Vec<String>);

impl Observer for Transcript {
    fn event(&mut self, time: Time, event: &Event<'_>) {
        self.0.push(format!("{time:?} {event:?}"));
    }
}

/// Tells both the same.
struct Both<'a>(&'a mut StoreWriter, Transcript);

impl Both<'_> {
    fn tell(&mut self, nanos: u64, event: &Event<'_>) {
        self.0.event(Time(nanos), event);
        self.1.event(Time(nanos), event);
    }
}

#[test]
fn a_stored_run_tells_the_events_that_it_was_made_of() {
    let root = tempfile::tempdir().unwrap();
    let store = Store::create(root.path(), "echo", now()).unwrap();
    let mut writer = store.writer(b"{}").unwrap();
    let mut both = Both(&mut writer, Transcript::default());
    let n1 = Node { place: 1, name: "n1" };
    let payloads = [json(r#"{"type":"a","x":[1]}"#), json("null")];
    let message = |id: u64, src, dest| {
        let payload = &payloads[usize::from(id == 9)];
        Message { id, src: end(src), dest: end(dest), key: 0, payload }
    };
    both.tell(1, &Event::Started { node: n1, incarnation: 0 });
    both.tell(2, &Event::Sent { message: message(0, "c0", "n1"), src: "c0", dest: "n1" });
    both.tell(3, &Event::Received(message(0, "c0", "n1")));
    both.tell(10, &Event::Initialised);
    both.tell(11, &Event::MainBegan);
    let invoked = op(Process::Client(0), OpKind::Invoke, "echo", Value::Int(1));
    let invoked = glomers_history::Op { time: Time(2), ..invoked };
    both.tell(12, &Event::Operation(&invoked));
    both.tell(12, &Event::Sent { message: message(1, "n0", "n1"), src: "n0", dest: "n1" });
    both.tell(12, &Event::Disturbed(message(1, "n0", "n1"), Disturbance::Doubled));
    both.tell(13, &Event::Received(message(1, "n0", "n1")));
    both.tell(14, &Event::Dropped(message(1, "n0", "n1"), DropReason::Partition));
    let value = Value::list([Value::Int(1)]);
    both.tell(15, &Event::Marked { node: n1, label: "holds", value: &value });
    both.tell(16, &Event::ClockRead(n1));
    let finding = Finding {
        node: Some("n1".to_owned()),
        time: Some(Time(6)),
        evidence: vec!["one".to_owned(), "two".to_owned()],
        ..Finding::new("node-error", "It is wrong.")
    };
    both.tell(16, &Event::Found(&finding));
    both.tell(17, &Event::Stopped { node: n1, why: StopReason::Killed });
    // Too long to be kept whole: it is no JSON any more.
    let long = json(&format!("{{\"x\":\"{}\"}}", "y".repeat(5000)));
    let sent = Message { payload: &long, ..message(9, "n0", "n1") };
    both.0.event(Time(18), &Event::Sent { message: sent, src: "n0", dest: "n1" });
    both.1.event(Time(18), &Event::Sent { message: message(9, "n0", "n1"), src: "n0", dest: "n1" });
    both.tell(20, &Event::Ended(Ended::Broken));
    let told = both.1.0;
    writer.finish().unwrap();

    let recovered = Recovered::open(store.directory()).unwrap();
    let mut played = Transcript::default();
    let who = |name: &str| name.starts_with(['c', 'n']).then(|| end(name));
    recovered.play(&|name| who(name).filter(|_| name.len() == 2), &mut played).unwrap();
    assert_eq!(played.0, told);
}
