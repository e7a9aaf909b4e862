use glomers_history::journal::DropReason;
use glomers_history::{Observer, Op, Time, Value};
use glomers_node::Payload;

/// Hands everything on to another observer, and shows on standard error what was
/// asked for.
pub(crate) struct Shown<'a> {
    pub(crate) inner: &'a mut dyn Observer,
    pub(crate) sent: bool,
    pub(crate) received: bool,
    pub(crate) logs: bool,
}

impl Observer for Shown<'_> {
    fn operation(&mut self, op: &Op) {
        self.inner.operation(op);
    }

    fn sent(&mut self, time: Time, id: u64, src: &str, dest: &str, payload: &Payload) {
        if self.sent {
            eprintln!("{time} sent #{id} {src} → {dest} {payload:?}");
        }
        self.inner.sent(time, id, src, dest, payload);
    }

    fn received(&mut self, time: Time, id: u64) {
        if self.received {
            eprintln!("{time} delivered #{id}");
        }
        self.inner.received(time, id);
    }

    fn dropped(&mut self, time: Time, id: u64, reason: DropReason) {
        if self.received {
            eprintln!("{time} dropped #{id} ({})", reason.name());
        }
        self.inner.dropped(time, id, reason);
    }

    fn marked(&mut self, time: Time, node: &str, label: &str, value: &Value) {
        self.inner.marked(time, node, label, value);
    }

    fn logged(&mut self, time: Time, node: &str, line: &str) {
        if self.logs {
            eprintln!("{time} {node}: {line}");
        }
        self.inner.logged(time, node, line);
    }

    fn tick(&mut self) {
        self.inner.tick();
    }

    fn initialised(&mut self, time: Time) {
        self.inner.initialised(time);
    }
}
