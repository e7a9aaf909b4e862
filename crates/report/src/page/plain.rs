//! Values of operations as people read them.

use std::fmt::Write as _;

use glomers_history::Value;

/// A value as JSON that says nothing of how EDN differs: keywords are strings, sets are
/// lists, keys of maps are texts. At most so many bytes of it; what is left out is not
/// even written.
pub(super) fn plain(value: &Value, most: usize) -> String {
    let mut text = String::new();
    write(value, most, &mut text);
    super::cut(&text, most)
}

fn write(value: &Value, most: usize, text: &mut String) {
    match value {
        Value::Int(number) => {
            let _ = write!(text, "{number}");
        }
        Value::Keyword(name) => text.push_str(&Value::String(name.clone()).to_json()),
        Value::List(list) => {
            all(list.iter(), ('[', ']'), most, text, |value, text| write(&value, most, text));
        }
        Value::Set(set) => {
            all(set.iter(), ('[', ']'), most, text, |value, text| write(value, most, text));
        }
        Value::Map(pairs) => all(pairs.iter(), ('{', '}'), most, text, |(key, value), text| {
            match key.as_str() {
                Some(_) => write(key, most, text),
                None => write(&Value::string(plain(key, most)), most, text),
            }
            text.push(':');
            write(value, most, text);
        }),
        other => text.push_str(&other.to_json()),
    }
}

fn all<T>(
    values: impl Iterator<Item = T>,
    (open, close): (char, char),
    most: usize,
    text: &mut String,
    mut write: impl FnMut(T, &mut String),
) {
    text.push(open);
    for (place, value) in values.enumerate() {
        if text.len() > most {
            return;
        }
        if place > 0 {
            text.push(',');
        }
        write(value, text);
    }
    text.push(close);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_edn_has_is_told_as_json() {
        let poll = Value::list([
            Value::keyword("poll"),
            Value::map([(Value::string("k\""), Value::integers(&[0, 7]))]),
            Value::map([(Value::Int(3), Value::set([Value::Int(2), Value::Int(1)]))]),
            Value::Null,
        ]);
        assert_eq!(plain(&poll, 100), r#"["poll",{"k\"":[0,7]},{"3":[1,2]},null]"#);
    }

    #[test]
    fn what_is_long_is_cut() {
        let long: Vec<i64> = (0..1000).collect();
        let values = Value::list([Value::integers(&long), Value::integers(&long)]);
        assert_eq!(plain(&values, 9), "[[0,1,2,3…");
        assert!(plain(&values, 1_000_000).ends_with("999]]"));
    }
}
