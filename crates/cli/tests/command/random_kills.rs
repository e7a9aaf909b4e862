//! Glomers is ended at any moment, by any signal, on every host, with all faults on:
//! nothing is left running or stopped, and what is stored can be read and judged.
//!
//! `GLOMERS_KILLS=200` tries that many; 2 otherwise.

use std::time::Duration;

use crate::support::{Chance, Place, finish, kills, pause, signal, wait_until};

const SIGNALS: [&str; 3] = ["INT", "TERM", "KILL"];

/// What can be wrong with nodes of any host.
const ALL: &str = "partition,one-way,bridge,single-link,kill,pause,loss,duplicate,reorder,slow";

/// Embedded nodes, and free processes: ours, and one behind a shell.
const HOSTS: [&[&str]; 3] = [
    &["--node", "flood-retry", "--service-time", "1"],
    &["--node", "flood-retry", "--time", "real"],
    &["--bin", concat!(env!("CARGO_MANIFEST_DIR"), "/../../nodes/examples/echo.sh"), "-w", "echo"],
];

/// One run that is ended; what came of it, in words.
fn one(number: u64, chance: &mut Chance) -> String {
    let (host, name) = (number as usize / 3 % 3, SIGNALS[number as usize % 3]);
    let seed = number.to_string();
    let place = Place::new();
    let load = ["--node-count", "4", "--rate", "100", "--time-limit", "2000", "--seed", &seed];
    let faults = ["--nemesis", ALL, "--nemesis-interval", "0.3", "--recovery", "1"];
    let workload: &[&str] = if host == 2 { &[] } else { &["-w", "broadcast"] };
    let child = place.start(&[&["test"], workload, HOSTS[host], &load, &faults].concat());
    // From the first moment, when there is no store yet, to the middle of it all. What happens
    // in half a second of virtual time takes ten to be judged.
    let most = if host == 0 { 500 } else { 2000 };
    let moment = Duration::from_millis(chance.below(most));
    pause(moment);
    signal(&child, name);
    let said = finish(child);
    let about = format!("{name} after {moment:?}, host {host}: {:?}", said.code);
    match name {
        "KILL" => assert_eq!(said.code, None, "{about}"),
        // Before there are handlers the system ends it.
        _ => assert!(matches!(said.code, Some(1 | 130) | None), "{about}\n{said:?}"),
    }
    assert!(!said.err.contains("panicked"), "{about}\n{}", said.err);
    wait_until("nothing is left running or stopped", || place.left().is_empty());
    let store = place.path("store/latest");
    if !store.exists() {
        return format!("{about}, no store yet");
    }
    let recovered = place.run(&["recover", "store/latest"]);
    let verdict = recovered.out.lines().find(|line| line.trim_start().starts_with("verdict"));
    assert!(matches!(recovered.code, Some(0..=2)), "{about}\n{recovered:?}");
    let verdict = verdict.unwrap_or_else(|| panic!("no verdict: {about}\n{recovered:?}"));
    place.run(&["trace", "store/latest", "--limit", "5"]).shows(0, &[]);
    format!("{about}, {}", verdict.trim())
}

#[test]
fn whenever_it_is_ended_nothing_is_left_and_the_store_can_be_judged() {
    let mut chance = Chance(7);
    for number in 0..kills(2) {
        println!("{number}: {}", one(number, &mut chance));
    }
}
