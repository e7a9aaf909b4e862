//! Values of operations as people read them.

use glomers_history::Value;

/// A value as JSON that says nothing of how EDN differs: keywords are strings, sets are
/// lists, keys of maps are texts.
pub(super) fn plain(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Keyword(name) => text.push_str(&Value::String(name.clone()).to_json()),
        Value::List(list) => all(list.iter(), '[', ']', text, |value, text| write(&value, text)),
        Value::Set(set) => all(set.iter(), '[', ']', text, write),
        Value::Map(pairs) => all(pairs.iter(), '{', '}', text, |(key, value), text| {
            match key.as_str() {
                Some(_) => write(key, text),
                None => write(&Value::string(plain(key)), text),
            }
            text.push(':');
            write(value, text);
        }),
        other => text.push_str(&other.to_json()),
    }
}

fn all<T>(
    values: impl Iterator<Item = T>,
    open: char,
    close: char,
    text: &mut String,
    mut write: impl FnMut(T, &mut String),
) {
    text.push(open);
    for (place, value) in values.enumerate() {
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
        assert_eq!(plain(&poll), r#"["poll",{"k\"":[0,7]},{"3":[1,2]},null]"#);
    }
}
