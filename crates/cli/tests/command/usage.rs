//! What the user got wrong: exit status 254, what is wrong, what to do.

use crate::support::Place;

#[track_caller]
fn refused(arguments: &[&str], words: &[&str]) {
    let place = Place::new();
    let said = place.run(arguments);
    assert_eq!(said.out, "");
    said.shows(254, words).shows(254, &["error: "]);
    assert!(!place.path("store").exists(), "nothing may have run");
}

#[track_caller]
fn test_refused(arguments: &[&str], words: &[&str]) {
    refused(&[&["test"], arguments].concat(), words);
}

#[test]
fn programs_that_cannot_be_run() {
    test_refused(&["--bin", "no/such"], &["there is no file", "/no/such; build it first"]);
    test_refused(&["--bin", "/"], &["/ is a directory; give the executable file itself"]);
    test_refused(&["--bin", ""], &["a value is required for '--bin <FILE>'"]);
    let place = Place::new();
    place.write("plain", "x");
    let script = place.write("script", "#!/bin/sh\n");
    std::fs::write(script, "import sys\n").unwrap();
    place.write("away", "#!/no/such/python\n");
    place.write("windows", "#!/bin/sh\r\n");
    let said = |name| place.run(&["test", "--bin", name]);
    said("./plain").shows(254, &["/plain is not executable; run: chmod +x "]);
    said("./script").shows(254, &["/script is a script but starts with no #! line"]);
    said("./away").shows(254, &["is to be run by \"/no/such/python\""]);
    said("./windows").shows(254, &["has line ends of Windows"]);
}

#[test]
fn an_executable_in_virtual_time() {
    let traced = ["--time", "virtual", "--bin", "/bin/sh"];
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        // Its disk is the machine's, whatever the clock.
        let disk = [&traced[..], &["--nemesis", "disk"]].concat();
        test_refused(&disk, &["nothing can be wrong with the disks of processes", "help: leave"]);
    } else {
        let words = ["only on Linux on x86-64", "help: leave out --time virtual"];
        test_refused(&traced, &words);
    }
    test_refused(&["--check-determinism", "--bin", "/bin/sh"], &["never deterministic", "help: "]);
    test_refused(&["--node", "echo", "--bin", "/bin/sh"], &["cannot be used with '--bin <FILE>'"]);
}

#[test]
fn names_that_do_not_exist_and_the_nearest() {
    refused(&["tset"], &["unrecognized subcommand 'tset'", "'test'"]);
    test_refused(&["--nod-count", "1"], &["unexpected argument '--nod-count'", "'--node-count'"]);
    test_refused(&["-w", "brodcast"], &["no workload \"brodcast\"; did you mean \"broadcast\"?"]);
    test_refused(&["-w", ""], &["no workload \"\""]);
    test_refused(&["--topology", "gird"], &["no topology \"gird\"; did you mean \"grid\"?"]);
    test_refused(&["--node", "floood"], &["no embedded node \"floood\"; did you mean \"flood\"?"]);
    test_refused(&["--topology", "ünï"], &["no topology \"ünï\"; known: line, grid, "]);
    test_refused(&["--node", "日本"], &["no embedded node \"日本\""]);
    test_refused(&["--nemesis", "partitio"], &["'partitio'", "'partition'"]);
    test_refused(&["-w", "echo", "--", "--x"], &["does not understand its arguments", "\"--x\""]);
    refused(&["challenge", "9z"], &["no challenge \"9z\"", "help: known: 1, 2, 3a"]);
    refused(&["challenge", "--bin", "/bin/sh"], &["help: say which it is for"]);
    refused(&["challenge", "1", "--", "x"], &["help: name it with --bin"]);
}

#[test]
fn a_flag_that_does_not_exist_leads_to_the_nearest_and_not_behind_two_dashes() {
    let words = ["unexpected argument '--nodez'", "a similar argument exists: '--node'"];
    test_refused(&["--nodez", "3"], &words);
    let said = Place::new().run(&["test", "--nodez", "3"]);
    assert!(!said.err.contains("as a value"), "{}", said.err);
    let said = Place::new().run(&["--nod", "raft"]);
    assert!(said.code == Some(254) && !said.err.contains("as a value"), "{}", said.err);
}

#[test]
fn numbers_that_make_no_sense() {
    let numbers: [(&str, &[&str], &str); 13] = [
        ("--node-count", &["-1", "0", "100001", "x"], "--node-count <N>"),
        ("--rate", &["-1", "nan", "inf", "1e7", "fast"], "operations per second, or max"),
        ("--time-limit", &["-1", "1e99", "x"], "a number of seconds must be"),
        ("--recovery", &["-0.5", "inf"], "a number of seconds must be from 0"),
        ("--concurrency", &["0", "-1", "0n", "n", "1.5"], "concurrency is a number from 1"),
        ("--latency", &["-5", "1.5", "1e12"], "a latency"),
        ("--loss", &["-0.1", "1.1"], "a fraction must be from 0 to 1"),
        ("--service-time", &["-1", "nan"], "a number of milliseconds must be from 0"),
        ("--nemesis-interval", &["0", "-1"], "a number of seconds must be from 0.001"),
        ("--availability", &["-1", "2", "all"], "availability is total, answered, or a fraction"),
        ("--seed", &["-1", "x", "18446744073709551616"], "a seed is a whole number from 0"),
        ("--test-count", &["0", "-3"], "a whole number from 1"),
        ("--max-line", &["0", "-1", "10", "5 apples", "99999999999GiB"], "a size is a number"),
    ];
    for (flag, values, words) in numbers {
        for value in values {
            test_refused(&[flag, value], &["invalid value", flag, words]);
        }
    }
    test_refused(&["--threads", "0"], &["--threads"]);
    refused(&["challenge", "1", "--seed", "-1"], &["a seed is a whole number"]);
}

