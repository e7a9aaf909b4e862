//! Why nothing can be said.

use glomers_history::{History, OpKind};

use super::SetFull;
use super::scan::Scan;

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
