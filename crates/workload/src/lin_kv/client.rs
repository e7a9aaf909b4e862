//! A client of the registers.

use std::sync::Arc;

use glomers_history::{Op, Value};
use glomers_protocol::Payload;
use glomers_protocol::rpc::kv::{Cas, CasOk, Read, ReadOk, Write, WriteOk};
use glomers_protocol::schema::{Field, Schema};
use glomers_sim::{Client, Step};

use crate::reply::{Checked, checked, field, has_form};

const READ_OK: Schema = Schema { kind: "read_ok", fields: &[("value", Field::Any)] };
const WRITE_OK: Schema = Schema { kind: "write_ok", fields: &[] };
const CAS_OK: Schema = Schema { kind: "cas_ok", fields: &[] };

#[derive(Default)]
enum Asked {
    #[default]
    Write,
    /// The key.
    Read(Value),
    Cas,
}

/// One process: turns `[key argument]` into requests.
#[derive(Default)]
pub(super) struct LinKvClient {
    asked: Asked,
}

/// The two elements of a list.
fn pair(value: &Value) -> Option<(Value, Value)> {
    let list = value.as_list().filter(|list| list.len() == 2)?;
    Some((list.get(0)?, list.get(1)?))
}

impl Client for LinKvClient {
    fn invoke(&mut self, op: &Op) -> Step {
        // Only a list of operations that somebody wrote may lack something.
        let Some((key, argument)) = pair(&op.value) else {
            return Step::Fail(Value::string("the operation needs a value [key argument]"));
        };
        match &*op.f {
            "read" => {
                self.asked = Asked::Read(key.clone());
                Step::Request(Arc::new(Read { key }))
            }
            "cas" => {
                let Some((from, to)) = pair(&argument) else {
                    return Step::Fail(Value::string("cas needs a value [key [from to]]"));
                };
                self.asked = Asked::Cas;
                Step::Request(Arc::new(Cas { key, from, to, create_if_not_exists: false }))
            }
            _ => {
                self.asked = Asked::Write;
                Step::Request(Arc::new(Write { key, value: argument }))
            }
        }
    }

    fn reply(&mut self, reply: &Payload) -> Step {
        let formed = match &self.asked {
            Asked::Read(key) => {
                return match checked::<ReadOk>(reply, &READ_OK) {
                    Ok(Checked::Typed(reply)) => {
                        Step::Ok(Value::list([key.clone(), reply.value.clone()]))
                    }
                    Ok(Checked::Json(body)) => {
                        Step::Ok(Value::list([key.clone(), field(&body, "value")]))
                    }
                    Err(what) => Step::BadReply(what),
                };
            }
            Asked::Write => has_form::<WriteOk>(reply, &WRITE_OK),
            Asked::Cas => has_form::<CasOk>(reply, &CAS_OK),
        };
        match formed {
            Ok(()) => Step::Done,
            Err(what) => Step::BadReply(what),
        }
    }
}
