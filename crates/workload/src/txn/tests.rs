//! Tests of the workloads of transactions.

use std::collections::BTreeMap;
use std::sync::Arc;

use glomers_history::{OpKind, Process, Time};
use glomers_protocol::Payload;
use glomers_sim::Step;
use glomers_sim::draws::Purpose;

use super::*;

fn draws() -> Draws {
    Draws::keyed(1, Purpose::Worker, 0, 0, 0)
}

fn steps(operation: &NextOperation) -> Vec<(String, i64, Value)> {
    let list = operation.value.as_list().unwrap();
    let step = |step: Value| {
        let step = step.as_list().unwrap();
        let part = |at| step.get(at).unwrap();
        (part(0).as_str().unwrap().to_owned(), part(1).as_int().unwrap(), part(2))
    };
    list.iter().map(step).collect()
}

#[test]
fn transactions_have_one_to_four_steps_half_of_them_writes_of_1_2_3() {
    let (mut workload, mut draws) = (TxnListAppend::default(), draws());
    let (mut lengths, mut reads, mut count) = ([0; 5], 0, 0);
    let mut last: BTreeMap<i64, i64> = BTreeMap::new();
    for _ in 0..10_000 {
        let all = steps(&workload.generate(0, &mut draws));
        lengths[all.len()] += 1;
        for (f, key, value) in all {
            count += 1;
            match &*f {
                "r" => {
                    assert_eq!(value, Value::Null);
                    reads += 1;
                }
                _ => {
                    let last = last.entry(key).or_default();
                    *last += 1;
                    assert_eq!((&*f, value.as_int()), ("append", Some(*last)));
                    assert!(*last <= 16);
                }
            }
        }
    }
    assert_eq!(lengths[0], 0);
    assert!(lengths[1..].iter().all(|&n| (2_300..2_700).contains(&n)), "{lengths:?}");
    assert!((count * 48 / 100..count * 52 / 100).contains(&reads), "{reads} of {count}");
}

#[test]
fn a_mini_transaction_writes_only_what_it_has_read() {
    let options = TxnOptions { style: TxnStyle::Mini, ..TxnOptions::default() };
    let (mut workload, mut draws) = (TxnRwRegister::new(options), draws());
    let mut writes = 0;
    for _ in 0..1_000 {
        let all = steps(&workload.generate(0, &mut draws));
        assert!(all.len() <= 4);
        for (at, (f, key, _)) in all.iter().enumerate().filter(|(_, (f, ..))| f == "w") {
            assert_eq!((all[at - 1].0.as_str(), all[at - 1].1), ("r", *key), "{f}");
            writes += 1;
        }
    }
    assert!(writes > 400);
}

/// What the client makes of an answer to `[["append",1,7],["r",2,null]]`.
fn answered(text: &str) -> Result<String, String> {
    let mut client = TxnClient::new("append");
    let value = Value::from_json(r#"[["append",1,7],["r",2,null]]"#).unwrap();
    let op = Op {
        index: 0,
        time: Time::ZERO,
        process: Process::Client(0),
        kind: OpKind::Invoke,
        f: Arc::from("txn"),
        value,
        error: None,
        is_final: false,
    };
    assert!(matches!(client.invoke(&op), Step::Request(_)));
    let body = format!(r#"{{"type":"txn_ok","in_reply_to":1,"txn":{text}}}"#);
    match client.reply(&Payload::from_json(body).unwrap()) {
        Step::Ok(value) => Ok(value.to_json()),
        Step::BadReply(what) => Err(what),
        _ => panic!("neither taken nor refused"),
    }
}

#[test]
fn an_answer_keeps_functions_keys_and_what_is_written() {
    let ok = r#"[["append",1,7],["r",2,[1,2]]]"#;
    assert_eq!(answered(ok).as_deref(), Ok(ok));
    assert!(answered(r#"[["append",1,7],["r",2,null]]"#).is_ok());
    for (text, words) in [
        (r#"[["append",1,7]]"#, "has 2 steps, but 1 were answered"),
        (r#"[["append",1,7],["append",2,8]]"#, "step 2 of 2: [\"r\",2,null] was asked, but"),
        (r#"[["append",3,7],["r",2,null]]"#, "step 1 of 2: [\"append\",1,7] was asked, but"),
        (r#"[["append",1,8],["r",2,null]]"#, "a write keeps its value"),
        (r#"[["append",1,7],["r",2,5]]"#, "a read of a list shows a list"),
        (r#"[["append",1,7],["r",2]]"#, "a step is [function, key, value]"),
        (r#"{"a":1}"#, "must be a list"),
        ("null", "must be a list"),
    ] {
        let said = answered(text).unwrap_err();
        assert!(said.contains(words), "{text}: {said}");
    }
}
