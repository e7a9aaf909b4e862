//! `glomers check` on small histories, right and wrong, in all forms.

use std::io::Write as _;
use std::process::Stdio;

use crate::support::Place;

const LOST: &str = r#"{:process 0, :type :invoke, :f :add, :value 1}
{:process 0, :type :ok, :f :add, :value 1}
{:process 1, :type :invoke, :f :read, :value nil, :final? true}
{:process 1, :type :ok, :f :read, :value [], :final? true}
"#;

const KAFKA: &str = r#"#jepsen.history.Op{:index 0, :time 5, :type :invoke, :process 0, :f :send, :value [[:send "9" 1]]}
#jepsen.history.Op{:index 1, :time 6, :type :ok, :process 0, :f :send, :value [[:send "9" [0 1]]]}
#jepsen.history.Op{:index 2, :time 7, :type :invoke, :process 1, :f :assign, :value ["9"], :seek-to-beginning? true}
#jepsen.history.Op{:index 3, :time 8, :type :ok, :process 1, :f :assign, :value ["9"], :seek-to-beginning? true}
#jepsen.history.Op{:index 4, :time 9, :type :invoke, :process 1, :f :poll, :value [[:poll]], :poll-ms 1000}
#jepsen.history.Op{:index 5, :time 10, :type :ok, :process 1, :f :poll, :value [[:poll {"9" [[0 1]]}]], :poll-ms 1000}
#jepsen.history.Op{:index 6, :time 11, :type :invoke, :process 0, :f :crash, :value nil}
#jepsen.history.Op{:index 7, :time 12, :type :info, :process 0, :f :crash, :value nil}
"#;

#[track_caller]
fn checked(text: &str, arguments: &[&str], code: i32, words: &[&str]) {
    let place = Place::new();
    place.write("history", text);
    let said = place.run(&[&["check", "history"], arguments].concat());
    let said = said.shows(code, words);
    let last = said.out.lines().last().unwrap_or_default();
    assert_eq!(last.starts_with("Everything looks good!"), code == 0, "{}", said.out);
    assert_eq!(last.starts_with("Analysis invalid!"), code == 1, "{}", said.out);
    assert_eq!(last.starts_with("Errors occurred"), code == 2, "{}", said.out);
}

#[test]
fn right_histories() {
    checked(KAFKA, &["--workload", "kafka"], 0, &["verdict      valid", "4: 3 ok, 0 fail, 1 info"]);
    checked(&format!("[{KAFKA}]"), &["-w", "kafka"], 0, &["valid"]);
    let ids = r#"{"index":0,"time":1,"type":"invoke","process":0,"f":"generate","value":null}
{"index":1,"time":2,"type":"ok","process":0,"f":"generate","value":"n0-1"}
"#;
    checked(ids, &["-w", "unique-ids"], 0, &["1: 1 ok"]);
    let echo = r#"{:process 0 :type :invoke :f :echo :value "x"} {:process 0 :type :ok :f :echo :value {:type "echo_ok" :echo "x"}}"#;
    checked(echo, &["-w", "echo"], 0, &["valid"]);
    let found = LOST.replace("[]", "[1]");
    checked(&found, &["-w", "g-set"], 0, &["valid"]);
    for counter in ["g-counter", "pn-counter"] {
        checked(&LOST.replace("[]", "1"), &["-w", counter], 0, &["valid"]);
        checked(&LOST.replace("[]", "2"), &["-w", counter], 1, &["INVALID"]);
    }
    checked(&found.replace(":add", ":broadcast"), &["-w", "broadcast"], 0, &["valid"]);
}

#[test]
fn wrong_ones_in_words() {
    let words =
        ["verdict      INVALID: lost", "lost: 1 value was lost", "op 3, final read by process 1"];
    checked(LOST, &["-w", "g-set"], 1, &words);
    let skipped = KAFKA.replace("[[0 1]]", "[]");
    checked(&skipped, &["-w", "kafka"], 1, &["unseen: 1 message was acknowledged"]);
    let phantom = KAFKA.replace("[[0 1]]", "[[0 1] [1 7]]");
    let words = ["phantom-read: 1 message", "Strict verdict: INVALID; Jepsen's would be: unknown."];
    checked(&phantom, &["-w", "kafka"], 1, &words);
    checked(&phantom, &["-w", "kafka", "--jepsen-compat"], 2, &words[1..]);
    checked("[]", &["-w", "kafka"], 2, &["no send was ever acknowledged"]);
    checked(&skipped, &["-w", "kafka", "--explain"], 1, &[":bad-error-types [:unseen]"]);
}

