//! What counts as valid, and what the exit status says of it.

use crate::support::Place;

#[track_caller]
fn ran(code: i32, arguments: &[&str], words: &[&str]) -> crate::support::Said {
    let place = Place::new();
    let store = ["test", "--store", "none", "--time-limit", "20", "--seed", "1"];
    let said = place.run(&[&store[..], arguments].concat()).shows(code, words);
    assert!(!place.path("store").exists());
    said
}

#[test]
fn a_valid_run_is_0() {
    let said = ran(0, &[], &["  verdict      valid\n", "stable latency: median "]);
    assert_eq!(said.last(), "Everything looks good! ヽ(‘ー`)ノ");
}

#[test]
fn an_invalid_run_is_1() {
    let faults = ["--node", "flood", "--nemesis", "partition"];
    let said = ran(1, &faults, &["missing-at-end: ", "was cut at"]);
    assert_eq!(said.last(), "Analysis invalid! (ﾉಥ益ಥ）ﾉ ┻━┻");
    for finding in said.out.split("\n\n").skip(1) {
        assert!(finding.lines().count() <= 14, "{finding}");
    }
}

#[test]
fn an_unknown_verdict_is_2() {
    let words = ["  verdict      unknown\n", "there was no broadcast to look for"];
    // The only operation is a read.
    let said = ran(2, &["--time-limit", "0", "--seed", "4"], &words);
    assert_eq!(said.last(), "Errors occurred during analysis, but no anomalies found. ಠ~ಠ");
}

/// As Maelstrom's chapter on Raft does, to watch nodes elect a leader.
#[test]
fn a_run_that_is_to_ask_nothing_is_valid_unless_a_node_breaks() {
    let asked = "clients asked nothing (rate 0)";
    for workload in ["echo", "unique-ids", "broadcast", "g-set", "g-counter", "pn-counter"] {
        ran(0, &["-w", workload, "--rate", "0"], &["  verdict      valid\n"]);
    }
    ran(0, &["--rate", "0"], &[asked]);
    ran(0, &["-w", "kafka", "--rate", "0"], &[]);
    ran(0, &["-w", "lin-kv", "--node", "raft", "--rate", "0", "--nemesis", "partition"], &[]);
    let place = Place::new();
    place.bad("good", &["--rate", "0"]).shows(0, &[]);
    place.bad("exit-at-once", &["--rate", "0"]).shows(1, &["init-failed"]);
}

#[test]
fn odd_but_fine() {
    for odd in [
        &["--time-limit", "0", "-w", "echo"][..],
        &["--rate", "max", "--time-limit", "1", "--recovery", "2"],
        &["--concurrency", "100n"],
        &["--concurrency", "1"],
        &["--node-count", "1", "--nemesis", "partition"],
        &["--node-count", "2", "--nemesis", "partition,one-way,kill,pause"],
        &["--loss", "0.3"],
        &["--service-time", "0"],
        &["--inbox", "maelstrom", "--latency", "7", "--latency-dist", "exponential"],
        &["--topology", "total", "--wire", "json"],
    ] {
        let place = Place::new();
        let said = place.run(&[&["test", "--store", "none", "--seed", "1"][..], odd].concat());
        assert!(matches!(said.code, Some(0..=2)), "{odd:?} {said:?}");
    }
}

#[test]
fn the_availability_asked_for_must_be_reached() {
    let kills = ["-w", "echo", "--nemesis", "kill", "--nemesis-interval", "2"];
    ran(0, &kills, &[]);
    ran(0, &[&kills[..], &["--availability", "0.1"]].concat(), &[]);
    ran(1, &[&kills[..], &["--availability", "total"]].concat(), &["availability"]);
    ran(1, &[&kills[..], &["--availability", "0.999"]].concat(), &["availability"]);
    ran(0, &["-w", "echo", "--availability", "total"], &[]);
}

#[test]
fn jepsens_verdict_counts_if_asked_for() {
    let words = "Strict verdict: INVALID; Jepsen's would be: valid.";
    let place = Place::new();
    place.bad("twice", &[]).shows(1, &[words, "replied-twice: n0 replied 2 times"]);
    place.bad("twice", &["--jepsen-compat"]).shows(0, &[words, "Everything looks good!"]);
    // Maelstrom would crash.
    let crash = ["unknown: init-failed, would-crash", "exited with status 3"];
    place.bad("exit-at-once", &["--jepsen-compat"]).shows(2, &crash);
    // A flood whose values are lost to one node at the end: Jepsen has eyes only
    // for values that nobody reads any more.
    let found = (1..60).any(|seed: u32| {
        let seed = seed.to_string();
        let test = [
            "test",
            "--store",
            "none",
            "--node",
            "flood",
            "--nemesis",
            "partition",
            "--time-limit",
            "5",
        ];
        let all = [&test[..], &["--seed", &seed]].concat();
        let said = place.run(&all);
        let differs = said.code == Some(1) && said.out.contains(words);
        if differs {
            assert!(said.out.contains("missing-at-end: "));
            place.run(&[&all[..], &["--jepsen-compat"]].concat()).shows(0, &[words]);
        }
        differs
    });
    println!("a seed on which the verdicts differ was found: {found}");
}

