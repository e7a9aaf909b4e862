//! What a node shows of its state.

use std::borrow::Cow;

use glomers_protocol::Value;

use crate::collections::Map;
use crate::effect::Effect;

/// The label of the mark that says which exposed values a step has changed: a map from
/// their names to what they are now. Other marks must not use it.
pub const EXPOSED: &str = "exposed";

/// The values that a node shows.
#[derive(Debug, Default)]
pub(crate) struct Exposed {
    latest: Map<Cow<'static, str>, Value>,
    /// What this step has changed, each name once.
    changed: Vec<Cow<'static, str>>,
}

impl Exposed {
    /// Shows a value from the end of this step on.
    pub(crate) fn set(&mut self, name: Cow<'static, str>, value: Value) {
        let is_same = self.latest.get(&name).is_some_and(|latest| *latest == value);
        if is_same {
            return;
        }
        if !self.changed.contains(&name) {
            self.changed.push(name.clone());
        }
        self.latest.insert(name, value);
    }

    /// One effect for all that a step has changed: who watches never sees half of it.
    pub(crate) fn take(&mut self) -> Option<Effect> {
        if self.changed.is_empty() {
            return None;
        }
        let changed = std::mem::take(&mut self.changed);
        let latest = |name: &Cow<'static, str>| self.latest.get(name).cloned();
        let pairs = changed.iter().filter_map(|name| Some((&**name, latest(name)?)));
        Some(Effect::Mark { label: EXPOSED.into(), value: Value::record(pairs) })
    }
}
