//! Numbers that come back as something else, as from a node that keeps them as
//! floats or strings.

use glomers_history::Value;

/// The integer that a value was before it became a float or a string, and what it
/// became; `None` if it does not look like an integer.
pub(crate) fn integer(value: &Value) -> Option<(Value, &'static str)> {
    match value {
        // Floats of this size and below are exact.
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
            Some((Value::Int(*number as i64), "floats"))
        }
        Value::String(text) => {
            let integer: i64 = text.parse().ok()?;
            (integer.to_string() == **text).then_some((Value::Int(integer), "strings"))
        }
        _ => None,
    }
}
