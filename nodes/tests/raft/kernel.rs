//! Elections, logs, commitment.

use glomers_node::protocol::rpc::kv::{Read, ReadOk};
use glomers_node::{Cx, Input, Process, RpcError, Time, Value};
use glomers_nodes::raft::message::{AppendEntries, Appended, RequestVote, Vote};
use glomers_nodes::raft::{Flaw, Options, node};

use crate::one::*;

fn ask(term: u64, last: (u64, u64)) -> RequestVote {
    RequestVote { term, pre: false, last_index: last.0, last_term: last.1 }
}

fn granted(node: &mut glomers_node::testing::TestNode, from: &str, ask: RequestVote) -> bool {
    of::<Vote>(&node.send_from(from, ask))[0].1.granted
}

#[test]
fn a_majority_of_votes_makes_a_leader_that_marks_it_and_speaks_at_once() {
    let mut node = n1(Flaw::None);
    let (term, sent) = elect(&mut node);
    assert_eq!(node.take_marks(), [("leader".to_owned(), Value::from(term))]);
    let messages = of::<AppendEntries>(&sent);
    assert_eq!(messages.len(), 4);
    // The entry that begins a term.
    assert!(messages.iter().all(|(_, m)| m.entries.len() == 1 && m.entries[0].request.is_none()));
    // A newer term ends it.
    node.send_from("n4", ask(term + 1, (0, 0)));
    assert_eq!(node.take_marks(), [("leader".to_owned(), Value::Null)]);
}

#[test]
fn a_split_vote_is_followed_by_another_election() {
    let mut node = n1(Flaw::None);
    let term = until_asks(&mut node, true)[0].1.term;
    let pre = Vote { term, pre: true, granted: true };
    node.send_from("n2", pre.clone());
    node.send_from("n3", pre);
    // Twice the same vote is one vote, and two of five are no majority.
    for _ in 0..2 {
        node.send_from("n2", Vote { term: 1, pre: false, granted: true });
        node.send_from("n4", Vote { term: 1, pre: false, granted: false });
    }
    assert!(node.take_marks().is_empty());
    let (term, _) = elect(&mut node);
    assert_eq!(term, 2);
    // A vote of the first election, late, changes nothing.
    assert!(node.send_from("n5", Vote { term: 1, pre: false, granted: true }).is_empty());
}

#[test]
fn a_candidate_follows_who_won_in_its_term() {
    let mut node = n1(Flaw::None);
    let pre = Vote { term: 0, pre: true, granted: true };
    until_asks(&mut node, true);
    node.send_from("n2", pre.clone());
    node.send_from("n3", pre);
    assert!(appended(&mut node, "n4", append(1, (0, 0), entries(&[1]))).success);
    node.send_from("n2", Vote { term: 1, pre: false, granted: true });
    node.send_from("n3", Vote { term: 1, pre: false, granted: true });
    assert!(node.take_marks().is_empty());
}

#[test]
fn a_node_votes_once_in_a_term() {
    let mut node = n1(Flaw::None);
    assert!(granted(&mut node, "n2", ask(1, (0, 0))));
    assert!(!granted(&mut node, "n3", ask(1, (0, 0))));
    assert!(granted(&mut node, "n2", ask(1, (0, 0))), "the first answer may be lost");
    assert!(granted(&mut node, "n3", ask(2, (0, 0))));
    assert!(!granted(&mut node, "n2", ask(1, (0, 0))));
    let mut wrong = n1(Flaw::VotesTwice);
    assert!(granted(&mut wrong, "n2", ask(1, (0, 0))));
    assert!(granted(&mut wrong, "n3", ask(1, (0, 0))));
}

#[test]
fn a_node_votes_for_logs_that_have_all_that_its_own_has() {
    for (flaw, expected) in [(Flaw::None, false), (Flaw::VotesForShorterLog, true)] {
        let mut node = n1(flaw);
        appended(&mut node, "n2", append(2, (0, 0), entries(&[1, 2])));
        assert_eq!(granted(&mut node, "n3", ask(3, (1, 1))), expected, "a shorter log");
        assert_eq!(granted(&mut node, "n3", ask(4, (9, 1))), expected, "an older last term");
        assert!(granted(&mut node, "n3", ask(5, (2, 2))));
        assert!(granted(&mut node, "n3", ask(6, (1, 3))));
    }
}

#[test]
fn nobody_is_pre_elected_while_a_leader_is_heard() {
    let mut node = n1(Flaw::None);
    appended(&mut node, "n2", append(3, (0, 0), Vec::new()));
    let pre = RequestVote { term: 3, pre: true, last_index: 0, last_term: 0 };
    let vote = of::<Vote>(&node.send_from("n3", pre.clone())).remove(0).1;
    assert!(!vote.granted);
    node.advance(Options::default().election_timeout);
    let vote = of::<Vote>(&node.send_from("n3", pre)).remove(0).1;
    assert_eq!((vote.granted, vote.term), (true, 3), "and no term changes by that");
}

