//! Tests that need no workload, that see into nodes, and that drive a run themselves. As a
//! user writes them who depends on `glomers-testing` alone.

use std::panic::{AssertUnwindSafe, catch_unwind};

use glomers_testing::prelude::*;
use glomers_testing::serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Clone, Message)]
#[serde(crate = "glomers_testing::serde")]
#[message(reply = AddOk)]
struct Add {
    delta: u64,
}

#[derive(Serialize, Deserialize, Clone, Message)]
#[serde(crate = "glomers_testing::serde")]
struct AddOk {
    total: u64,
}

#[derive(Serialize, Deserialize, Clone, Message)]
#[serde(crate = "glomers_testing::serde")]
struct News {
    delta: u64,
}

#[derive(Serialize, Deserialize, Clone, Message)]
#[serde(crate = "glomers_testing::serde")]
#[message(reply = TotalOk)]
struct Total {}

#[derive(Serialize, Deserialize, Clone, Message)]
#[serde(crate = "glomers_testing::serde")]
struct TotalOk {
    total: u64,
}

#[derive(Default)]
struct Sum {
    total: u64,
    changes: u64,
}

fn add(cx: &glomers_testing::node::Context<Sum>, delta: u64) -> u64 {
    let (total, changes) = cx.with(|sum| {
        sum.total += delta;
        sum.changes += 1;
        (sum.total, sum.changes)
    });
    cx.expose("total", total);
    cx.expose("changes", changes);
    total
}

/// Tells each addition to the others once.
fn counter() -> Node<Sum> {
    Node::<Sum>::new()
        .on_start(async |cx| cx.expose("total", 0u64))
        .on(async |cx, Add { delta }| {
            assert!(delta != 13, "thirteen");
            cx.send_all(cx.others(), News { delta });
            Ok(AddOk { total: add(&cx, delta) })
        })
        .on_message(async |cx, News { delta }| {
            add(&cx, delta);
        })
        .on(async |cx, Total {}| Ok(TotalOk { total: cx.with(|sum| sum.total) }))
}

fn total(cluster: &Cluster, node: u32) -> Option<i64> {
    cluster.exposed(node, "total").and_then(Value::as_int)
}

fn said(run: &TestRun) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| run.assert_valid())).unwrap_err();
    *panic.downcast::<String>().unwrap()
}

#[test]
fn a_client_is_a_closure() {
    let run = |seed: u64| {
        Simulation::seed(seed)
            .nodes(3, |_place| counter())
            .latency(Exponential(20 * MS))
            .client(async |cx| {
                assert_eq!(cx.nodes().len(), 3);
                let before = cx.now();
                assert_eq!(cx.rpc(1, Add { delta: 4 }).await?.total, 4);
                cx.sleep(2 * S).await;
                assert!(cx.now() >= before + 2 * S);
                for node in 0..3 {
                    assert_eq!(cx.rpc(node, Total {}).await?.total, 4);
                }
                Ok::<(), RpcError>(())
            })
            .run_for(10 * S)
    };
    run(1).assert_valid();
    assert_eq!(run(1).trace(), run(1).trace());
    assert_ne!(run(1).trace(), run(2).trace());
}

#[test]
fn several_clients_go_on_at_once() {
    let client = |node: u32| {
        async move |cx: glomers_testing::ClientCx| {
            for _ in 0..10 {
                cx.rpc(node, Add { delta: 1 }).await.unwrap();
                cx.sleep(100 * MS).await;
            }
        }
    };
    Simulation::seed(1)
        .nodes(2, counter)
        .client(client(0))
        .client(client(1))
        .client(async |cx| {
            cx.sleep(3 * S).await;
            assert_eq!(cx.rpc(1, Total {}).await.unwrap().total, 20);
        })
        .run_for(5 * S)
        .assert_valid();
}

