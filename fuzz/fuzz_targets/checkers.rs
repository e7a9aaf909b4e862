//! Every checker, on histories made of the bytes.
#![no_main]

use glomers_fuzz::{Bytes, judge_by_all};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| judge_by_all(&Bytes(bytes).history()));
