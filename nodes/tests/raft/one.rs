//! One node; the test plays the others.

use std::sync::Arc;
use std::time::Duration;

use glomers_node::protocol::rpc::kv::Write;
use glomers_node::testing::{Sent, TestNode};
use glomers_node::{Message, Value};
use glomers_nodes::raft::message::{
    AppendEntries, Appended, Command, Entry, Index, Request, RequestId, RequestVote, Term, Vote,
};
use glomers_nodes::raft::{Flaw, Options, node_with};

pub(crate) const FIVE: [&str; 5] = ["n1", "n2", "n3", "n4", "n5"];
pub(crate) const MS: Duration = Duration::from_millis(1);

/// n1 of five.
pub(crate) fn n1(flaw: Flaw) -> TestNode {
    TestNode::start(node_with(flaw, Options::default()), "n1", &FIVE)
}

/// The messages of one type, with whom they go to.
pub(crate) fn of<M: Message>(sent: &[Sent]) -> Vec<(String, M)> {
    let right = sent.iter().filter(|sent| sent.is::<M>());
    right.map(|sent| (sent.dest.to_string(), sent.body())).collect()
}

/// Lets time pass until the node asks for pre-votes (`pre`) or votes.
pub(crate) fn until_asks(node: &mut TestNode, pre: bool) -> Vec<(String, RequestVote)> {
    for _ in 0..400 {
        let asked = of::<RequestVote>(&node.advance(10 * MS));
        if asked.iter().any(|(_, ask)| ask.pre == pre) {
            return asked;
        }
    }
    panic!("no election in four seconds");
}

/// Makes n1 the leader of its next term by the votes of n2 and n3. Gives the term
/// and what it sends when it is elected.
pub(crate) fn elect(node: &mut TestNode) -> (Term, Vec<Sent>) {
    let term = until_asks(node, true)[0].1.term;
    let pre = Vote { term, pre: true, granted: true };
    node.send_from("n2", pre.clone());
    let sent = node.send_from("n3", pre);
    let asked = of::<RequestVote>(&sent);
    assert_eq!(asked.len(), 4);
    assert_eq!(asked[0].1.term, term + 1);
    let vote = Vote { term: term + 1, pre: false, granted: true };
    node.send_from("n2", vote.clone());
    (term + 1, node.send_from("n3", vote))
}

/// The last message of entries to n2.
pub(crate) fn to_n2(sent: &[Sent]) -> AppendEntries {
    let all = of::<AppendEntries>(sent);
    all.into_iter().rfind(|(dest, _)| dest == "n2").expect("a message to n2").1
}

/// Entries of these terms, each with a write of its own.
pub(crate) fn entries(terms: &[Term]) -> Vec<Entry> {
    let entry = |(number, &term): (u64, &Term)| {
        let id = RequestId { origin: 1, session: term, number };
        let command = Command::Write { key: Value::from(1u64), value: Value::from(number) };
        Entry { term, request: Some(Arc::new(Request { id, floor: 0, command })) }
    };
    (1..).zip(terms).map(entry).collect()
}

/// A message of a leader.
pub(crate) fn append(term: Term, prev: (Index, Term), entries: Vec<Entry>) -> AppendEntries {
    AppendEntries { term, prev_index: prev.0, prev_term: prev.1, entries, committed: 0, round: 1 }
}

/// What the node answers to the message of a leader.
pub(crate) fn appended(node: &mut TestNode, from: &str, message: AppendEntries) -> Appended {
    of(&node.send_from(from, message)).remove(0).1
}

/// A follower's success.
pub(crate) fn has(term: Term, index: Index, round: u64) -> Appended {
    Appended { term, success: true, index, round }
}

pub(crate) fn write(value: u64) -> Write {
    Write { key: Value::from(1u64), value: Value::from(value) }
}
