//! Workload unique-ids: nodes give ids that nobody ever gave before.

use std::sync::Arc;

use glomers_check::{Access, Checker};
use glomers_history::{Op, Value};
use glomers_protocol::rpc::unique_ids::{GENERATE_OK, Generate, GenerateOk};
use glomers_protocol::{Payload, shared_text};
use glomers_sim::draws::Draws;
use glomers_sim::{Client, NextOperation, Step, Workload};

use crate::reply::{Checked, checked, field};

/// The workload.
#[derive(Debug, Default)]
pub struct UniqueIds;

impl Workload for UniqueIds {
    fn name(&self) -> &str {
        "unique-ids"
    }

    fn generate(&mut self, _worker: u32, _draws: &mut Draws) -> NextOperation {
        NextOperation { f: shared_text("generate"), value: Value::Null }
    }

    fn client(&self) -> Box<dyn Client> {
        Box::new(UniqueIdsClient)
    }

    fn keeps_client(&self) -> bool {
        true
    }

    /// Operations have nothing in common.
    fn accesses(&self, _op: &Op) -> Vec<Access> {
        Vec::new()
    }

    fn checker(&self) -> Box<dyn Checker> {
        Box::new(glomers_check::UniqueIds)
    }
}

struct UniqueIdsClient;

impl Client for UniqueIdsClient {
    fn invoke(&mut self, _op: &Op) -> Step {
        Step::Request(Arc::new(Generate {}))
    }

    fn reply(&mut self, reply: &Payload) -> Step {
        match checked::<GenerateOk>(reply, &GENERATE_OK) {
            Ok(Checked::Typed(reply)) => Step::Ok(reply.id.clone()),
            Ok(Checked::Json(body)) => Step::Ok(field(&body, "id")),
            Err(what) => Step::BadReply(what),
        }
    }
}
