//! What models and anomalies mean, in a few words.

/// What a model promises.
pub(super) fn of_model(model: &str) -> &'static str {
    match model {
        "PL-1" => "writes of transactions are not mixed up: there is one order of them",
        "PL-2" => "a transaction sees only what others committed, in the end and for good",
        "monotonic-atomic-view" => "once something of a transaction is seen, all of it is",
        "read-atomic" => "of a transaction all is seen, or nothing",
        "update-atomic" => "of two transactions that change the same, one sees the other",
        "causal-cerone" | "causal" => "who sees a transaction sees all that it could have seen",
        "PL-CS" => "what a transaction read and then writes is not changed in between",
        "PL-2L" => "what a transaction sees never goes back",
        "PL-MSR" => "each read of a transaction sees a snapshot",
        "PL-2+" => "what a transaction sees was the state at some moment",
        "PL-FCV" => "what a transaction sees was the state before it began",
        "PL-2.99" => "what a transaction read does not change until it commits",
        "PL-3U" => "transactions that write could have run one after the other",
        "parallel-snapshot-isolation" => {
            "a transaction sees a snapshot, and no two that run at once change the same"
        }
        "prefix" => "a transaction sees all up to some point of one order, and nothing after it",
        "PL-SI" => "a transaction sees one snapshot, and no two that run at once change the same",
        "PL-3" => "all could have run one after the other",
        "strong-session-PL-1" => "writes have one order, in which each session keeps its own",
        "strong-PL-1" => "writes have one order, which is that of real time",
        "strong-session-PL-2" => "what is seen is committed, and sessions keep their order",
        "strong-PL-2" => "what is seen is committed, in an order that fits real time",
        "strong-session-snapshot-isolation" => {
            "a transaction sees one snapshot, which has all that its session did before"
        }
        "strong-snapshot-isolation" => {
            "a transaction sees one snapshot, which has all that was over before it began"
        }
        "strong-session-serializable" => {
            "all could have run one after the other, each session in its own order"
        }
        "PL-SS" => "all could have run one after the other, in an order that fits real time",
        _ => "it forbids this",
    }
}

/// What an anomaly is.
pub(super) fn of_anomaly(name: &str) -> &'static str {
    let stem = name.trim_end_matches("-process").trim_end_matches("-realtime");
    match stem {
        "G0" | "write-cycle" => "transactions that replaced each other's writes in a circle",
        "G1a" => "what a failed transaction wrote was read",
        "G1b" => "what its writer then overwrote was read",
        "G1c" => "transactions that saw or replaced each other's writes in a circle",
        "G-single-item" => {
            "a transaction saw something of another, and something older than the other's writes"
        }
        "fractured-read" => {
            "of a transaction that was left open, part was seen and part was not; since part was \
             seen, it happened"
        }
        "G-nonadjacent-item" => {
            "transactions that saw different ones of each other's writes, each in an order of its own"
        }
        "G2-item" => "transactions that did not see each other's writes, in a circle",
        "internal" => "a read does not fit what its own transaction did before",
        "future-read" => "a transaction read what it wrote only later",
        "duplicate-elements" => "a read has an element twice that was appended once",
        "incompatible-order" => "two reads of a list show appends in orders that do not fit",
        "dirty-update" => "a transaction built on what a failed one wrote",
        "lost-update" => {
            "transactions read the same and replaced it, without knowledge of each other"
        }
        "cyclic-versions" => "of some versions of a key each comes before the others",
        "cyclic-versions-in-order" => {
            "by when they were written and read, of some versions of a key each comes before the \
             others"
        }
        "reordered-appends" => "what a transaction appended stands there in another order",
        "garbage-read" => "what nobody wrote was read",
        "parallel-snapshot-isolation-violation" => of_anomaly("G-single-item"),
        "monotonic-atomic-view-violation"
        | "read-atomic-violation"
        | "causal-cerone-violation"
        | "causal-violation" => "a transaction read something older than what it saw",
        _ => "transactions that each come before the next, in a circle",
    }
}
