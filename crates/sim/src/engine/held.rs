//! Messages that somebody holds back, and lets go again.

use glomers_history::Endpoint;

use super::Engine;
use super::network::name_in;
use crate::plan::Inbox;
use crate::queue::Due;
use crate::snapshot::PendingMessage;

/// Which messages: all, unless it says less.
///
/// ```
/// use glomers_sim::Messages;
///
/// let votes = Messages::any().from("n0").to("n1").of_type("request_vote");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Messages {
    from: Option<String>,
    to: Option<String>,
    kind: Option<String>,
    between_nodes: bool,
}

impl Messages {
    /// All messages.
    #[must_use]
    pub fn any() -> Messages {
        Messages::default()
    }

    /// Only those from this node, client or service, by its name.
    #[must_use]
    pub fn from(self, name: impl Into<String>) -> Messages {
        Messages { from: Some(name.into()), ..self }
    }

    /// Only those to this node, client or service, by its name.
    #[must_use]
    pub fn to(self, name: impl Into<String>) -> Messages {
        Messages { to: Some(name.into()), ..self }
    }

    /// Only those whose body has this `type`.
    #[must_use]
    pub fn of_type(self, kind: impl Into<String>) -> Messages {
        Messages { kind: Some(kind.into()), ..self }
    }

    /// Only those from one node to another.
    #[must_use]
    pub fn between_nodes(self) -> Messages {
        Messages { between_nodes: true, ..self }
    }
}

/// Messages that are held back, by [`Engine::hold`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hold(u32);

/// What one [`Hold`] holds.
#[derive(Debug)]
pub(super) struct Held {
    /// `None`: it was let go, and holds no more.
    which: Option<Messages>,
    /// The keys of those that have come, in order.
    keys: Vec<u32>,
}

/// What a test holds back.
#[derive(Debug, Default)]
pub(super) struct Holding {
    /// Whether messages may have to be held back, and which were.
    is_on: bool,
    held: Vec<Held>,
    /// Of those, the ones that are let go though others like them are not.
    let_go: Vec<u32>,
}

impl Engine<'_> {
    /// From now on holds back these messages at the moment when they would reach their
    /// receivers, until [`Engine::release`].
    ///
    /// # Panics
    /// If nodes have Maelstrom's inbox, which takes messages when they are sent.
    pub fn hold(&mut self, which: Messages) -> Hold {
        assert!(
            self.plan.inbox != Inbox::Maelstrom,
            "Maelstrom's inbox takes messages when they are sent: nothing can be held back"
        );
        self.holding.is_on = true;
        self.holding.held.push(Held { which: Some(which), keys: Vec::new() });
        Hold(self.holding.held.len() as u32 - 1)
    }

    /// Lets go what is held, in the order in which it came, and holds no more.
    pub fn release(&mut self, hold: Hold) {
        let Some(held) = self.holding.held.get_mut(hold.0 as usize) else { return };
        held.which = None;
        for key in std::mem::take(&mut held.keys) {
            self.schedule(self.now, Due::Arrive(key));
        }
        if self.holding.held.iter().all(|held| held.which.is_none() && held.keys.is_empty()) {
            self.holding.is_on = false;
        }
    }

    /// Lets go the first message that is held, and goes on to hold others; whether there
    /// was one.
    pub fn release_first(&mut self, hold: Hold) -> bool {
        let Some(held) = self.holding.held.get_mut(hold.0 as usize) else { return false };
        if held.keys.is_empty() {
            return false;
        }
        let key = held.keys.remove(0);
        self.holding.let_go.push(key);
        self.schedule(self.now, Due::Arrive(key));
        true
    }

    /// Lets go all that is held by anybody.
    pub fn release_all(&mut self) {
        for number in 0..self.holding.held.len() as u32 {
            self.release(Hold(number));
        }
    }

    /// The messages that are held, in the order in which they came.
    pub fn held_back(&self, hold: Hold) -> Vec<PendingMessage> {
        let keys = self.holding.held.get(hold.0 as usize).map_or(&[][..], |held| &held.keys);
        let messages = keys.iter().filter_map(|key| self.network.in_flight.get(*key as usize));
        messages.map(|message| self.pending(message)).collect()
    }

    /// Whether a message that arrives is held back; then it is kept.
    #[inline]
    pub(super) fn keeps_back(&mut self, key: u32) -> bool {
        self.holding.is_on && self.keep_back(key)
    }

    #[cold]
    fn keep_back(&mut self, key: u32) -> bool {
        if let Some(place) = self.holding.let_go.iter().position(|one| *one == key) {
            self.holding.let_go.remove(place);
            return false;
        }
        let Some(message) = self.network.in_flight.get(key as usize) else { return false };
        let name = |end| name_in(&self.cluster, &self.clients, end);
        let (src, dest) = (name(message.src), name(message.dest));
        let kind = message.payload.header();
        let are_nodes =
            matches!((message.src, message.dest), (Endpoint::Node(_), Endpoint::Node(_)));
        let fits = |which: &Messages| {
            which.from.as_ref().is_none_or(|from| *src == **from)
                && which.to.as_ref().is_none_or(|to| *dest == **to)
                && which.kind.as_ref().is_none_or(|wanted| kind.kind() == wanted)
                && (are_nodes || !which.between_nodes)
        };
        let place = self.holding.held.iter().position(|held| held.which.as_ref().is_some_and(fits));
        if let Some(place) = place {
            self.holding.held[place].keys.push(key);
        }
        place.is_some()
    }
}
