//! Waiting takes no time, and as much of the node's time as was asked for.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod support;

use glomers_warp::Guarantee;
use support::{Lab, can_trace, compiled};

const SOURCE: &str = include_str!("programs/timers.c");

/// What the program measures, and how long it must have taken, in ms. The looks at
/// the clock themselves take a little.
const WAITS: [(&str, f64); 18] = [
    ("usleep 30ms", 30.0),
    ("timerfd 50ms", 50.0),
    ("epoll tfd 50ms", 50.0),
    ("epoll 70ms", 70.0),
    ("select 40ms", 40.0),
    ("poll 60ms", 60.0),
    ("cond 80ms", 80.0),
    ("sem 90ms", 90.0),
    ("3 alarms 40ms", 40.0),
    ("join 100ms", 100.0),
    ("spin clock 5ms", 5.0),
    ("spin yield 1ms", 1.0),
    ("fork+wait 20ms", 20.0),
    ("popen", 200.0),
    ("timer 15ms", 15.0),
    ("sigwait 25ms", 25.0),
    ("sigwait now", 0.0),
    ("nanosleep EINTR", 1000.0),
];

fn waits(more: &[&str]) {
    if !can_trace() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let Some(program) = compiled(folder.path(), "timers", SOURCE, more) else { return };
    let mut lab = Lab::new(&program, &[], 1);
    lab.run_to(5000);
    for (name, millis) in WAITS {
        let took: f64 = lab.logged(name).trim().parse().unwrap();
        let off = (took * 1000.0 - millis).abs();
        assert!(off < 0.1, "{name} took {took} s");
    }
    assert_eq!(lab.logged("usr1 from self "), "1", "a signal says who sent it");
    assert_eq!(lab.logged("rest "), "4.000", "a sleep that ends early says what is left");
    assert_eq!(lab.report().guarantee, Guarantee::Exact, "{:?}", lab.report());
    // The log tells the node's time.
    let (at, _) = lab.log.iter().find(|(_, line)| line.starts_with("usleep")).unwrap();
    assert_eq!(at.0 / 1_000_000, 30);
}

#[test]
fn all_waits_take_the_time_that_was_asked_for() {
    waits(&[]);
}

#[test]
fn a_static_program_waits_as_well() {
    waits(&["-static"]);
}
