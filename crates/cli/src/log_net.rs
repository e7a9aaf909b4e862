//! What is shown of a run while it goes on.

use glomers_history::{Event, Observer, Time};
use glomers_protocol::printable;

use crate::out;

/// What of a run is shown while it goes on.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Show {
    pub(crate) logs: bool,
    pub(crate) sent: bool,
    pub(crate) received: bool,
}

/// Shows on standard error what was asked for.
pub(crate) struct Shown {
    pub(crate) show: Show,
}

impl Observer for Shown {
    fn event(&mut self, time: Time, event: &Event<'_>) {
        match *event {
            Event::Sent { message, src, dest } if self.show.sent => {
                let (id, body) = (message.id, format!("{:?}", message.payload));
                out::error(format_args!(
                    "{time} sent #{id} {src} → {} {}",
                    printable(dest),
                    printable(&body)
                ));
            }
            Event::Received(message) if self.show.received => {
                out::error(format_args!("{time} delivered #{}", message.id));
            }
            Event::Dropped(message, reason) if self.show.received => {
                out::error(format_args!("{time} dropped #{} ({})", message.id, reason.name()));
            }
            Event::Disturbed(message, how) if self.show.received => {
                out::error(format_args!("{time} fault: #{} {}", message.id, how.name()));
            }
            Event::Logged { node, line } if self.show.logs => {
                out::error(format_args!("{time} {}: {}", node.name, printable(line)));
            }
            _ => {}
        }
    }
}
