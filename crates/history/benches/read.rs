//! How long it takes to read a history of 100 MB from disk: kafka (sends, and
//! polls of some messages), a register by key, and reads of a growing set, a third
//! each; the file is written once, and is in the cache of the system afterwards.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() {
    divan::main();
}

const SIZE: usize = 100_000_000;

fn text() -> String {
    let mut text = String::with_capacity(SIZE + 100_000);
    let mut index = 0u64;
    let mut op = |text: &mut String, process: u64, kind: &str, f: &str, value: &str| {
        let time = index * 1_234_567;
        let _ = writeln!(
            text,
            "{{:index {index}, :time {time}, :type :{kind}, :process {process}, :f :{f}, :value {value}}}"
        );
        index += 1;
    };
    let mut offset = 0u64;
    while text.len() < SIZE / 3 {
        let key = offset % 20;
        op(&mut text, 0, "invoke", "send", &format!("[[:send \"{key}\" {offset}]]"));
        op(&mut text, 0, "ok", "send", &format!("[[:send \"{key}\" [{offset} {offset}]]]"));
        op(&mut text, 1, "invoke", "poll", "[[:poll]]");
        let next = offset + 1;
        let polled =
            format!("[[:poll {{\"{key}\" [[{offset} {offset}] [{next} {next}]], \"x\" []}}]]");
        op(&mut text, 1, "ok", "poll", &polled);
        offset += 1;
    }
    let mut number = 0u64;
    while text.len() < 2 * (SIZE / 3) {
        let key = number / 2000;
        op(&mut text, number % 10, "invoke", "cas", &format!("[{key} [{} {}]]", number % 5, 3));
        op(&mut text, number % 10, "fail", "cas", &format!("[{key} [{} {}]]", number % 5, 3));
        op(&mut text, number % 7, "invoke", "read", &format!("[{key} nil]"));
        op(&mut text, number % 7, "ok", "read", &format!("[{key} {}]", number % 5));
        number += 1;
    }
    let mut set = String::from("[");
    for element in 0u64.. {
        let _ = write!(set, "{}{element}", if element > 0 { " " } else { "" });
        op(&mut text, 0, "invoke", "broadcast", &element.to_string());
        op(&mut text, 0, "ok", "broadcast", &element.to_string());
        op(&mut text, 1, "invoke", "read", "nil");
        op(&mut text, 1, "ok", "read", &format!("{set}]"));
        if text.len() >= SIZE {
            break;
        }
    }
    text
}

fn file() -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("history-100-mb.edn");
    std::fs::write(&path, text()).expect("to write the history");
    path
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn from_disk(bencher: divan::Bencher<'_, '_>) {
    let path = file();
    bencher.bench_local(|| {
        let bytes = std::fs::read(&path).expect("the history");
        glomers_history::read(&bytes).expect("a history")
    });
}
