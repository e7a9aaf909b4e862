//! What happens in a run, one thing at a time, and who watches it.

use std::fmt;

use glomers_protocol::Payload;
use serde::{Deserialize, Serialize};

use crate::found::Finding;
use crate::journal::{Disturbance, DropReason};
use crate::{Op, Time, Value};

/// Watches a run while it goes on: what streams the store, what tests count with,
/// and what makes the outcome.
pub trait Observer {
    /// Something happened. `time` counts from the beginning of the run.
    fn event(&mut self, time: Time, event: &Event<'_>);
}

/// Something that happens in a run.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// All nodes are initialised: operations count from here.
    Initialised,
    /// Operations begin: moments of the Plan count from here.
    MainBegan,
    /// An operation of a client or of the nemesis began or ended. Its own time counts
    /// from [`Event::Initialised`].
    Operation(&'a Op),
    /// A message was sent.
    Sent {
        /// The message.
        message: Message<'a>,
        /// The name of who sent it.
        src: &'a str,
        /// The name of who is to receive it.
        dest: &'a str,
    },
    /// A message was delivered. Where a fault has doubled it, its copy is, too.
    Received(Message<'a>),
    /// A message, or its copy, will never be delivered.
    Dropped(Message<'a>, DropReason),
    /// A fault did something to a message and let it go on.
    Disturbed(Message<'a>, Disturbance),
    /// A node said something about itself.
    Marked {
        /// Which node.
        node: Node<'a>,
        /// What about.
        label: &'a str,
        /// What.
        value: &'a Value,
    },
    /// A node looked at its wall clock while a fault made that wrong.
    ClockRead(Node<'a>),
    /// A node was started, and has not answered `init` yet.
    Started {
        /// Which node.
        node: Node<'a>,
        /// How often it was started before.
        incarnation: u32,
    },
    /// A node has ended.
    Stopped {
        /// Which node.
        node: Node<'a>,
        /// Why.
        why: StopReason,
    },
    /// A node did something wrong against the protocol, or something odd (a note).
    Found(&'a Finding),
    /// A node logged a line.
    Logged {
        /// Which node.
        node: Node<'a>,
        /// The line, without its end.
        line: &'a str,
    },
    /// In real time, five times a second: a moment to write what has gathered.
    Tick,
    /// The run is over. Nothing comes after this.
    Ended(Ended),
}

/// A message, as events tell of it.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Its network id.
    pub id: u64,
    /// Who sent it: also where a node used another's name.
    pub src: Endpoint,
    /// Who is to receive it.
    pub dest: Endpoint,
    /// What led to it, as a number: the same message in all runs in which that happens. The
    /// copy that a fault makes has another. 0 where a store tells of it.
    pub key: u64,
    /// Its body.
    pub payload: &'a Payload,
}

/// A node, as events tell of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node<'a> {
    /// Its place in the list of nodes.
    pub place: u32,
    /// Its name.
    pub name: &'a str,
}

/// Who sends or receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// A node, by its place.
    Node(u32),
    /// A client, by its number.
    Client(u32),
    /// A service, by its place.
    Service(u32),
}

impl Endpoint {
    /// The place on a network of so many nodes: services come after them. Clients have
    /// none, as they sit beside their nodes.
    pub fn place(self, nodes: usize) -> Option<u32> {
        match self {
            Endpoint::Node(node) => Some(node),
            Endpoint::Service(service) => Some(nodes as u32 + service),
            Endpoint::Client(_) => None,
        }
    }

    /// Whether it is a client.
    pub fn is_client(self) -> bool {
        matches!(self, Endpoint::Client(_))
    }
}

impl Message<'_> {
    /// Whether a client sent it or is to receive it.
    pub fn is_of_client(&self) -> bool {
        self.src.is_client() || self.dest.is_client()
    }
}

/// Why a node ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StopReason {
    /// A fault killed it.
    Killed,
    /// It ended though nothing ended it.
    Crashed,
    /// The run was over.
    RunEnded,
}

/// How a run came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ended {
    /// As planned.
    Completed,
    /// A node broke so badly that going on made no sense; a finding says how.
    Broken,
    /// Somebody stopped it.
    Interrupted,
}

impl Ended {
    /// The word in files: `completed`, `broken` or `interrupted`.
    pub fn name(self) -> &'static str {
        match self {
            Ended::Completed => "completed",
            Ended::Broken => "broken",
            Ended::Interrupted => "interrupted",
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn event(&mut self, _time: Time, _event: &Event<'_>) {}
}