#[test]
fn a_log_that_differs_is_cut_off_where_it_does() {
    let mut node = n1(Flaw::None);
    appended(&mut node, "n2", append(1, (0, 0), entries(&[1, 1, 1])));
    let reply = appended(&mut node, "n3", append(2, (1, 1), entries(&[2])));
    assert_eq!((reply.success, reply.index), (true, 2));
    // Entry 3 has gone, entry 2 is the new one.
    let reply = appended(&mut node, "n3", append(2, (3, 1), Vec::new()));
    assert_eq!((reply.success, reply.index), (false, 2));
    assert!(appended(&mut node, "n3", append(2, (2, 2), Vec::new())).success);

    let mut wrong = n1(Flaw::NoTruncationOnConflict);
    appended(&mut wrong, "n2", append(1, (0, 0), entries(&[1, 1, 1])));
    appended(&mut wrong, "n3", append(2, (1, 1), entries(&[2])));
    assert!(appended(&mut wrong, "n3", append(2, (3, 1), Vec::new())).success);
}

#[test]
fn a_refusal_says_how_far_to_go_back() {
    let mut node = n1(Flaw::None);
    appended(&mut node, "n2", append(2, (0, 0), entries(&[1, 2, 2, 2])));
    let reply = appended(&mut node, "n3", append(3, (4, 1), Vec::new()));
    assert_eq!((reply.success, reply.index), (false, 1), "all of term 2 may be wrong");
    let reply = appended(&mut node, "n3", append(3, (9, 3), Vec::new()));
    assert_eq!((reply.success, reply.index), (false, 4));
}

#[test]
fn messages_that_come_twice_or_late_remove_nothing() {
    let mut node = n1(Flaw::None);
    for _ in 0..2 {
        let reply = appended(&mut node, "n2", append(1, (0, 0), entries(&[1, 1, 1])));
        assert_eq!((reply.success, reply.index), (true, 3));
    }
    let reply = appended(&mut node, "n2", append(1, (0, 0), entries(&[1])));
    assert_eq!((reply.success, reply.index), (true, 1));
    assert!(appended(&mut node, "n2", append(1, (3, 1), Vec::new())).success);
}

#[test]
fn a_leader_of_an_older_term_gets_the_term_and_nothing_else() {
    let mut node = n1(Flaw::None);
    appended(&mut node, "n3", append(2, (0, 0), Vec::new()));
    let late = AppendEntries { round: 50, ..append(1, (0, 0), entries(&[1])) };
    let reply = appended(&mut node, "n2", late.clone());
    assert_eq!((reply.success, reply.term), (false, 2));
    // n2 may lead term 2 by now: this is no answer to a round of that term.
    assert_eq!(reply.round, 0);
    assert!(appended(&mut n1(Flaw::NoTermCheck), "n2", late).success);
}

/// Figure 8 of the paper: n1 leads term 4; entry 2, of term 2, is on three of
/// five nodes, but n5 has an entry of term 3 and could still replace it.
#[test]
fn an_entry_of_an_older_term_is_not_committed_by_counting() {
    for (flaw, committed) in [(Flaw::None, 0), (Flaw::CommitsOldTermByCounting, 2)] {
        let mut node = n1(flaw);
        appended(&mut node, "n2", append(2, (0, 0), entries(&[1, 2])));
        node.send_from("n5", ask(3, (1, 1)));
        let (term, sent) = elect(&mut node);
        assert_eq!((term, to_n2(&sent).prev_index), (4, 2));
        node.send_from("n2", has(4, 2, 1));
        node.send_from("n3", has(4, 2, 1));
        let message = to_n2(&node.advance(Options::default().heartbeat));
        assert_eq!(message.committed, committed);
        if flaw == Flaw::None {
            // With an entry of term 4 on a majority, n5 cannot win any more.
            node.send_from("n2", has(4, 3, 2));
            node.send_from("n3", has(4, 3, 2));
            let message = to_n2(&node.advance(Options::default().heartbeat));
            assert_eq!(message.committed, 3);
        }
    }
}

#[test]
fn a_leader_answers_reads_when_a_majority_has_confirmed_it_since() {
    let mut node = n1(Flaw::None);
    let (term, sent) = elect(&mut node);
    let before = to_n2(&sent).round;
    node.send_from("n2", has(term, 1, before));
    node.send_from("n3", has(term, 1, before));
    let key = Value::from(1u64);
    assert!(node.request_from("c1", 7, Read { key: key.clone() }).is_empty());
    let round = to_n2(&node.advance(2 * MS)).round;
    assert!(round > before);
    // An answer to an earlier round proves nothing about now.
    assert!(node.send_from("n4", has(term, 1, before)).is_empty());
    assert!(node.send_from("n2", has(term, 1, round)).is_empty());
    assert!(node.send_from("n2", has(term, 1, round)).is_empty(), "twice is once");
    let sent = node.send_from("n3", has(term, 1, round));
    let error = sent[0].reply_to(7).unwrap().body::<RpcError>();
    assert_eq!((error.code.0, &*error.text), (20, "key does not exist"));
}