#[test]
fn a_fault_that_touched_nothing_is_a_warning_or_a_failure() {
    // Nodes of one side only: nobody talks over the link.
    let idle = ["-w", "echo", "--nemesis", "partition", "--node-count", "2"];
    ran(0, &idle, &["  warning      the partition", "touched nothing"]);
    let asked = [&idle[..], &["--require-faults"]].concat();
    ran(1, &asked, &["fault-without-effect: ", "--require-faults asks that all do"]);
    // What cannot touch anything is not drawn, and no fault at all is no proof either.
    let none = ["--node-count", "1", "--nemesis", "partition,bridge"];
    let left_out = "left out: partition: 1 node has no link to another";
    ran(0, &none, &[left_out, "left out: bridge: it needs 3 nodes, and there is 1"]);
    let none = [&none[..], &["--require-faults"]].concat();
    ran(1, &none, &["fault-without-effect: No fault could touch the cluster", left_out]);
    ran(1, &["--require-faults"], &["fault-without-effect: No fault could touch the cluster"]);
    let late = ["--nemesis", "loss", "--nemesis-interval", "1000", "--require-faults"];
    ran(1, &late, &["fault-without-effect: ", "none would begin within the"]);
    // What a disk does counts, not that there is one.
    let disk = ["-w", "echo", "--nemesis", "disk", "--nemesis-interval", "2", "--require-faults"];
    ran(1, &disk, &["no write or sync was slowed, refused or lost"]);
    let faults = ["--nemesis", "partition", "--rate", "50", "--require-faults"];
    ran(0, &faults, &["messages cut"]);
}

#[test]
fn many_runs_stop_at_the_first_that_is_not_valid() {
    let said = ran(0, &["--test-count", "7"], &["7 runs, seeds 1 to 7: all valid."]);
    assert_eq!(said.last(), "Everything looks good! ヽ(‘ー`)ノ");
    let faults = ["--node", "flood", "--nemesis", "partition", "--test-count", "50"];
    for threads in ["1", "8"] {
        let said = ran(1, &[&faults[..], &["--threads", threads]].concat(), &["is not valid:"]);
        let count: u64 = said.out.split(' ').next().unwrap().parse().unwrap();
        let runs = if count == 1 { "1 run".to_owned() } else { format!("{count} runs") };
        assert!(said.out.contains(&format!("{runs}; the last, seed {count}, is not")));
        // What is said to repeat it does.
        let repeat = said.out.lines().find_map(|line| line.trim().strip_prefix("repeat"));
        let words: Vec<&str> = repeat.unwrap().split_whitespace().skip(1).collect();
        assert!(!words.contains(&"--test-count"), "{words:?}");
        let again = Place::new().run(&words).shows(1, &[]);
        let tail = |text: &str| text[text.find("\n\n").unwrap()..].to_owned();
        assert!(said.out.ends_with(&tail(&again.out)), "{}\n{}", said.out, again.out);
    }
}

#[test]
fn two_runs_are_compared_byte_for_byte() {
    let place = Place::new();
    let check = ["test", "--check-determinism", "--time-limit", "5", "--seed", "9"];
    place
        .run(&[&check[..], &["--store", "none"]].concat())
        .shows(0, &["Deterministic: two runs of seed 9 left the same bytes (the last: "]);
    assert!(!place.path("store").exists());
    place
        .run(&[&check[..], &["--test-count", "4"]].concat())
        .shows(0, &["Deterministic: two runs of each seed from 9 to 12 left the same bytes"]);
    assert_eq!(std::fs::read_dir(place.path("store/broadcast")).unwrap().count(), 8 + 1);
}

#[test]
fn a_node_that_does_not_fit_the_workload() {
    for (node, workload) in
        [("echo", "broadcast"), ("raft", "broadcast"), ("broken/proxy-caches", "echo")]
    {
        let said = Place::new().run(&["test", "-w", workload, "--node", node]);
        let text = format!("the node {node} is made for the workload ");
        said.shows(254, &[&text, &format!(", not {workload}")]);
    }
    ran(0, &["-w", "pn-counter", "--node", "counter-seq-kv"], &[]);
    // Of an executable nobody knows what it is made for.
    let short = ["--time-limit", "1", "--recovery", "1", "--node-count", "1", "--bin"];
    let node = |workload, node| {
        [&["-w", workload][..], &short, &[crate::support::GLOMERS, "--", "node", node]].concat()
    };
    let words = ["setup-failed: ", "was asked \"topology\"", "no handler"];
    ran(1, &node("broadcast", "echo"), &words);
    ran(1, &node("echo", "flood"), &["never-ok: No echo was ever answered"]);
}

