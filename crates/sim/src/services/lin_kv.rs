//! The service `lin-kv`: linearizable registers.

use std::collections::BTreeMap;

use glomers_history::Value;

use super::request::{Answer, Request};

/// `lin-kv`: linearizable; one map, one request at a time.
#[derive(Debug, Default)]
pub(super) struct LinKv {
    values: BTreeMap<Value, Value>,
}

impl LinKv {
    pub(super) fn answer(&mut self, request: &Request) -> Answer {
        let (answer, new) = request.apply(self.values.get(request.key()));
        if let Some(new) = new {
            self.values.insert(request.key().clone(), new);
        }
        answer
    }
}
