//! Flooding with acknowledgements: each message to a neighbour is repeated, with
//! growing pauses, until the neighbour has answered.
//!
//! Cost: twice that of [`flood`](super::flood), as each message has an answer,
//! and the repetitions. Nothing that a living node has is lost, however long
//! links are cut: what was missed arrives within a second (or a time-out, if that is
//! longer) and a latency after the last cut is mended.
//!
//! How long to wait for an answer follows from what the last answers of all neighbours
//! took, but is a second at most. A late answer counts, too, so that time-outs also follow
//! latencies that rise.
//!
//! With `--durable on` nothing is lost to kills either: a node acknowledges and
//! passes on only what is on its disk. One that was killed asks its neighbours
//! what they have, once, and sends them what they lack; they know themselves what
//! it has not acknowledged.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use glomers_node::protocol::rpc::broadcast::{
    Broadcast, BroadcastOk, Read, ReadOk, Topology, TopologyOk,
};
use glomers_node::{
    Call, Context, Disk, DiskError, Node, NodeId, Retry, Rpc, RpcError, Set, Time, Value,
};

use super::arguments::{self, Arguments};
use super::latency::AnswerTimes;
use super::{Values, kept};

/// What can be set on the command line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// How long to wait for an answer; `None`: as measured. Shorter than a round trip,
    /// every message is sent twice or more.
    pub timeout: Option<Duration>,
    /// Neighbours in a tree in which every node has so many children; `None`:
    /// those that the topology suggests.
    pub tree: Option<usize>,
    /// Whether what comes is stored before it is acknowledged.
    pub durable: bool,
}

const KNOWN: &[&str] = &["--timeout MS", "--tree CHILDREN", "--durable on|off"];

impl Options {
    /// Reads `--timeout MS`, `--tree CHILDREN` and `--durable on|off`.
    ///
    /// # Errors
    /// Says which argument is not understood.
    pub fn parse(words: &[String]) -> Result<Options, String> {
        let mut options = Options::default();
        let mut rest = Arguments::new(words, KNOWN);
        while let Some((name, value)) = rest.next_pair()? {
            match name {
                "--timeout" => options.timeout = Some(arguments::milliseconds(name, value, 1)?),
                "--tree" => {
                    options.tree = Some(arguments::number(name, value, 1, 1_000_000)? as usize);
                }
                _ => options.durable = arguments::switch(name, value)?,
            }
        }
        Ok(options)
    }
}

/// What the node knows.
#[derive(Debug, Default)]
pub struct State {
    neighbours: Vec<NodeId>,
    values: Values,
    answers: AnswerTimes,
}

/// The node.
pub fn node(options: Options) -> Node<State> {
    Node::<State>::new()
        .on_start(async move |cx| {
            if options.durable {
                recover(&cx, options);
            }
            Ok(())
        })
        .on(async move |cx, Topology { topology }| {
            let neighbours = match options.tree {
                Some(children) => tree_neighbours(cx.id(), cx.peers(), children),
                None => topology.get(cx.id()).cloned().unwrap_or_default(),
            };
            if options.durable {
                // Nobody tells them again after a kill.
                store(&cx, |disk| kept::set_neighbours(disk, neighbours.clone())).await?;
            }
            cx.with(|state| state.neighbours = neighbours);
            Ok(TopologyOk {})
        })
        .on(async move |cx, Broadcast { message }| {
            if options.durable && !cx.with(|state| state.values.contains(&message)) {
                // Before that nobody may see it, or a kill takes back what was read.
                store(&cx, |disk| kept::add_value(disk, message.clone())).await?;
            }
            if cx.with(|state| state.values.insert(&message)) {
                cx.mark("holds", message.clone());
                pass_on(&cx, &message, options);
            }
            Ok(BroadcastOk {})
        })
        .on(async |cx, Read {}| Ok(ReadOk { messages: cx.with(|state| state.values.to_list()) }))
}

/// Writes something and waits until it is durable.
async fn store(
    cx: &Context<State>,
    write: impl FnOnce(&mut dyn Disk) -> Result<(), DiskError>,
) -> Result<(), DiskError> {
    let written = cx.disk(write).map_err(DiskError::from).flatten();
    let stored = match written {
        Ok(()) => cx.sync().await,
        Err(error) => Err(error),
    };
    stored.inspect_err(|error| cx.log(format!("cannot acknowledge what is not stored: {error}")))
}

