//! Sleeping, and what happens again and again.

use std::time::Duration;

use glomers_node::testing::TestNode;
use glomers_node::{Context, Message, Node, join_all};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize, Clone, Message)]
struct Go {}

const MILLISECOND: Duration = Duration::from_millis(1);

fn log_time(cx: &Context, what: &str) {
    cx.log(format!("{what} {}", cx.now().nanos() / 1_000_000));
}

fn run(node: Node<()>, duration: Duration) -> Vec<String> {
    let mut node = TestNode::start(node, "n1", &["n1"]);
    node.send_from("c1", Go {});
    node.advance(duration);
    node.take_logs()
}

#[test]
fn sleepers_wake_by_time_then_in_the_order_they_went_to_sleep() {
    let node = Node::new().on_message(async |cx, Go {}| {
        let sleeps = [("a", 30), ("b", 10), ("c", 30), ("d", 0)].map(|(name, after)| {
            let cx = cx.clone();
            async move {
                cx.sleep(after * MILLISECOND).await;
                log_time(&cx, name);
            }
        });
        join_all(sleeps).await;
        let cx2 = cx.clone();
        for name in ["e", "f"] {
            let cx = cx2.clone();
            cx2.spawn(async move {
                cx.sleep(MILLISECOND).await;
                log_time(&cx, name);
            });
        }
    });
    assert_eq!(run(node, 100 * MILLISECOND), ["d 0", "b 10", "a 30", "c 30", "e 31", "f 31"]);
}

#[test]
fn every_does_not_drift_and_leaves_out_what_it_missed() {
    let node = Node::new().on_message(async |cx, Go {}| {
        let mut calls = 0;
        cx.every(10 * MILLISECOND, async move |cx| {
            log_time(&cx, "tick");
            calls += 1;
            match calls {
                1 => cx.sleep(3 * MILLISECOND).await,
                3 => cx.sleep(15 * MILLISECOND).await,
                4 => cx.sleep(10 * MILLISECOND).await,
                _ => {}
            }
        });
    });
    assert_eq!(
        run(node, 70 * MILLISECOND),
        ["tick 10", "tick 20", "tick 30", "tick 50", "tick 60", "tick 70"]
    );
}

#[test]
fn timeout_gives_up() {
    let node = Node::new().on_message(async |cx, Go {}| {
        let short = cx.timeout(MILLISECOND, cx.sleep(2 * MILLISECOND)).await;
        let long = cx.timeout(2 * MILLISECOND, cx.sleep(MILLISECOND)).await;
        log_time(&cx, &format!("{short:?} {long:?}"));
        cx.sleep(Duration::MAX).await;
        log_time(&cx, "never");
    });
    let mut node = TestNode::start(node, "n1", &["n1"]);
    node.send_from("c1", Go {});
    node.advance(100 * MILLISECOND);
    assert_eq!(node.take_logs(), ["None Some(()) 2"]);
    assert_eq!(node.next_wake(), None);
}

#[test]
#[should_panic(expected = "cx.sleep was called 1000000 times at one moment for no time")]
fn a_loop_of_sleeps_that_take_no_time_panics_and_does_not_hang() {
    let node = Node::new().on_message(async |cx, Go {}| {
        loop {
            cx.sleep(Duration::ZERO).await;
        }
    });
    run(node, MILLISECOND);
}

#[test]
#[should_panic(expected = "tasks ran at one moment, each woken at once")]
fn tasks_that_wake_themselves_for_ever_panic_and_do_not_hang() {
    let node = Node::new().on_message(async |_cx, Go {}| {
        std::future::poll_fn::<(), _>(|context| {
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        })
        .await;
    });
    run(node, MILLISECOND);
}
