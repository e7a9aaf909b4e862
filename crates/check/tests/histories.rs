//! Histories as text and what is said of them: `tests/histories/*.txt`. Run with
//! `UPDATE_EXPECT=1` to rewrite what is expected.

mod common;
#[path = "common/text.rs"]
mod text;

use glomers_check::{
    Availability, AvailabilityCheck, Bank, Checker, Echo, LongFork, SetFull, Stats, UniqueIds,
};

fn checker(name: &str) -> Box<dyn Checker> {
    match name {
        "broadcast" => Box::new(SetFull::BROADCAST),
        "g-set" => Box::new(SetFull::G_SET),
        "unique-ids" => Box::new(UniqueIds),
        "echo" => Box::new(Echo),
        "stats" => Box::new(Stats::default()),
        "stats-but-crash" => Box::new(Stats { exempt: vec!["crash".to_owned()], answered: None }),
        "availability-total" => Box::new(AvailabilityCheck {
            required: Availability::Total,
            ..AvailabilityCheck::default()
        }),
        "availability-half" => Box::new(AvailabilityCheck {
            required: Availability::Fraction(0.5),
            ..AvailabilityCheck::default()
        }),
        "availability" => Box::new(AvailabilityCheck::default()),
        "bank" => Box::new(Bank::default()),
        "long-fork" => Box::new(LongFork),
        other => panic!("no checker {other}"),
    }
}

#[test]
fn what_is_said_of_histories() {
    text::judge_all("histories", 46, |name| (checker(name), None));
}
