//! What models and anomalies mean, in a few words.

/// What a model promises.
pub(super) fn of_model(model: &str) -> &'static str {
    match model {
        "PL-1" => "the writes of all transactions fit into one order",
        "PL-2" => "a transaction reads only values that are committed and final",
        "monotonic-atomic-view" => {
            "once a transaction has read one write of another, it sees all of them"
        }
        "read-atomic" => "others see all writes of a transaction, or none",
        "update-atomic" => "of two transactions that write the same key, one sees the other",
        "causal-cerone" | "causal" => {
            "a transaction that sees another also sees all that the other could have seen"
        }
        "monotonic-reads" => "a transaction sees all that its session saw before",
        "monotonic-writes" => {
            "all see the writes of a session in its order, and none without those before it"
        }
        "read-your-writes" => "a transaction sees all that its session wrote before",
        "writes-follow-reads" => {
            "a transaction that sees another also sees what the other's session had seen before"
        }
        "PL-CS" => "nobody else changes a key between a transaction's read of it and its write",
        "PL-2L" => "the reads of a transaction never go back to an older state",
        "PL-MSR" => "each read of a transaction sees a snapshot",
        "PL-2+" => "all reads of a transaction show the state at one moment",
        "PL-FCV" => {
            "all reads of a transaction show one state, with all that was committed before it began"
        }
        "PL-2.99" => "what a transaction has read does not change until it commits",
        "PL-3U" => "all transactions that write could have run one after the other",
        "parallel-snapshot-isolation" => {
            "a transaction sees a snapshot, and no two concurrent transactions write the same key"
        }
        "prefix" => {
            "a transaction sees everything up to one point of a common order, and nothing after it"
        }
        "PL-SI" => {
            "a transaction sees one snapshot, and no two concurrent transactions write the same key"
        }
        "PL-3" => "all transactions could have run one after the other",
        "strong-session-PL-1" => {
            "all writes fit into one order, in which each session keeps its own"
        }
        "strong-PL-1" => "all writes fit into one order, which is that of real time",
        "strong-session-PL-2" => {
            "a transaction reads only committed values, and each session keeps its order"
        }
        "strong-PL-2" => {
            "a transaction reads only committed values, in an order that fits real time"
        }
        "strong-session-snapshot-isolation" => {
            "a transaction sees one snapshot, which has all that its session did before"
        }
        "strong-snapshot-isolation" => {
            "a transaction sees one snapshot, which has all that was over before it began"
        }
        "strong-session-serializable" => {
            "all transactions could have run one after the other, each session in its own order"
        }
        "PL-SS" => {
            "all transactions could have run one after the other, in an order that fits real time"
        }
        _ => "it forbids this",
    }
}

/// What an anomaly is.
pub(super) fn of_anomaly(name: &str) -> &'static str {
    let stem = name.trim_end_matches("-process").trim_end_matches("-realtime");
    match stem {
        "G0" | "write-cycle" => "transactions overwrote each other's writes in a cycle",
        "G1a" => "a transaction read what a failed transaction wrote",
        "G1b" => "a transaction read a value that its writer then overwrote",
        "G1c" => "transactions read or overwrote each other's writes in a cycle",
        "G-single-item" => {
            "a transaction saw a write of another, and elsewhere the state from before it"
        }
        "fractured-read" => {
            "of a transaction with an unknown outcome a read saw one write and lacks another; since one was seen, it happened"
        }
        "G-nonadjacent-item" => "transactions saw each other's writes in different orders",
        "G2-item" => "transactions did not see each other's writes, in a cycle",
        "internal" => "a read contradicts what its own transaction did before",
        "future-read" => "a transaction read what it wrote only later",
        "duplicate-elements" => "a read holds an element twice that was appended once",
        "incompatible-order" => "two reads of a list show its elements in contradicting orders",
        "dirty-update" => "a transaction wrote on top of what a failed one wrote",
        "lost-update" => {
            "transactions read the same version of a key and each replaced it, so an update is lost"
        }
        "cyclic-versions" => "some versions of a key come before each other in a cycle",
        "cyclic-versions-in-order" => {
            "by the times of their writes and reads, some versions of a key come before each other in a cycle"
        }
        "reordered-appends" => "what a transaction appended is in the list in another order",
        "garbage-read" => "a transaction read a value that nobody wrote",
        "parallel-snapshot-isolation-violation" => of_anomaly("G-single-item"),
        "monotonic-atomic-view-violation"
        | "read-atomic-violation"
        | "causal-cerone-violation"
        | "causal-violation"
        | "monotonic-reads-violation"
        | "monotonic-writes-violation"
        | "read-your-writes-violation"
        | "writes-follow-reads-violation" => {
            "a transaction read an older value than one that it had to see"
        }
        _ => "transactions each come before the next, in a cycle",
    }
}