#[test]
fn a_client_says_itself_what_is_wrong() {
    let run = Simulation::seed(7)
        .nodes(2, counter)
        .latency(Constant(100 * MS))
        .client(async |cx| {
            cx.rpc(0, Add { delta: 1 }).await.unwrap();
            let total = cx.rpc(1, Total {}).await.unwrap().total;
            assert!(total == 1, "n1 has not heard of it");
        })
        .run_for(2 * S);
    let text = said(&run);
    for part in [
        "the run with seed 7 is invalid\nassertion-failed: Client 0: n1 has not heard of it",
        "glomers trace ",
        "repeat with: cargo test a_client_says_itself_what_is_wrong",
    ] {
        assert!(text.contains(part), "{text}");
    }
    type With = fn(Simulation) -> Simulation;
    let wrong = |client: With| {
        let run = client(Simulation::seed(1).nodes(1, counter)).run_for(2 * S);
        let finding = run.verdict.findings.into_iter().next().expect("it is invalid");
        (finding.name.to_string(), finding.summary)
    };
    let cases: [(With, &str, &str); 5] = [
        (|run| run.client(async |_cx| Err("so it says")), "assertion-failed", "so it says"),
        (
            |run| {
                run.client(async |cx| {
                    loop {
                        cx.sleep(1 * S).await
                    }
                })
            },
            "assertion-failed",
            "it had not ended when the run did",
        ),
        (
            |run| run.client(async |_cx| std::future::pending::<()>().await),
            "assertion-failed",
            "something that neither cx.rpc nor cx.sleep gives",
        ),
        (
            |run| run.client(async |cx| drop(cx.rpc(1, Total {}).await)),
            "assertion-failed",
            "it asks node number 1 of 1",
        ),
        (
            |run| run.client(async |cx| cx.rpc(0, Add { delta: 13 }).await.map(drop)),
            "node-crashed",
            "panicked: thirteen",
        ),
    ];
    for (client, name, text) in cases {
        let (found, summary) = wrong(client);
        assert_eq!(found, name, "{summary}");
        assert!(summary.contains(text), "{summary}");
    }
}

#[test]
fn an_error_and_silence_are_errors_of_the_request() {
    #[derive(Serialize, Deserialize, Clone, Message)]
    #[serde(crate = "glomers_testing::serde")]
    #[message(reply = TotalOk)]
    struct Nonsense {}
    Simulation::seed(1)
        .nodes(2, counter)
        .fault(glomers_testing::Pause::nodes([1]).between(1 * S..20 * S))
        .client(async |cx| {
            let refused = cx.rpc(0, Nonsense {}).await.err().unwrap();
            assert_eq!(refused.code, glomers_testing::ErrorCode::NOT_SUPPORTED);
            cx.sleep(2 * S).await;
            // A request with less patience than the one before it.
            let before = cx.now();
            for patience in [3 * S, 500 * MS] {
                let silent = cx.rpc(1, Total {}).timeout(patience).await.err().unwrap();
                assert_eq!(silent.code, glomers_testing::ErrorCode::TIMEOUT);
            }
            assert_eq!(cx.now(), before + 3500 * MS);
        })
        .run_for(10 * S)
        .assert_valid();
}

#[test]
fn many_seeds_of_a_client_and_the_first_that_fails_is_shrunk() {
    let name = format!("glomers-clients-{}.regressions", std::process::id());
    let path = std::env::temp_dir().join(name);
    let _ = std::fs::remove_file(&path);
    let seeds = |patience| {
        Simulation::seeds(1..=30)
            .nodes(5, counter)
            .latency(Uniform(50 * MS))
            .fault(Partition::halves().between(3 * S..4 * S))
            .regressions(&path)
            .client(async move |cx| {
                cx.rpc(0, Add { delta: 1 }).await.unwrap();
                cx.sleep(patience).await;
                assert_eq!(cx.rpc(1, Total {}).await.unwrap().total, 1);
            })
            .run_for(5 * S)
    };
    seeds(200 * MS).assert_valid();
    let run = seeds(60 * MS);
    let shrunk = run.shrunk().expect("the partition is no part of it");
    assert_eq!((shrunk.after.operations, shrunk.after.faults), (1, 0), "{shrunk:?}");
    let text = *catch_unwind(AssertUnwindSafe(|| run.assert_valid()))
        .unwrap_err()
        .downcast::<String>()
        .unwrap();
    assert!(text.contains("shrunk: Two nodes, one operation: assertion-failed: Client 0: assert"));
    std::fs::remove_file(path).unwrap();
}

