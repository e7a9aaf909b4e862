//! The models of the network by the command: each repeats, each decides something, and a
//! wrong value is answered with what to type.

use crate::support::Place;

const RUN: &[&str] = &[
    "test",
    "-w",
    "broadcast",
    "--node",
    "flood-retry",
    "--node-count",
    "5",
    "--rate",
    "20",
    "--time-limit",
    "3",
    "--recovery",
    "5",
    "--seed",
    "4",
    "--latency",
    "40",
    "--store",
    "none",
];

#[test]
fn each_model_decides_something_and_repeats() {
    let place = Place::new();
    place.write("steps", "1s 200 exponential\n2s x0.5\n");
    place.write("here", "regions a b\na b 160\n");
    place.write("links", "n0 -> * 90 lognormal:0.5\n");
    let messages = |more: &[&str]| {
        let said = place.run(&[RUN, more, &["--check-determinism"]].concat()).shows(0, &[]);
        let of_itself = ["took", "repeat"];
        let lines = said
            .out
            .lines()
            .filter(|line| !of_itself.iter().any(|word| line.trim_start().starts_with(word)));
        lines.collect::<Vec<_>>().join("\n")
    };
    let plain = messages(&[]);
    assert!(plain.contains("messages"), "{plain}");
    for more in [
        &["--latency-dist", "normal:10"][..],
        &["--latency-dist", "lognormal:0.6"],
        &["--latency-dist", "pareto:2.5"],
        &["--latency-dist", "paretonormal:20"],
        &["--latency-dist", "spikes:5%,300"],
        &["--latency-dist", "exponential", "--latency-correlation", "0.8"],
        &["--latency-steps", "steps"],
        &["--latency-dist", "exponential", "--in-order"],
        &["--bandwidth", "64kbit"],
        &["--loss-model", "gemodel:0.05,0.3"],
        &["--regions", "here"],
        &["--regions", "world", "--latency-dist", "lognormal:0.2"],
        &["--link-latency", "links"],
    ] {
        assert_ne!(messages(more), plain, "{more:?}");
    }
}

#[test]
fn a_wrong_model_is_answered_with_what_to_type() {
    let place = Place::new();
    place.write("steps", "1s 200 gauss\n");
    place.write("here", "regions a b\na c 160\n");
    for (more, words) in [
        (&["--latency-dist", "gauss"][..], &["lognormal:SIGMA"][..]),
        (&["--latency-dist", "pareto:1"], &["alpha", "1.001"]),
        (&["--latency-correlation", "1"], &["below 1"]),
        (&["--latency-steps", "steps"], &["line 1", "gauss"]),
        (&["--latency-steps", "nosuch"], &["cannot be read"]),
        (&["--bandwidth", "10"], &["10mbit"]),
        (&["--loss-model", "0.1"], &["gemodel:P,R"]),
        (&["--regions", "here"], &["line 2", "no region \"c\""]),
        (&["--regions", "nosuch"], &["cannot be read", "world"]),
    ] {
        place.run(&[RUN, more].concat()).shows(254, words);
    }
}
