//! What is made the same in every run.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod support;

use std::path::Path;

use glomers_sim::Schedule;
use glomers_warp::{Guarantee, Pin, Pins, TracedOptions};
use support::{Lab, can_trace, compiled};

fn said(program: &Path, seed: u64, pins: Pins) -> Vec<String> {
    let options = TracedOptions { pins, ..TracedOptions::default() };
    let lab = Lab::with(program, &[], seed, Schedule::Fifo, options);
    lab.log.into_iter().map(|(_, line)| line).collect()
}

fn line<'a>(said: &'a [String], start: &str) -> &'a str {
    let found = said.iter().find_map(|line| line.strip_prefix(start));
    found.unwrap_or_else(|| panic!("{start:?} is not in {said:#?}")).trim()
}

fn program(folder: &Path) -> Option<std::path::PathBuf> {
    compiled(folder, "pins", include_str!("programs/pins.c"), &[])
}

#[test]
fn two_runs_see_the_same_machine() {
    if !can_trace() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let Some(program) = program(folder.path()) else { return };
    let (one, two) = (said(&program, 1, Pins::default()), said(&program, 1, Pins::default()));
    assert!(one.len() > 15, "{one:#?}");
    assert_eq!(one, two);
    assert_eq!(line(&one, "numbers "), "4200000 4200000 1");
    assert_eq!(line(&one, "processors "), "2 0 2");
    assert_eq!(line(&one, "rdrand ").split(' ').next(), Some("0"));
    assert_eq!(line(&one, "/sys/devices/system/cpu/online"), "0-1");
    assert_eq!(line(&one, "self "), "4200000");
    assert_eq!(line(&one, "/proc/4200000/comm"), "pins");
    assert!(!one.iter().any(|line| line.starts_with("env CARGO")), "{one:#?}");
    let random = ["getrandom ", "at-random ", "urandom ", "urandom-again ", "random "];
    let bytes = random.map(|name| &line(&one, name)[..16]);
    let different: std::collections::BTreeSet<&str> = bytes.into_iter().collect();
    assert_eq!(different.len(), random.len(), "each has bytes of its own: {bytes:?}");
    let other = said(&program, 2, Pins::default());
    for name in random {
        assert_ne!(line(&one, name), line(&other, name), "{name} follows from the seed");
    }
}

#[test]
fn the_random_bytes_of_the_kernels_own_code_are_pinned() {
    if !can_trace() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let Some(program) = program(folder.path()) else { return };
    let said = said(&program, 1, Pins::default());
    if !said.iter().any(|line| line.starts_with("vdso-asked")) {
        eprintln!("skipped, because this kernel has no such code");
        return;
    }
    assert_eq!(line(&said, "vdso-asked "), "-38", "libraries then make a system call");
    assert_eq!(line(&said, "vdso-result "), "16", "whoever calls all the same gets bytes");
    assert_ne!(line(&said, "vdso-getrandom "), "0".repeat(32));
}

#[test]
fn a_pin_that_is_out_lowers_the_guarantee() {
    if !can_trace() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let Some(program) = program(folder.path()) else { return };
    for (pin, start) in [
        (Pin::Random, "getrandom "),
        (Pin::Numbers, "numbers "),
        (Pin::Counter, "counter "),
        (Pin::Layout, "stack "),
    ] {
        let pins = Pins::default().without(pin);
        let options = TracedOptions { pins: pins.clone(), ..TracedOptions::default() };
        let lab = Lab::with(&program, &[], 1, Schedule::Fifo, options);
        assert_eq!(lab.report().guarantee, Guarantee::Virtual, "{pin:?}");
        assert!(lab.report().notes[0].text.contains(pin.name()), "{:?}", lab.report());
        let (one, two) = (said(&program, 1, pins.clone()), said(&program, 1, pins));
        assert_ne!(line(&one, start), line(&two, start), "without {pin:?}");
    }
}

#[test]
fn numbers_are_right_without_a_stop_for_each() {
    if !can_trace() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = include_str!("programs/numbers.c");
    let Some(program) = compiled(folder.path(), "numbers", source, &["-pthread"]) else { return };
    for schedule in [Schedule::Fifo, Schedule::Random] {
        let mut lab = Lab::with(&program, &[], 1, schedule, TracedOptions::default());
        lab.run_to(2000);
        let said: Vec<&str> = lab.log.iter().map(|(_, line)| line.as_str()).collect();
        let wrong: Vec<&&str> = said.iter().filter(|line| !line.ends_with("wrong 0")).collect();
        assert_eq!(wrong, [&"many 10000"], "{said:#?}");
        let who: std::collections::BTreeSet<String> = said
            .iter()
            .filter_map(|line| line.split_once(" wrong").map(|(who, _)| who.to_owned()))
            .collect();
        assert_eq!(who.len(), 8, "{said:#?}");
        let stops = lab.report().stops;
        assert!(stops < 3000, "20,000 questions took {stops} stops");
    }
}
