//! Workload echo: a node gives back what it gets.

use std::sync::Arc;

use glomers_check::Checker;
use glomers_history::{Op, Value};
use glomers_protocol::Payload;
use glomers_protocol::rpc::echo::{ECHO_OK, Echo as EchoRequest, EchoOk};
use glomers_sim::draws::Draws;
use glomers_sim::{Client, NextOperation, Step, Workload};

use crate::reply::has_form;

/// The workload.
#[derive(Debug, Default)]
pub struct Echo;

impl Workload for Echo {
    fn name(&self) -> &str {
        "echo"
    }

    fn generate(&mut self, _worker: u32, draws: &mut Draws) -> NextOperation {
        let value = Value::from(format!("Please echo {}", draws.below(128)));
        NextOperation { f: Arc::from("echo"), value }
    }

    fn client(&self) -> Box<dyn Client> {
        Box::new(EchoClient)
    }

    fn checker(&self) -> Box<dyn Checker> {
        Box::new(glomers_check::Echo)
    }
}

struct EchoClient;

impl Client for EchoClient {
    fn invoke(&mut self, op: &Op) -> Step {
        Step::Request(Arc::new(EchoRequest { echo: op.value.clone() }))
    }

    fn reply(&mut self, reply: &Payload) -> Step {
        if let Err(what) = has_form::<EchoOk>(reply, &ECHO_OK) {
            return Step::BadReply(what);
        }
        // The history shows the whole body, as Maelstrom's does.
        match Value::from_json(reply.to_json().get()) {
            Ok(body) => Step::Ok(body),
            Err(error) => Step::BadReply(error.to_string()),
        }
    }
}
