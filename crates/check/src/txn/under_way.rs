//! Transactions that have begun and not ended yet.

use glomers_history::{Op, Value};
use rustc_hash::FxHashMap;

use super::parse::{NONE, values};

/// What each process has under way: one transaction, in what Jepsen records. Others
/// record several; then the ends are told apart by what they wrote.
#[derive(Debug, Default)]
pub(super) struct UnderWay {
    latest: FxHashMap<u32, u32>,
    /// Those before the latest, in their order.
    earlier: FxHashMap<u32, Vec<u32>>,
}

impl UnderWay {
    /// A process begins a transaction; whether it has another under way.
    pub(super) fn begin(&mut self, process: u32, at: u32) -> bool {
        let before = self.latest.insert(process, at);
        if let Some(before) = before {
            self.earlier.entry(process).or_default().push(before);
        }
        before.is_some()
    }

    /// Where what ends here began: the first that asked for what this did; [`NONE`] if
    /// nothing is under way.
    pub(super) fn end(&mut self, process: u32, end: &Op, ops: &[Op]) -> u32 {
        let Some(latest) = self.latest.remove(&process) else { return NONE };
        let Some(earlier) = self.earlier.get_mut(&process).filter(|all| !all.is_empty()) else {
            return latest;
        };
        earlier.push(latest);
        let fits = |&begin: &u32| asks_for(&ops[begin as usize].value, &end.value);
        let place = earlier.iter().position(fits).unwrap_or(0);
        let begin = earlier.remove(place);
        if let Some(latest) = earlier.pop() {
            self.latest.insert(process, latest);
        }
        begin
    }

    /// What never ended, in the order in which it began, and whose it is.
    pub(super) fn rest(self) -> Vec<(u32, u32)> {
        let latest = self.latest.into_iter().map(|(process, begin)| (begin, process));
        let earlier = self.earlier.into_iter();
        let earlier =
            earlier.flat_map(|(process, all)| all.into_iter().map(move |at| (at, process)));
        let mut rest: Vec<(u32, u32)> = latest.chain(earlier).collect();
        rest.sort_unstable();
        rest
    }
}

/// Whether a transaction that was asked for may be one that ended: the same
/// micro-operations on the same keys, and the same writes.
fn asks_for(asked: &Value, done: &Value) -> bool {
    let (Some(asked), Some(done)) = (values(asked), values(done)) else { return true };
    let same = |(asked, done): (&Value, &Value)| {
        let (Some(asked), Some(done)) = (values(asked), values(done)) else { return false };
        let is_read = asked.first().and_then(Value::as_str) == Some("r");
        asked.get(..2) == done.get(..2) && (is_read || asked.get(2) == done.get(2))
    };
    asked.len() == done.len() && asked.iter().zip(done).all(same)
}
