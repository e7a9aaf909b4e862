//! What a message costs a node: `cargo bench -p glomers-node`.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use glomers_node::{
    Effect, Identity, IntoProcess, Message, Node, NodeId, Payload, Runtime, Time, WallClock,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Clone, Message)]
#[message(reply = EchoOk)]
struct Echo {
    echo: u64,
}

#[derive(Serialize, Deserialize, Clone, Message)]
struct EchoOk {
    echo: u64,
}

/// Makes the node ask its peer.
#[derive(Serialize, Deserialize, Clone, Message)]
struct Ask {}

const MESSAGES: u64 = 1000;

fn main() {
    divan::main();
}

fn echo() -> Node {
    Node::new().on(async |_cx, Echo { echo }| Ok(EchoOk { echo })).on_message(async |cx, Ask {}| {
        let answer = cx.rpc(&cx.peers()[1], Echo { echo: 7 }).await;
        cx.with(|()| black_box(answer.is_ok()));
    })
}

/// The same on the kernel, to see what the async layer adds.
struct Kernel;

impl glomers_node::Process for Kernel {
    fn handle(&mut self, input: glomers_node::Input, cx: &mut glomers_node::Cx) {
        if let glomers_node::Input::Message(message) = input
            && let Some(Echo { echo }) = message.payload.downcast_ref::<Echo>()
        {
            cx.reply(&message, EchoOk { echo: *echo });
        }
    }
}

fn started(node: impl IntoProcess, id: &str) -> Runtime {
    let identity = Identity { seed: 1, incarnation: Some(0) };
    let mut runtime = Runtime::new(node.into_process(), identity, Time::ZERO);
    let init = format!(r#"{{"type":"init","node_id":"{id}","node_ids":["n1","n2"]}}"#);
    let payload = Payload::from_json(init).expect("this is JSON");
    deliver(&mut runtime, &NodeId::new("c0"), payload);
    runtime.effects().clear();
    runtime
}

fn deliver(runtime: &mut Runtime, src: &NodeId, payload: Payload) {
    runtime.message(Time::ZERO, WallClock(0), src.clone(), payload);
}

fn typed(bencher: Bencher<'_, '_>, node: impl IntoProcess) {
    let mut runtime = started(node, "n1");
    let client = NodeId::new("c1");
    bencher.counter(ItemsCount::new(MESSAGES)).bench_local(|| {
        for number in 0..MESSAGES {
            let payload = Payload::typed(Echo { echo: number }, Some(number), None);
            deliver(&mut runtime, &client, payload);
            black_box(runtime.effects().len());
            runtime.effects().clear();
        }
    });
}

#[divan::bench]
fn typed_echo(bencher: Bencher<'_, '_>) {
    typed(bencher, echo());
}

#[divan::bench]
fn typed_echo_on_the_kernel(bencher: Bencher<'_, '_>) {
    typed(bencher, Kernel);
}

#[divan::bench]
fn json_echo(bencher: Bencher<'_, '_>) {
    let mut runtime = started(echo(), "n1");
    let client = NodeId::new("c1");
    let text = r#"{"type":"echo","msg_id":12345,"echo":67890}"#;
    let request = Payload::from_json(text).expect("this is JSON");
    let mut out = Vec::new();
    bencher.counter(ItemsCount::new(MESSAGES)).bench_local(|| {
        for _ in 0..MESSAGES {
            deliver(&mut runtime, &client, request.clone());
            for effect in runtime.effects().drain(..) {
                if let Effect::Send { payload, .. } = effect {
                    payload.write_json(&mut out);
                }
            }
            black_box(&out);
            out.clear();
        }
    });
}

/// Asks, is asked, answers, gets the answer: three messages and a timer.
#[divan::bench]
fn rpc_round_trip(bencher: Bencher<'_, '_>) {
    let (mut asks, mut answers) = (started(echo(), "n1"), started(echo(), "n2"));
    let ids = ["c1", "n1", "n2"].map(NodeId::new);
    bencher.counter(ItemsCount::new(MESSAGES)).bench_local(|| {
        for _ in 0..MESSAGES {
            deliver(&mut asks, &ids[0], Payload::new(Ask {}));
            pass(&mut asks, &ids[1], &mut answers);
            pass(&mut answers, &ids[2], &mut asks);
        }
    });
}

fn pass(from: &mut Runtime, src: &NodeId, to: &mut Runtime) {
    for effect in from.effects().drain(..) {
        if let Effect::Send { payload, .. } = effect {
            deliver(to, src, payload);
        }
    }
}
