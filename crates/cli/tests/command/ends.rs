//! Runs that do not come to their end: interrupted, killed, or on a full disk.
//! Nothing is left running, and what was stored can be read.

use std::process::{Child, Command};

use crate::support::{BAD, GLOMERS, Place, finish, has_grown, signal, wait_until};

/// Three nodes for a long time, up and running.
fn long_run(place: &Place, mode: &str) -> Child {
    let test = ["test", "-w", "echo", "--bin", BAD, "--node-count", "3", "--time-limit", "600"];
    let child = place.start(&[&test[..], &["--rate", "50", "--", mode]].concat());
    let history = place.path("store/latest/history.jsonl");
    wait_until("operations are stored", || has_grown(&history, 100));
    assert!(place.left().len() >= 5, "the nodes, the watchdog, and the command");
    child
}

const INTERRUPTED: &str = "Interrupted: this is the verdict on what there was until then.";

#[test]
fn ctrl_c_stops_the_nodes_and_checks_what_there_is() {
    for name in ["INT", "TERM"] {
        let place = Place::new();
        let child = long_run(&place, "ignore-term");
        signal(&child, name);
        let said = finish(child).shows(130, &[INTERRUPTED, "verdict      valid so far"]);
        assert_eq!(place.left(), [] as [String; 0]);
        assert_eq!(said.last(), "Everything looks good! ヽ(‘ー`)ノ");
        assert!(place.read_latest("results.edn").contains(":ended :interrupted"));
    }
}

#[test]
fn ctrl_c_checks_what_there_is_in_virtual_time() {
    let place = Place::new();
    let child = place.start(&["test", "--time-limit", "10000000", "--rate", "1000"]);
    let history = place.path("store/latest/history.jsonl");
    wait_until("operations are stored", || has_grown(&history, 100));
    signal(&child, "INT");
    finish(child).shows(130, &[INTERRUPTED, "so far", "stable latency", "repeat "]);
    assert!(place.read_latest("results.edn").contains(":ended :interrupted"));
    assert!(!place.path("store/current").is_symlink());
}

#[test]
fn ctrl_c_ends_a_frontier() {
    let place = Place::new();
    // More than anybody waits for.
    let size = ["--seeds", "1000000", "--node-count", "3", "--time-limit", "1"];
    let child = place.start(&[&["frontier", "--algorithms", "flood"], &size[..]].concat());
    wait_until("it begins", || place.path("frontier").is_dir());
    signal(&child, "INT");
    finish(child).shows(130, &["Interrupted before a row was finished: nothing is written."]);
}

#[test]
fn ctrl_c_ends_many_runs_and_says_which_was_cut_short() {
    let place = Place::new();
    let arguments = ["test", "--time-limit", "100000", "--rate", "100", "--test-count", "100000"];
    let child = place.start(&arguments);
    let history = place.path("store/latest/history.jsonl");
    wait_until("a run has begun", || has_grown(&history, 100));
    signal(&child, "INT");
    finish(child).shows(130, &["was cut short:", INTERRUPTED]);
}

#[test]
fn after_sigkill_nothing_is_left_and_recover_gives_a_verdict() {
    for mode in ["wrapper", "child", "ignore-term"] {
        let place = Place::new();
        let mut child = long_run(&place, mode);
        child.kill().unwrap();
        child.wait().unwrap();
        wait_until("nothing is left", || place.left().is_empty());
        let run = place.latest();
        assert!(!run.join("results.edn").exists());
        let said = place.run(&["recover", "store/latest"]);
        let said = said.shows(0, &["The run was cut short", INTERRUPTED, "-w echo --bin"]);
        assert_eq!(said.last(), "Everything looks good! ヽ(‘ー`)ノ");
    }
}

