//! The client of transactions: asks, and compares the answer step by step with what
//! was asked.

use std::sync::Arc;

use glomers_history::{Op, Value};
use glomers_protocol::Payload;
use glomers_protocol::rpc::txn::{MicroOperation, Txn, TxnOk};
use glomers_protocol::schema::{Field, Schema};
use glomers_sim::{Client, Step};

use crate::reply::{Checked, checked, field};

const TXN_OK: Schema = Schema { kind: "txn_ok", fields: &[("txn", Field::List)] };

/// The client.
pub(super) struct TxnClient {
    /// The word for a write: `append` or `w`.
    write: &'static str,
    asked: Vec<MicroOperation>,
}

impl TxnClient {
    pub(super) fn new(write: &'static str) -> TxnClient {
        TxnClient { write, asked: Vec::new() }
    }

    /// The steps of an operation's value, as they go over the wire.
    fn asked(&self, value: &Value) -> Result<Vec<MicroOperation>, String> {
        let form =
            || format!("a transaction is a list of [:r key nil] and [:{} key value]", self.write);
        let steps = value.as_list().ok_or_else(form)?;
        let step = |step: Value| {
            let step = step.as_list().filter(|step| step.len() == 3)?;
            let f = step.get(0)?.as_str()?.to_owned();
            (f == "r" || f == self.write).then_some((f, step.get(1)?, step.get(2)?))
        };
        steps.iter().map(|one| step(one).ok_or_else(form)).collect()
    }

    /// The answer as histories show it.
    fn answer(&self, answered: &[MicroOperation]) -> Result<Value, String> {
        if answered.len() != self.asked.len() {
            return Err(format!(
                "the transaction has {} steps, but {} were answered",
                self.asked.len(),
                answered.len()
            ));
        }
        let mut steps = Vec::with_capacity(answered.len());
        for (at, (asked, answered)) in self.asked.iter().zip(answered).enumerate() {
            self.compare(asked, answered)
                .map_err(|what| format!("step {} of {}: {what}", at + 1, self.asked.len()))?;
            let (f, key, value) = answered;
            steps.push(Value::list([Value::keyword(f), key.clone(), value.clone()]));
        }
        Ok(Value::list(steps))
    }

    /// Whether a step was answered as it was asked.
    fn compare(&self, asked: &MicroOperation, answered: &MicroOperation) -> Result<(), String> {
        let shown = |(f, key, value): &MicroOperation| {
            Value::list([Value::string(f), key.clone(), value.clone()]).to_json()
        };
        if asked.0 != answered.0 || asked.1 != answered.1 {
            return Err(format!(
                "{} was asked, but {} was answered: function and key must be the same",
                shown(asked),
                shown(answered)
            ));
        }
        if asked.0 != "r" {
            return match asked.2 == answered.2 {
                true => Ok(()),
                false => Err(format!(
                    "{} was asked, but {} was answered: a write keeps its value",
                    shown(asked),
                    shown(answered)
                )),
            };
        }
        let is_list = matches!(answered.2, Value::List(_) | Value::Null);
        match self.write == "append" && !is_list {
            true => Err(format!(
                "{} was answered: a read of a list shows a list, or null if there is none",
                shown(answered)
            )),
            false => Ok(()),
        }
    }
}

/// The steps of a body that has a list of them.
fn steps(list: &Value) -> Result<Vec<MicroOperation>, String> {
    let step = |step: Value| {
        let parts = step.as_list().filter(|parts| parts.len() == 3)?;
        Some((parts.get(0)?.as_str()?.to_owned(), parts.get(1)?, parts.get(2)?))
    };
    let list = list.as_list().ok_or("the field \"txn\" must be a list")?;
    let named = |one: Value| {
        let text = one.to_json();
        step(one).ok_or_else(|| format!("a step is [function, key, value], but one is {text}"))
    };
    list.iter().map(named).collect()
}

impl Client for TxnClient {
    fn invoke(&mut self, op: &Op) -> Step {
        match self.asked(&op.value) {
            Ok(asked) => {
                self.asked.clone_from(&asked);
                Step::Request(Arc::new(Txn { txn: asked }))
            }
            Err(what) => Step::Fail(Value::string(what)),
        }
    }

    fn reply(&mut self, reply: &Payload) -> Step {
        let answered = match checked::<TxnOk>(reply, &TXN_OK) {
            Ok(Checked::Typed(reply)) => Ok(reply.txn.clone()),
            Ok(Checked::Json(body)) => steps(&field(&body, "txn")),
            Err(what) => Err(what),
        };
        match answered.and_then(|answered| self.answer(&answered)) {
            Ok(value) => Step::Ok(value),
            Err(what) => Step::BadReply(what),
        }
    }
}