#[test]
fn an_invariant_sees_what_all_nodes_expose_at_every_event() {
    use std::cell::RefCell;
    use std::rc::Rc;
    let seen: Rc<RefCell<Vec<Vec<i64>>>> = Rc::default();
    let run = |seed: u64| {
        let kept = seen.clone();
        Simulation::seed(seed)
            .nodes(2, counter)
            .latency(Constant(50 * MS))
            .fault(Kill::nodes([1]).between(1 * S..2 * S))
            .client(async |cx| {
                cx.rpc(0, Add { delta: 3 }).await.unwrap();
                cx.sleep(3 * S).await;
            })
            .invariant(move |cluster| {
                let all: Vec<i64> = cluster
                    .exposed_by_all("total")
                    .filter_map(|(_, total)| total.as_int())
                    .collect();
                // Values that one step exposes come at once.
                for node in 0..2 {
                    let has = |name| cluster.exposed(node, name).is_some_and(|v| *v != 0i64.into());
                    assert_eq!(has("total"), has("changes"));
                    assert!(cluster.is_up(node) || cluster.exposed(node, "total").is_none());
                }
                let mut kept = kept.borrow_mut();
                if kept.last() != Some(&all) {
                    kept.push(all);
                }
                Ok(())
            })
            .run_for(5 * S)
    };
    run(1).assert_valid();
    let first = seen.take();
    // Neither has said anything; n0 starts, n1 starts; n0 adds, n1 hears of it; n1 is
    // killed and has forgotten all when it starts again; the run ends.
    let expected: [&[i64]; 8] = [&[], &[0], &[0, 0], &[3, 0], &[3, 3], &[3], &[3, 0], &[3]];
    assert_eq!(first.iter().map(Vec::as_slice).collect::<Vec<_>>()[..7], expected[..7]);
    run(1).assert_valid();
    assert_eq!(seen.take(), first, "the same seed gives the same");
}

#[test]
fn an_invariant_is_asked_at_events_that_are_no_marks() {
    let run = Simulation::seed(5)
        .nodes(2, glomers_nodes::echo::node)
        .workload(Echo::rate(10.0))
        .invariant(|cluster| match cluster.now().0 {
            0..=2_000_000_000 => Ok(()),
            _ => Err("it is too late".to_owned()),
        })
        .run_for(5 * S);
    let text = said(&run);
    assert!(text.contains("Invariant number 1 does not hold: it is too late"), "{text}");
    assert!(text.contains(", 2.0"), "{text}");
}

/// The example of the guide.
#[test]
fn the_guide_shows_a_test_without_a_workload() {
    // guide: begin
    Simulation::seed(1)
        .nodes(3, |_place| counter())
        .client(async |cx| {
            let reply = cx.rpc(0, Add { delta: 3 }).await?;
            assert_eq!(reply.total, 3);
            cx.sleep(2 * S).await;
            assert_eq!(cx.rpc(1, Total {}).await?.total, 3);
            Ok::<(), RpcError>(())
        })
        .invariant(|cluster| {
            let totals = cluster.exposed_by_all("total");
            match totals.filter_map(|(_, total)| total.as_int()).max() {
                Some(total) if total > 3 => Err(format!("a node counts {total}")),
                _ => Ok(()),
            }
        })
        .by_hand(|run| {
            let late = run.hold(Messages::any().from("n0").to("n1").of_type("news"));
            assert!(run.wait_for(|cluster| cluster.exposed(2, "total") == Some(&3.into())));
            assert_eq!(run.cluster().exposed(1, "total"), Some(&0.into()));
            run.run_until(1 * S);
            assert_eq!(run.held(late).len(), 1);
            run.release(late);
        })
        .run_for(5 * S)
        .assert_valid();
    // guide: end
    let (_, code) = include_str!("by_hand.rs").split_once("// guide: begin\n").unwrap();
    let (code, _) = code.split_once("    // guide: end").unwrap();
    let code = code.replace("\n    ", "\n");
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/own-nodes.md");
    let Ok(page) = std::fs::read_to_string(page) else { return };
    assert!(page.contains(code.trim()), "docs/src/own-nodes.md lacks:\n{}", code.trim());
}