#[test]
fn options_that_mean_nothing_to_the_workload() {
    let kafka = ["-w", "kafka", "--topology", "line"];
    test_refused(&kafka, &["--topology means nothing to workload kafka", "option of broadcast"]);
    test_refused(&["--key-count", "3"], &["--key-count means nothing to workload broadcast"]);
    test_refused(&["-w", "echo", "--check-refusals"], &["means nothing", "option of lin-kv"]);
    let off = ["-w", "echo", "--no-check-refusals"];
    test_refused(&off, &["--no-check-refusals means nothing", "option of lin-kv"]);
    test_refused(&["-w", "kafka", "--key-count", "0"], &["a whole number from 1 to 1000000"]);
    test_refused(
        &["-w", "lin-kv", "--concurrency", "1n"],
        &["with 5 nodes the concurrency must be a multiple of 10"],
    );
}

#[test]
fn more_faults_than_anybody_wants_to_see() {
    test_refused(
        &["--nemesis", "partition", "--nemesis-interval", "0.001", "--time-limit", "1000"],
        &["would be more than 100000 faults", "help: choose a longer --nemesis-interval"],
    );
}

/// Each command that draws faults refuses them alike.
#[test]
fn more_faults_than_anybody_wants_to_see_in_a_frontier_or_comparison() {
    let faults = ["--nemesis", "loss", "--time-limit", "1000", "--nemesis-interval"];
    for command in [&["frontier"][..], &["compare", "flood", "flood-retry"]] {
        let often = [command, &faults, &["0.001"]].concat();
        refused(&often, &["would be more than 100000 faults", "help: choose a longer"]);
        let never_ends = [command, &faults, &["0"]].concat();
        refused(&never_ends, &["a number of seconds must be from 0.001"]);
    }
}

#[test]
fn names_of_nodes_that_mean_something_else() {
    test_refused(&["--nodes", "a,a"], &["two nodes have the name \"a\""]);
    test_refused(&["--nodes", "c1"], &["names that begin with c are clients'"]);
    test_refused(&["--nodes", ""], &["a node cannot be called \"\": it is empty", "help: "]);
    test_refused(&["--nodes", "a,,b"], &["a node cannot be called \"\""]);
    test_refused(&["--nodes", "n1,seq-kv"], &["a node cannot be called \"seq-kv\"", "help: "]);
    let both = ["--nodes", "a", "--node-count", "3"];
    test_refused(&both, &["--nodes names 1 nodes, but --node-count is 3", "help: leave one"]);
}

#[test]
fn names_of_nodes_in_any_script() {
    let place = Place::new();
    place
        .run(&["test", "--nodes", "ñ, 日本,a b", "--time-limit", "2", "--seed", "1"])
        .shows(0, &["--nodes 'ñ, 日本,a b' "]);
    assert!(place.read_latest("messages.parquet").contains("PAR1"));
}

#[test]
fn directories_that_hold_no_run() {
    refused(&["recover", "no/such"], &["no/such is not there", "help: name the directory"]);
    refused(&["recover", "/"], &["/ holds no run: replay.json is not there"]);
    let place = Place::new();
    place.write("file", "x");
    place.run(&["recover", "file"]).shows(254, &["file is no directory"]);
    place.write("replay.json", "{}");
    place.run(&["recover", "."]).shows(254, &["holds no run"]);
    place.write("journal.bin", "x");
    place.write("history.jsonl", "");
    place.run(&["recover", "."]).shows(254, &["was not written by Glomers"]);
}

#[test]
fn scenarios_that_cannot_be_read() {
    refused(&["run", "no/such"], &["no/such cannot be read"]);
    refused(&["run", "/"], &["/ cannot be read"]);
    let place = Place::new();
    place.write("bad.scenario", "nodes 2 flod\n");
    place
        .run(&["run", "bad.scenario"])
        .shows(254, &["bad.scenario: line 1, column 9", "did you mean \"flood\"?"]);
}

#[test]
fn a_store_without_a_name() {
    test_refused(&["--store", ""], &["--store is empty", "help: name a directory"]);
}

/// Nodes run in another folder.
#[test]
fn a_script_that_is_only_here_is_named_with_its_whole_path() {
    let place = Place::new();
    let script = place.write("only-here.py", "print('x')\n").canonicalize().unwrap();
    let echo = ["test", "-w", "echo", "--time-limit", "0.2", "--bin", "sh"];
    let said = place.run(&[&echo[..], &["only-here.py"]].concat());
    let whole = format!("there is no only-here.py; give its whole path: {}", script.display());
    assert!(said.err.contains(&whole), "{}", said.err);
    let said = place.run(&[&echo[..], &["--", &script.to_string_lossy()]].concat());
    assert!(!said.err.contains("whole path"), "{}", said.err);
}
