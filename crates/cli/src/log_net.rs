//! What is shown of a run while it goes on.

use glomers_history::journal::{Disturbance, DropReason};
use glomers_history::{Observer, Time};
use glomers_node::Payload;
use glomers_protocol::printable;

use crate::execute::Show;
use crate::out;

/// Shows on standard error what was asked for.
pub(crate) struct Shown {
    pub(crate) show: Show,
}

impl Observer for Shown {
    fn sent(&mut self, time: Time, id: u64, src: &str, dest: &str, payload: &Payload) {
        if self.show.sent {
            let body = format!("{payload:?}");
            out::error(format_args!(
                "{time} sent #{id} {src} → {} {}",
                printable(dest),
                printable(&body)
            ));
        }
    }

    fn received(&mut self, time: Time, id: u64) {
        if self.show.received {
            out::error(format_args!("{time} delivered #{id}"));
        }
    }

    fn dropped(&mut self, time: Time, id: u64, reason: DropReason) {
        if self.show.received {
            out::error(format_args!("{time} dropped #{id} ({})", reason.name()));
        }
    }

    fn disturbed(&mut self, time: Time, id: u64, how: Disturbance) {
        if self.show.received {
            out::error(format_args!("{time} fault: #{id} {}", how.name()));
        }
    }

    fn logged(&mut self, time: Time, node: &str, line: &str) {
        if self.show.logs {
            out::error(format_args!("{time} {node}: {}", printable(line)));
        }
    }
}
