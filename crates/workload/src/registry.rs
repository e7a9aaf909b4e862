//! Workloads by name.

use std::collections::BTreeMap;

use glomers_check::{self as check, Checker, UnknownModel, nearest};
use glomers_history::Value;
use glomers_sim::Workload;

use crate::facts::{
    CHECK_REFUSALS, CONSISTENCY_MODELS, KEY_COUNT, MAX_TXN_LENGTH, MAX_WRITES_PER_KEY,
    OperationFacts, OptionFacts, REQUIRE, TOPOLOGY, TXN_STYLE, VERSION_ORDER, VERSION_ORDERS, Word,
    plain,
};
use crate::txn::{TxnListAppend, TxnOptions, TxnRwRegister, TxnStyle};
use crate::{Broadcast, Echo, GCounter, GSet, Kafka, LinKv, PnCounter, TOPOLOGIES, UniqueIds};

type Make = fn(&BTreeMap<String, String>) -> Result<Box<dyn Workload>, UnknownName>;

/// What there is to know about a workload.
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// One line for help texts.
    pub about: &'static str,
    /// The embedded node that it is run with if none is named.
    pub default_node: &'static str,
    /// How many workers each node has if nobody says.
    pub workers_per_node: u32,
    /// Its operations.
    pub operations: &'static [OperationFacts],
    /// The options that it takes.
    pub options: &'static [OptionFacts],
    /// Who judges a history of it that somebody else recorded.
    pub checker: fn() -> Box<dyn Checker>,
    make: Make,
}

impl Entry {
    /// The option of this name.
    pub fn option(&self, name: &str) -> Option<&'static OptionFacts> {
        self.options.iter().find(|option| option.name == name)
    }

    /// The names of its options.
    fn option_names(&self) -> &'static [&'static str] {
        // For a message that ends what was asked for.
        let names: Vec<&str> = self.options.iter().map(|option| option.name).collect();
        names.leak()
    }
}

/// A name that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    /// What it should name: `workload`, `topology`.
    pub what: &'static str,
    /// The name.
    pub name: String,
    /// What there is.
    pub known: &'static [&'static str],
}

impl std::fmt::Display for UnknownName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "there is no {} {:?}", self.what, self.name)?;
        if self.known.is_empty() {
            return f.write_str("; there are none.");
        }
        if let Some(near) = nearest(&self.name, self.known) {
            write!(f, "; did you mean {near:?}? Known")?;
        } else {
            f.write_str("; known")?;
        }
        write!(f, ": {}.", self.known.join(", "))
    }
}

impl std::error::Error for UnknownName {}

/// The requirement that reads at one node never go back.
pub const MONOTONIC_READS: &str = "monotonic-reads";

