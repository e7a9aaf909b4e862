//! Values that no client would write.

use glomers_history::Value;

use super::random::Random;

/// Any value; its strings and keywords are some of the words.
pub(crate) fn junk(random: &mut Random, words: &[&str], depth: u64) -> Value {
    let word = |random: &mut Random| words[random.below(words.len() as u64) as usize];
    match random.below(if depth == 0 { 7 } else { 11 }) {
        0 => Value::Null,
        1 => Value::Int(random.below(4) as i64),
        2 => Value::Int(random.next() as i64),
        3 => Value::string(word(random)),
        4 => Value::keyword(word(random)),
        5 => Value::Float(random.below(3) as f64),
        6 => Value::from(random.next()),
        7 => Value::map([(junk(random, words, depth - 1), junk(random, words, depth - 1))]),
        8 => Value::set([junk(random, words, depth - 1)]),
        _ => {
            let parts: Vec<Value> =
                (0..random.below(4)).map(|_| junk(random, words, depth - 1)).collect();
            Value::list(parts)
        }
    }
}

/// Some value in it is replaced.
pub(crate) fn spoil(value: &Value, words: &[&str], random: &mut Random) -> Value {
    match value {
        _ if random.one_in(4) => junk(random, words, 3),
        Value::List(list) if !list.is_empty() => {
            let mut values: Vec<Value> = list.iter().collect();
            let at = random.below(values.len() as u64) as usize;
            values[at] = spoil(&values[at], words, random);
            Value::list(values)
        }
        Value::Map(pairs) if !pairs.is_empty() => {
            let mut pairs = pairs.to_vec();
            let at = random.below(pairs.len() as u64) as usize;
            pairs[at].1 = spoil(&pairs[at].1, words, random);
            Value::map(pairs)
        }
        _ => junk(random, words, 3),
    }
}