#[test]
fn a_leader_that_was_replaced_does_not_answer_reads() {
    let key = Value::from(1u64);
    let mut node = n1(Flaw::None);
    let (term, _) = elect(&mut node);
    node.send_from("n2", has(term, 1, 1));
    node.send_from("n3", has(term, 1, 1));
    node.request_from("c1", 7, Read { key: key.clone() });
    node.advance(2 * MS);
    let newer = Appended { term: term + 1, success: false, index: 0, round: 0 };
    assert!(node.send_from("n2", newer).is_empty());
    let sent = node.advance(Options::default().patience + 200 * MS);
    let answer = sent.iter().find_map(|sent| sent.reply_to(7)).unwrap();
    assert_eq!(answer.body::<RpcError>().code.0, 11);

    let mut wrong = n1(Flaw::StaleLeaderReads);
    let (term, _) = elect(&mut wrong);
    wrong.send_from("n2", has(term, 1, 1));
    wrong.send_from("n3", has(term, 1, 1));
    assert!(wrong.request_from("c1", 7, Read { key })[0].reply_to(7).is_some());
}

#[test]
fn a_new_leader_answers_no_read_before_its_own_entry_is_committed() {
    for (flaw, answers) in [(Flaw::None, false), (Flaw::NoEntryAtBeginning, true)] {
        let mut node = n1(flaw);
        appended(&mut node, "n2", append(1, (0, 0), entries(&[1])));
        let (term, _) = elect(&mut node);
        node.request_from("c1", 7, Read { key: Value::from(1u64) });
        let round = to_n2(&node.advance(2 * MS)).round;
        let refusal = Appended { term, success: false, index: 0, round };
        node.send_from("n2", refusal.clone());
        let sent = node.send_from("n3", refusal);
        // Entry 1 may be committed, so to say that there is no key is wrong.
        assert_eq!(sent.iter().any(|sent| sent.reply_to(7).is_some()), answers);
        if flaw == Flaw::None {
            node.send_from("n2", has(term, 2, round));
            let sent = node.send_from("n3", has(term, 2, round));
            let answer = sent.iter().find_map(|sent| sent.reply_to(7)).unwrap();
            assert_eq!(answer.body::<ReadOk>().value, Value::from(1u64));
        }
    }
}

#[test]
fn a_leader_that_nobody_answers_gives_up() {
    let mut node = n1(Flaw::None);
    elect(&mut node);
    node.take_marks();
    node.advance(Options::default().resign_after() + 2 * Options::default().heartbeat);
    assert_eq!(node.take_marks(), [("leader".to_owned(), Value::Null)]);
}

#[test]
fn a_node_that_slept_listens_before_it_doubts_the_leader() {
    let mut cx = Cx::for_test("n1", &FIVE, 1);
    let mut node = node(Options::default());
    node.handle(Input::Start { recovered: false }, &mut cx);
    // It says that it has no disk.
    cx.take_effects();
    cx.set_now(Time::ZERO + 60_000 * MS);
    while let Some(timer) = cx.take_due_timer() {
        node.handle(Input::Timer(timer), &mut cx);
    }
    assert!(cx.take_effects().is_empty());
    cx.set_now(Time::ZERO + 61_600 * MS);
    let timer = cx.take_due_timer().expect("it does not wait for ever");
    node.handle(Input::Timer(timer), &mut cx);
    // Late by little.
    assert!(cx.take_effects().len() <= 4);
}

#[test]
fn what_does_not_fit_a_message_follows_when_that_is_acknowledged() {
    let mut node = n1(Flaw::None);
    appended(&mut node, "n2", append(1, (0, 0), entries(&[1; 1000])));
    let (term, _) = elect(&mut node);
    let behind = Appended { term, success: false, index: 0, round: 1 };
    let first = to_n2(&node.send_from("n2", behind));
    assert_eq!((first.prev_index, first.entries.len()), (0, 300));
    let second = to_n2(&node.send_from("n2", has(term, 300, 1)));
    assert_eq!((second.prev_index, second.entries.len()), (300, 300));
    assert!(node.send_from("n2", has(term, 300, 1)).is_empty(), "it is on its way");
}

#[test]
fn arguments_are_read_and_kept_in_proportion() {
    let parse = |text: &str| {
        let arguments: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        Options::parse(&arguments)
    };
    assert_eq!(parse("").unwrap(), Options::default());
    let options = parse("--election-timeout 2000").unwrap();
    assert_eq!((options.election_timeout, options.heartbeat), (2000 * MS, 400 * MS));
    assert_eq!(parse("--heartbeat 40").unwrap().election_timeout, 200 * MS);
    assert!(parse("--heartbeat 40 --election-timeout 50").unwrap_err().contains("half"));
    assert!(parse("--beat 4").unwrap_err().contains("known"));
}
