//! Histories and values from text.

use glomers_history::{History, Op, OpKind, Process, Time, Value, edn, jsonl, read, read_value};

fn value(text: &str) -> Value {
    read_value(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn history(text: &str) -> History {
    read(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str) -> String {
    read(text.as_bytes()).expect_err(text).to_string()
}

fn lines(history: &History) -> String {
    let mut text = String::new();
    for op in history.ops() {
        edn::write_op_text(op, &mut text);
    }
    text
}

#[test]
fn values_of_every_kind() {
    for (text, json_like) in [
        ("nil", "null"),
        (" true ", "true"),
        ("-0", "0"),
        ("+17", "17"),
        ("5N", "5"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("9223372036854775808", "9223372036854775808"),
        ("170141183460469231731687303715884105728N", "170141183460469231731687303715884105728"),
        ("1.5", "1.5"),
        ("-1e3", "-1000.0"),
        ("2.50M", "2.5"),
        ("1/4", "0.25"),
        (r#""a\"b\\\n\t\u00e9\ud83d\ude00\101""#, "\"a\\\"b\\\\\\n\\té😀A\""),
        (r"[\a \newline \( \u0041 \space]", r#"["a" "\n" "(" "A" " "]"#),
        (":jepsen.history/op", ":jepsen.history/op"),
        ("[::auto]", "[:auto]"),
        ("some-symbol", "\"some-symbol\""),
        ("(1 2, 3)", "[1 2 3]"),
        ("[1 nil 70000000000]", "[1 null 70000000000]"),
        ("[[] [1 [2 [3]]] 4]", "[[] [1 [2 [3]]] 4]"),
        ("{:a 1, \"b\" [2] 3 nil}", "{:a 1, \"b\" [2], 3 null}"),
        ("{:a 1 :a 2}", "{:a 2}"),
        ("#{3 1 2 1}", "#{1 2 3}"),
        ("#inst \"2026-01-01\"", "\"2026-01-01\""),
        ("#jepsen.history.Op{:index 0}", "{:index 0}"),
        ("#:http{:status 500}", "{:status 500}"),
        ("#clojure.lang.MapEntry[1 2]", "[1 2]"),
        ("#jepsen.independent.Tuple{:key 1, :value [2 3]}", "[1 [2 3]]"),
        ("; first\n#_ #_ gone [gone too] [1 #_2 3] ; last", "[1 3]"),
        ("^:private ^{:doc \"x\"} [1]", "[1]"),
        ("[##Inf ##-Inf]", "[inf -inf]"),
    ] {
        assert_eq!(value(text).to_string(), json_like, "{text}");
    }
    assert_eq!(value("[1 2]").as_list().unwrap().as_small().map(|s| s.iter().sum()), Some(3u32));
}

#[test]
fn refuses_what_is_no_value_and_says_where() {
    for (text, at) in [
        ("", "line 1, column 1: expected a value"),
        ("[1 2", "line 1, column 1: expected the end of the list that begins here"),
        ("[1\n 2}", "line 2, column 3: expected a value"),
        ("{:a}", "line 1, column 4: expected a value for the last key of the map"),
        ("\"é\" \"abc", "line 1, column 5: expected nothing after the value"),
        ("\n\"abc", "line 2, column 1: expected the end of the string that begins here"),
        ("[007]", "line 1, column 2: expected a number"),
        ("1.2.3", "line 1, column 1: expected a number"),
        ("1e999", "line 1, column 1: expected a number"),
        ("1/0", "line 1, column 1: expected a number"),
        ("12abc", "line 1, column 1: expected a number"),
        ("[: a]", "line 1, column 2: expected a name after the colon"),
        (r#""\q""#, "line 1, column 2: expected an escape such as \\n, \\\" or \\u00e9"),
        (r#""\u12""#, "line 1, column 2: expected four hexadecimal digits after \\u"),
        (r"\zebra", "line 1, column 1: expected a character such as \\a or \\newline"),
        ("#(+ 1)", "line 1, column 1: expected a tag, a set or a discarded value after #"),
        ("##Foo", "line 1, column 1: expected ##NaN, ##Inf or ##-Inf"),
    ] {
        assert_eq!(read_value(text).expect_err(text).to_string(), at, "{text}");
    }
    for deep in ["[", "#_", "^", "{", "#a ", "(", "#{"] {
        let text = deep.repeat(100_000);
        assert!(read_value(&text).is_err());
        assert!(read(text.as_bytes()).is_err());
        assert!(read(format!("{{:type {text}").as_bytes()).is_err());
    }
}

#[test]
fn operations_one_a_line_or_in_a_vector_as_maps_or_records() {
    let expected = "\
0\t:invoke\t:read\t[0 nil]\n\
nemesis\t:info\t:start-partition\t[:isolated {\"n1\" #{\"n0\"}}]\n\
0\t:fail\t:read\t[0 nil]\t[:key-does-not-exist \"no key\"]\n"
        .replace("nemesis\t", ":nemesis\t");
    let maps = r#"
{:index 0, :time 100, :type :invoke, :process 0, :f :read, :value [0 nil]}
{:index 1, :time 150, :type :info, :process :nemesis, :f :start-partition, :value [:isolated {"n1" #{"n0"}}]}
{:index 2, :time 200, :type :fail, :process 0, :f :read, :value [0 nil], :error [:key-does-not-exist "no key"]}
"#;
    let records = maps.replace('{', "#jepsen.history.Op{").replace("#jepsen.history.Op{\"", "{\"");
    let records = records.replace("##jepsen.history.Op", "#");
    let texts = maps.replace(":type :", ":type \"").replace(", :process", "\", :process");
    let strings = maps
        .replace(":f :read", "\"f\" \"read\"")
        .replace(":process :nemesis", ":process \"nemesis\"")
        .replace(":type :invoke", ":type \"invoke\"");
    let vector = format!("; a comment\n[{maps}]\n");
    let list = format!("({records})");
    for text in [maps, &records, &strings, &vector, &list, &texts] {
        let history = history(text);
        assert_eq!(lines(&history), expected, "{text}");
        assert_eq!(history.ops()[2].time, Time(200));
        assert_eq!(history.ops()[1].process, Process::Nemesis);
    }
}

#[test]
fn keys_that_changed_hands_are_kept() {
    let edn = "{:type :invoke, :f :poll, :value [[:poll]]}
        {:type :ok, :f :poll, :value [[:poll {}]],
         :rebalance-log [{:type :revoked, :keys [1 4]} {:keys [5]} {:type :lost}]}";
    let json = r#"{"type":"invoke","f":"poll","process":0,"value":[["poll"]]}
{"type":"ok","f":"poll","process":0,"value":[["poll",{}]],"rebalance-log":[{"keys":[1,4]},{"keys":[5]}]}"#;
    for text in [edn, json] {
        let history = history(text);
        assert_eq!(history.rebalanced(0), []);
        assert_eq!(history.rebalanced(1), [1, 4, 5].map(Value::Int));
    }
}

#[test]
fn what_is_missing_is_made_up_and_what_is_unknown_is_ignored() {
    let history = history(
        "{:type :ok, :value [[:append :x 1]], :link #object[a.b 0x1 \"c\"], :sub {:type :fail}}
         {:type :invoke :f :write :value 1}
         {:type :invoke :f :write :value 2 :time -5}
         {:type :ok :f :write :value 2 :time 7.9}
         {:type :info :f :write :value 3}
         {:type :ok :f :write}
         {:process 7 :type :invoke :f :read :final? true}
         {:process \"w\" :type :invoke :f :read}
         {:process :w :type :ok :f :read}
         {:process \"7\" :type :ok :f :read :error nil}",
    );
    assert_eq!(
        lines(&history),
        "8\t:ok\t:txn\t[[:append :x 1]]\n\
         9\t:invoke\t:write\t1\n\
         10\t:invoke\t:write\t2\n\
         10\t:ok\t:write\t2\n\
         9\t:info\t:write\t3\n\
         11\t:ok\t:write\tnil\n\
         7\t:invoke\t:read\tnil\n\
         12\t:invoke\t:read\tnil\n\
         12\t:ok\t:read\tnil\n\
         7\t:ok\t:read\tnil\n"
    );
    let times: Vec<u64> = history.ops().iter().map(|op| op.time.0).collect();
    assert_eq!(times, [0, 0, 0, 7, 0, 0, 0, 0, 0, 0]);
    assert_eq!(history.ops()[9].index, 9);
    assert!(history.ops()[6].is_final && history.ops()[9].error.is_none());
}

#[test]
fn what_is_no_history_is_refused_with_its_place() {
    for (text, expected) in [
        ("{:f :read}", "line 1, column 1: expected :type to be :invoke, :ok, :fail or :info"),
        (
            "{:type :ok}\n{:type :started}",
            "line 2, column 8: expected :type to be :invoke, :ok, :fail or :info",
        ),
        ("{:type :ok :f 3}", "line 1, column 15: expected :f to be a keyword or a string"),
        (
            "{:type :ok :process [1]}",
            "line 1, column 21: expected :process to be a number or a name",
        ),
        (
            "{:type :ok :time :now}",
            "line 1, column 18: expected :time to be a number of nanoseconds",
        ),
        ("{:type :ok :f", "line 1, column 14: expected a value"),
        ("{:type :ok", "line 1, column 1: expected the end of the operation that begins here"),
        ("{:type :ok :f}", "line 1, column 14: expected a value for the last key of the operation"),
        ("[{:type :ok}", "line 1, column 1: expected the end of the list that begins here"),
        (
            "{:type :ok} 7",
            "line 1, column 13: expected an operation such as {:process 0, :type :invoke, …}",
        ),
        ("#inst \"x\"", "line 1, column 7: expected an operation: a map after its tag"),
        (
            "{\"type\":\"ok\"}\n{\"type\":1}",
            "line 2, column 1: expected \"type\" to be invoke, ok, fail or info",
        ),
        ("{\"type\":\"ok\"}\n{\"type\" 1}", "line 2, column 9: expected JSON; expected a colon"),
    ] {
        assert_eq!(refused(text), expected, "{text}");
    }
    let error = read(b"{:type :ok}\n{:type \xff}").expect_err("no UTF-8");
    assert_eq!(error.to_string(), "line 2, column 8: expected text in UTF-8");
}

#[test]
fn nothing_is_an_empty_history() {
    for text in ["", " \n", "; only words\n", "[]", "()"] {
        assert!(history(text).is_empty());
    }
}

#[test]
fn what_we_write_is_read_back_as_edn_and_as_json() {
    let values = [
        Value::Null,
        Value::keyword("majority"),
        Value::integers(&[1, 2, 300_000_000_000]),
        Value::map([(Value::string("9"), Value::list([Value::integers(&[0, 1])]))]),
        Value::record([("echo", Value::string("a \"b\"\n\u{1}é"))]),
        Value::set([Value::Int(1), Value::string("x")]),
        Value::Float(1e300),
        Value::from(u64::MAX),
    ];
    let ops = values.into_iter().enumerate().map(|(at, value)| Op {
        index: 0,
        time: Time(at as u64 * 1000),
        process: if at == 3 { Process::Nemesis } else { Process::Client(at as u32) },
        kind: [OpKind::Invoke, OpKind::Ok, OpKind::Fail, OpKind::Info][at % 4],
        f: "read".into(),
        error: (at % 4 == 2).then(|| Value::keyword("timeout")),
        value,
        is_final: at % 2 == 1,
    });
    let original: History = ops.collect();
    let (mut edn_text, mut json_text) = (String::new(), Vec::new());
    for op in original.ops() {
        edn::write_op(op, &mut edn_text);
        jsonl::write_op(op, &mut json_text);
    }
    assert_eq!(history(&edn_text), original);
    assert_eq!(read(&json_text).unwrap(), original);
    assert_eq!(glomers_history::read_from(&*json_text).unwrap(), original);
    let array = String::from_utf8(json_text).unwrap().trim().replace('\n', ",");
    assert_eq!(history(&format!("[{array}]")), original);
}

/// Texts that were right once, broken in one place or several: nothing panics,
/// and what is read is written and read the same again. `GLOMERS_SOAK` is for how
/// many seconds; without it, some thousands of texts.
#[test]
fn broken_texts_never_panic() {
    const TEXTS: [&str; 4] = [
        "INFO - 0\t:invoke\t:cas\t[3 4]\nx\n:nemesis\t:info\t:start\tnil\n0 :info :cas :timed-out \"late\"\n",
        "{:index 0, :time 94, :type :invoke, :process 0, :f :send, :value [[:send \"9\" 1]]}\n#jepsen.history.Op{:type :info :process :nemesis :f :x :value {\"n1\" #{1 2N -3.5e1 1/2}}} ; c\n",
        "[{:type :ok :f \"read\" :value (1 2 #_3 \\a \"\\u00e9\\n\") :error [:a/b ^:m nil]} {:type :fail, :final? true}]",
        "{\"index\":0,\"time\":1,\"type\":\"ok\",\"process\":0,\"f\":\"x\",\"value\":{\"$set\":[1,{\"$keyword\":\"k\"}]}}\n{\"type\":\"info\",\"value\":{\"$map\":[[1,2]]}}\n",
    ];
    const BITS: [&str; 24] = [
        "{", "}", "[", "]", "(", ")", "#", "#_", "#{", "\"", "\\", ":", "^", ";", "\n", " ", "9",
        "-", "N", "/", "é", "nil", "$map", "\u{0}",
    ];
    let mut state = 0x5eed_u64;
    let mut random = |limit: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % limit
    };
    for () in rounds() {
        let mut text = TEXTS[random(TEXTS.len())].to_owned();
        for _ in 0..=random(4) {
            let boundary = |text: &str, mut at: usize| {
                while !text.is_char_boundary(at) {
                    at -= 1;
                }
                at
            };
            let at = boundary(&text, random(text.len() + 1));
            let to = boundary(&text, (at + random(6)).min(text.len())).max(at);
            match random(3) {
                0 => text.replace_range(at..to, ""),
                1 => text.insert_str(at, BITS[random(BITS.len())]),
                _ => text.replace_range(at..to, BITS[random(BITS.len())]),
            }
        }
        let _ = read_value(&text).map_err(|error| error.to_string());
        let Ok(first) = read(text.as_bytes()) else { continue };
        let mut json = Vec::new();
        for op in first.ops() {
            jsonl::write_op(op, &mut json);
        }
        // JSON has no infinite numbers.
        if text.contains("##") {
            continue;
        }
        let second = read(&json).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(first, second, "{text:?}");
    }
}

#[test]
fn what_jepsen_logs_is_read_too() {
    let log = "INFO  jepsen.util - 0\t:invoke\t:cas\t[3 4]\n\
               WARN  something else entirely\n\
               INFO  jepsen.util - :nemesis\t:info\t:start\tnil\n\
               INFO  jepsen.util - 0\t:info\t:cas\t:timed-out\t\"late\"\r\n\
               INFO  jepsen.util - 1  :invoke  :read  nil";
    let history = read(log.as_bytes()).unwrap();
    let seen: Vec<String> = history
        .ops()
        .iter()
        .map(|op| {
            let (f, kind) = (&op.f, op.kind.name());
            format!("{} {kind} {f} {} {:?}", op.process, edn::to_string(&op.value), op.error)
        })
        .collect();
    assert_eq!(
        seen,
        [
            "0 invoke cas [3 4] None",
            "nemesis info start nil None",
            "0 info cas :timed-out Some(\"late\")",
            "1 invoke read nil None",
        ]
    );
    let error = read(b"0 :invoke :write 3\n0 :ok :write [3\n4]\n").unwrap_err();
    assert_eq!((error.line, error.expected.as_str()), (2, "the end of the value in this line"));
}

#[test]
fn a_mark_of_the_byte_order_is_no_operation() {
    assert_eq!(read("\u{feff}{:type :ok, :f :read}".as_bytes()).unwrap().len(), 1);
}

fn rounds() -> impl Iterator<Item = ()> {
    let soak = std::env::var("GLOMERS_SOAK").ok().and_then(|text| text.parse().ok());
    #[expect(clippy::disallowed_methods, reason = "a soak lasts as long as somebody asks")]
    let now = std::time::Instant::now;
    let (start, limit) = (now(), soak.map(std::time::Duration::from_secs));
    let mut done = 0u64;
    std::iter::from_fn(move || {
        done += 1;
        let more = match limit {
            Some(limit) => !done.is_multiple_of(1024) || now() - start < limit,
            None => done < 20_000,
        };
        more.then_some(())
    })
}

#[test]
fn a_history_that_contradicts_itself_is_refused_with_the_line() {
    use glomers_history::read_consistent;
    let refused = |text: &str| {
        assert!(read(text.as_bytes()).is_ok(), "{text}");
        let error = read_consistent(text.as_bytes()).unwrap_err();
        (error.line, error.expected)
    };
    let begin = "{:process 0 :type :invoke :f :write :value 1}\n";
    let end = "{:process 0 :type :ok :f :write :value 1}\n";
    let (line, text) = refused(&format!("{begin}\n{begin}{end}"));
    assert_eq!(line, 3);
    assert!(
        text.starts_with("the operation of process 0 that began in line 1 to end before"),
        "{text}"
    );
    let (line, text) = refused(&format!("{begin}{end}{end}"));
    assert_eq!(line, 3);
    assert!(text.starts_with("an :invoke of process 0 before this :ok"), "{text}");
    assert_eq!(refused(&end.replace(":ok", ":info")).0, 1);
    assert_eq!(refused(&end.replace("0 ", "\"a\" ")).0, 1);
    assert_eq!(refused("{:type :ok :f :read}").0, 1);
    let numbered = |index: u32, line: &str| line.replace("{", &format!("{{:index {index} "));
    let (line, text) = refused(&(numbered(5, begin) + &numbered(4, end)));
    assert_eq!(line, 2);
    assert!(text.starts_with(":index to be above 5"), "{text}");
    let json = "[{\"process\": 0, \"type\": \"ok\", \"f\": \"read\"}]";
    assert!(refused(json).1.ends_with("in element 0 of the array"));
    assert_eq!(refused("0 :invoke :write 3\n1 :ok :write 3\n").0, 2);
    for right in [
        format!("{begin}{end}{begin}"),
        numbered(2, begin) + &numbered(7, end),
        // What failed did not happen, whoever began it.
        end.replace(":ok", ":fail"),
        // The nemesis, and others that are no clients, only note things.
        "{:process :nemesis :type :info :f :kill} {:process :nemesis :type :info :f :kill}".into(),
        "{:process :nemesis :type :invoke :f :kill} {:process :nemesis :type :invoke :f :a}".into(),
        "{:process :logger :type :info :f :note}".into(),
        "{:type :invoke :f :r} {:type :invoke :f :r} {:type :ok :f :r} {:type :ok :f :r}".into(),
    ] {
        assert!(read_consistent(right.as_bytes()).is_ok(), "{right}");
    }
}