#[test]
fn messages_are_held_back_and_let_go_by_link_and_type() {
    let run = |seed: u64| {
        Simulation::seed(seed)
            .nodes(3, counter)
            .latency(Uniform(20 * MS))
            .client(async |cx| {
                for delta in [1, 2, 4] {
                    cx.rpc(0, Add { delta }).await.unwrap();
                }
            })
            .by_hand(|run| {
                let late = run.hold(Messages::any().from("n0").to("n1").of_type("news"));
                let none = run.hold(Messages::any().from("n0").of_type("no_news"));
                assert!(run.wait_for(|cluster| total(cluster, 2) == Some(7)));
                run.run_until(2 * S);
                assert_eq!(total(&run.cluster(), 1), Some(0));
                let held = run.held(late);
                assert_eq!(held.len(), 3);
                assert!(held.iter().all(|one| (&*one.src, &*one.dest) == ("n0", "n1")));
                assert_eq!(run.in_flight(), held);
                assert!(run.held(none).is_empty());
                assert!(run.release_first(late));
                assert!(run.wait_for(|cluster| total(cluster, 1) != Some(0)));
                assert_eq!(run.held(late).len(), 2, "others are still held");
                run.release(late);
                assert!(run.held(late).is_empty() && !run.release_first(late));
                assert!(run.wait_for(|cluster| total(cluster, 1) == Some(7)));
                assert!(run.now() < glomers_testing::Time::ZERO + 3 * S);
            })
            .run_for(5 * S)
    };
    run(1).assert_valid();
    assert_eq!(run(1).trace(), run(1).trace());
}

#[test]
fn a_run_is_driven_event_by_event_and_ends_by_itself() {
    let run = Simulation::seed(1)
        .nodes(2, counter)
        .client(async |cx| cx.rpc(0, Add { delta: 1 }).await.map(|AddOk { .. }| ()))
        .by_hand(|run| {
            let held = run.hold(Messages::any().between_nodes());
            let mut last = run.now();
            for _ in 0..4 {
                assert!(run.step());
                assert!(run.now() >= last);
                last = run.now();
            }
            assert_eq!(run.held(held).len(), 1);
            // What is still held is let go when this ends.
        })
        .run_for(2 * S);
    run.assert_valid();
    assert!(run.trace().contains("n1 exposes {:total 1, :changes 1}"), "{}", run.trace());
    let to_the_end = Simulation::seed(1)
        .nodes(2, counter)
        .client(async |_cx| {})
        .by_hand(|run| {
            while run.step() {}
            assert!(!run.step() && !run.wait_for(|_| false));
        })
        .run_for(2 * S);
    to_the_end.assert_valid();
}

#[test]
fn an_assertion_by_hand_fails_the_run() {
    let run = Simulation::seed(9)
        .nodes(2, counter)
        .client(async |_cx| {})
        .by_hand(|run| assert_eq!(total(&run.cluster(), 0), Some(1), "nobody added"))
        .run_for(2 * S);
    let text = said(&run);
    assert!(text.contains("the run with seed 9 is invalid\nassertion-failed: By hand: "), "{text}");
    assert!(text.contains("nobody added") && text.contains("glomers replay "), "{text}");
}

#[test]
fn what_does_not_go_together_is_refused_with_the_reason() {
    let said = |simulation: fn() -> TestRun| {
        let panic = catch_unwind(simulation).err().unwrap();
        panic.downcast_ref::<String>().cloned().unwrap_or_else(|| {
            panic.downcast_ref::<&str>().map(|text| (*text).to_owned()).unwrap_or_default()
        })
    };
    let both = said(|| {
        let run = Simulation::seed(1).nodes(1, counter).workload(Echo::rate(1.0));
        run.client(async |_cx| {}).run_for(1 * S)
    });
    assert!(both.contains("a workload or clients of its own, not both"), "{both}");
    let none = said(|| Simulation::seed(1).nodes(1, counter).run_for(1 * S));
    assert!(none.contains(".workload(") && none.contains(".client("), "{none}");
    let maelstrom = said(|| {
        let run = Simulation::seed(1).nodes(1, counter).client(async |_cx| {});
        let run = run.inbox(glomers_testing::Inbox::Maelstrom);
        let hold = |run: &mut glomers_testing::ByHand<'_>| {
            run.hold(Messages::any());
        };
        let run = run.by_hand(hold).run_for(1 * S);
        run.assert_valid();
        run
    });
    assert!(maelstrom.contains("nothing can be held back"), "{maelstrom}");
}
