//! Somebody else may choose what happens next.

use std::time::Duration;

use glomers_history::{MILLISECOND, Time, Value};
use glomers_node::{Input, Process};
use glomers_sim::{Chooser, Enabled, Random};

use super::common::{Asking, Ran, Tell, name, node, plan, run_with};

/// n0 tells n1 0, 1, 2, … each millisecond; n1 marks what it hears.
fn counting(place: u32) -> Box<dyn Process> {
    let mut next = 0;
    node(move |input, cx| match input {
        Input::Start { .. } if place == 0 => {
            cx.set_timer(Duration::from_millis(1));
        }
        Input::Timer(_) => {
            cx.send(&name(1), Tell { what: next });
            next += 1;
            cx.set_timer(Duration::from_millis(1));
        }
        Input::Message(message) => {
            if let Ok(Tell { what }) = message.payload.decode() {
                cx.mark("heard", Value::from(what));
            }
        }
        _ => {}
    })
}

fn ran(chooser: impl Fn() -> Option<Box<dyn Chooser>>) -> Ran {
    let mut plan = plan(1, 2);
    plan.latency.mean_ms = 10;
    plan.time_limit = 300 * MILLISECOND;
    run_with(&plan, counting, Asking::default, chooser)
}

fn heard(ran: &Ran) -> Vec<i64> {
    let marks = ran.marks("heard").into_iter();
    marks.map(|(_, _, value)| value.as_int().unwrap()).collect()
}

fn random(seed: u64) -> impl Fn() -> Option<Box<dyn Chooser>> {
    move || Some(Box::new(Random::new(seed, Duration::from_millis(8))))
}

#[test]
fn a_random_chooser_reorders_messages_and_a_seed_is_one_run() {
    let plain = heard(&ran(|| None));
    assert!(plain.is_sorted() && plain.len() > 250);
    let (first, second, other) = (ran(random(5)), ran(random(5)), ran(random(6)));
    assert!(!heard(&first).is_sorted());
    assert_eq!(first.watch, second.watch);
    assert_ne!(heard(&first), heard(&other));
    // Nothing is lost or doubled by being passed over.
    let mut all = heard(&first);
    all.sort_unstable();
    assert_eq!(all, (0..all.len() as i64).collect::<Vec<i64>>());
}

#[test]
fn time_never_goes_back() {
    for seed in 0..20 {
        let ran = ran(random(seed));
        assert!(ran.watch.times.is_sorted(), "seed {seed}");
        let early = ran.watch.messages.iter().filter(|message| {
            let passed = message.received.unwrap_or(Time::MAX).since(message.sent);
            message.is_between_nodes() && passed < Duration::from_millis(10)
        });
        assert_eq!(early.count(), 0, "chosen out of order, but never before its time");
    }
}

/// Takes the last of all that is possible, as a hostile model checker might.
struct Last;

impl Chooser for Last {
    fn choose(&mut self, enabled: &[Enabled]) -> usize {
        assert!(enabled.is_sorted_by_key(|event| event.time));
        enabled.len() - 1
    }
}

#[test]
fn any_choice_is_carried_out_and_the_run_ends() {
    let ran = ran(|| Some(Box::new(Last)));
    assert!(ran.watch.times.is_sorted());
}