const ENTRIES: [Entry; 10] = [
    Entry {
        name: "echo",
        about: "a node gives back what it gets",
        default_node: "echo",
        workers_per_node: 1,
        operations: &[plain("echo")],
        options: &[],
        checker: || known("echo", check::Echo),
        make: |_| Ok(Box::new(Echo)),
    },
    Entry {
        name: "unique-ids",
        about: "nodes give ids that nobody ever gave before",
        default_node: "unique-ids",
        workers_per_node: 1,
        operations: &[plain("generate")],
        options: &[],
        checker: || known("unique-ids", check::UniqueIds),
        make: |_| Ok(Box::new(UniqueIds)),
    },
    Entry {
        name: "broadcast",
        about: "a value given to one node reaches all",
        default_node: "flood-retry",
        workers_per_node: 1,
        operations: &[plain("broadcast"), plain("read")],
        options: &[TOPOLOGY],
        checker: || known("broadcast", check::SetFull::BROADCAST),
        make: |options| {
            let topology = match options.get("topology") {
                None => crate::Topology::default(),
                Some(name) => name.parse().map_err(|()| UnknownName {
                    what: "topology",
                    name: name.clone(),
                    known: &TOPOLOGIES,
                })?,
            };
            Ok(Box::new(Broadcast::new(topology)))
        },
    },
    Entry {
        name: "g-set",
        about: "what is added to one node is in the set for ever, on all",
        default_node: "g-set",
        workers_per_node: 1,
        operations: &ADD_AND_READ,
        options: &[REQUIRE],
        checker: || known("g-set", check::SetFull::G_SET),
        make: |options| match options.get("require") {
            None => Ok(Box::new(GSet::default())),
            Some(name) if name == MONOTONIC_READS => {
                Ok(Box::new(GSet::default().require_monotonic_reads(true)))
            }
            Some(name) => Err(UnknownName {
                what: "requirement",
                name: name.clone(),
                known: &[MONOTONIC_READS],
            }),
        },
    },
    Entry {
        name: "g-counter",
        about: "what is added anywhere is counted once; nothing negative",
        default_node: "crdt-counter",
        workers_per_node: 1,
        operations: &ADD_AND_READ,
        options: &[],
        checker: || known("g-counter", check::Counter::G_COUNTER),
        make: |_| Ok(Box::new(GCounter)),
    },
    Entry {
        name: "pn-counter",
        about: "what is added or taken away anywhere is counted once",
        default_node: "crdt-counter",
        workers_per_node: 1,
        operations: &ADD_AND_READ,
        options: &[],
        checker: || known("pn-counter", check::Counter::PN_COUNTER),
        make: |_| Ok(Box::new(PnCounter)),
    },
    Entry {
        name: "lin-kv",
        about: "registers by key, read and changed as if there were one copy",
        default_node: "lin-kv-proxy",
        workers_per_node: 4,
        operations: &REGISTERS,
        options: &[CHECK_REFUSALS],
        checker: || Box::new(check::Register::LIN_KV),
        make: |options| {
            let check = options.get("check-refusals").map_or("true", String::as_str);
            let check = check.parse().map_err(|_| UnknownName {
                what: "check-refusals",
                name: check.to_owned(),
                known: &["true", "false"],
            })?;
            Ok(Box::new(LinKv::default().check_refusals(check)))
        },
    },
    Entry {
        name: "kafka",
        about: "logs by key, and consumers that remember how far they are",
        default_node: "kafka-fast",
        workers_per_node: 1,
        operations: &LOGS,
        options: &[KEY_COUNT, MAX_WRITES_PER_KEY],
        checker: || {
            Box::new(check::Known { checker: Box::new(check::Kafka), operations: &JEPSENS_KAFKA })
        },
        make: |options| {
            let key_count = number(options, "key-count", Kafka::KEY_COUNT)?;
            let most_writes = number(options, "max-writes-per-key", Kafka::MAX_WRITES_PER_KEY)?;
            Ok(Box::new(Kafka::new(key_count, most_writes)))
        },
    },
    Entry {
        name: "txn-list-append",
        about: "transactions that read lists and append to them",
        default_node: "list-append",
        workers_per_node: 1,
        operations: &[plain("txn")],
        options: &TXN_OPTIONS,
        checker: || TxnListAppend::new(TxnOptions::default()).checker(),
        make: |options| Ok(Box::new(TxnListAppend::new(txn_options(options)?))),
    },
    Entry {
        name: "txn-rw-register",
        about: "transactions that read and write registers",
        default_node: "rw-register",
        workers_per_node: 1,
        operations: &[plain("txn")],
        options: &REGISTER_OPTIONS,
        checker: || TxnRwRegister::new(TxnOptions::default()).checker(),
        make: |options| Ok(Box::new(TxnRwRegister::new(txn_options(options)?))),
    },
];

/// The options of transactions.
const TXN_OPTIONS: [OptionFacts; 5] =
    [KEY_COUNT, MAX_WRITES_PER_KEY, MAX_TXN_LENGTH, CONSISTENCY_MODELS, TXN_STYLE];

const ADD_AND_READ: [OperationFacts; 2] = [plain("add"), plain("read")];

const REGISTERS: [OperationFacts; 3] = [
    OperationFacts {
        name: "read",
        words: &[Word::Key],
        value: |words| Value::list(words.into_iter().chain([Value::Null])),
    },
    OperationFacts {
        name: "write",
        words: &[Word::Key, Word::Value("the value to write")],
        value: Value::list,
    },
    OperationFacts {
        name: "cas",
        words: &[
            Word::Key,
            Word::Value("the value that is expected"),
            Word::Value("the value to write"),
        ],
        value: |mut words| {
            let change = Value::list(words.split_off(1));
            Value::list(words.into_iter().chain([change]))
        },
    },
];

const LOGS: [OperationFacts; 4] = [
    OperationFacts {
        name: "send",
        words: &[Word::Log, Word::Value("the message to send")],
        value: |words| {
            Value::list([Value::list([Value::keyword("send")].into_iter().chain(words))])
        },
    },
    OperationFacts {
        name: "poll",
        words: &[],
        value: |_| Value::list([Value::list([Value::keyword("poll")])]),
    },
    OperationFacts { name: "assign", words: &[Word::Logs], value: Value::list },
    plain("crash"),
];

/// The operations of Jepsen's Kafka workload, which has more than ours.
const JEPSENS_KAFKA: [&str; 7] =
    ["send", "poll", "txn", "assign", "subscribe", "crash", "debug-topic-partitions"];

