//! Workload g-set: what is added to one node is in the set for ever, on all.

use std::sync::Arc;

use glomers_check::{Checker, SetFull};
use glomers_history::{Op, Value};
use glomers_protocol::rpc::g_set::{ADD_OK, Add, AddOk, READ_OK, Read, ReadOk};
use glomers_protocol::{List, Payload, shared_text};
use glomers_sim::draws::Draws;
use glomers_sim::{Client, NextOperation, Step, Workload};

use crate::reply::{Checked, checked, has_form, list};

/// One add in so many adds an element again.
const AGAIN: u64 = 16;

/// The workload: half of the operations add 0, 1, 2, …, half read.
///
/// One add in sixteen repeats an element of an earlier one, which must change
/// nothing: neither may the element then be there twice, nor may a node that
/// has forgotten it get away with that.
#[derive(Debug, Default)]
pub struct GSet {
    next_element: i64,
    monotonic_reads: bool,
}

impl GSet {
    /// Whether a read that lacks what an earlier one at the same node held is a finding;
    /// else it is a note.
    #[must_use]
    pub fn require_monotonic_reads(self, monotonic_reads: bool) -> GSet {
        GSet { monotonic_reads, ..self }
    }
}

impl Workload for GSet {
    fn name(&self) -> &str {
        "g-set"
    }

    fn generate(&mut self, _worker: u32, draws: &mut Draws) -> NextOperation {
        if draws.below(2) == 1 {
            return NextOperation { f: shared_text("read"), value: Value::Null };
        }
        let element = if self.next_element > 0 && draws.below(AGAIN) == 0 {
            draws.below(self.next_element as u64) as i64
        } else {
            self.next_element += 1;
            self.next_element - 1
        };
        NextOperation { f: shared_text("add"), value: Value::Int(element) }
    }

    fn final_operation(&self) -> Option<NextOperation> {
        Some(NextOperation { f: shared_text("read"), value: Value::Null })
    }

    fn client(&self) -> Box<dyn Client> {
        Box::new(GSetClient { reads: false, last_read: List::from_integers(&[]) })
    }

    fn is_idempotent(&self, f: &str) -> bool {
        f == "read"
    }

    fn jepsen_trusts_no_error(&self) -> bool {
        true
    }

    fn looks_into_kept_messages(&self) -> bool {
        true
    }

    fn checker(&self) -> Box<dyn Checker> {
        Box::new(SetFull { monotonic_reads: self.monotonic_reads, ..SetFull::G_SET })
    }
}

struct GSetClient {
    reads: bool,
    /// The last read that came as text; the next shares its memory where it is
    /// the same.
    last_read: List,
}

impl Client for GSetClient {
    fn invoke(&mut self, op: &Op) -> Step {
        self.reads = &*op.f == "read";
        if self.reads {
            Step::Request(Arc::new(Read {}))
        } else {
            Step::Request(Arc::new(Add { element: op.value.clone() }))
        }
    }

    fn reply(&mut self, reply: &Payload) -> Step {
        if self.reads {
            return match checked::<ReadOk>(reply, &READ_OK) {
                Ok(Checked::Typed(reply)) => Step::Ok(Value::List(reply.value.clone())),
                Ok(Checked::Json(body)) => {
                    self.last_read = list(&body, "value").sharing(&self.last_read);
                    Step::Ok(Value::List(self.last_read.clone()))
                }
                Err(what) => Step::BadReply(what),
            };
        }
        match has_form::<AddOk>(reply, &ADD_OK) {
            Ok(()) => Step::Done,
            Err(what) => Step::BadReply(what),
        }
    }
}
