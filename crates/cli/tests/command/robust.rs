//! What strangers wrote and what machines refuse: stores, files, disks, terminals.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use crate::support::{Place, Said, finish, has_grown, pause, signal, wait_until};

const ECHO: &[&str] = &["test", "-w", "echo", "--node-count", "1", "--time-limit", "1"];

/// An echo node in shell that leaves a file where it was started.
const LEAVES_A_MARK: &str = "#!/bin/sh
cd \"$(dirname \"$0\")\" && touch mark
while IFS= read -r line; do
    src=${line#*'\"src\":\"'} src=${src%%'\"'*}
    id=${line#*'\"msg_id\":'} id=${id%%[!0-9]*}
    case $line in
    *'\"type\":\"init\"'*) type=init_ok echo= ;;
    *) type=echo_ok echo=${line#*'\"echo\":'} echo=,\\\"echo\\\":${echo%'}}'} ;;
    esac
    printf '{\"src\":\"n0\",\"dest\":\"%s\",\"body\":{\"type\":\"%s\",\"in_reply_to\":%s%s}}\\n' \\
        \"$src\" \"$type\" \"$id\" \"$echo\"
done
";

/// Flips one bit in the middle of a file of the last run.
fn flip(place: &Place, name: &str) {
    let path = place.latest().join(name);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    fs::write(path, bytes).unwrap();
}

/// Runs it with standard output or the folder for temporary files elsewhere.
fn run_with(place: &Place, arguments: &[&str], tmpdir: Option<&str>, stdout: Option<&str>) -> Said {
    let mut command = place.command(arguments);
    if let Some(tmpdir) = tmpdir {
        command.env("TMPDIR", tmpdir);
    }
    if let Some(stdout) = stdout {
        command.stdout(Stdio::from(fs::File::options().write(true).open(stdout).unwrap()));
    }
    finish(command.spawn().unwrap())
}

#[test]
fn one_flipped_bit_costs_no_file_and_no_command_claims_that_all_is_well() {
    let place = Place::new();
    let test = ["test", "-w", "broadcast", "--node-count", "3", "--time-limit", "3", "--seed", "1"];
    place.run(&test).shows(0, &[]);
    let derived = ["messages.parquet", "history.edn", "history.txt", "results.edn", "results.json"];
    let read = || derived.map(|name| fs::read(place.latest().join(name)).unwrap());
    let good = read();
    for stream in ["journal.bin", "history.jsonl"] {
        let bytes = fs::read(place.latest().join(stream)).unwrap();
        flip(&place, stream);
        let damage = format!("{stream} is damaged");
        place
            .run(&["recover", "store/latest"])
            .shows(2, &[&damage, "unknown", "Kept as they were: "]);
        assert!(read() == good, "{stream}");
        let said = place.run(&["replay"]).shows(2, &[&damage]);
        assert!(!said.out.contains("byte for byte"), "{}", said.out);
        place.run(&["trace"]).shows(0, &[&damage]);
        fs::write(place.latest().join(stream), bytes).unwrap();
    }
    place.run(&["recover", "store/latest"]).shows(0, &["Everything looks good!"]);
}

#[test]
fn a_damaged_replay_file_blocks_nothing_that_can_do_without() {
    let place = Place::new();
    let test = ["test", "--node-count", "3", "--time-limit", "2", "--seed", "1"];
    place.run(&test).shows(0, &[]);
    let whole = place.run(&["trace"]).out;
    let good = place.read_latest("replay.json");
    let stand_in = "the copy in journal.bin is used in its place";
    // A digit of the seed, a bracket, all of it.
    for bad in
        [good.replace("\"seed\": 1", "\"seed\": 5"), good.replacen('{', "[", 1), String::new()]
    {
        assert_ne!(bad, good);
        fs::write(place.latest().join("replay.json"), &bad).unwrap();
        let said = place.run(&["trace"]).shows(0, &[stand_in]);
        assert_eq!(said.out, whole);
        place.run(&["replay"]).shows(1, &[stand_in, "replay.json differs"]);
        place.run(&["recover", "store/latest"]).shows(0, &[stand_in, "valid"]);
    }
    assert_eq!(place.read_latest("replay.json"), good, "recover makes it anew");
    place.run(&["replay"]).shows(0, &["The same run, byte for byte"]);
}

#[test]
fn a_store_of_a_stranger_starts_no_program() {
    let place = Place::new();
    let node = place.write("node.sh", LEAVES_A_MARK);
    let node = node.to_str().unwrap();
    let mark = place.path("mark");
    place.run(&[ECHO, &["--bin", node]].concat()).shows(0, &[]);
    fs::remove_file(&mark).expect("it was started");
    place.run(&["replay"]).shows(254, &["this run started an executable", "node.sh", "--trust"]);
    for command in ["trace", "recover"] {
        place.run(&[command, "store/latest"]).shows(0, &[]);
    }
    assert!(!mark.exists());
    place.run(&["replay", "--trust", "--store", "none"]).shows(0, &["Free processes"]);
    fs::remove_file(&mark).unwrap();
    place.run(&["replay", "--bin", node, "--store", "none"]).shows(0, &["Free processes"]);
    fs::remove_file(&mark).unwrap();
    place.run(&["replay", "--bin", node, "--trust"]).shows(254, &["cannot be used with"]);

    // A node of ours is run by this program: the store names no file.
    place.run(&[ECHO, &["--time", "real", "--node", "echo"]].concat()).shows(0, &[]);
    assert!(!place.read_latest("replay.json").contains("\"path\""));
    place.run(&["replay", "--store", "none"]).shows(0, &["Free processes"]);
    place.run(&[ECHO, &["--node", "echo"]].concat()).shows(0, &[]);
    place.run(&["replay", "--trust"]).shows(254, &["this run was one of embedded nodes"]);
}

#[test]
fn nothing_of_a_node_reaches_the_terminal_raw() {
    let place = Place::new();
    // In types, bodies, errors and lines that are no JSON; on standard error, too.
    let evil = r"\u001b[31m\u0007\u0000\u009b\u202e\u2066\nEverything looks good!";
    let node = place.write(
        "evil.sh",
        &LEAVES_A_MARK.replace("    case $line in\n    *", &format!("{}    case $line in\n    *", r#"
    printf '\033]0;owned\007\302\2332J\342\200\256\r not JSON\n'
    printf '\033[2J\007\302\233\342\200\256 said\rEverything\n' >&2
    printf '{"src":"n0","dest":"n0","body":{"type":"EVIL","x":"EVIL"}}\n'
    printf '{"src":"n0","dest":"EVIL","body":{"type":"EVIL","msg_id":1}}\n'
    printf '{"src":"n0","dest":"c99","body":{"type":"error","code":13,"text":"EVIL","in_reply_to":1}}\n'
"#)).replace("EVIL", &evil.replace('\\', r"\\")),
    );
    let node = node.to_str().unwrap();
    let shown = ["--log-stderr", "--log-net-send", "--log-net-recv"];
    let mut said = vec![place.run(&[ECHO, &shown, &["--bin", node]].concat())];
    said.push(place.run(&["recover", "store/latest"]));
    said.push(place.run(&["trace", "--clients", "--limit", "0"]));
    said.push(place.run(&["trace", "--clients", "--limit", "0", "--json"]));
    said.push(place.run(&["trace", "--type", "nosuch"]));
    let mut log = fs::read(place.latest().join("run.log")).unwrap();
    log.splice(0..0, *b"command: \x1b[2J\xc2\x9b\n");
    fs::write(place.latest().join("run.log"), log).unwrap();
    said.push(place.run(&["recover", "store/latest"]));
    for said in &said {
        for text in [&said.out, &said.err] {
            let is_raw = |c: char| c.is_control() && c != '\n' || "\u{202e}\u{2066}".contains(c);
            assert!(!text.contains(is_raw), "{text:?}");
            // Nor is a line of a node taken for one of ours.
            let mut lines = text.lines();
            assert!(!lines.any(|line| line.starts_with("Everything looks good!")), "{text}");
        }
    }
    // Nor has a name in a Plan a say.
    let mut plan: serde_json::Value =
        serde_json::from_str(&place.read_latest("replay.json")).unwrap();
    plan["plan"]["nodes"][0] = "n0\nEverything looks good!".into();
    place.write("named.json", &plan.to_string());
    place.run(&["replay", "--plan", "named.json"]).shows(254, &["is no name"]);
    assert!(said[0].out.contains(r"\u001b]0;owned\u0007"), "{}", said[0].out);
    assert!(said[0].err.contains(r"\u001b[2J\u0007"), "{}", said[0].err);
    assert!(said[2].out.contains(r"\u001b[31m\u0007\u0000\u009b\u202e"), "{}", said[2].out);
    for line in said[3].out.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_printed_is_no_success() {
    let place = Place::new();
    let full = Some("/dev/full");
    for arguments in [ECHO, &["--help"], &["gallery", "--list"], &["completions", "bash"]] {
        let said = run_with(&place, arguments, None, full);
        assert_eq!(said.code, Some(255), "{arguments:?}: {said:?}");
        if arguments != ["--help"] {
            assert!(said.err.contains("standard output cannot be written: No space"), "{said:?}");
        }
    }
    // A verdict that is told by the exit status is told all the same.
    let lost = ["test", "-w", "broadcast", "--node", "flood", "--loss", "0.5", "--time-limit", "2"];
    let said = run_with(&place, &[&lost[..], &["--seed", "1"]].concat(), None, full);
    assert_eq!(said.code, Some(1), "{said:?}");
}

#[test]
fn a_directory_where_the_link_to_the_last_run_should_be_is_named() {
    let place = Place::new();
    fs::create_dir_all(place.path("store/latest")).unwrap();
    let lost = ["test", "-w", "broadcast", "--node", "flood", "--loss", "0.5", "--time-limit", "2"];
    let said = place.run(&[&lost[..], &["--seed", "1", "--test-count", "3"]].concat());
    assert_eq!(said.err.matches("store/latest is not a link").count(), 1, "{said:?}");
    // What is printed to be typed works.
    let hint = said.out.lines().find(|line| line.starts_with("  glomers trace ")).unwrap();
    assert!(hint.contains("store/broadcast/2"), "{hint}");
}

#[test]
fn a_trace_of_nothing_says_so() {
    let place = Place::new();
    let test =
        ["test", "--node-count", "3", "--time-limit", "2", "--seed", "1", "--latency", "300"];
    place.run(&test).shows(0, &[]);
    place.run(&["trace", "--type", "nosuch"]).shows(
        254,
        &["there is no message of type \"nosuch\"", "its types are broadcast, broadcast_ok"],
    );
    place.run(&["trace", "--between", "2s", "1s"]).shows(254, &["the second time is before"]);
    place
        .run(&["trace", "--between", "500s", "600s"])
        .shows(254, &["nothing of this run is between these times", "it lasts from -"]);
    let said = place.run(&["trace", "--type", "init", "--between", "1s", "2s"]);
    said.shows(0, &["Nothing of what was asked for happened in these times; it lasts from"]);
}

#[test]
fn a_history_may_be_packed_and_what_is_none_is_named() {
    let place = Place::new();
    place.run(ECHO).shows(0, &[]);
    let history = fs::read(place.latest().join("history.jsonl")).unwrap();
    let check = |file: &str| place.run(&["check", "-w", "echo", file]);
    let whole = check("store/latest/history.jsonl").shows(0, &[]).out;
    let rows = |out: &str| out.lines().filter(|l| !l.contains("  history ")).collect::<String>();

    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&history).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(&history[..], 3).unwrap();
    // By what is in it, whatever its name.
    for (name, bytes) in [("a.gz", &gzip), ("a.zst", &zstd), ("a.txt", &gzip)] {
        fs::write(place.path(name), bytes).unwrap();
        assert_eq!(rows(&check(name).shows(0, &[]).out), rows(&whole), "{name}");
    }
    let wide: Vec<u8> = String::from_utf8(history.clone())
        .unwrap()
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for (name, bytes, words) in [
        ("cut.gz", &gzip[..gzip.len() - 9], "is packed with gzip and cannot be unpacked"),
        ("cut.zst", &zstd[..zstd.len() - 9], "is packed with zstd and cannot be unpacked"),
        ("wide.edn", &wide, "is text in UTF-16, not in UTF-8"),
        ("empty.edn", b"", "is empty"),
        ("history.jsonl", &history[..history.len() - 9], "it was cut off within its last line"),
    ] {
        fs::write(place.path(name), bytes).unwrap();
        check(name).shows(254, &[words]);
    }
    let stream = place.latest().join("history.jsonl");
    fs::write(&stream, &history[..history.len() - 9]).unwrap();
    check("store/latest/history.jsonl").shows(254, &["glomers recover store/latest"]);
}

#[test]
fn a_store_of_growing_reads_takes_room_for_what_is_new() {
    let place = Place::new();
    // Nodes that take no time, so that all reads have nearly all that was broadcast.
    let test = "test -w broadcast --node flood --node-count 3 --rate 1200 --time-limit 5 --seed 1 \
                --service-time 0";
    place.run(&test.split_whitespace().collect::<Vec<_>>()).shows(0, &["operations   6"]);
    let read = |name: &str| fs::read(place.latest().join(name)).unwrap();
    let names = ["history.jsonl", "journal.bin", "history.edn.zst", "history.txt.zst"];
    let good = names.map(read);
    let edn = zstd::decode_all(&good[2][..]).unwrap();
    assert!(edn.len() > 12_000_000, "{}", edn.len());
    let all: usize = good.iter().map(Vec::len).sum();
    assert!(all < edn.len() / 5, "{all} of {}", edn.len());
    for name in ["history.jsonl", "history.edn.zst", "history.txt.zst"] {
        let file = format!("store/latest/{name}");
        place.run(&["check", "-w", "broadcast", &file]).shows(0, &["operations   6"]);
    }
    fs::remove_file(place.latest().join("history.txt.zst")).unwrap();
    place.run(&["recover", "store/latest"]).shows(0, &["Everything looks good!"]);
    assert!(names.map(read) == good);
    place.run(&["replay"]).shows(0, &["byte for byte"]);
    // What a kill leaves: the end of a list is missing, with all that leans on it.
    let stream = place.latest().join("history.jsonl");
    fs::write(&stream, &good[0][..good[0].len() / 2]).unwrap();
    place
        .run(&["recover", "store/latest"])
        .shows(0, &["history.jsonl was cut off", "valid so far"]);
}

#[test]
fn a_run_that_goes_on_is_not_recovered_beside_it() {
    let place = Place::new();
    let real = ["test", "-w", "echo", "--time", "real", "--time-limit", "60", "--rate", "50"];
    let run = place.start(&[&real[..], &["--node-count", "1"]].concat());
    let journal = place.path("store/latest/journal.bin");
    wait_until("something is streamed", || has_grown(&journal, 300));
    place.run(&["recover", "store/latest"]).shows(254, &["is being written by another process"]);
    place.run(&["trace"]).shows(0, &["The run was cut short"]);
    signal(&run, "KILL");
    let _ = finish(run);
    place.run(&["recover", "store/latest"]).shows(0, &["valid so far"]);
    pause(std::time::Duration::ZERO);
}

#[test]
fn a_folder_for_temporary_files_that_cannot_be_used_is_named() {
    let place = Place::new();
    place.run(ECHO).shows(0, &[]);
    let file = place.write("file", "");
    let tmpdir = file.to_str();
    for arguments in
        [&["replay"][..], &[ECHO, &["--check-determinism", "--store", "none"]].concat()]
    {
        let said = run_with(&place, arguments, tmpdir, None);
        assert_eq!(said.code, Some(255), "{said:?}");
        assert!(said.err.contains("TMPDIR names another place"), "{said:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_may_not_grow_is_a_full_disk() {
    let place = Place::new();
    let test = "ulimit -f 20; exec \"$@\"";
    let mut command = std::process::Command::new("sh");
    command.args(["-c", test, "sh", crate::support::GLOMERS]);
    command.args(["test", "--time-limit", "20", "--rate", "50", "--seed", "1"]);
    command.current_dir(place.folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let said = finish(command.spawn().unwrap()).shows(255, &["there is no space left to write"]);
    assert!(said.err.contains("glomers recover"), "{said:?}");
    // What was streamed can be read: all but the last block.
    let said = place.run(&["recover", "store/latest"]).shows(0, &["valid so far"]);
    let row = said.out.lines().find(|line| line.contains("  operations ")).unwrap();
    let count: u32 = row.split_whitespace().nth(1).unwrap().trim_matches(':').parse().unwrap();
    assert!(count > 20, "{row}");
}

#[test]
fn a_workload_is_no_path() {
    let place = Place::new();
    for name in ["a/b", "../echo", "/tmp/x", "echo/"] {
        place.run(&["test", "-w", name]).shows(254, &["there is no workload"]);
    }
    assert!(!place.path("store").exists());
}
