//! Workloads g-counter and pn-counter: what is added anywhere is counted once.

use std::sync::Arc;

use glomers_check::{Checker, Counter};
use glomers_history::{Op, Value};
use glomers_protocol::rpc::counter::{ADD_OK, Add, AddOk, READ_OK, Read, ReadOk};
use glomers_protocol::{Payload, shared_text};
use glomers_sim::draws::Draws;
use glomers_sim::{Client, NextOperation, Step, Workload};

use crate::reply::{Checked, checked, field, has_form};

/// Workload g-counter: one operation in three adds 0 to 4, the others read.
#[derive(Debug, Default)]
pub struct GCounter;

/// Workload pn-counter: half of the operations add −5 to 4, half read.
#[derive(Debug, Default)]
pub struct PnCounter;

impl Workload for GCounter {
    fn name(&self) -> &str {
        "g-counter"
    }

    fn generate(&mut self, _worker: u32, draws: &mut Draws) -> NextOperation {
        if draws.below(3) == 0 { add(draws.below(5) as i64) } else { read() }
    }

    fn final_operation(&self) -> Option<NextOperation> {
        Some(read())
    }

    fn client(&self) -> Box<dyn Client> {
        Box::new(CounterClient { reads: false })
    }

    fn is_idempotent(&self, f: &str) -> bool {
        f == "read"
    }

    fn jepsen_trusts_no_error(&self) -> bool {
        true
    }

    fn checker(&self) -> Box<dyn Checker> {
        Box::new(Counter::G_COUNTER)
    }
}

impl Workload for PnCounter {
    fn name(&self) -> &str {
        "pn-counter"
    }

    fn generate(&mut self, _worker: u32, draws: &mut Draws) -> NextOperation {
        if draws.below(2) == 0 { add(draws.below(10) as i64 - 5) } else { read() }
    }

    fn final_operation(&self) -> Option<NextOperation> {
        Some(read())
    }

    fn client(&self) -> Box<dyn Client> {
        Box::new(CounterClient { reads: false })
    }

    fn is_idempotent(&self, f: &str) -> bool {
        f == "read"
    }

    fn jepsen_trusts_no_error(&self) -> bool {
        true
    }

    fn checker(&self) -> Box<dyn Checker> {
        Box::new(Counter::PN_COUNTER)
    }
}

fn add(delta: i64) -> NextOperation {
    NextOperation { f: shared_text("add"), value: Value::Int(delta) }
}

fn read() -> NextOperation {
    NextOperation { f: shared_text("read"), value: Value::Null }
}

struct CounterClient {
    reads: bool,
}

impl Client for CounterClient {
    fn invoke(&mut self, op: &Op) -> Step {
        self.reads = &*op.f == "read";
        if self.reads {
            return Step::Request(Arc::new(Read {}));
        }
        match op.value.as_int() {
            Some(delta) => Step::Request(Arc::new(Add { delta })),
            // Only from a list of operations that somebody wrote.
            None => Step::Fail(Value::string("what is added must be an integer")),
        }
    }

    fn reply(&mut self, reply: &Payload) -> Step {
        if self.reads {
            return match checked::<ReadOk>(reply, &READ_OK) {
                Ok(Checked::Typed(reply)) => Step::Ok(Value::Int(reply.value)),
                Ok(Checked::Json(body)) => Step::Ok(field(&body, "value")),
                Err(what) => Step::BadReply(what),
            };
        }
        match has_form::<AddOk>(reply, &ADD_OK) {
            Ok(()) => Step::Done,
            Err(what) => Step::BadReply(what),
        }
    }
}