/// A checker of histories that may hold operations that the workload does not know.
fn known(workload: &str, checker: impl Checker + 'static) -> Box<dyn Checker> {
    let operations = entry(workload).map_or(&[][..], |entry| entry.operations);
    let names: Vec<&str> = operations.iter().map(|operation| operation.name).collect();
    // For a command that judges one history.
    Box::new(check::Known { checker: Box::new(checker), operations: names.leak() })
}

/// Those of registers: lists show the order of what was appended themselves.
const REGISTER_OPTIONS: [OptionFacts; 6] =
    [KEY_COUNT, MAX_WRITES_PER_KEY, MAX_TXN_LENGTH, CONSISTENCY_MODELS, TXN_STYLE, VERSION_ORDER];

fn txn_options(options: &BTreeMap<String, String>) -> Result<TxnOptions, UnknownName> {
    let usual = TxnOptions::default();
    let unknown = |what, name: &String, known| UnknownName { what, name: name.clone(), known };
    let models = match options.get("consistency-models") {
        None => usual.models,
        Some(text) => text.parse().map_err(|error: UnknownModel| {
            unknown("consistency model", &error.name().to_owned(), models())
        })?,
    };
    let style = match options.get("txn-style") {
        None => usual.style,
        Some(text) => {
            text.parse().map_err(|()| unknown("style of transactions", text, &TxnStyle::NAMES))?
        }
    };
    let is_marked = match options.get("version-order").map(String::as_str) {
        None | Some("inferred") => false,
        Some("marked") => true,
        Some(text) => {
            return Err(unknown("order of versions", &text.to_owned(), &VERSION_ORDERS));
        }
    };
    Ok(TxnOptions {
        models,
        is_marked,
        key_count: number(options, "key-count", usual.key_count)?,
        max_length: number(options, "max-txn-length", usual.max_length)?,
        max_writes_per_key: number(options, "max-writes-per-key", usual.max_writes_per_key)?,
        style,
    })
}

/// The names of all consistency models.
fn models() -> &'static [&'static str] {
    static MODELS: std::sync::LazyLock<Vec<&str>> =
        std::sync::LazyLock::new(|| UnknownModel::known().collect());
    &MODELS
}

/// The number that an option gives, from 1.
fn number(
    options: &BTreeMap<String, String>,
    name: &'static str,
    default: u32,
) -> Result<u32, UnknownName> {
    let Some(text) = options.get(name) else { return Ok(default) };
    let number = text.parse().ok().filter(|number| *number >= 1);
    number.ok_or_else(|| UnknownName {
        what: name,
        name: text.clone(),
        known: &["a number from 1 to 4294967295"],
    })
}

/// The names of all workloads.
pub const NAMES: [&str; ENTRIES.len()] = {
    let mut names = [""; ENTRIES.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = ENTRIES[at].name;
        at += 1;
    }
    names
};

/// What there is to know about a workload.
///
/// # Errors
/// If there is none of this name.
pub fn entry(name: &str) -> Result<&'static Entry, UnknownName> {
    static ALL: [Entry; ENTRIES.len()] = ENTRIES;
    ALL.iter().find(|entry| entry.name == name).ok_or_else(|| UnknownName {
        what: "workload",
        name: name.to_owned(),
        known: &NAMES,
    })
}

/// Makes a workload.
///
/// # Errors
/// If there is none of this name, it does not take one of the options, or an
/// option has a value that it does not know.
pub fn make(
    name: &str,
    options: &BTreeMap<String, String>,
) -> Result<Box<dyn Workload>, UnknownName> {
    let entry = entry(name)?;
    match options.keys().find(|option| entry.option(option).is_none()) {
        None => (entry.make)(options),
        Some(option) => Err(UnknownName {
            what: "option of this workload",
            name: option.clone(),
            known: entry.option_names(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest() {
        let known = ["broadcast", "echo", "unique-ids"];
        assert_eq!(nearest("brodcast", &known), Some("broadcast"));
        assert_eq!(nearest("uniqueids", &known), Some("unique-ids"));
        assert_eq!(nearest("ehco", &known), Some("echo"));
        assert_eq!(nearest("zzz", &known), None);
        let text = make("brodcast", &BTreeMap::new()).err().unwrap().to_string();
        assert!(text.contains("did you mean \"broadcast\"?"), "{text}");
    }

    #[test]
    fn an_option_that_means_nothing_is_refused() {
        let refused = |name, option: &str| {
            let options = BTreeMap::from([(option.to_owned(), "1".to_owned())]);
            make(name, &options).err().map(|error| error.to_string())
        };
        let text = refused("echo", "topology").unwrap();
        assert_eq!(text, "there is no option of this workload \"topology\"; there are none.");
        let text = refused("kafka", "keycount").unwrap();
        assert!(text.contains("did you mean \"key-count\"?"), "{text}");
        assert_eq!(refused("kafka", "key-count"), None);
    }
}
