//! Workloads txn-list-append and txn-rw-register: transactions of reads and writes over
//! keys that come and go. Generators as Elle has them.

mod client;
mod style;
#[cfg(test)]
mod tests;

use glomers_check::{Access, Checker, ConsistencyModels, TxnRwRegisterMarked};
use glomers_history::{Op, Value};
use glomers_protocol::shared_text;
use glomers_sim::draws::Draws;
use glomers_sim::{Client, NextOperation, Workload};

use crate::keys::Keys;
use client::TxnClient;
pub use style::TxnStyle;

/// What both workloads take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TxnOptions {
    /// What the history must satisfy.
    pub models: ConsistencyModels,
    /// How many keys are in use at a time; at least one.
    pub key_count: u32,
    /// How many steps a transaction has at most; at least one.
    pub max_length: u32,
    /// How often a key is written before another takes its place; at least once.
    pub max_writes_per_key: u32,
    /// What transactions look like.
    pub style: TxnStyle,
    /// Of registers, whether the order of versions is what nodes mark as `txn-order`,
    /// besides what can be inferred.
    pub is_marked: bool,
}

impl Default for TxnOptions {
    /// As Maelstrom has them: strict serializability, 10 keys, up to 4 steps, 16
    /// writes.
    fn default() -> TxnOptions {
        TxnOptions {
            models: ConsistencyModels::default(),
            key_count: 10,
            max_length: 4,
            max_writes_per_key: 16,
            style: TxnStyle::Mixed,
            is_marked: false,
        }
    }
}

/// What both workloads share: the word for a write, and the keys.
#[derive(Debug)]
struct Generator {
    write: &'static str,
    options: TxnOptions,
    keys: Keys,
}

impl Generator {
    fn new(write: &'static str, options: TxnOptions) -> Generator {
        let keys = Keys::new(options.key_count.max(1), options.max_writes_per_key.max(1));
        Generator { write, options, keys }
    }

    fn next(&mut self, draws: &mut Draws) -> NextOperation {
        let Generator { write, options, keys } = self;
        let steps = match options.style {
            TxnStyle::Mixed => style::mixed(write, options.max_length, keys, draws),
            TxnStyle::Mini => style::mini(write, keys, draws),
        };
        NextOperation { f: shared_text("txn"), value: Value::list(steps) }
    }
}

/// The keys that a transaction touches.
fn accesses(op: &Op) -> Vec<Access> {
    let Some(steps) = op.value.as_list() else { return Vec::new() };
    let access = |step: Value| {
        let step = step.as_list()?;
        let is_write = step.get(0)?.as_str() != Some("r");
        Some(Access { key: step.get(1)?, is_write })
    };
    steps.iter().filter_map(access).collect()
}

/// Reads of lists show the order of what was appended: marks add nothing.
fn of_lists(checker: glomers_check::TxnListAppend, _: bool) -> Box<dyn Checker> {
    Box::new(checker)
}

fn of_registers(checker: glomers_check::TxnRwRegister, is_marked: bool) -> Box<dyn Checker> {
    if is_marked { Box::new(TxnRwRegisterMarked(checker)) } else { Box::new(checker) }
}

macro_rules! workload {
    ($(#[$about:meta])* $name:ident, $text:literal, $write:literal, $checker:ident, $in_order:ident) => {
        $(#[$about])*
        #[derive(Debug)]
        pub struct $name(Generator);

        impl $name {
            /// The workload with these options.
            pub fn new(options: TxnOptions) -> $name {
                $name(Generator::new($write, options))
            }
        }

        impl Default for $name {
            fn default() -> $name {
                $name::new(TxnOptions::default())
            }
        }

        impl Workload for $name {
            fn name(&self) -> &str {
                $text
            }

            fn generate(&mut self, _worker: u32, draws: &mut Draws) -> NextOperation {
                self.0.next(draws)
            }

            fn client(&self) -> Box<dyn Client> {
                Box::new(TxnClient::new($write))
            }

            fn keeps_client(&self) -> bool {
                true
            }

            fn accesses(&self, op: &Op) -> Vec<Access> {
                accesses(op)
            }

            fn needs_contention(&self) -> bool {
                true
            }

            fn checker(&self) -> Box<dyn Checker> {
                let TxnOptions { models, is_marked, .. } = self.0.options.clone();
                let checker = glomers_check::$checker { models, ..Default::default() };
                $in_order(checker, is_marked)
            }
        }
    };
}

workload!(
    /// Transactions that read lists and append to them. A list shows the order of all
    /// appends, so the checker knows the order of versions.
    TxnListAppend,
    "txn-list-append",
    "append",
    TxnListAppend,
    of_lists
);
workload!(
    /// Transactions that read and write registers.
    TxnRwRegister,
    "txn-rw-register",
    "w",
    TxnRwRegister,
    of_registers
);
