//! EDN, as a value and as a history: what is read can be written and is read
//! again as the same.
#![no_main]

use glomers_history::{edn, jsonl, read, read_value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(value) = read_value(text)
        && !text.contains("##")
    {
        let written = edn::to_string(&value);
        let again = read_value(&written).unwrap_or_else(|error| panic!("{written}: {error}"));
        // Keywords that EDN cannot spell are written as strings, so keys of a map,
        // or elements of a set, may become the same.
        if !written.contains('{') {
            assert_eq!(edn::to_string(&again), written);
        }
    }
    if let Ok(history) = read(bytes)
        && !bytes.windows(2).any(|two| two == b"##")
    {
        let mut lines = Vec::new();
        for op in history.ops() {
            jsonl::write_op(op, &mut lines);
        }
        assert_eq!(read(&lines).expect("what we wrote"), history);
    }
});
