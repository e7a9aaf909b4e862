//! Every checker, on histories read from the bytes.
#![no_main]

use glomers_fuzz::judge_by_all;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(history) = glomers_history::read(bytes) {
        judge_by_all(&history);
    }
});
