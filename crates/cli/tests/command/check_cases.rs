//! `glomers check` on the small histories of `cases/`, and on others of their kinds.

use std::path::Path;

use crate::support::{Place, Said};

/// What is said of a case.
fn case(name: &str, arguments: &[&str]) -> Said {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name);
    let text = std::fs::read_to_string(&file).expect("a case");
    said(&text, arguments)
}

fn said(text: &str, arguments: &[&str]) -> Said {
    let place = Place::new();
    place.write("history", text);
    place.run(&[&["check", "history"], arguments].concat())
}

const REGISTER: [&str; 2] = ["--model", "register"];

#[test]
fn a_history_that_contradicts_itself_is_refused_with_the_line() {
    case("double_invoke.edn", &REGISTER).shows(
        254,
        &[
            "line 2",
            "the operation of process 0 that began in line 1 to end before it begins another",
        ],
    );
    case("orphan_ok.edn", &REGISTER)
        .shows(254, &["line 1", "an :invoke of process 0 before this :ok"]);
    let shuffled = "{:index 3 :process 0 :type :invoke :f :write :value 1}
{:index 2 :process 0 :type :ok :f :write :value 1}";
    said(shuffled, &REGISTER).shows(254, &["line 2", ":index to be above 3"]);
    for workload in ["g-set", "kafka", "lin-kv", "echo"] {
        case("orphan_ok.edn", &["-w", workload]).shows(254, &["line 1"]);
    }
    // The nemesis says what it did, and that is all right.
    let nemesis = "{:process :nemesis :type :info :f :start}
{:process 0 :type :invoke :f :write :value 1}
{:process :nemesis :type :info :f :stop}
{:process 0 :type :ok :f :write :value 1}";
    said(nemesis, &REGISTER).shows(0, &["valid"]);
}

#[test]
fn operations_that_are_not_known_leave_the_verdict_open_and_are_named() {
    let words = ["verdict      unknown", "op 2, remove by process 0", "add, read"];
    case("set_remove.edn", &["-w", "g-set"]).shows(2, &words);
    let pairs = |f: &str, end: &str| {
        format!(
            "{{:process 0 :type :invoke :f :{f} :value 1}}\n\
             {{:process 0 :type :{end} :f :{f} :value 1}}\n"
        )
    };
    for workload in
        ["echo", "unique-ids", "broadcast", "g-set", "g-counter", "pn-counter", "kafka", "lin-kv"]
    {
        let strange = pairs("swap", "ok");
        said(&strange, &["-w", workload]).shows(2, &["unknown", "swap"]);
    }
    said(&(pairs("write", "ok") + &pairs("swap", "ok")), &REGISTER).shows(2, &["swap"]);
    // What failed did nothing.
    said(&(pairs("write", "ok") + &pairs("swap", "fail")), &REGISTER).shows(0, &["valid"]);
}

#[test]
fn sets_by_key() {
    let arguments = ["-w", "g-set"];
    case("keyed_set.edn", &arguments).shows(0, &["valid", "sets         2, one for each key"]);
    case("keyed_set.edn", &[&arguments[..], &["--unkeyed"]].concat()).shows(1, &["sets         1"]);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/keyed_set.edn");
    let text = std::fs::read_to_string(file).expect("a case");
    let lost = text.replace("[1 #{2}]", "[1 #{}]");
    said(&lost, &arguments)
        .shows(1, &["INVALID: lost", "On key 1: 1 value was lost", "op 7, read"]);
    let list = text.replace("#{1}", "[1]").replace("#{2}", "[2]");
    said(&list, &arguments).shows(0, &["sets         2, one for each key"]);
    // A set whose elements are lists is one set: its reads do not begin with a key.
    let plain = "{:process 0 :type :invoke :f :add :value [0 1]}
{:process 0 :type :ok :f :add :value [0 1]}
{:process 1 :type :invoke :f :read :value nil}
{:process 1 :type :ok :f :read :value #{[0 1]}}";
    said(plain, &arguments).shows(0, &["sets         1"]);
    said(plain, &[&arguments[..], &["--keyed"]].concat()).shows(2, &["unknown", "its key"]);
    said(plain, &["-w", "broadcast", "--keyed"]).shows(254, &["means nothing to broadcast"]);
}

#[test]
fn registers_by_key_only_if_reads_begin_with_their_key() {
    let op = |process: u32, kind: &str, f: &str, value: &str| {
        format!("{{:process {process} :type :{kind} :f :{f} :value {value}}}\n")
    };
    let write = |value: &str| op(0, "invoke", "write", value) + &op(0, "ok", "write", value);
    let read = |begin: &str, end: &str| op(1, "invoke", "read", begin) + &op(1, "ok", "read", end);
    let pairs = write("[1 1]") + &write("[2 2]");
    let stale = pairs.clone() + &read("nil", "[1 1]");
    said(&stale, &REGISTER).shows(1, &["not-linearizable", "registers    1"]);
    said(&stale, &["--model", "register", "--keyed"])
        .shows(0, &["valid", "registers    2, one for each key"]);
    let keyed = pairs + &read("[1 nil]", "[1 1]");
    said(&keyed, &REGISTER).shows(0, &["valid", "registers    2, one for each key"]);
    said(&keyed, &["--model", "register", "--unkeyed"]).shows(1, &["registers    1"]);
    said(&keyed, &["-w", "lin-kv"]).shows(0, &["registers    2, one for each key"]);
    said(&keyed, &["-w", "lin-kv", "--unkeyed"]).shows(254, &["--unkeyed means nothing to lin-kv"]);
}

#[test]
fn a_read_of_what_failed_names_the_write_and_one_of_what_is_not_known_is_right() {
    let failed = case("read_of_failed.edn", &REGISTER);
    failed.shows(
        1,
        &[
            "not-linearizable",
            "op 3, write by process 1, 0.000 s wrote 638 but says it failed (timeout)",
            "where that cannot be known the end is info",
        ],
    );
    case("read_of_info.edn", &REGISTER).shows(0, &["valid"]);
}

/// More kinds of indeterminate operations than fit the sets of the first searches.
#[test]
fn many_kinds_of_indeterminate_operations_are_searched_all_the_same() {
    let mut text = String::new();
    for kind in 0..900 {
        let value = format!("[{} {}]", kind % 30, kind / 30);
        text += &format!("{{:process {kind} :type :invoke :f :cas :value {value}}}\n");
        text += &format!("{{:process {kind} :type :info :f :cas :value {value}}}\n");
    }
    let mut last = 0;
    for round in 0..200 {
        let value = (last * 7 + round) % 30;
        text += &format!("{{:process 1000 :type :invoke :f :write :value {value}}}\n");
        text += &format!("{{:process 1000 :type :ok :f :write :value {value}}}\n");
        text += "{:process 1001 :type :invoke :f :read :value nil}\n";
        let read = (value + round % 3) % 30;
        text += &format!("{{:process 1001 :type :ok :f :read :value {read}}}\n");
        last = value;
    }
    let model = ["--model", "cas-register"];
    said(&text, &model).shows(0, &["verdict      valid"]);
    let wrong = text.replace(":f :read :value 29}", ":f :read :value 31}");
    said(&wrong, &model).shows(1, &["not-linearizable"]);
    let few = [&model[..], &["--budget", "1"]].concat();
    assert!([Some(0), Some(2)].contains(&said(&text, &few).code));
}