#[test]
fn registers_with_and_without_keys() {
    let write =
        "{:process 0 :type :invoke :f :write :value 1} {:process 0 :type :ok :f :write :value 1}";
    let read = |value: u32| {
        format!(
            "{write} {{:process 1 :type :invoke :f :read}} {{:process 1 :type :ok :f :read :value {value}}}"
        )
    };
    for model in ["register", "cas-register"] {
        checked(&read(1), &["--model", model], 0, &["valid"]);
        checked(&read(2), &["--model", model], 1, &["not-linearizable"]);
        checked(&read(2), &["--model", model, "--explain"], 1, &["fits no order"]);
        let keyed =
            read(2).replace(":value 1", ":value [7 1]").replace(":value 2", ":value [8 nil]");
        let keyed = keyed.replace(":f :read}", ":f :read :value [8 nil]}");
        checked(&keyed, &["--model", model], 0, &["valid"]);
        checked(&keyed, &["--workload", "lin-kv"], 0, &["valid"]);
    }
    let cas = "{:process 0 :type :invoke :f :cas :value [1 2]} {:process 0 :type :ok :f :cas :value [1 2]}";
    checked(&format!("{write} {cas}"), &["--model", "cas-register"], 0, &["valid"]);
    checked(&format!("{cas} {write}"), &["--model", "cas-register"], 1, &["not-linearizable"]);
}

#[test]
fn refusals_are_judged_if_that_is_wanted() {
    for error in ["", ":error [:precondition-failed \"no\"]", ":error 22"] {
        let wrong = format!(
            "{{:process 0 :type :invoke :f :write :value 1}} {{:process 0 :type :ok :f :write :value 1}}
             {{:process 0 :type :invoke :f :cas :value [1 2]}}
             {{:process 0 :type :fail :f :cas :value [1 2] {error}}}"
        );
        let model = ["--model", "cas-register"];
        checked(&wrong, &model, 0, &["valid"]);
        let strictly = [&model[..], &["--check-refusals"]].concat();
        checked(&wrong, &strictly, 1, &["INVALID: wrong-refusal"]);
        checked(&wrong, &[&strictly[..], &["--jepsen-compat"]].concat(), 0, &["valid"]);
        checked(&wrong.replace("[1 2]", "[3 2]"), &strictly, 0, &["valid"]);
    }
    let place = Place::new();
    place.write("history", LOST);
    place
        .run(&["check", "history", "-w", "g-set", "--check-refusals"])
        .shows(254, &["is about registers"]);
}

