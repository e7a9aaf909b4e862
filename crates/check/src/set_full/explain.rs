//! Why nothing can be said.

use glomers_history::{History, OpKind};

use super::SetFull;
use super::scan::Scan;
use crate::words;

/// Why no element was found stable, in words.
pub(super) fn unknown(spec: &SetFull, history: &History, scan: &Scan) -> String {
    let invoked = |f: &str| {
        history
            .ops()
            .iter()
            .any(|op| op.process.is_client() && op.kind == OpKind::Invoke && *op.f == *f)
    };
    let why = if !invoked(spec.add) {
        format!("there was no {} to look for", spec.add)
    } else if !invoked(spec.read) {
        format!("there was no {}", spec.read)
    } else if scan.reads.is_empty() {
        format!("no {} was ever answered", spec.read)
    } else {
        format!("no {} was ever read", spec.add)
    };
    format!("Whether the set is right cannot be said: {why}.")
}

/// Why what is missing at the end of a run that was cut short is not lost.
pub(super) fn open(count: usize) -> String {
    let (values, is) = (words::count(count, "value"), if count == 1 { "is" } else { "are" });
    format!(
        "{values} {is} lacking from later reads, but the run was cut short: whether lost or on the \
         way cannot be said."
    )
}
