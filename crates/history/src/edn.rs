//! [`Value`]s and histories as EDN, as Jepsen writes them.

use crate::{Op, OpKind, Process, Value};

/// How wide a line of [`pretty`] may be before it is broken.
const WIDTH: usize = 72;

/// Appends a value on one line.
pub fn write_value(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("nil"),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
            out.push_str(&value.to_json());
        }
        Value::BigInt(digits) => {
            out.push_str(digits);
            out.push('N');
        }
        Value::String(text) => write_string(text, out),
        Value::Keyword(name) => write_keyword(name, out),
        Value::List(list) => match list.as_small() {
            Some(elements) => {
                out.push('[');
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        out.push(' ');
                    }
                    out.push_str(itoa::Buffer::new().format(element));
                }
                out.push(']');
            }
            None => items(("[", "]"), list.iter(), out),
        },
        Value::Set(elements) => items(("#{", "}"), elements.iter().cloned(), out),
        Value::Map(pairs) => {
            out.push('{');
            for (index, (key, value)) in pairs.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_value(key, out);
                out.push(' ');
                write_value(value, out);
            }
            out.push('}');
        }
    }
}

fn items(around: (&str, &str), values: impl Iterator<Item = Value>, out: &mut String) {
    out.push_str(around.0);
    for (index, value) in values.enumerate() {
        if index > 0 {
            out.push(' ');
        }
        write_value(&value, out);
    }
    out.push_str(around.1);
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                use std::fmt::Write as _;
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// A keyword; one that EDN cannot spell (from a JSON key with a space, say) is
/// written as a string.
fn write_keyword(name: &str, out: &mut String) {
    let plain = !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "*+!-_?<>=.$&%#'/:".contains(c))
        && !name.starts_with(':')
        && !name.ends_with(':');
    if plain {
        out.push(':');
        out.push_str(name);
    } else {
        write_string(name, out);
    }
}

/// The value on one line.
pub fn to_string(value: &Value) -> String {
    let mut out = String::new();
    write_value(value, &mut out);
    out
}

/// The value over several lines where it is long, nested parts indented under
/// their beginning, as Jepsen prints results.
pub fn pretty(value: &Value) -> String {
    let mut out = String::new();
    write_pretty(value, 0, &mut out);
    out
}

fn write_pretty(value: &Value, column: usize, out: &mut String) {
    let short = to_string(value);
    if column + short.len() <= WIDTH {
        out.push_str(&short);
        return;
    }
    let new_line = |column: usize, out: &mut String| {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', column));
    };
    match value {
        Value::Map(pairs) => {
            out.push('{');
            for (index, (key, value)) in pairs.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                    new_line(column + 1, out);
                }
                let key = to_string(key);
                out.push_str(&key);
                out.push(' ');
                write_pretty(value, column + 2 + key.chars().count(), out);
            }
            out.push('}');
        }
        Value::List(list) => {
            out.push('[');
            for (index, value) in list.iter().enumerate() {
                if index > 0 {
                    new_line(column + 1, out);
                }
                write_pretty(&value, column + 1, out);
            }
            out.push(']');
        }
        _ => out.push_str(&short),
    }
}

/// Appends an operation as one line of a `history.edn`.
pub fn write_op(op: &Op, out: &mut String) {
    write_before_value(op, out);
    write_value(&op.value, out);
    write_after_value(op, out);
}

/// Appends what stands before the value in [`write_op`]'s line.
pub fn write_before_value(op: &Op, out: &mut String) {
    let mut number = itoa::Buffer::new();
    out.push_str("{:index ");
    out.push_str(number.format(op.index));
    out.push_str(", :time ");
    out.push_str(number.format(op.time.0));
    out.push_str(", :type ");
    out.push_str(kind_keyword(op.kind));
    out.push_str(", :process ");
    write_process(op.process, out);
    out.push_str(", :f ");
    write_keyword(&op.f, out);
    out.push_str(", :value ");
}

/// Appends what stands behind the value in [`write_op`]'s line.
pub fn write_after_value(op: &Op, out: &mut String) {
    if let Some(error) = &op.error {
        out.push_str(", :error ");
        write_value(error, out);
    }
    if op.is_final {
        out.push_str(", :final? true");
    }
    out.push_str("}\n");
}

/// Appends an operation as one line of a `history.txt`: process, type, f, value
/// and error with tabs between.
pub fn write_op_text(op: &Op, out: &mut String) {
    write_text_before_value(op, out);
    write_value(&op.value, out);
    write_text_after_value(op, out);
}

/// Appends what stands before the value in [`write_op_text`]'s line.
pub fn write_text_before_value(op: &Op, out: &mut String) {
    write_process(op.process, out);
    out.push('\t');
    out.push_str(kind_keyword(op.kind));
    out.push('\t');
    write_keyword(&op.f, out);
    out.push('\t');
}

/// Appends what stands behind the value in [`write_op_text`]'s line.
pub fn write_text_after_value(op: &Op, out: &mut String) {
    if let Some(error) = &op.error {
        out.push('\t');
        write_value(error, out);
    }
    out.push('\n');
}

fn write_process(process: Process, out: &mut String) {
    match process {
        Process::Client(number) => out.push_str(itoa::Buffer::new().format(number)),
        Process::Nemesis => out.push_str(":nemesis"),
    }
}

fn kind_keyword(kind: OpKind) -> &'static str {
    match kind {
        OpKind::Invoke => ":invoke",
        OpKind::Ok => ":ok",
        OpKind::Fail => ":fail",
        OpKind::Info => ":info",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_values_as_jepsen_does() {
        let value = Value::list([
            Value::keyword("isolated"),
            Value::map([(Value::string("n2"), Value::set([Value::string("n1")]))]),
            Value::Null,
            Value::string("a\"b\n"),
            Value::from(u64::MAX),
            Value::keyword("two words"),
        ]);
        assert_eq!(
            to_string(&value),
            r#"[:isolated {"n2" #{"n1"}} nil "a\"b\n" 18446744073709551615N "two words"]"#
        );
    }

    #[test]
    fn breaks_long_maps_under_their_brace() {
        let inner = Value::record([("count", Value::Int(109)), ("ok-count", Value::Int(109))]);
        let value =
            Value::record([("first", inner.clone()), ("second", inner.clone()), ("x", inner)]);
        assert_eq!(
            pretty(&value),
            "{:first {:count 109, :ok-count 109},\n :second {:count 109, :ok-count 109},\n :x {:count 109, :ok-count 109}}"
        );
    }
}
