//! From a history to a verdict.
//!
//! Checkers are pure: they see operations and observations, never nodes, network
//! or files, and say the same of the same history always.

mod verdict;

pub use verdict::{CheckResult, Checker, Context, CutMessage, Finding, Mark, Validity};
