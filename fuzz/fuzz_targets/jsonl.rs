//! One line of our histories: what is read is written and read again as the same.
#![no_main]

use glomers_history::jsonl;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|line: &str| {
    if let Ok(op) = jsonl::read_op(line, &[]) {
        let mut again = Vec::new();
        jsonl::write_op(&op, &mut again);
        let again = std::str::from_utf8(&again).expect("UTF-8");
        assert_eq!(jsonl::read_op(again, &[]).expect("what we wrote"), op);
    }
});