/// All files of a run and what is in them.
fn content(place: &Place) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(place.latest())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| (path.display().to_string(), std::fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn recover_gives_the_files_that_the_run_gave_and_twice_the_same() {
    for test in [
        &["-w", "echo"][..],
        &["-w", "unique-ids"],
        &["--nemesis", "partition", "--nemesis-interval", "3"],
        &["--nemesis", "kill,pause,one-way", "--nemesis-interval", "2"],
        &["--node", "flood", "--nemesis", "partition", "--require-faults"],
        &["--node-count", "1", "--nemesis", "partition", "--require-faults"],
        // A node that does not know the workload.
        &["--time-limit", "1", "--recovery", "1", "--bin", GLOMERS, "--", "node", "echo"],
        &["--availability", "0.5", "--jepsen-compat", "--latency", "20"],
    ] {
        let place = Place::new();
        let ran = place.run(&[&["test", "--time-limit", "20", "--seed", "5"], test].concat());
        let before = content(&place);
        for _ in 0..2 {
            let again = place.run(&["recover", "store/latest"]);
            assert_eq!(again.code, ran.code, "{test:?}\n{}\n{}", ran.out, again.out);
            assert_eq!(again.last(), ran.last());
            for ((name, before), (_, after)) in before.iter().zip(content(&place)) {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                assert!(*before == after, "{test:?} {name}\n{}\n{}", text(before), text(&after));
            }
        }
    }
}

#[test]
fn a_store_that_cannot_be_written() {
    let place = Place::new();
    place.write("store", "somebody's file");
    place.run(&["test"]).shows(255, &["store is not a directory", "help: --store DIR"]);
    place.run(&["test", "--store", "/proc/no"]).shows(255, &["error: /proc/no", "help: "]);
    place.run(&["test", "-w", "echo", "--store", "none"]).shows(0, &["Everything looks good!"]);
}

/// A shell that runs the command with files that cannot be longer than 32 KiB.
fn with_short_files(place: &Place, arguments: &[&str]) -> crate::support::Said {
    let mut command = place.command(&[]);
    let shell = "trap '' XFSZ; ulimit -f 64; exec \"$@\"";
    let mut shelled = Command::new("/bin/sh");
    shelled.args(["-c", shell, "sh", GLOMERS]).args(arguments).current_dir(place.folder.path());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shelled.env(name, value),
            None => shelled.env_remove(name),
        };
    }
    command = shelled;
    let done =
        assert_cmd::Command::from_std(command).timeout(crate::support::LONG).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    crate::support::Said {
        code: done.status.code(),
        out: text(&done.stdout),
        err: text(&done.stderr),
    }
}

const FULL: [&str; 3] = ["error: there is no space left to write ", "glomers recover", "help: "];

#[test]
fn a_disk_that_is_full_ends_a_virtual_run_soon_and_leaves_what_was_written() {
    let place = Place::new();
    // To its end it would take hours.
    let test = ["test", "--time-limit", "10000000", "--rate", "1000"];
    with_short_files(&place, &test).shows(255, &FULL);
    // Which verdict depends on where the end was.
    let said = place.run(&["recover", "store/latest"]);
    assert!(matches!(said.code, Some(0..=2)), "{said:?}");
    assert!(said.out.contains("The run was cut short"), "{said:?}");
}

#[test]
fn a_disk_that_is_full_ends_a_real_run_soon() {
    let place = Place::new();
    let test = ["test", "-w", "echo", "--bin", BAD, "--time-limit", "600", "--rate", "max"];
    with_short_files(&place, &[&test[..], &["--", "good"]].concat()).shows(255, &FULL);
    place.run(&["recover", "store/latest"]).shows(0, &["The run was cut short"]);
}

#[test]
fn a_small_file_system_that_is_full() {
    let place = Place::new();
    let small = place.path("small");
    std::fs::create_dir(&small).unwrap();
    let mount = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"])
        .arg(&small)
        .output();
    if !mount.is_ok_and(|done| done.status.success()) {
        println!("skipped: this user may not mount a file system");
        return;
    }
    let test = ["test", "--store", "small/store", "--time-limit", "10000000", "--rate", "1000"];
    let said = place.run(&test);
    let read = place.run(&["recover", "small/store/latest"]);
    let copied = Command::new("cp")
        .arg("-rL")
        .arg(small.join("store/latest"))
        .arg(place.path("copy"))
        .status();
    let unmounted = Command::new("umount").arg(&small).status();
    assert!(copied.unwrap().success() && unmounted.unwrap().success());
    said.shows(255, &FULL);
    // The verdict needs no room.
    read.shows(255, &["  verdict ", FULL[0]]);
    let said = place.run(&["recover", "copy"]);
    assert!(matches!(said.code, Some(0..=2)), "{said:?}");
}

#[test]
fn nothing_is_left_when_the_reader_of_the_output_goes_away() {
    let place = Place::new();
    let mut child = place.start(&["test", "-w", "echo", "--time-limit", "1000", "--log-net-send"]);
    drop(child.stdout.take());
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    for arguments in [&["--help"][..], &["completions", "bash"], &["challenge", "1"], &["x"]] {
        let mut child = place.start(arguments);
        drop(child.stdout.take());
        drop(child.stderr.take());
        let code = child.wait().unwrap().code();
        assert!(matches!(code, Some(0 | 254)), "{arguments:?}: {code:?}");
    }
}

#[test]
fn time_that_stands_still_ends_the_run_with_a_finding() {
    let place = Place::new();
    let test = ["test", "-w", "echo", "--service-time", "0", "--rate", "max", "--store", "none"];
    let words = ["time-stands-still: Time does not go on: ", "a client begins an operation"];
    place.run(&test).shows(1, &words);
}
