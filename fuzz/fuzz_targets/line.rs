//! One line of the wire protocol.
#![no_main]

use glomers_protocol::{Line, Value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|line: &str| {
    match Line::parse(line) {
        Ok(line) => {
            let mut again = Vec::new();
            Line::write(7, &line.src, &line.dest, &line.payload, &mut again);
            let again = std::str::from_utf8(&again).expect("UTF-8");
            let again = Line::parse(again.trim_end()).expect("what we wrote");
            assert_eq!((&again.src, &again.dest), (&line.src, &line.dest));
            // Line breaks between values do not survive, so values are compared.
            let value = |line: &Line<'_>| Value::from_json(line.payload.to_json().get());
            assert_eq!(value(&again).ok(), value(&line).ok());
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
