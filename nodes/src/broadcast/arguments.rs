//! Arguments of nodes: `--name value` pairs, with clear errors.

use std::time::Duration;

/// Reads pairs of name and value.
pub struct Arguments<'a> {
    rest: std::slice::Iter<'a, String>,
    known: &'static [&'static str],
}

impl<'a> Arguments<'a> {
    /// `known` lists all arguments as a person wants to read them:
    /// `--period MS`.
    pub fn new(arguments: &'a [String], known: &'static [&'static str]) -> Arguments<'a> {
        Arguments { rest: arguments.iter(), known }
    }

    /// The next argument's name and value.
    ///
    /// # Errors
    /// If it is unknown or has no value.
    pub fn next_pair(&mut self) -> Result<Option<(&'static str, &'a str)>, String> {
        let Some(name) = self.rest.next() else {
            return Ok(None);
        };
        let known = self.known.iter().filter_map(|known| known.split(' ').next());
        let Some(name) = known.into_iter().find(|known| known == name) else {
            let known = match self.known {
                [] => "it takes none".to_owned(),
                known => format!("known: {}", known.join(", ")),
            };
            return Err(format!("unknown argument {name:?}; {known}"));
        };
        match self.rest.next() {
            Some(value) => Ok(Some((name, value))),
            None => Err(format!("{name} needs a value")),
        }
    }
}

/// A number from `least` to `most`.
///
/// # Errors
/// If it is no number or out of these bounds.
pub fn number(name: &str, value: &str, least: u64, most: u64) -> Result<u64, String> {
    match value.parse::<u64>() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(format!("{name} takes a whole number from {least} to {most}, not {value:?}")),
    }
}

/// A number of milliseconds from `least` to an hour.
///
/// # Errors
/// If it is no number or out of these bounds.
pub fn milliseconds(name: &str, value: &str, least: u64) -> Result<Duration, String> {
    match value.parse::<u64>() {
        Ok(number) if (least..=3_600_000).contains(&number) => Ok(Duration::from_millis(number)),
        _ => Err(format!(
            "{name} takes a whole number of milliseconds from {least} to 3600000, not {value:?}"
        )),
    }
}

/// `on` or `off`.
///
/// # Errors
/// If it is neither.
pub fn switch(name: &str, value: &str) -> Result<bool, String> {
    match value {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(format!("{name} takes on or off, not {value:?}")),
    }
}
