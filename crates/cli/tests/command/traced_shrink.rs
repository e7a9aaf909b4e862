//! What is found in executables in virtual time becomes a scenario that repeats it, as of
//! embedded nodes; and a scenario of a stranger starts nothing.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::process::Command;
use std::time::Duration;

use crate::support::{Place, can_trace_with, finish, pause, python, signal};

/// Broadcast that passes each value on once: what a cut takes is lost.
const PYTHON: &str = r#"import json, sys

seen = set()
for line in sys.stdin:
    message = json.loads(line)
    src, body = message["src"], message["body"]
    answer = {"type": body["type"] + "_ok", "in_reply_to": body.get("msg_id")}
    if body["type"] == "init":
        me = body["node_id"]
    elif body["type"] == "topology":
        neighbours = body["topology"][me]
    elif body["type"] == "read":
        answer["messages"] = sorted(seen)
    elif body["message"] not in seen:
        seen.add(body["message"])
        for peer in neighbours:
            if peer != src:
                news = {"type": "broadcast", "message": body["message"]}
                print(json.dumps({"src": me, "dest": peer, "body": news}), flush=True)
    if "msg_id" in body:
        print(json.dumps({"src": me, "dest": src, "body": answer}), flush=True)
"#;

/// The same in Go.
const GO: &str = r#"package main

import (
	"bufio"
	"encoding/json"
	"os"
)

type message struct {
	Src  string         `json:"src"`
	Dest string         `json:"dest"`
	Body map[string]any `json:"body"`
}

func main() {
	seen, neighbours, me := map[float64]bool{}, []any{}, ""
	lines, out := bufio.NewScanner(os.Stdin), json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var m message
		if json.Unmarshal(lines.Bytes(), &m) != nil {
			return
		}
		kind := m.Body["type"].(string)
		answer := map[string]any{"type": kind + "_ok", "in_reply_to": m.Body["msg_id"]}
		switch kind {
		case "init":
			me = m.Body["node_id"].(string)
		case "topology":
			neighbours = m.Body["topology"].(map[string]any)[me].([]any)
		case "read":
			values := []float64{}
			for value := range seen {
				values = append(values, value)
			}
			answer["messages"] = values
		case "broadcast":
			value := m.Body["message"].(float64)
			if !seen[value] {
				seen[value] = true
				for _, peer := range neighbours {
					if peer != m.Src {
						out.Encode(message{me, peer.(string), map[string]any{"type": kind, "message": value}})
					}
				}
			}
		}
		if m.Body["msg_id"] != nil {
			out.Encode(message{me, m.Src, answer})
		}
	}
}
"#;

/// A cluster that a partition makes lose values, in virtual time.
const LOAD: [&str; 14] = [
    "-w",
    "broadcast",
    "--time",
    "virtual",
    "--node-count",
    "3",
    "--time-limit",
    "3",
    "--rate",
    "5",
    "--recovery",
    "3",
    "--nemesis",
    "partition",
];

/// The scenario of a finding: its path, as commands name it, and its text.
fn scenario(place: &Place, folder: &str) -> (String, String) {
    let mut all: Vec<String> = std::fs::read_dir(place.path(folder))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".scenario"))
        .collect();
    all.sort();
    let path = format!("{folder}/{}", all.first().expect("a scenario is left"));
    let text = std::fs::read_to_string(place.path(&path)).unwrap();
    (path, text)
}

/// Runs the scenario in another process: with a word of its user's only.
fn is_repeated(place: &Place, path: &str, text: &str) {
    assert!(text.contains("\nworkload broadcast\n"), "{text}");
    assert!(text.contains("\nstrict: invalid"), "{text}");
    let operations =
        text.lines().filter(|line| ["client ", "final "].iter().any(|word| line.starts_with(word)));
    assert!(operations.count() <= 3, "{text}");
    place
        .run(&["run", path])
        .shows(254, &["this scenario starts an executable", "run starts nothing that it names"]);
    let ran = place.run(&["run", path, "--trust"]);
    assert_eq!((ran.code, &*ran.out), (Some(0), text), "{ran:?}");
}

#[test]
fn a_hunt_over_a_python_node_leaves_a_scenario() {
    if !can_trace_with("python3") {
        return;
    }
    let place = Place::new();
    let python = python();
    let python = python.to_str().unwrap();
    let node = place.write("node.py", PYTHON);
    let node = ["--bin", python, "--", node.to_str().unwrap()];
    let hunt = ["--family", "link", "--loss", "0", "--latency", "0", "--seeds", "1..4"];
    let said = place.run(&[&["hunt"], &LOAD[..], &hunt, &["--budget", "30s"], &node].concat());
    assert_eq!(said.code, Some(1), "{said:?}");
    let (path, text) = scenario(&place, "hunt");
    is_repeated(&place, &path, &text);
    assert!(said.out.contains(&format!("glomers run {path} --trust")), "{}", said.out);
    // The store that is left has the trace.
    let store = said.out.lines().find_map(|line| line.trim().strip_prefix("glomers trace "));
    place.run(&["trace", store.expect("a store is left")]).shows(0, &[]);
    // A right node does not do it: here it is named by its user, who trusts it.
    let right = concat!(env!("CARGO_MANIFEST_DIR"), "/../../nodes/examples/broadcast.py");
    let said = place.run(&["run", &path, "--bin", python, "--", right]);
    said.shows(1, &["+strict: valid, Jepsen: valid"]);
    // A scenario can be shrunk once more, also by its user's word only.
    place.run(&["shrink", &path]).shows(254, &["shrink starts nothing that it names"]);
}

#[test]
fn a_run_of_a_go_node_is_shrunk_to_a_scenario() {
    if !can_trace_with("go") {
        return;
    }
    let place = Place::new();
    place.write("node.go", GO);
    let built = Command::new("go")
        .args(["build", "-o", "node", "node.go"])
        .current_dir(place.folder.path())
        .env("HOME", place.folder.path())
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let said = place.run(
        &[&["test"], &LOAD[..], &["--nemesis-interval", "1", "--seed", "3", "--bin", "./node"]]
            .concat(),
    );
    assert_eq!(said.code, Some(1), "{said:?}");
    place.run(&["shrink"]).shows(254, &["a store may come from anybody"]);
    // Whenever somebody stops it, what there is then is written down, or there is nothing yet.
    for (number, moment) in [50, 1500, 4000].into_iter().enumerate() {
        let out = format!("stopped-{number}");
        let child = place.start(&["shrink", "--trust", "--out", &out]);
        pause(Duration::from_millis(moment));
        if place.path(&out).exists() {
            // The machine is so quick that it is done.
            finish(child);
            continue;
        }
        signal(&child, "INT");
        let said = finish(child);
        let words = "interrupted: nothing was shrunk yet";
        match said.code {
            Some(130) if said.out.is_empty() => assert!(said.err.contains(words), "{said:?}"),
            // Stopped before its operations were listed, it is a run to be replayed.
            Some(130) => assert!(said.out.contains(&format!(" {out}/")), "{said:?}"),
            // Before there are handlers the system ends it; and it may just have come to its end.
            code => assert!(matches!(code, None | Some(0)), "{said:?}"),
        }
        assert!(place.left().is_empty(), "{:?}", place.left());
    }
    let said = place.run(&["shrink", "--trust", "--out", "small"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let (path, text) = scenario(&place, "small");
    is_repeated(&place, &path, &text);
}
