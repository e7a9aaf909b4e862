//! JSON values: what is read is written and read again as the same, and so it is
//! as EDN.
#![no_main]

use glomers_history::{Value, edn, read_value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(value) = Value::from_json(text) {
        assert_eq!(Value::from_json(&value.to_json()).expect("what we wrote"), value);
        assert!(read_value(&edn::to_string(&value)).is_ok());
        assert_eq!(value.cmp(&value), std::cmp::Ordering::Equal);
    }
});
