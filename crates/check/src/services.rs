//! What the services that nodes stand on do not promise.

use crate::{Context, Finding};

/// Findings that an old or lost value in a service can cause.
const STALE: [&str; 8] = [
    "wrong-final-count",
    "unreachable-read",
    "lost",
    "missing-at-end",
    "read-went-back",
    "not-linearizable",
    "lost-write",
    "unseen",
];

/// Adds to the first finding that it may explain what the services that nodes asked
/// do not promise, and what to do about it.
pub(crate) fn explain(findings: &mut [Finding], context: &Context) {
    let Some(finding) = findings.iter_mut().find(|finding| STALE.contains(&&*finding.name)) else {
        return;
    };
    if context.uses("seq-kv") {
        finding.evidence.push(
            "the nodes asked seq-kv, where a read may be stale, within its rule: it may show an \
             old state, for ever even; write something new to any of its keys before you read, \
             and the read is no older than that"
                .to_owned(),
        );
    }
    if context.uses("lww-kv") {
        finding.evidence.push(
            "the nodes asked lww-kv, which keeps the last of several writes: of two at the same \
             time one is lost, and a read may be old; use lin-kv or seq-kv where none may be lost"
                .to_owned(),
        );
    }
}
