//! What a run leaves behind, and what can be made of it later.
//!
//! A run has a directory of its own, `ROOT/<workload>/<timestamp>/`. Two files
//! are streamed while the run goes on and survive a kill: `history.jsonl` (one
//! operation a line) and `journal.bin` (what happened to every message). All
//! that is meant to be read is derived from these two, at the end of the run or
//! later from what a killed run left, by the same code, so that both give the
//! same bytes.
//!
//! - [`Store`] makes the directory and writes what a finished run adds;
//! - [`StoreWriter`] is the [`Observer`](glomers_history::Observer) that streams;
//! - [`Recovered`] reads a directory again, however its run ended;
//! - [`compare`] tells two directories apart, byte for byte.
//!
//! What was streamed is never changed again, and proves itself: each block of the
//! journal has a checksum and a number, and the journal holds a checksum of every
//! line of the history and a copy of `replay.json`. Where a stream is damaged, what
//! was derived before stays as it is.
//!
//! A program that only keeps failed runs needs neither Parquet nor compression: both
//! are features. What it writes can be read by those that have them.
//!
//! This crate never judges a history, and except in `run.json` and `run.log` it
//! writes nothing that depends on the machine or the hour.

mod bodies;
#[cfg(feature = "compression")]
mod codes;
#[cfg(feature = "parquet")]
mod columns;
mod compare;
mod derive;
mod directory;
mod error;
mod events;
mod files;
mod form;
mod frames;
mod journal;
mod links;
mod lock;
mod loss;
mod messages;
mod names;
mod node_logs;
mod pack;
mod recover;
#[cfg(feature = "parquet")]
mod tables;
mod texts;
mod timestamp;
#[cfg(feature = "compression")]
mod weave;
#[cfg(feature = "compression")]
mod woven;
mod writer;

pub use compare::{Difference, Place, compare};
pub use directory::{Remark, Store};
pub use error::StoreError;
pub use lock::Lock;
pub use loss::Loss;
pub use messages::{
    Disturbed, Ending, Event, Fate, FindingRef, Mark, MarkRef, Message, MessageRef,
};
pub use recover::{Recovered, derive};
pub use timestamp::timestamp;
pub use writer::{StoreWriter, Written};
