//! What polls at the end of a run do not show.

use glomers_check::{CheckResult, Checker, Context, Kafka, KafkaConsumers, Validity};

/// Two messages are sent and acknowledged; then follows this.
fn judged(rest: &str) -> CheckResult {
    judged_by(&Kafka, rest)
}

fn judged_by(checker: &dyn Checker, rest: &str) -> CheckResult {
    let sent = r#"
{:process 0 :time 1 :type :invoke :f :send :value [[:send "9" 1]]}
{:process 0 :time 2 :type :ok :f :send :value [[:send "9" [0 1]]]}
{:process 0 :time 3 :type :invoke :f :send :value [[:send "9" 2]]}
{:process 0 :time 4 :type :ok :f :send :value [[:send "9" [1 2]]]}
"#;
    let history = glomers_history::read(format!("{sent}{rest}").as_bytes()).unwrap();
    let nodes = vec!["n0".to_owned(), "n1".to_owned()];
    checker.check(&history, &Context { nodes, concurrency: 2, ..Context::default() })
}

const ASSIGNS: &str = r#"
{:process 0 :time 5 :type :invoke :f :assign :value ["9"] :final? true}
{:process 0 :time 6 :type :ok :f :assign :value ["9"] :final? true}
{:process 1 :time 7 :type :invoke :f :assign :value ["9"] :final? true}
{:process 1 :time 8 :type :ok :f :assign :value ["9"] :final? true}
"#;

fn poll(process: u32, time: u64, end: &str) -> String {
    format!(
        "{{:process {process} :time {time} :type :invoke :f :poll :value [[:poll]] :final? true}}\n\
         {{:process {process} :time {} {end} :f :poll :final? true}}\n",
        time + 1
    )
}

#[test]
fn what_no_answered_poll_came_as_far_as_may_be_kept() {
    let late = ":type :info :value [[:poll]] :error :net-timeout";
    let result = judged(&format!("{ASSIGNS}{}", poll(0, 10, late)));
    assert_eq!((result.compat, result.strict), (Validity::Invalid, Validity::Unknown));
    assert_eq!(result.findings, []);
    let note = &result.notes[0];
    assert!(note.contains("2 messages were kept cannot be said"), "{note}");
    assert!(note.contains("1 of 1 final poll got no answer"), "{note}");

    // It came as far as the first, not as far as the second.
    let first = r#":type :ok :value [[:poll {"9" [[0 1]]}]]"#;
    let result = judged(&format!("{ASSIGNS}{}{}", poll(0, 10, first), poll(0, 12, late)));
    assert_eq!((result.strict, &*result.findings), (Validity::Unknown, &[][..]));
    assert!(result.notes[0].contains("1 message was kept cannot be said"), "{:?}", result.notes);

    // The end of the log was reached.
    let nothing = ":type :ok :value [[:poll {}]]";
    let result = judged(&format!("{ASSIGNS}{}{}", poll(0, 10, first), poll(0, 12, nothing)));
    assert_eq!(result.strict, Validity::Invalid);
    assert_eq!((&*result.findings[0].name, result.findings.len()), ("unseen", 1));

    // So was what is behind it.
    let second = r#":type :ok :value [[:poll {"9" [[1 2]]}]]"#;
    let result = judged(&format!("{ASSIGNS}{}", poll(0, 10, second)));
    assert_eq!(result.strict, Validity::Invalid);
}

#[test]
fn what_consumers_of_one_node_never_see_is_noted() {
    let both = r#":type :ok :value [[:poll {"9" [[0 1] [1 2]]}]]"#;
    let first = r#":type :ok :value [[:poll {"9" [[0 1]]}]]"#;
    let nothing = ":type :ok :value [[:poll {}]]";
    let all = |end: &str| {
        let polls = [poll(0, 10, both), poll(1, 12, first), poll(1, 14, end)];
        judged(&format!("{ASSIGNS}{}", polls.concat()))
    };
    let result = all(nothing);
    assert_eq!((result.compat, result.strict), (Validity::Valid, Validity::Valid));
    let [note] = &*result.notes else { panic!("{:?}", result.notes) };
    assert!(note.contains("n1 gave a consumer 1 of 2 messages"), "{note}");
    // Who knows what else it would have given.
    assert_eq!(all(":type :info :value [[:poll]] :error :net-timeout").notes, [""; 0]);
    assert_eq!(all(r#":type :ok :value [[:poll {"9" [[1 2]]}]]"#).notes, [""; 0]);
}

#[test]
fn without_any_poll_our_own_clients_prove_nothing() {
    let result = judged_by(&KafkaConsumers, "");
    assert_eq!((result.compat, result.strict), (Validity::Invalid, Validity::Unknown));
    assert!(result.notes[0].ends_with("nobody polled."), "{:?}", result.notes);
    // What Jepsen's checker says of others' histories stays.
    assert_eq!(judged("").strict, Validity::Invalid);
    // An earlier poll says nothing, a later one does.
    let polls = |time: u64| {
        let assign = "{:process 1 :time 1 :type :invoke :f :assign :value [\"9\"]}\n\
                      {:process 1 :time 1 :type :ok :f :assign :value [\"9\"]}\n";
        format!("{assign}{}", poll(1, time, ":type :ok :value [[:poll {}]]"))
            .replace(":final? true", "")
    };
    assert_eq!(judged_by(&KafkaConsumers, &polls(10)).strict, Validity::Invalid);
}