#[test]
fn standard_input() {
    let place = Place::new();
    let mut child = place
        .command(&["check", "-", "-w", "kafka"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("the command");
    child.stdin.take().expect("a pipe").write_all(KAFKA.as_bytes()).expect("to be read");
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn mistakes() {
    let place = Place::new();
    place.write("history", "{:type :invoke}\n{:type :started}\n");
    let said = |arguments: &[&str]| place.run(&[&["check"], arguments].concat());
    said(&["history", "-w", "kafka"])
        .shows(254, &["history is no history: line 2, column 8: expected :type to be", "help: "]);
    said(&["none", "-w", "kafka"]).shows(254, &["none cannot be read"]);
    said(&["history", "-w", "kafak"])
        .shows(254, &["did you mean \"kafka\"?", "help: there is one"]);
    said(&["history"]).shows(254, &["--workload <NAME>|--model <MODEL>"]);
    said(&["history", "-w", "kafka", "--model", "register"]).shows(254, &["cannot be used with"]);
    said(&["-w", "kafka"]).shows(254, &["<FILE>"]);
}

const STALE: &str = "\
{:process 0, :time 1000000, :type :invoke, :f :write, :value 1}
{:process 0, :time 2000000, :type :ok, :f :write, :value 1}
{:process 1, :time 3000000, :type :invoke, :f :write, :value 2}
{:process 0, :time 4000000, :type :invoke, :f :write, :value 3}
{:process 0, :time 5000000, :type :info, :f :write, :value 3}
{:process 1, :time 6000000, :type :ok, :f :write, :value 2}
{:process 2, :time 7000000, :type :invoke, :f :read, :value nil}
{:process 2, :time 8000000, :type :ok, :f :read, :value 1}
";

/// Two transactions that each read what the other writes.
const WRITE_SKEW: &str = r#"
{:process 0, :type :invoke, :f :txn, :value [[:r "x" nil] [:append "y" 1]]}
{:process 1, :type :invoke, :f :txn, :value [[:r "y" nil] [:append "x" 2]]}
{:process 0, :type :ok, :f :txn, :value [[:r "x" nil] [:append "y" 1]]}
{:process 1, :type :ok, :f :txn, :value [[:r "y" nil] [:append "x" 2]]}
{:process 2, :type :invoke, :f :txn, :value [[:r "x" nil] [:r "y" nil]]}
{:process 2, :type :ok, :f :txn, :value [[:r "x" [2]] [:r "y" [1]]]}
"#;

#[test]
fn what_is_wrong_is_explained_and_drawn() {
    let place = Place::new();
    place.write("history", STALE);
    let explain = ["check", "history", "--model", "register", "--explain", "--svg", "stale.svg"];
    place.run(&explain).shows(
        1,
        &[
            "an order exists for 2 operations on the register, up to",
            "when it ended it could hold one of 2, 3",
            "but op 7, read by process 2, 0.008 s returned 1: that fits no order",
            "stale.svg shows the operations around it.",
        ],
    );
    let svg = std::fs::read_to_string(place.path("stale.svg")).unwrap();
    let parts = ["7: returned 1", "4: may have written 3", "stroke-dasharray", "process 2"];
    for part in parts.into_iter().chain(["0.008 s", "could hold one of 2, 3"]) {
        assert!(svg.contains(part), "{part} is not in\n{svg}");
    }
    place.write("lost", LOST);
    place.run(&["check", "lost", "-w", "g-set", "--svg", "lost.svg"]).shows(1, &["lost.svg shows"]);
    let svg = std::fs::read_to_string(place.path("lost.svg")).unwrap();
    assert!(svg.contains("1: add 1") && svg.contains("3: read []"), "{svg}");
    // Of transactions the cycle, with the reason of each step.
    place.write("skew", WRITE_SKEW);
    let skew = ["check", "skew", "-w", "txn-list-append", "--svg", "skew.svg"];
    place.run(&skew).shows(1, &["G2-item", "skew.svg shows the cycle."]);
    let svg = std::fs::read_to_string(place.path("skew.svg")).unwrap();
    assert!(roxmltree::Document::parse(&svg).is_ok(), "{svg}");
    for part in [">T2<", ">T3<", ">r x null<", ">append y 1<", ">rw: key &quot;y&quot;<"] {
        assert!(svg.contains(part), "{part} is not in\n{svg}");
    }
    place.write("right", &STALE.replace(":f :read, :value 1", ":f :read, :value 2"));
    let right = ["check", "right", "--model", "register", "--svg", "right.svg"];
    place.run(&right).shows(0, &["right.svg was not written: no operation is known to be wrong"]);
    assert!(!place.path("right.svg").exists());
    let nowhere = ["check", "lost", "-w", "g-set", "--svg", "no/such/folder.svg"];
    place.run(&nowhere).shows(254, &["cannot be written"]);
}

#[test]
fn logs_and_short_names() {
    let log = "INFO  jepsen.util - 0\t:invoke\t:w\t3\nINFO  jepsen.util - 0\t:ok\t:w\t3\n\
               1 :invoke :r nil\n1 :ok :r 4\n";
    checked(log, &["--model", "register"], 1, &["not-linearizable", "returned 4"]);
    checked(&log.replace('4', "3"), &["--model", "cas-register"], 0, &["valid"]);
}

/// As elle-cli takes them: without processes, times, names of operations or beginnings.
const SKEW: &str = r#"{:type :ok, :value [[:r :x nil] [:append :y 1]]}
{:type :ok, :value [[:r :y nil] [:append :x 1]]}
"#;

/// The same as JSON lines, with beginnings.
const JSON_SKEW: &str = r#"{"type":"invoke","process":0,"f":"txn","value":[["r",1,null],["append",2,1]]}
{"type":"invoke","process":1,"f":"txn","value":[["r",2,null],["append",1,1]]}
{"type":"ok","process":0,"f":"txn","value":[["r",1,null],["append",2,1]]}
{"type":"ok","process":1,"f":"txn","value":[["r",2,null],["append",1,1]]}
"#;

const REPLACED: &str = r"{:process 0, :type :invoke, :f :txn, :value [[:w 1 1]]}
{:process 0, :type :ok, :f :txn, :value [[:w 1 1]]}
{:process 0, :type :invoke, :f :txn, :value [[:w 1 2]]}
{:process 0, :type :ok, :f :txn, :value [[:w 1 2]]}
{:process 1, :type :invoke, :f :txn, :value [[:r 1 nil]]}
{:process 1, :type :ok, :f :txn, :value [[:r 1 1]]}
";

#[test]
fn transactions_by_models() {
    let lists = ["-w", "txn-list-append"];
    let told =
        ["INVALID: G2-item", "that is a cycle: no order of these 2 transactions is possible"];
    for text in [SKEW, JSON_SKEW] {
        checked(text, &lists, 1, &told);
        let models = |models| [&lists[..], &["--consistency-models", models]].concat();
        checked(text, &models("PL-3"), 1, &told);
        checked(text, &models("snapshot-isolation"), 0, &["valid"]);
        checked(text, &models("read-committed,prefix"), 0, &["valid"]);
        checked(text, &models(":read-committed , :serializable"), 1, &told);
    }
    let registers = ["-w", "txn-rw-register"];
    checked(
        REPLACED,
        &registers,
        1,
        &["strong-snapshot-isolation-violation", "Jepsen's would be: valid"],
    );
    let compat = [&registers[..], &["--jepsen-compat"]].concat();
    checked(REPLACED, &compat, 0, &["verdict      valid"]);
    let weaker = [&registers[..], &["--consistency-models", "serializable"]].concat();
    checked(REPLACED, &weaker, 0, &["valid"]);
}

#[test]
fn a_budget_that_is_too_small_leaves_the_verdict_open() {
    // Two writers whose order only a search finds.
    let mut text = String::new();
    for (process, txn) in
        ["[:w 1 1] [:w 2 1]", "[:w 1 2] [:w 2 2]", "[:r 1 2] [:r 2 2]", "[:r 1 1] [:r 2 1]"]
            .iter()
            .enumerate()
    {
        text += &format!("{{:process {process}, :type :ok, :value [{txn}]}}\n");
    }
    let serializable = ["-w", "txn-rw-register", "--consistency-models", "serializable"];
    checked(&text, &serializable, 0, &["valid"]);
    let small = [&serializable[..], &["--budget", "0"]].concat();
    checked(&text, &small, 2, &["the search took more than 0 steps"]);
}

#[test]
fn models_are_about_transactions() {
    let refused = |arguments: &[&str], words: &[&str]| {
        let place = Place::new();
        place.write("history", SKEW);
        place.run(&[&["check", "history"], arguments].concat()).shows(254, words);
    };
    let unknown = ["-w", "txn-list-append", "--consistency-models", "serialisable"];
    refused(&unknown, &["no consistency model \"serialisable\"", "did you mean \"serializable\"?"]);
    let elsewhere = ["-w", "lin-kv", "--consistency-models", "serializable"];
    refused(&elsewhere, &["--consistency-models is about transactions"]);
}

/// Objects of other kinds: the name of the model, a right history and a wrong one.
#[test]
fn objects_of_other_kinds_are_judged() {
    let entry = |process: u32, f: &str, values: [&str; 2]| {
        let line = |kind: &str, value: &str| {
            format!("{{:process {process}, :type :{kind}, :f :{f}, :value {value}}}\n")
        };
        line("invoke", values[0]) + &line("ok", values[1])
    };
    let same = |f: &str, value: &str| entry(0, f, [value, value]);
    let got = |f: &str, value: &str| entry(1, f, ["nil", value]);
    let queued = same("enqueue", "1") + &same("enqueue", "2");
    let put = same("put", "[\"k\" \"a\"]") + &same("append", "[\"k\" \"b\"]");
    let get = |value: &str| entry(1, "get", ["[\"k\" nil]", value]);
    let banked = got("read", "{0 10, 1 5}");
    let wrote = same("txn", "[[:w 0 1]]") + &same("txn", "[[:w 1 1]]");
    let half = same("txn", "[[:r 0 1] [:r 1 nil]]");
    for (model, right, wrong, finding) in [
        ("mutex", same("acquire", "nil"), same("release", "nil"), "not-linearizable"),
        (
            "fifo-queue",
            queued.clone() + &got("dequeue", "1"),
            queued.clone() + &got("dequeue", "2"),
            "not-linearizable",
        ),
        (
            "unordered-queue",
            queued.clone() + &got("dequeue", "2"),
            queued + &got("dequeue", "3"),
            "not-linearizable",
        ),
        (
            "set",
            same("add", "1") + &same("remove", "1") + &got("read", "[]"),
            same("add", "1") + &got("read", "[]"),
            "not-linearizable",
        ),
        (
            "key-value",
            put.clone() + &get("[\"k\" \"ab\"]"),
            put + &get("[\"k\" \"ba\"]"),
            "not-linearizable",
        ),
        (
            "bank",
            banked.clone() + &got("read", "{0 9, 1 6}"),
            banked + &got("read", "{0 9, 1 5}"),
            "wrong-total",
        ),
        (
            "long-fork",
            wrote.clone() + &half,
            wrote + &half + &same("txn", "[[:r 0 nil] [:r 1 1]]"),
            "long-fork",
        ),
    ] {
        let place = Place::new();
        place.write("right", &right);
        place.write("wrong", &wrong);
        place.run(&["check", "right", "--model", model]).shows(0, &["Everything looks good!"]);
        place.run(&["check", "wrong", "--model", model]).shows(1, &[finding]);
        place.write("strange", &(right + &same("frobnicate", "1")));
        if model != "long-fork" {
            place.run(&["check", "strange", "--model", model]).shows(2, &["frobnicate"]);
        }
    }
}

/// Forms that others write: what Elle takes, and what elle-cli's JSON looks like.
#[test]
fn transactions_in_the_forms_of_others() {
    let lists = ["-w", "txn-list-append", "--consistency-models", "serializable"];
    let skew = |begin: &str, end: &str, keys: [&str; 2]| {
        let [x, y] = keys;
        let txns = [(x, y), (y, x)].map(|(read, write)| {
            format!("{{:type :ok, :value [[:r {read} nil] [:append {write} 1]]}}")
        });
        format!("{begin}{}\n{}{end}", txns[0], txns[1])
    };
    let told = ["INVALID: G2-item"];
    // Keys of any kind; lists, vectors and tags around operations.
    for keys in
        [[":x", ":y"], ["\"x\"", "\"y\""], ["[1 2]", "[2 1]"], ["1N", "99999999999999999999"]]
    {
        checked(&skew("", "", keys), &lists, 1, &told);
    }
    for (begin, end) in [("[", "]"), ("(", ")"), ("#jepsen.history.History [", "]")] {
        checked(&skew(begin, end, [":x", ":y"]), &lists, 1, &told);
    }
    let tagged = skew("", "", [":x", ":y"]).replace("{:type", "#jepsen.history.Op{:index 0, :type");
    checked(
        &tagged.replacen("index 0", "index 1", 2).replacen("index 1", "index 0", 1),
        &lists,
        1,
        &told,
    );
    // What is not known yet may be left out.
    let short = "{:process 1, :type :invoke, :f :txn, :value [[:r :x] [:append :y 1]]}\n\
                 {:process 1, :type :ok, :f :txn, :value [[:r :x [1]] [:append :y 1]]}\n\
                 {:process 2, :type :invoke, :f :txn, :value [[:r :y]]}\n\
                 {:process 2, :type :ok, :f :txn, :value [[:r :y [1]]]}\n\
                 {:process 2, :type :invoke, :f :txn, :value [[:append :x 1]]}\n\
                 {:process 2, :type :ok, :f :txn, :value [[:append :x 1]]}\n";
    let sessions =
        ["-w", "txn-list-append", "--consistency-models", "strong-session-snapshot-isolation"];
    checked(short, &sessions, 1, &["INVALID: G1c-process"]);
    let open = short.lines().take(3).collect::<Vec<_>>().join("\n");
    checked(&open, &lists, 1, &["garbage-read"]);
    // One process for all, as in tests of Elle; ends alone among others.
    let crowded = "{:process 0, :type :invoke, :value [[:append :x 1] [:append :y 1]]}\n\
                   {:process 0, :type :invoke, :value [[:append :x 2] [:append :y 2]]}\n\
                   {:process 0, :type :ok, :value [[:append :x 1] [:append :y 1]]}\n\
                   {:process 0, :type :ok, :value [[:append :x 2] [:append :y 2]]}\n\
                   {:process 1, :type :ok, :value [[:r :x [1 2]] [:r :y [2 1]]]}\n";
    checked(crowded, &lists, 1, &["INVALID: G0", "while another of its own was under way"]);
    let unordered = "{:index 3, :process 0, :type :invoke, :value [[:append :x 1]]}\n\
                     {:index 1, :process 0, :type :ok, :value [[:append :x 1]]}\n";
    checked(unordered, &lists, 254, &["order of their :index"]);
    // elle-cli's JSON.
    let json = r#"[{"index":0,"process":0,"type":"invoke","value":[["w","x",2],["r","x",null]]},
 {"index":1,"process":0,"type":"ok","value":[["w","x",2],["r","x",3]]},
 {"index":2,"process":"nemesis","type":"info","f":"start","value":null}]"#;
    checked(json, &["-w", "txn-rw-register"], 1, &["internal", "garbage-read"]);
    let compat = ["-w", "txn-rw-register", "--jepsen-compat"];
    checked(json, &compat, 1, &["verdict      INVALID"]);
}
