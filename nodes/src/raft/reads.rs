//! Reads at the leader (thesis, §6.4): a read need not be in the log, but who
//! answers it must have been leader after it was asked, or a newer leader may have
//! committed writes that this one does not know.

use glomers_node::Cx;

use super::message::{Answer, Index, Request, RequestId};
use super::{Flaw, Raft, Role};
use glomers_node::Value;

/// A read that waits at the leader.
#[derive(Debug)]
pub(super) struct PendingRead {
    id: RequestId,
    key: Value,
    /// The first round that began after the read came.
    round: u64,
    /// What must be applied.
    index: Index,
}

impl Raft {
    /// The leader takes a read.
    pub(super) fn read(&mut self, request: &Request, key: &Value, cx: &mut Cx) {
        let Role::Leader(leading) = &mut self.role else { return };
        if leading.reads.iter().any(|read| read.id == request.id) {
            return;
        }
        let read = PendingRead {
            id: request.id,
            key: key.clone(),
            round: leading.round + 1,
            index: self.committed.max(leading.barrier),
        };
        leading.reads.push(read);
        self.send_soon(cx);
        if self.is(Flaw::StaleLeaderReads) {
            // Wrong: it may have been replaced without knowing it, while it was
            // cut off or paused.
            self.answer_reads(u64::MAX, cx);
        }
    }

    /// A majority may have confirmed that this node leads.
    pub(super) fn count_answers(&mut self, cx: &mut Cx) {
        if let Some(round) = self.confirmed_round() {
            self.answer_reads(round, cx);
        }
    }

    fn answer_reads(&mut self, confirmed: u64, cx: &mut Cx) {
        let applied = self.committed;
        let Role::Leader(leading) = &mut self.role else { return };
        let ready = |read: &mut PendingRead| read.round <= confirmed && read.index <= applied;
        let ready: Vec<PendingRead> = leading.reads.extract_if(.., ready).collect();
        for PendingRead { id, key, .. } in ready {
            let answer: Answer = self.machine.read(&key);
            self.answer(id, answer, cx);
        }
    }
}
