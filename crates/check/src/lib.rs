//! From a history to a verdict.
//!
//! Checkers are pure: they see operations and observations, never nodes, network
//! or files, and say the same of the same history always. Each gives two
//! verdicts: what Jepsen's checker of that name would say, and ours, which is
//! stricter. [`judge`] puts together what a whole run amounts to.

mod answered;
mod as_maelstrom;
mod availability;
mod bank;
mod counter;
mod echo;
mod exposure;
mod intern;
mod judge;
mod kafka;
mod keyed;
mod known;
pub mod linearizable;
mod long_fork;
mod places;
mod recovery;
mod register;
mod retyped;
mod services;
mod set_full;
mod spelling;
mod stats;
mod txn;
mod unique_ids;
mod words;

pub use answered::Answered;
pub use as_maelstrom::{AsMaelstrom, maelstroms_history};
pub use availability::{Availability, AvailabilityCheck};
pub use bank::Bank;
pub use counter::Counter;
pub use echo::Echo;
pub use exposure::Exposure;
pub use glomers_history::{
    Access, AnsweredCount, CheckResult, Checker, CircleStep, Context, CutMessage, Finding, Kept,
    Mark, Measured, OperationCounts, Quantiles, Service, Stop, Validity, WOULD_CRASH, WOULD_IGNORE,
    WOULD_NOT_HEAR, malformed_reply, was_served,
};
pub use judge::{JudgeOptions, Standard, Verdict, compose, judge};
pub use kafka::{Kafka, KafkaConsumers, commit_too_far};
pub use keyed::{Keyed, is_keyed};
pub use known::Known;
pub use linearizable::{Call, Linearizable, Model};
pub use long_fork::LongFork;
pub use recovery::unavailable_after_heal;
pub use register::{Budget, Explanation, Method, Refusals, Register, RegisterModel};
pub use set_full::SetFull;
pub use spelling::nearest;
pub use stats::Stats;
pub use txn::{
    ConsistencyModels, TxnBudget, TxnListAppend, TxnRwRegister, TxnRwRegisterMarked, UnknownModel,
};
pub use unique_ids::UniqueIds;