/// Takes up what earlier incarnations stored, and tells it to neighbours.
fn recover(cx: &Context<State>, options: Options) {
    let stored = cx.disk(kept::read).map_err(DiskError::from).flatten();
    // Without its disk the node would promise what it cannot keep.
    let kept = stored.unwrap_or_else(|error| panic!("--durable on: {error}"));
    cx.with(|state| {
        for value in &kept.values {
            if state.values.insert(value) {
                cx.mark("holds", value.clone());
            }
        }
        state.neighbours.clone_from(&kept.neighbours);
    });
    for peer in kept.neighbours {
        let context = cx.clone();
        let values = kept.values.clone();
        cx.spawn(async move { tell_what_is_lacking(&context, &peer, values, options).await });
    }
}

/// Sends a neighbour those of our values that it does not have.
async fn tell_what_is_lacking(
    cx: &Context<State>,
    peer: &NodeId,
    ours: Vec<Value>,
    options: Options,
) -> Result<(), RpcError> {
    let ask = cx.rpc(peer, Read {}).timeout(timeout(cx, options)).retry(patiently());
    let theirs: Set<Value> = ask.await?.messages.iter().collect();
    for value in ours.into_iter().filter(|value| !theirs.contains(value)) {
        tell(cx, peer, &value, options);
    }
    Ok(())
}

/// Parent and children in the tree of all nodes in the order of their list.
fn tree_neighbours(id: &NodeId, peers: &[NodeId], children: usize) -> Vec<NodeId> {
    let Some(place) = peers.iter().position(|peer| peer == id) else {
        return Vec::new();
    };
    let parent = place.checked_sub(1).map(|before| before / children);
    let first = place * children + 1;
    let places = parent.into_iter().chain(first..first + children);
    places.filter_map(|place| peers.get(place).cloned()).collect()
}

/// Starts to send a value to every neighbour but the one it came from. The
/// answer to the sender does not wait for that.
fn pass_on(cx: &Context<State>, message: &Value, options: Options) {
    let neighbours = cx.with(|state| state.neighbours.clone());
    for peer in neighbours.iter().filter(|peer| *peer != cx.src()) {
        tell(cx, peer, message, options);
    }
}

/// How long to wait for an answer.
fn timeout(cx: &Context<State>, options: Options) -> Duration {
    options.timeout.unwrap_or_else(|| cx.with(|state| state.answers.timeout()))
}

/// Starts to send a value to a neighbour until it is acknowledged.
fn tell(cx: &Context<State>, peer: &NodeId, message: &Value, options: Options) {
    let (context, peer, message) = (cx.clone(), peer.clone(), message.clone());
    cx.spawn(async move {
        let rpc = || context.rpc(&peer, Broadcast { message: message.clone() });
        let (limit, sent_at) = (timeout(&context, options), context.now());
        let sent_at = match rpc().timeout(limit).await {
            Ok(BroadcastOk {}) => sent_at,
            // An error is the answer of a neighbour whose disk fails; it may recover.
            Err(_) => repeat(&context, rpc, limit).await,
        };
        let took = context.now().since(sent_at);
        context.with(|state| state.answers.note(took));
    });
}

/// Sends a message again and again until one is acknowledged; when that was sent. Answers
/// to earlier ones are waited for meanwhile: one that is late shows that the time-out is
/// too short, and another message would be as late.
async fn repeat(
    cx: &Context<State>,
    rpc: impl Fn() -> Rpc<Broadcast>,
    first_limit: Duration,
) -> Time {
    let (mut sent, mut limit) = (Vec::new(), FIRST_PAUSE.min(first_limit));
    loop {
        // Nodes that began together do not go on together.
        cx.sleep(limit.mul_f64(cx.with_rng(|rng| rng.unit()) / 2.0)).await;
        sent.push((cx.now(), Box::pin(rpc().into_future())));
        limit = (2 * limit).min(LONGEST_PAUSE).max(first_limit);
        if let Some(sent_at) = cx.timeout(limit, first_acknowledged(&mut sent)).await {
            return sent_at;
        }
    }
}

