//! Counters: against the definition, and on histories as text.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/random.rs"]
mod random;
#[path = "../common/soak.rs"]
mod soak;
#[path = "../common/text.rs"]
mod text;

mod brute_force;

use glomers_check::{Checker, Counter};

#[test]
fn what_is_said_of_histories() {
    text::judge_all("counter/histories", 15, |name| {
        let checker: Box<dyn Checker> = match name {
            "g-counter" => Box::new(Counter::G_COUNTER),
            "pn-counter" => Box::new(Counter::PN_COUNTER),
            other => panic!("no counter {other}"),
        };
        (checker, None)
    });
}
