//! What live nodes write, line by line, without processes.

use std::time::Duration;

use glomers_history::{MILLISECOND, OpKind, Value, WOULD_CRASH, WOULD_IGNORE, WOULD_NOT_HEAR};
use glomers_sim::{Command, Cut, Engine, Input, Kill, Partition, PartitionKind, Plan};

use super::common::{Asking, Ran, Watch, asks, at, faults, over, plan};

/// A message that a node got.
struct Got {
    node: u32,
    src: String,
    kind: String,
    id: u64,
}

impl Got {
    fn reply(&self, kind: &str) -> String {
        let (node, src, id) = (self.node, &self.src, self.id);
        format!(
            r#"{{"src":"n{node}","dest":"{src}","body":{{"type":"{kind}","in_reply_to":{id}}}}}"#
        )
    }
}

/// Runs nodes that are a function from messages to lines; `init` they answer right
/// unless the function does.
fn live(plan: &Plan, mut node: impl FnMut(&Got) -> Vec<String>) -> Ran {
    let (mut watch, mut workload) = (Watch::default(), Asking::default());
    let mut engine = Engine::new(plan, &mut workload, &mut watch).unwrap();
    engine.begin(glomers_history::Time::ZERO);
    loop {
        while let Some(command) = engine.next_command() {
            let now = engine.now();
            match command {
                Command::Start { node, incarnation } => {
                    engine.input(now, Input::Started { node, incarnation });
                }
                Command::Deliver { node: place, incarnation, src, payload, .. } => {
                    let header = payload.header();
                    let got = Got {
                        node: place,
                        src: src.to_string(),
                        kind: header.kind().to_owned(),
                        id: header.msg_id.unwrap_or(0),
                    };
                    let mut lines = node(&got);
                    if got.kind == "init" && lines.is_empty() {
                        lines.push(got.reply("init_ok"));
                    }
                    for line in lines {
                        let line = line.as_bytes();
                        engine.input(
                            now,
                            Input::Line {
                                node: place,
                                incarnation,
                                offset: Duration::ZERO,
                                cause: None,
                                line,
                            },
                        );
                    }
                }
                _ => {}
            }
        }
        if engine.is_finished() {
            break;
        }
        let deadline = engine.next_deadline().unwrap();
        engine.advance(deadline.max(engine.now()));
    }
    let outcome = engine.finish();
    Ran { outcome, watch }
}

fn asked(count: u64) -> Plan {
    let mut plan = plan(1, 2);
    plan.time_limit = 60 * glomers_history::SECOND;
    plan.operations = asks((0..count).map(|k| (k * 10, 0)));
    plan
}

fn notes(ran: &Ran) -> Vec<&str> {
    ran.outcome.notes.iter().map(|note| &*note.name).collect()
}

fn oks(ran: &Ran) -> usize {
    ran.ops_of(OpKind::Ok).len()
}

/// n0 passes on what it is asked under the client's name; n1 answers.
fn forward(got: &Got, times: usize) -> Vec<String> {
    match (&*got.kind, got.node) {
        ("ask", 0) => {
            let (src, id) = (&got.src, got.id);
            let line = format!(
                r#"{{"src":"{src}","dest":"n1","body":{{"type":"ask","what":1,"msg_id":{id}}}}}"#
            );
            vec![line; times]
        }
        ("ask", _) => vec![got.reply("ask_ok")],
        _ => Vec::new(),
    }
}

