//! Command lines as users of Maelstrom type them: each works as meant, or its answer
//! says what to type.

use crate::support::{BAD, Place};

/// What comes of a line: its exit status, and what it must say.
struct Line {
    words: &'static str,
    code: i32,
    says: &'static [&'static str],
}

const fn runs(words: &'static str, says: &'static [&'static str]) -> Line {
    Line { words, code: 0, says }
}

const fn answered(words: &'static str, says: &'static [&'static str]) -> Line {
    Line { words, code: 254, says }
}

const VALID: &[&str] = &["Everything looks good!"];

/// NODE stands for an echo node, `_` within a word for a blank. Runs with NODE are
/// kept short by a second `--time-limit`: the last counts.
const LINES: [Line; 60] = [
    // Each workload with its usual options.
    runs("test -w echo --bin NODE --node-count 1 --time-limit 10", VALID),
    runs(
        "test -w unique-ids --time-limit 30 --rate 1000 --node-count 3 --availability total --nemesis partition",
        VALID,
    ),
    runs("test -w broadcast --node-count 1 --time-limit 20 --rate 10", VALID),
    runs("test -w broadcast --node-count 5 --time-limit 20 --rate 10 --nemesis partition", VALID),
    runs("test -w broadcast --node-count 25 --time-limit 20 --rate 100 --latency 100", VALID),
    runs(
        "test -w broadcast --node-count 25 --time-limit 5 --rate 100 --latency 100 --topology tree4",
        VALID,
    ),
    runs("test -w broadcast --topology line --time-limit 5", VALID),
    runs("test -w broadcast --topology total --time-limit 5", VALID),
    runs("test -w g-counter --node-count 3 --rate 100 --time-limit 20 --nemesis partition", VALID),
    runs("test -w pn-counter --time-limit 20 --rate 10 --nemesis partition", VALID),
    runs("test -w g-set --time-limit 20 --rate 10 --nemesis partition", VALID),
    runs("test -w kafka --node-count 1 --concurrency 2n --time-limit 20 --rate 1000", VALID),
    runs("test -w kafka --node-count 2 --concurrency 2n --time-limit 20 --rate 1000", VALID),
    runs("test -w lin-kv --node-count 1 --concurrency 2n --time-limit 10 --rate 10", VALID),
    runs("test -w lin-kv --time-limit 10 --rate 10 --node-count 2 --concurrency 10n", VALID),
    runs(
        "test -w lin-kv --node raft --node-count 3 --concurrency 4n --rate 30 --time-limit 20 --nemesis partition --nemesis-interval 3",
        VALID,
    ),
    runs("test -w lin-kv --node raft --time-limit 5 --rate 0", VALID),
    runs("test --workload broadcast --time-limit 5", VALID),
    runs("test --workload=echo --time-limit=5 --rate=10", VALID),
    // Seconds, rates and fractions in Clojure's forms.
    runs("test -w echo --time-limit 1/2 --rate 10", VALID),
    runs("test -w broadcast --time-limit 5 --nemesis partition --nemesis-interval 1/2", &[]),
    runs("test -w echo --time-limit 5 --rate 1/2", VALID),
    runs("test -w echo --time-limit 5 --availability 1/2", VALID),
    answered("test -w echo --time-limit 1/0", &["a number of seconds must be a number"]),
    // Lists.
    runs("test -w echo --time-limit 5 --nemesis partition,_kill", VALID),
    runs("test -w echo --time-limit 5 --nemesis kill,pause", VALID),
    answered("test -w echo --nemesis partition,_kil", &["'kil'", "'kill'"]),
    runs("test -w echo --nodes n1,n2,n3 --time-limit 5", VALID),
    runs("test -w echo --nodes n1,n2,n3 --node-count 3 --time-limit 5", VALID),
    answered(
        "test -w echo --nodes a,b --node-count 3",
        &["--nodes names 2 nodes, but --node-count is 3"],
    ),
    // A flag twice: the last counts.
    runs("test -w broadcast -w echo --time-limit 60 --time-limit 5", &["echo, 5 nodes", ", 5 s"]),
    runs("test -w echo --node-count 3 --node-count 1 --time-limit 5", &["echo, 1 node"]),
    runs("test -w echo --time-limit 5 --nemesis kill --nemesis partition", &["  partition  "]),
    // Arguments of the node.
    runs("test -w echo --bin /bin/sh NODE --node-count 1", VALID),
    runs("test -w echo --bin /bin/sh NODE good --node-count 1", VALID),
    runs("test -w echo --bin sh NODE --node-count 1 --rate 10", VALID),
    runs("test -w echo --node-count 1 --bin NODE -- good", VALID),
    answered("test -w echo --bin sh_node.sh", &["--bin takes one file", "--bin sh -- node.sh"]),
    answered("test -w echo --bin ./no-such-node", &["there is no file"]),
    answered("test -w echo --bin NODE --nod-count 1", &["'--node-count'"]),
    // Dashes from word processors.
    answered("test –w echo", &["begins with an en dash", "type -w"]),
    answered("test -w echo –bin NODE", &["begins with an en dash", "type --bin"]),
    answered("test -w echo —bin NODE", &["begins with an em dash", "type --bin"]),
    // Flags of Jepsen that mean nothing here.
    runs("test -w echo --time-limit 5 --no-ssh", &["note: --no-ssh has no effect"]),
    runs("test -w echo --time-limit 5 --username admin --password x", &["note: --username admin"]),
    runs("test -w echo --time-limit 5 --ssh-private-key k", &["note: --ssh-private-key k"]),
    runs("test -w echo --time-limit 5 --leave-db-running", &["nodes end with the run"]),
    answered("test -w echo -n n1 -n n2", &["-n n1 is not taken here", "--nodes n1,n2,n3"]),
    answered("test -w echo --nodes-file nodes", &["--nodes-file nodes is not taken here"]),
    // What is not here yet.
    answered("demo", &["glomers demo is not here yet", "glomers challenge"]),
    answered("analyze", &["glomers analyze is not here yet", "glomers recover"]),
    // Many runs, logs.
    runs("test -w echo --time-limit 5 --test-count 3", &["3 runs, seeds"]),
    runs("test -w echo --time-limit 2 --log-stderr", VALID),
    runs("test -w echo --time-limit 2 --log-net-send --log-net-recv", &["echo_ok"]),
    runs("test -w echo --time-limit 5 --latency 10 --latency-dist uniform", VALID),
    runs("test -w echo --time-limit 5 --latency 10 --latency-dist exponential", VALID),
    runs("test -w echo --time-limit 5 --fault-loss 0.5", &["note: --fault-loss has no effect"]),
    // What does not fit together.
    answered("test -w broadcast --node raft", &["the node raft is made for the workload lin-kv"]),
    answered("test -w broadcst", &["did you mean \"broadcast\"?"]),
    answered("test -w lin-kv --concurrency 7", &["must be a multiple"]),
];

#[test]
fn lines_of_users_of_maelstrom_work_or_are_answered() {
    for Line { words, code, says } in &LINES {
        let place = Place::new();
        let word = |word: &str| word.replace('_', " ").replace("NODE", BAD);
        let mut arguments: Vec<String> = words.split(' ').map(word).collect();
        if *code == 0 {
            let is_bin = words.contains("--bin");
            let at = arguments.iter().position(|word| word == "--").unwrap_or(arguments.len());
            let short = ["--time-limit", "1", "--seed", "1"];
            let more = if is_bin { &short[..] } else { &short[2..] };
            arguments.splice(at..at, more.iter().map(|word| (*word).to_owned()));
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        println!("{words}");
        place.run(&arguments).shows(*code, says);
    }
}
