//! Numbers of EDN.

use std::sync::Arc;

use super::Fault;
use super::cursor::Cursor;
use crate::Value;

/// So many digits fit 64 bits whatever they are.
const SAFE_DIGITS: usize = 18;

impl Cursor<'_> {
    /// The number that begins here, with a digit or a sign before one.
    #[inline]
    pub(super) fn number(&mut self) -> Result<Value, Fault> {
        let start = self.at;
        let negative = self.peek() == Some(b'-');
        if negative {
            self.at += 1;
        }
        let first = self.at;
        let mut number = 0i64;
        while let Some(digit @ b'0'..=b'9') = self.peek()
            && self.at - first < SAFE_DIGITS
        {
            number = number * 10 + i64::from(digit - b'0');
            self.at += 1;
        }
        let digits = self.at - first;
        let plain = digits == 1 || (digits > 1 && self.bytes[first] != b'0');
        if plain && self.is_boundary() {
            return Ok(Value::Int(if negative { -number } else { number }));
        }
        self.at = start;
        self.other_number()
    }

    /// Large integers, floats, decimals and ratios.
    #[cold]
    fn other_number(&mut self) -> Result<Value, Fault> {
        let start = self.at;
        let token = self.token();
        parse(token).ok_or_else(|| Fault::new(start, "a number"))
    }
}

fn parse(token: &str) -> Option<Value> {
    if let Some((above, below)) = token.split_once('/') {
        let (above, below) = (integer(above)?, integer(below)?);
        let float = |value: &Value| value.to_json().parse::<f64>().ok();
        return finite(float(&above)? / float(&below)?);
    }
    // Not EDN, but Clojure prints the addresses of objects so.
    if let Some(digits) = token.strip_prefix("0x") {
        let digits = Some(digits).filter(|digits| !digits.starts_with('+'))?;
        return u64::from_str_radix(digits, 16).ok().map(Value::from);
    }
    if let Some(exact) = token.strip_suffix('N') {
        return integer(exact);
    }
    if let Some(value) = integer(token) {
        return Some(value);
    }
    let decimal = token.strip_suffix('M').unwrap_or(token);
    let known =
        |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-');
    if !decimal.bytes().all(known) || !starts_right(decimal) {
        return None;
    }
    finite(decimal.parse().ok()?)
}

fn finite(float: f64) -> Option<Value> {
    float.is_finite().then_some(Value::Float(float))
}

/// An integer of any size.
fn integer(text: &str) -> Option<Value> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if !starts_right(text) {
        return None;
    }
    let text = text.strip_prefix('+').unwrap_or(text);
    Some(match text.parse::<i64>() {
        Ok(integer) => Value::Int(integer),
        Err(_) => Value::BigInt(Arc::from(text)),
    })
}

/// Whether no zero stands before another digit: elsewhere that is an octal
/// number, so to take it for a decimal would be a guess.
fn starts_right(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text).as_bytes();
    !matches!(digits, [b'0', b'0'..=b'9', ..])
}