/// Regression: a request that was forwarded in the client's name was dropped, and
/// the node blamed.
#[test]
fn a_node_may_speak_for_another_over_its_own_links() {
    let mut plan = asked(3);
    plan.latency.mean_ms = 100;
    let ran = live(&plan, |got| forward(got, 1));
    assert!(ran.findings().is_empty(), "{:?}", ran.findings());
    assert_eq!((oks(&ran), notes(&ran)), (3, vec!["note-foreign-src"]));
    let between = ran.between_nodes();
    assert_eq!(between.len(), 3);
    assert_eq!(ran.outcome.net.servers.sent, 3);
    for message in between {
        assert_eq!((&*message.src, &*message.dest), ("n0", "n1"));
        assert_eq!(message.received, Some(message.sent + std::time::Duration::from_millis(100)));
    }
    // A partition cuts the link of who sends.
    let apart = Cut::components(&[vec![0], vec![1]]);
    plan.faults = faults([at(0, Partition { kind: PartitionKind::One, cut: apart })]);
    let ran = live(&plan, |got| forward(got, 1));
    assert_eq!(oks(&ran), 0);
    assert!(ran.between_nodes().iter().all(|message| message.dropped.is_some()));
}

#[test]
fn a_service_answers_whoever_is_named() {
    let ran = live(&asked(1), |got| match &*got.kind {
        "ask" => {
            let (src, id) = (&got.src, got.id);
            vec![format!(
                r#"{{"src":"{src}","dest":"lin-kv","body":{{"type":"read","key":1,"msg_id":{id}}}}}"#
            )]
        }
        _ => Vec::new(),
    });
    assert!(ran.findings().is_empty(), "{:?}", ran.findings());
    let failed = ran.ops_of(OpKind::Fail);
    assert!(failed[0].error.as_ref().unwrap().to_string().contains("key-does-not-exist"));
}

#[test]
fn a_name_that_nobody_has_is_an_error() {
    let ran = live(&asked(1), |got| match &*got.kind {
        "ask" => vec![got.reply("ask_ok").replace("\"src\":\"n0\"", "\"src\":\"n7\"")],
        _ => Vec::new(),
    });
    let text = ran.findings()[0].to_string();
    assert!(text.contains("in the name of \"n7\", which does not exist"), "{text}");
}

#[test]
fn one_reply_a_delivery_is_right_and_more_are_not() {
    // Forwarded twice, answered twice.
    let ran = live(&asked(2), |got| forward(got, 2));
    assert!(ran.findings().is_empty(), "{:?}", ran.findings());
    let ran = live(&asked(2), |got| match &*got.kind {
        "ask" => vec![got.reply("ask_ok"); 2],
        _ => Vec::new(),
    });
    assert_eq!((oks(&ran), ran.findings().len()), (2, 2));
    let finding = ran.findings()[0];
    assert_eq!(finding.name, "replied-twice");
    assert_eq!(
        finding.summary,
        "n0 replied 2 times to one request, message 1 of c4, which it got once. Only the first \
         reply counts."
    );
    // At the start it does no harm.
    let ran = live(&asked(1), |got| match &*got.kind {
        "init" => vec![got.reply("init_ok"); 2],
        "ask" => vec![got.reply("ask_ok")],
        _ => Vec::new(),
    });
    assert!(ran.findings().is_empty(), "{:?}", ran.findings());
    assert_eq!(notes(&ran), ["note-start-answered-twice"; 2]);
}

