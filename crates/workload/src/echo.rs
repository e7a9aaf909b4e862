//! Workload echo: a node gives back what it gets.

use std::sync::Arc;

use glomers_check::{Access, Checker};
use glomers_history::{Op, Value};
use glomers_protocol::rpc::echo::{ECHO_OK, Echo as EchoRequest, EchoOk};
use glomers_protocol::{Payload, shared_text};
use glomers_sim::draws::Draws;
use glomers_sim::{Client, NextOperation, Step, Workload};

use crate::reply::{Checked, checked};

/// The workload.
#[derive(Debug, Default)]
pub struct Echo;

impl Workload for Echo {
    fn name(&self) -> &str {
        "echo"
    }

    fn generate(&mut self, _worker: u32, draws: &mut Draws) -> NextOperation {
        let value = Value::from(format!("Please echo {}", draws.below(128)));
        NextOperation { f: shared_text("echo"), value }
    }

    fn client(&self) -> Box<dyn Client> {
        Box::new(EchoClient::default())
    }

    /// Operations have nothing in common.
    fn accesses(&self, _op: &Op) -> Vec<Access> {
        Vec::new()
    }

    fn checker(&self) -> Box<dyn Checker> {
        Box::new(glomers_check::Echo)
    }
}

/// Keeps the words that every reply has, so that a long history has them once.
struct EchoClient {
    kind: (Value, Value),
    msg_id: Value,
    in_reply_to: Value,
    echo: Value,
}

impl Default for EchoClient {
    fn default() -> EchoClient {
        EchoClient {
            kind: (Value::keyword("type"), Value::string(ECHO_OK.kind)),
            msg_id: Value::keyword("msg_id"),
            in_reply_to: Value::keyword("in_reply_to"),
            echo: Value::keyword("echo"),
        }
    }
}

impl EchoClient {
    /// The whole body of a typed reply, as its text would show it.
    fn body(&self, reply: &Payload, echo: &Value) -> Value {
        let header = reply.header();
        let id = |key: &Value, id: Option<u64>| id.map(|id| (key.clone(), Value::from(id)));
        let pairs = std::iter::once(self.kind.clone())
            .chain(id(&self.msg_id, header.msg_id))
            .chain(id(&self.in_reply_to, header.in_reply_to))
            .chain(std::iter::once((self.echo.clone(), echo.clone())));
        Value::map(pairs)
    }
}

impl Client for EchoClient {
    fn invoke(&mut self, op: &Op) -> Step {
        Step::Request(Arc::new(EchoRequest { echo: op.value.clone() }))
    }

    fn reply(&mut self, reply: &Payload) -> Step {
        // The history shows the whole body, as Maelstrom's does.
        match checked::<EchoOk>(reply, &ECHO_OK) {
            Ok(Checked::Typed(typed)) => Step::Ok(self.body(reply, &typed.echo)),
            Ok(Checked::Json(body)) => Step::Ok(body),
            Err(what) => Step::BadReply(what),
        }
    }
}