/// Waits until one of these is acknowledged, and gives when it was sent.
fn first_acknowledged(
    sent: &mut Vec<(Time, Pin<Box<Call<Broadcast>>>)>,
) -> impl Future<Output = Time> {
    poll_fn(|context| {
        let mut acknowledged = None;
        sent.retain_mut(|(sent_at, call)| match call.as_mut().poll(context) {
            Poll::Pending => true,
            Poll::Ready(answer) => {
                acknowledged = acknowledged.or(answer.ok().map(|_| *sent_at));
                false
            }
        });
        acknowledged.map_or(Poll::Pending, Poll::Ready)
    })
}

/// Pauses between repetitions begin with this …
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// … and do not grow beyond this.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

fn patiently() -> Retry {
    Retry::forever().backoff(FIRST_PAUSE, LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use glomers_node::testing::{Sent, TestNode};
    use glomers_node::{Identity, List, MemoryDisk};

    use super::*;

    fn start(disk: &MemoryDisk) -> (TestNode, Vec<Sent>) {
        let options = Options { durable: true, ..Options::default() };
        let identity = Identity { seed: 1, incarnation: None };
        let mut node = TestNode::with_disk(node(options), identity, disk.clone());
        let sent = node.init("n0", &["n0", "n1"]);
        (node, sent)
    }

    /// A node whose one neighbour is n1.
    fn with_neighbour(disk: &MemoryDisk) -> TestNode {
        let (mut node, sent) = start(disk);
        assert!(sent.is_empty(), "who held nothing has nothing to tell");
        let neighbours = BTreeMap::from([(NodeId::new("n0"), vec![NodeId::new("n1")])]);
        node.call(Topology { topology: neighbours.into() }).unwrap();
        node
    }

    fn values(sent: &[Sent]) -> Vec<Value> {
        sent.iter().map(|sent| sent.body::<Broadcast>().message).collect()
    }

    #[test]
    fn nothing_is_said_or_shown_before_it_is_durable() {
        let mut node = with_neighbour(&MemoryDisk::new());
        node.sync_by_hand();
        assert!(node.request_from("c1", 7, Broadcast { message: Value::Int(5) }).is_empty());
        assert!(node.call(Read {}).unwrap().messages.is_empty());
        let sent = node.sync();
        assert!(sent.iter().any(|sent| sent.reply_to(7).is_some()));
        assert!(sent.iter().any(|sent| sent.dest == "n1" && sent.is::<Broadcast>()));
        assert_eq!(node.call(Read {}).unwrap().messages.len(), 1);
    }

    #[test]
    fn who_was_killed_tells_neighbours_what_they_lack() {
        let disk = MemoryDisk::new();
        let mut node = with_neighbour(&disk);
        for value in [5, 6, 7] {
            node.call(Broadcast { message: Value::Int(value) }).unwrap();
        }
        let (mut node, asked) = start(&disk);
        assert_eq!(node.call(Read {}).unwrap().messages.len(), 3);
        assert!(asked.len() == 1 && asked[0].dest == "n1" && asked[0].is::<Read>());
        let sent = node.reply(&asked[0], ReadOk { messages: List::from_integers(&[6]) });
        assert_eq!(values(&sent), [Value::Int(5), Value::Int(7)]);
    }

    #[test]
    fn what_a_kill_or_a_full_disk_cut_short_does_not_hide_what_follows() {
        let disk = MemoryDisk::new();
        let mut node = with_neighbour(&disk);
        node.sync_by_hand();
        node.request_from("c1", 7, Broadcast { message: Value::Int(5) });
        disk.crash(0, 20);
        let mut node = start(&disk).0;
        assert!(node.call(Read {}).unwrap().messages.is_empty());
        node.call(Broadcast { message: Value::Int(6) }).unwrap();
        assert_eq!(start(&disk).0.call(Read {}).unwrap().messages, List::from_integers(&[6]));
    }

    #[test]
    fn a_neighbour_whose_disk_fails_is_told_again() {
        let mut node = with_neighbour(&MemoryDisk::new());
        let sent = node.request_from("c1", 7, Broadcast { message: Value::Int(5) });
        let told = sent.iter().find(|sent| sent.dest == "n1").unwrap();
        assert!(node.reply(told, RpcError::from(DiskError::Full)).is_empty());
        assert_eq!(values(&node.advance(Duration::from_millis(400))), [Value::Int(5)]);
    }
}