#[test]
fn odd_forms_are_taken_and_noted() {
    let ran = live(&asked(3), |got| match &*got.kind {
        "ask" => {
            let reply = got.reply("ask_ok");
            let twice = reply.replace("\"in_reply_to\"", "\"type\":\"ask_ok\",\"in_reply_to\"");
            let hello = format!(r#"{{"src":"n0","dest":"{}","body":{{"type":"hi"}}}}"#, got.src);
            let of_nothing = got.reply("hi").replace(&format!(":{}}}", got.id), ":999}");
            vec![hello.clone(), of_nothing, format!("{twice} {hello}\r")]
        }
        _ => Vec::new(),
    });
    assert!(ran.findings().is_empty(), "{:?}", ran.findings());
    assert_eq!((oks(&ran), notes(&ran)), (3, vec!["note-two-in-a-line", "note-unawaited"]));
}

#[test]
fn an_in_reply_to_that_is_no_integer_is_told_as_what_it_is() {
    for (wrong, said) in [
        ("\"1\"", "is \"1\", a string, so it answers nothing"),
        ("1.0", "is 1.0, a number, so it answers nothing"),
    ] {
        let ran = live(&asked(1), |got| match &*got.kind {
            "ask" => vec![got.reply("ask_ok").replace(":1}", &format!(":{wrong}}}"))],
            _ => Vec::new(),
        });
        let text = ran.findings()[0].to_string();
        assert!(text.contains(&format!("the \"in_reply_to\" of its reply {said}")), "{text}");
    }
}

#[test]
fn what_maelstrom_would_not_hear_is_marked() {
    let of = |ran: &Ran, label: &str| {
        let marks = ran.outcome.context.marks.iter();
        marks
            .filter(|mark| &*mark.label == label)
            .map(|mark| mark.value.clone())
            .collect::<Vec<_>>()
    };
    // The second answer comes before the text in the same moment, the third after it.
    let mut count = 0;
    let ran = live(&asked(3), |got| match &*got.kind {
        "ask" => {
            count += 1;
            let mut lines = vec![got.reply("ask_ok")];
            if count == 2 {
                lines.push("debug: hello".to_owned());
            }
            lines
        }
        _ => Vec::new(),
    });
    assert_eq!(oks(&ran), 3);
    assert_eq!(of(&ran, WOULD_NOT_HEAR), [Value::Int(4)]);
    assert_eq!(of(&ran, WOULD_IGNORE).len(), 1);
    assert_eq!(of(&ran, WOULD_CRASH), []);
    let ran = live(&asked(1), |got| match &*got.kind {
        "init" => vec![String::new(), got.reply("init_ok")],
        _ => vec![got.reply("ask_ok")],
    });
    assert_eq!(of(&ran, WOULD_CRASH).len(), 2);
    // A restart makes Maelstrom listen again.
    let mut plan = asked(1);
    plan.operations = asks([(0, 0), (500, 0)]);
    plan.faults = faults([at(100, Kill::nodes(vec![0])), over(200, Kill::nodes(vec![0]))]);
    let mut is_first = true;
    let ran = live(&plan, |got| match &*got.kind {
        "ask" if std::mem::take(&mut is_first) => vec!["[1,2]".to_owned(), got.reply("ask_ok")],
        "ask" => vec![got.reply("ask_ok")],
        _ => Vec::new(),
    });
    assert_eq!((oks(&ran), of(&ran, WOULD_NOT_HEAR)), (2, vec![Value::Int(0)]));
    assert!(ran.outcome.length.0 >= 500 * MILLISECOND);
}

/// The machine's haste is not the node's.
#[test]
fn waiting_for_a_processor_does_not_count_as_time_to_start() {
    let plan = plan(1, 1);
    let ended = |waited: u64| {
        let (mut watch, mut workload) = (Watch::default(), Asking::default());
        let mut engine = Engine::new(&plan, &mut workload, &mut watch).unwrap();
        engine.begin(glomers_history::Time::ZERO);
        loop {
            while let Some(command) = engine.next_command() {
                if let Command::Start { node, incarnation } = command {
                    let now = engine.now();
                    engine.input(now, Input::Started { node, incarnation });
                    let waited = std::time::Duration::from_secs(waited);
                    let machine = "load 20.00 on 2 processors".to_owned();
                    engine.input(now, Input::Machine { node, incarnation, waited, machine });
                }
            }
            if engine.is_finished() {
                break;
            }
            let deadline = engine.next_deadline().unwrap();
            engine.advance(deadline.max(engine.now()));
        }
        let outcome = engine.finish();
        let text = outcome.findings[0].to_string();
        assert!(text.contains("within 10 s (--init-timeout)"), "{text}");
        assert!(text.contains("load 20.00 on 2 processors; n0 waited "), "{text}");
        outcome.length.0 / glomers_history::SECOND
    };
    assert_eq!([0, 7, 1000].map(ended), [10, 17, 100]);
}