#[test]
fn every_workload_runs_on_its_default_node_and_options_are_kept() {
    for workload in glomers_workload::NAMES {
        let place = Place::new();
        let run = ["test", "-w", workload, "--time-limit", "5", "--rate", "20", "--seed", "1"];
        place.run(&run).shows(0, &["verdict      valid"]);
    }
    let place = Place::new();
    let run = ["test", "-w", "lin-kv", "--no-check-refusals", "--time-limit", "5", "--seed", "1"];
    place.run(&run).shows(0, &["--no-check-refusals --time-limit 5 --seed 1"]);
    assert!(place.read_latest("replay.json").contains("\"check-refusals\": \"false\""));
    let run = ["test", "-w", "kafka", "--key-count", "1", "--time-limit", "5", "--seed", "1"];
    place.run(&[&run[..], &["--max-writes-per-key", "3", "--rate", "50"]].concat()).shows(0, &[]);
    // One key at a time, and the next after three messages.
    let history = place.read_latest("history.edn");
    assert!(history.contains("[:send \"5\" 3]") && !history.contains("[:send \"5\" 4]"));
}

#[test]
fn refusals_that_are_lies_are_found_unless_that_is_switched_off() {
    let place = Place::new();
    let run = ["test", "-w", "lin-kv", "--node", "broken/registers-remove-first", "--node-count"];
    let run = [&run[..], &["1", "--rate", "100", "--time-limit", "10", "--seed", "1"]].concat();
    place
        .run(&run)
        .shows(1, &["INVALID: wrong-refusal", "failed (key-does-not-exist: there is no such key)"]);
    let asked = [&run[..], &["--check-refusals"]].concat();
    place.run(&asked).shows(1, &["INVALID: wrong-refusal"]);
    let off = [&run[..], &["--no-check-refusals"]].concat();
    place.run(&off).shows(0, &["verdict      valid"]);
}

#[test]
fn a_test_in_which_no_two_writers_of_a_key_met_says_so() {
    let place = Place::new();
    let run = ["test", "-w", "lin-kv", "--node-count", "1", "--seed", "1", "--time-limit", "10"];
    let seldom = [&run[..], &["--rate", "5", "--service-time", "0"]].concat();
    let words = ["no two writers of a key overlapped, so this test can hardly fail"];
    place.run(&seldom).shows(0, &words);
    let strictly = [&seldom[..], &["--require-overlap"]].concat();
    place.run(&strictly).shows(1, &["INVALID: no-overlap", "--require-overlap asks that some do"]);
    let busy = [&run[..], &["--rate", "max", "--require-overlap"]].concat();
    let said = place.run(&busy).shows(0, &["verdict      valid"]);
    assert!(!said.out.contains("can hardly fail"), "{}", said.out);
    place
        .run(&["test", "-w", "echo", "--require-overlap"])
        .shows(254, &["--require-overlap means nothing to workload echo"]);
}

#[test]
fn challenges_pass_or_say_what_does_not() {
    let place = Place::new();
    place.run(&["challenge", "1", "3a"]).shows(0, &["All passed.", "│ 3a   broadcast, one node"]);
    place.run(&["challenge", "4", "5a", "5b"]).shows(0, &["All passed.", "kafka-lin-kv"]);
    let of_5c = place.run(&["challenge", "5c"]);
    of_5c.shows(0, &["All passed.", " / 2)"]);
    let failing = ["challenge", "1", "--bin", crate::support::BAD, "--", "exit-at-once"];
    place.run(&failing).shows(1, &["✗ INVALID", "challenge 1:", "init-failed", "Not all passed"]);
    place.run(&["challenge", "1", "--bin", "no/such"]).shows(254, &["there is no file"]);
}

/// The commands under "To see what happened around it" run, and show the operation
/// that the first finding names.
#[test]
fn an_invalid_run_ends_with_the_next_commands_and_they_run() {
    for more in [&[][..], &["--store", "other runs"]] {
        let place = Place::new();
        let test = ["test", "--node", "flood", "--nemesis", "partition", "--time-limit", "20"];
        let seed = ["--rate", "10", "--seed", "7"];
        let said = place.run(&[&test[..], &seed, more].concat()).shows(1, &["lost: "]);
        let mut lines = said.out.lines().skip_while(|line| !line.starts_with("To see what "));
        assert_eq!(lines.next(), Some("To see what happened around it:"), "{}", said.out);
        let commands: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
        assert_eq!(commands.len(), 2, "{commands:?}");
        for command in commands {
            let words = command.trim().replace('\'', "\"");
            let words: Vec<&str> = words
                .split('"')
                .enumerate()
                .flat_map(|(at, part)| match at % 2 {
                    0 => part.split_whitespace().collect::<Vec<&str>>(),
                    _ => vec![part],
                })
                .collect();
            let shown = place.run(&words[1..]).shows(0, &[]);
            let operation = words.iter().find(|word| word.starts_with("op "));
            if let Some(operation) = operation {
                assert!(shown.out.contains(&format!("{operation} ok")), "{}", shown.out);
            }
        }
    }
}

#[test]
fn a_valid_run_and_one_without_a_store_name_no_next_command() {
    let place = Place::new();
    let said = place.run(&["test", "--time-limit", "5", "--seed", "1"]).shows(0, &[]);
    assert!(!said.out.contains("glomers trace"), "{}", said.out);
    let said = ran(1, &["--node", "flood", "--nemesis", "partition"], &[]);
    assert!(!said.out.contains("glomers trace"), "{}", said.out);
}
