//! The history as columns.

use glomers_check::Context;
use glomers_history::{History, OpKind, Process};

use super::journal::micros;
use super::names::Names;
use super::pack::{Differences, Packer};
use super::plain::plain;

/// The history of a run, packed.
#[derive(Debug, Default)]
pub(super) struct Operations {
    pub(super) functions: Names,
    texts: Names,
    time: Vec<u64>,
    process: Vec<u64>,
    kind: Vec<u64>,
    f: Vec<u64>,
    value: Vec<u64>,
    error: Vec<u64>,
    last: Vec<u64>,
    node: Vec<u64>,
}

impl Operations {
    pub(super) fn read(history: &History, context: &Context) -> Operations {
        let mut operations = Operations::default();
        // The first stands for none.
        operations.texts.place("");
        let mut times = Differences::default();
        for op in history.ops() {
            operations.time.push(times.next(micros(op.time.0 as i64)));
            // 0 is the nemesis.
            operations.process.push(match op.process {
                Process::Nemesis => 0,
                Process::Client(process) => u64::from(process) + 1,
            });
            operations.kind.push(match op.kind {
                OpKind::Invoke => 0,
                OpKind::Ok => 1,
                OpKind::Fail => 2,
                OpKind::Info => 3,
            });
            operations.f.push(operations.functions.place(&op.f).into());
            let most = if op.is_final { super::SHOWN_OF_FINAL } else { super::SHOWN };
            let value = plain(&op.value, most);
            operations.value.push(operations.texts.place(&value).into());
            let error = op.error.as_ref().map_or(String::new(), |error| plain(error, super::SHOWN));
            operations.error.push(operations.texts.place(&error).into());
            operations.last.push(op.is_final.into());
            // 0: it asked no node, or nobody knows which.
            let node = context.node_index_of(op).map_or(0, |node| node as u64 + 1);
            operations.node.push(node);
        }
        operations
    }

    pub(super) fn pack(&self, packer: &mut Packer) {
        for (name, column) in [
            ("o.time", &self.time),
            ("o.process", &self.process),
            ("o.kind", &self.kind),
            ("o.f", &self.f),
            ("o.value", &self.value),
            ("o.error", &self.error),
            ("o.final", &self.last),
            ("o.node", &self.node),
        ] {
            packer.numbers(name, column);
        }
        packer.texts("o.texts", self.texts.all());
    }
}
