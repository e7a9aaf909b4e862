//! Registers of which the last writer wins, by a Lamport clock.

use std::collections::BTreeMap;

use glomers_node::Value;
use glomers_node::protocol::rpc::txn::MicroOperation;
use serde::{Deserialize, Serialize};

/// When something was written: a Lamport clock, then the place of the node. All writes
/// of a transaction have the same, and no two transactions that write do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Stamp(pub(super) u64, pub(super) u64);

/// What a transaction wrote last to each key, as JSON text.
pub(super) type Writes = BTreeMap<String, Value>;

/// All registers.
#[derive(Debug, Default)]
pub(super) struct Registers {
    clock: u64,
    values: BTreeMap<String, (Stamp, Value)>,
}

impl Registers {
    /// Runs a transaction here and now: its answer, and what it wrote, with its stamp.
    pub(super) fn transact(
        &mut self,
        place: u64,
        txn: Vec<MicroOperation>,
    ) -> (Vec<MicroOperation>, Option<(Stamp, Writes)>) {
        let mut writes = Writes::new();
        let mut answer = Vec::with_capacity(txn.len());
        for (f, key, value) in txn {
            let name = key.to_json();
            let shown = match &*f {
                "r" => writes
                    .get(&name)
                    .or_else(|| self.values.get(&name).map(|(_, value)| value))
                    .cloned()
                    .unwrap_or(Value::Null),
                _ => {
                    writes.insert(name, value.clone());
                    value
                }
            };
            answer.push((f, key, shown));
        }
        if writes.is_empty() {
            return (answer, None);
        }
        let stamp = Stamp(self.clock + 1, place);
        self.apply(stamp, &writes);
        (answer, Some((stamp, writes)))
    }

    /// Takes over what a transaction wrote, where nobody wrote later.
    pub(super) fn apply(&mut self, stamp: Stamp, writes: &Writes) {
        self.clock = self.clock.max(stamp.0);
        for (key, value) in writes {
            match self.values.get(key) {
                Some((known, _)) if *known >= stamp => {}
                _ => {
                    self.values.insert(key.clone(), (stamp, value.clone()));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(f: &str, key: i64, value: Value) -> MicroOperation {
        (f.to_owned(), Value::Int(key), value)
    }

    #[test]
    fn a_transaction_sees_its_own_writes_and_the_last_writer_wins() {
        let (mut a, mut b) = (Registers::default(), Registers::default());
        let write = |value| vec![step("w", 1, Value::Int(value)), step("r", 1, Value::Null)];
        let (answer, of_a) = a.transact(0, write(7));
        assert_eq!(answer[1].2, Value::Int(7));
        let (_, of_b) = b.transact(1, write(8));
        let ((stamp_a, of_a), (stamp_b, of_b)) = (of_a.unwrap(), of_b.unwrap());
        assert!(stamp_a < stamp_b);
        a.apply(stamp_b, &of_b);
        b.apply(stamp_a, &of_a);
        for registers in [&mut a, &mut b] {
            let (answer, wrote) = registers.transact(0, vec![step("r", 1, Value::Null)]);
            assert_eq!((answer[0].2.clone(), wrote), (Value::Int(8), None));
        }
        // A later transaction has a later stamp, whoever runs it.
        assert!(a.transact(0, write(9)).1.unwrap().0 > stamp_b);
    }
}
