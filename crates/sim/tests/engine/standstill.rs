//! Time that does not go on: the run ends with a finding, and nobody waits for ever.

use std::time::Duration;

use glomers_node::Input;
use glomers_sim::{Ended, Rate};

use super::common::{Tell, answer, asks, name, node, plan, polite, run};

#[test]
fn operations_that_take_no_time_at_rate_max_end_the_run() {
    let mut plan = plan(1, 1);
    plan.rate = Rate::Max;
    let ran = run(&plan, |_| polite());
    assert_eq!(ran.outcome.ended, Ended::Broken);
    let finding = ran.findings()[0];
    assert_eq!(finding.name, "time-stands-still");
    let text = finding.to_string();
    assert!(text.contains("a message \"ask\" from a client to n0"), "{text}");
    assert!(text.contains("(--service-time)"), "{text}");
}

#[test]
fn nodes_that_answer_each_other_in_no_time_are_named() {
    let mut plan = plan(1, 2);
    plan.operations = asks([(0, 0)]);
    let ran = run(&plan, |place| {
        node(move |input, cx| {
            if answer(&input, cx).is_some() || matches!(&input, Input::Message(_)) {
                cx.send(&name(1 - place), Tell { what: 1 });
            }
        })
    });
    let text = ran.findings()[0].to_string();
    assert!(text.contains("a message \"tell\" from n0 to n1"), "{text}");
    assert!(text.contains("a message \"tell\" from n1 to n0"), "{text}");
}

#[test]
fn timers_that_take_no_time_are_a_crash_of_the_node() {
    let mut plan = plan(1, 1);
    plan.operations = asks([(0, 0)]);
    let ran = run(&plan, |_| {
        node(|input, cx| {
            if answer(&input, cx).is_some() || matches!(input, Input::Timer(_)) {
                cx.set_timer(Duration::ZERO);
            }
        })
    });
    let finding = ran.findings()[0];
    assert_eq!(finding.name, "node-crashed");
    assert!(finding.summary.contains("timers fired at one moment"), "{}", finding.summary);
}
