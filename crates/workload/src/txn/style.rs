//! What transactions look like.

use glomers_history::Value;
use glomers_sim::draws::Draws;

use crate::keys::Keys;

/// What transactions look like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TxnStyle {
    /// Reads and writes, equally likely, of keys drawn one by one.
    #[default]
    Mixed,
    /// One or two keys, each read and then, half of the time, written: a write always
    /// follows a read of its key, so the order of versions is known and the checker is
    /// exact in near-linear time (Li and others, *Mini-transactions*, ICDE 2025).
    Mini,
}

impl TxnStyle {
    /// The names of all styles.
    pub const NAMES: [&str; 2] = ["mixed", "mini"];
}

impl std::str::FromStr for TxnStyle {
    type Err = ();

    fn from_str(text: &str) -> Result<TxnStyle, ()> {
        match text {
            "mixed" => Ok(TxnStyle::Mixed),
            "mini" => Ok(TxnStyle::Mini),
            _ => Err(()),
        }
    }
}

fn step(f: &str, key: i64, value: Value) -> Value {
    Value::list([Value::keyword(f), Value::Int(key), value])
}

fn read(keys: &Keys, slot: usize) -> Value {
    step("r", keys.key(slot), Value::Null)
}

fn write(f: &str, keys: &mut Keys, slot: usize) -> Value {
    let (key, value) = keys.write(slot);
    step(f, key, Value::Int(value))
}

/// One to `most` steps, each a read or a write of a key.
pub(super) fn mixed(f: &str, most: u32, keys: &mut Keys, draws: &mut Draws) -> Vec<Value> {
    let count = 1 + draws.below(u64::from(most.max(1)));
    let steps = (0..count).map(|_| {
        let slot = keys.draw(draws);
        match draws.below(2) {
            0 => read(keys, slot),
            _ => write(f, keys, slot),
        }
    });
    steps.collect()
}

/// One or two keys, each read and perhaps written.
pub(super) fn mini(f: &str, keys: &mut Keys, draws: &mut Draws) -> Vec<Value> {
    let mut slots = vec![keys.draw(draws)];
    let other = keys.draw(draws);
    if draws.below(2) == 0 && other != slots[0] {
        slots.push(other);
    }
    let mut steps = Vec::new();
    for slot in slots {
        steps.push(read(keys, slot));
        if draws.below(2) == 0 {
            steps.push(write(f, keys, slot));
        }
    }
    steps
}
