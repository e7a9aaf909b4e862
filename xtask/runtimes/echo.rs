//! Echo on threads of Rust's standard library: one reads, four work.

use std::io::{BufRead, Write};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let start = line.find(&format!("\"{name}\":"))? + name.len() + 3;
    let rest = line[start..].trim_start_matches('"');
    Some(&rest[..rest.find(['"', ',', '}'])?])
}

fn work(lines: &Mutex<mpsc::Receiver<String>>, node: &Mutex<String>) {
    loop {
        let Ok(line) = lines.lock().unwrap().recv() else { return };
        let (src, id) = (field(&line, "src").unwrap(), field(&line, "msg_id").unwrap());
        let body = match field(&line, "node_id") {
            Some(name) => {
                *node.lock().unwrap() = name.to_owned();
                "\"type\":\"init_ok\"".to_owned()
            }
            None => {
                std::thread::sleep(Duration::from_millis(3));
                let echo = field(&line, "echo").unwrap();
                format!("\"type\":\"echo_ok\",\"echo\":\"{echo}\"")
            }
        };
        let node = node.lock().unwrap().clone();
        let mut out = std::io::stdout().lock();
        writeln!(
            out,
            "{{\"src\":\"{node}\",\"dest\":\"{src}\",\"body\":{{{body},\"in_reply_to\":{id}}}}}"
        )
        .unwrap();
    }
}

fn main() {
    let (sender, lines) = mpsc::channel();
    let (lines, node) = (Arc::new(Mutex::new(lines)), Arc::new(Mutex::new(String::new())));
    for _ in 0..4 {
        let (lines, node) = (lines.clone(), node.clone());
        std::thread::spawn(move || work(&lines, &node));
    }
    for line in std::io::stdin().lock().lines() {
        sender.send(line.unwrap()).unwrap();
    }
}
