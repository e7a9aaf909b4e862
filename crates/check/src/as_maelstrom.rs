//! What Maelstrom would have recorded of a run, where that is not what we did.
//!
//! After a line that it cannot take Maelstrom ignores all that the node prints, so
//! operations that ended by a later message time out. The engine marks them.

use std::collections::BTreeSet;
use std::time::Duration;

use glomers_history::{History, Op, OpKind, Process, Time, Value};

use crate::{Context, Finding, Mark, WOULD_CRASH, WOULD_IGNORE, WOULD_NOT_HEAR};

/// Findings of the engine after which Maelstrom crashes and gives no verdict.
const FATAL: [&str; 3] = ["node-crashed", "init-failed", "setup-failed"];

/// How clients of Maelstrom differ, for one workload.
pub struct AsMaelstrom<'a> {
    /// How long a client waits for a reply.
    pub rpc_timeout: Duration,
    /// Whether an operation may be tried again without harm.
    pub is_idempotent: &'a dyn Fn(&str) -> bool,
    /// Whether its clients take every error for one of which nobody knows.
    pub trusts_no_error: bool,
}

/// The history that Maelstrom would have recorded; `None`: ours.
pub fn maelstroms_history(
    history: &History,
    context: &Context,
    differences: &AsMaelstrom<'_>,
) -> Option<History> {
    let unheard: BTreeSet<u64> = context
        .marks
        .iter()
        .filter(|mark| &*mark.label == WOULD_NOT_HEAR)
        .filter_map(|mark| mark.value.as_int()?.try_into().ok())
        .collect();
    let is_failed = |op: &Op| op.kind == OpKind::Fail && op.process.is_client();
    let has_failed = differences.trusts_no_error && history.ops().iter().any(is_failed);
    if (unheard.is_empty() && !has_failed) || context.concurrency == 0 {
        return None;
    }
    let (ops, pairs) = (history.ops(), history.pairs());
    let mut workers: Vec<Worker> = (0..context.concurrency)
        .map(|process| Worker { process, busy_until: Time::ZERO })
        .collect();
    let mut written: Vec<Op> = Vec::with_capacity(ops.len());
    for (at, op) in ops.iter().enumerate() {
        let Process::Client(process) = op.process else {
            written.push(op.clone());
            continue;
        };
        if op.kind != OpKind::Invoke {
            continue;
        }
        let worker = &mut workers[(process % context.concurrency) as usize];
        if op.time < worker.busy_until {
            continue;
        }
        let process = Process::Client(worker.process);
        written.push(Op { process, ..op.clone() });
        let Some(end) = pairs[at].map(|end| &ops[end]) else { continue };
        let end = if unheard.contains(&op.index) {
            let kind = if (differences.is_idempotent)(&op.f) { OpKind::Fail } else { OpKind::Info };
            let error = Some(Value::keyword("net-timeout"));
            Op {
                kind,
                value: op.value.clone(),
                error,
                time: op.time + differences.rpc_timeout,
                ..end.clone()
            }
        } else {
            end.clone()
        };
        let kind = match end.kind {
            OpKind::Fail if differences.trusts_no_error => OpKind::Info,
            kind => kind,
        };
        worker.busy_until = end.time;
        if kind == OpKind::Info {
            worker.process += context.concurrency;
        }
        written.push(Op { process, kind, ..end });
    }
    // Ends were written behind their beginnings. Of what happens at one moment all
    // keeps our order, but for what now happens later.
    written.sort_by_key(|op| (op.time, op.index));
    let mut result = History::new();
    for op in written {
        result.push(op);
    }
    Some(result)
}

/// A worker in Maelstrom.
struct Worker {
    /// Its process, a new one after each operation of unknown outcome.
    process: u32,
    /// Until when it waits for a reply that will not come.
    busy_until: Time,
}

/// Why Maelstrom would have crashed, if it would.
pub(crate) fn would_crash(context: &Context, run: &[Finding]) -> Option<Finding> {
    let node = |mark: &Mark| context.node_name(mark.node).to_owned();
    let finding = |summary: String| Finding::new("would-crash", summary);
    if let Some(mark) = context.marks.iter().find(|mark| &*mark.label == WOULD_CRASH) {
        let node = node(mark);
        let why = reason(context, mark.node);
        return Some(finding(format!(
            "Real Maelstrom would crash (exit status 255) and give no verdict: it ignores all \
             that {node} prints after {why}, and so waits in vain for its answer at the start."
        )));
    }
    let fatal = run.iter().find(|finding| FATAL.contains(&&*finding.name))?;
    Some(finding(format!(
        "Real Maelstrom would crash (exit status 255) and give no verdict: {}",
        fatal.summary
    )))
}

/// What Maelstrom would have ignored, a sentence a node.
pub(crate) fn ignored(context: &Context) -> Vec<String> {
    let mut nodes = BTreeSet::new();
    let marks = context.marks.iter().filter(|mark| &*mark.label == WOULD_IGNORE);
    marks
        .filter(|mark| nodes.insert(mark.node))
        .map(|mark| {
            format!(
                "Real Maelstrom ignores all that {} prints after {}; Jepsen's verdict is on what \
                 remains then.",
                context.node_name(mark.node),
                reason(context, mark.node)
            )
        })
        .collect()
}

fn reason(context: &Context, node: u32) -> String {
    let mut marks = context.marks.iter();
    marks
        .find(|mark| mark.node == node && &*mark.label == WOULD_IGNORE)
        .and_then(|mark| mark.value.as_str().map(str::to_owned))
        .unwrap_or_else(|| "a line that it cannot take".to_owned())
}
