//! Tests of a node on its pipes.

use std::io::{PipeWriter, Write, pipe};

use glomers_node_derive::Message;
use glomers_protocol::RpcError;
use serde::{Deserialize, Serialize};

use super::*;
use crate::node::Node;

#[derive(Serialize, Deserialize, Clone, Message)]
#[message(reply = EchoOk)]
struct Echo {
    echo: String,
}

#[derive(Serialize, Deserialize, Clone, Message)]
struct EchoOk {
    echo: String,
}

const INIT: &str = r#"{"src":"c0","dest":"n1","body":{"type":"init","msg_id":1,"node_id":"n1","node_ids":["n1"]}}"#;

fn echo() -> Node {
    Node::new().on(async |cx, Echo { echo }| {
        cx.log(format!("got {}", echo.len()));
        match &*echo {
            "panic" => panic!("as asked"),
            "spawn a panic" => {
                cx.log("before the panic");
                cx.spawn(async { panic!("as asked") });
            }
            "wait" => cx.sleep(Duration::from_millis(30)).await,
            _ => {}
        }
        Ok(EchoOk { echo })
    })
}

fn request(id: u64, echo: &str) -> String {
    format!(r#"{{"src":"c1","dest":"n1","body":{{"type":"echo","msg_id":{id},"echo":{echo:?}}}}}"#)
}

struct Ended {
    code: u8,
    out: Vec<String>,
    log: String,
}

/// Runs the echo node on what `talk` writes.
fn run(talk: impl FnOnce(PipeWriter) + Send) -> Ended {
    let identity = Identity { seed: 1, incarnation: None };
    let (reader, writer) = pipe().unwrap();
    let (mut out, mut log) = (Vec::new(), Vec::new());
    let code = std::thread::scope(|scope| {
        scope.spawn(|| talk(writer));
        serve(echo(), identity, None, reader.as_fd(), &mut out, &mut log)
    });
    let out = String::from_utf8(out).unwrap();
    assert!(out.is_empty() || out.ends_with('\n'));
    Ended {
        code,
        out: out.lines().map(str::to_owned).collect(),
        log: String::from_utf8(log).unwrap(),
    }
}

fn run_on(lines: &[&str]) -> Ended {
    let input = lines.join("\n") + "\n";
    run(move |mut writer| writer.write_all(input.as_bytes()).unwrap())
}

#[test]
fn speaks_one_line_a_message_and_ends_with_its_input() {
    let ended = run_on(&[INIT, "", &request(2, "hi"), &request(3, "ho")]);
    assert_eq!(ended.code, 0);
    assert_eq!(
        ended.out,
        [
            r#"{"id":0,"src":"n1","dest":"c0","body":{"type":"init_ok","in_reply_to":1}}"#,
            r#"{"id":1,"src":"n1","dest":"c1","body":{"type":"echo_ok","in_reply_to":2,"echo":"hi"}}"#,
            r#"{"id":2,"src":"n1","dest":"c1","body":{"type":"echo_ok","in_reply_to":3,"echo":"ho"}}"#,
        ]
    );
    assert_eq!(ended.log, "got 2\ngot 2\n");
}

#[test]
fn the_last_line_needs_no_end_and_lines_may_come_in_pieces() {
    let input = format!("{INIT}\r\n{}", request(2, "hi"));
    let ended = run(move |mut writer| {
        for piece in input.as_bytes().chunks(7) {
            writer.write_all(piece).unwrap();
            writer.flush().unwrap();
        }
    });
    assert_eq!((ended.code, ended.out.len()), (0, 2));
}

#[test]
fn a_bad_line_is_logged_and_left_out() {
    let long = "x".repeat(100_000);
    let ended = run_on(&["hello", INIT, "[1]", r#"{"src":"c1"}"#, &long, &request(2, "hi")]);
    assert_eq!((ended.code, ended.out.len()), (0, 2));
    let log: Vec<&str> = ended.log.lines().collect();
    assert_eq!(log.len(), 5);
    assert!(log[0].contains("is no message") && log[0].ends_with(": hello"));
    assert!(log[3].len() < 400);
}

#[test]
fn bytes_that_are_no_text_are_logged_and_left_out() {
    let ended = run(|mut writer| {
        writer.write_all(b"\xff\xfe\n").unwrap();
        writeln!(writer, "{INIT}").unwrap();
    });
    assert_eq!((ended.code, ended.out.len()), (0, 1));
    assert!(ended.log.contains("not UTF-8"));
}

#[test]
fn lines_have_no_longest_length() {
    let long = "y".repeat(3 << 20);
    let ended = run_on(&[INIT, &request(2, &long), &request(3, "hi")]);
    assert_eq!((ended.code, ended.out.len()), (0, 3));
    assert!(ended.out[1].len() > long.len());
}

#[test]
fn timers_fire_while_no_input_comes() {
    let input = format!("{INIT}\n{}\n{}\n", request(2, "wait"), request(3, "hi"));
    let (answered, waited) = (std::sync::mpsc::channel::<()>(), Duration::from_secs(10));
    let ended = run(move |mut writer| {
        writer.write_all(input.as_bytes()).unwrap();
        // Stdin stays open for longer than the node waits.
        let _ = answered.1.recv_timeout(waited.min(Duration::from_millis(200)));
        drop(answered.0);
    });
    assert_eq!(ended.code, 0);
    assert!(ended.out[1].contains(r#""in_reply_to":3"#));
    assert!(ended.out[2].contains(r#""in_reply_to":2"#));
}

#[test]
fn a_panic_ends_the_node_and_keeps_what_came_before() {
    for bad in ["panic", "spawn a panic"] {
        let ended = run_on(&[INIT, &request(2, "hi"), &request(3, bad), &request(4, "hi")]);
        assert_eq!((ended.code, ended.out.len()), (101, 2), "{:?}", ended.out);
        assert!(ended.log.ends_with(&format!(
            "got {}\n{}",
            bad.len(),
            if bad == "panic" { "" } else { "before the panic\n" }
        )));
    }
}

#[test]
fn errors_before_init_come_from_the_name_that_was_addressed() {
    let ended = run_on(&[r#"{"src":"c0","dest":"n7","body":{"type":"init","msg_id":1}}"#]);
    assert!(ended.out[0].starts_with(r#"{"id":0,"src":"n7","dest":"c0","body":{"type":"error""#));
    let line = Line::parse(&ended.out[0]).unwrap();
    assert_eq!(line.payload.decode::<RpcError>().unwrap().code.0, 12);
}

/// A stdout that nobody reads.
struct Broken;

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_broken_stdout_ends_the_node_quietly() {
    let identity = Identity { seed: 1, incarnation: None };
    let (reader, mut writer) = pipe().unwrap();
    writeln!(writer, "{INIT}").unwrap();
    let mut log = Vec::new();
    let code = serve(echo(), identity, None, reader.as_fd(), Broken, &mut log);
    assert_eq!((code, log.len()), (1, 0));
}

#[test]
fn the_environment_says_seed_and_incarnation() {
    let of = |seed: &str, incarnation: &str| {
        identity(|name| {
            let text = if name == "GLOMERS_SEED" { seed } else { incarnation };
            (!text.is_empty()).then(|| text.to_owned())
        })
    };
    assert_eq!(of("7", "0").unwrap().seed, 7);
    assert_eq!(of("7", "").unwrap().incarnation, None);
    assert_ne!(of("7", "1").unwrap().seed, 7);
    assert_eq!(of("18446744073709551615", "3").unwrap().incarnation, Some(3));
    assert_ne!(of("", "").unwrap().seed, of("", "").unwrap().seed);
    let problem = of("seven", "").unwrap_err();
    assert!(problem.contains("GLOMERS_SEED must be a whole number below 2^64"));
}

#[derive(Serialize, Deserialize, Clone, Message)]
#[message(reply = KeepOk)]
struct Keep {
    file: String,
}

#[derive(Serialize, Deserialize, Clone, Message)]
struct KeepOk {
    files: Vec<String>,
    content: String,
}

/// Appends to one file and replaces another, and answers when both are durable.
fn keeper() -> Node {
    Node::new().on(async |cx, Keep { file }| {
        cx.disk(|disk| disk.append(&file, b"+"))??;
        cx.disk(|disk| disk.put("state", b"new"))??;
        cx.sync().await?;
        let files = cx.disk(|disk| disk.list())??;
        let content = cx.disk(|disk| disk.get(&file))??.unwrap_or_default();
        Ok(KeepOk { files, content: String::from_utf8_lossy(&content).into_owned() })
    })
}

/// One life of the keeper, in which it is asked once: its exit code, answer and
/// log.
fn keep(folder: &std::path::Path, file: &str) -> (u8, String, String) {
    let identity = Identity { seed: 1, incarnation: None };
    let (reader, mut writer) = pipe().unwrap();
    let body = format!(r#"{{"type":"keep","msg_id":2,"file":{file:?}}}"#);
    writeln!(writer, "{INIT}\n{{\"src\":\"c1\",\"dest\":\"n1\",\"body\":{body}}}").unwrap();
    drop(writer);
    let (mut out, mut log) = (Vec::new(), Vec::new());
    let disk = DirectoryDisk::new(folder);
    let code = serve(keeper(), identity, Some(disk), reader.as_fd(), &mut out, &mut log);
    let out = String::from_utf8(out).unwrap();
    (code, out.lines().last().unwrap_or_default().to_owned(), String::from_utf8(log).unwrap())
}

#[test]
fn a_directory_is_a_disk_that_survives_the_process() {
    let folder = std::env::temp_dir().join(format!("glomers-disk-{}", std::process::id()));
    let (code, answer, log) = keep(&folder, "log");
    assert_eq!((code, &*log), (0, ""));
    assert!(answer.contains(r#""files":["log","state"],"content":"+""#), "{answer}");
    assert!(keep(&folder, "log").1.contains(r#""content":"++""#));
    assert!(keep(&folder, "../log").1.contains("name of a file"));
    std::fs::remove_dir_all(&folder).unwrap();
    // What stands where the directory should be.
    std::fs::write(&folder, "").unwrap();
    let (code, answer, _) = keep(&folder, "log");
    std::fs::remove_file(&folder).unwrap();
    assert_eq!(code, 0);
    assert!(answer.contains("disk error") && answer.contains("glomers-disk"), "{answer}");
}
