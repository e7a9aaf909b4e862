//! Numbers on the command line, with bounds that a person would call sensible.

use std::time::Duration;

use crate::arguments::values::AroundArgument;

fn within(text: &str, lowest: f64, highest: f64, what: &str) -> Result<f64, String> {
    let number = parsed(text).ok_or_else(|| format!("{what} must be a number"))?;
    if (lowest..=highest).contains(&number) {
        return Ok(number);
    }
    Err(format!("{what} must be from {lowest} to {highest}"))
}

/// A number, or one divided by another as Clojure writes fractions: `1/2`.
fn parsed(text: &str) -> Option<f64> {
    let whole = |text: &str| text.parse::<f64>().ok();
    match text.split_once('/') {
        Some((above, below)) => {
            let below = whole(below).filter(|below| *below != 0.0)?;
            whole(above).map(|above| above / below)
        }
        None => whole(text),
    }
}

/// Seconds; a unit that says so may stand behind them.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let number = text.strip_suffix('s').filter(|rest| rest.ends_with(|c: char| c.is_ascii_digit()));
    within(number.unwrap_or(text), 0.0, 1e7, "a number of seconds").map(Duration::from_secs_f64)
}

/// The mean time between faults: none at all would be faults without end.
pub(crate) fn interval(text: &str) -> Result<Duration, String> {
    within(text, 0.001, 1e7, "a number of seconds").map(Duration::from_secs_f64)
}

/// A moment with its unit: `2s`, `1500ms`; a bare number is seconds.
pub(crate) fn moment(text: &str) -> Result<Duration, String> {
    let number = |text: &str| within(text, 0.0, 1e7, "a time such as 2s or 1500ms");
    match text.strip_suffix("ms") {
        Some(milliseconds) => number(milliseconds).map(|ms| Duration::from_secs_f64(ms / 1e3)),
        None => number(text.strip_suffix('s').unwrap_or(text)).map(Duration::from_secs_f64),
    }
}

/// A span of time with its unit: `90s`, `10m`, `2h`; a bare number is seconds.
pub(crate) fn span(text: &str) -> Result<Duration, String> {
    let units = [("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let unit = units.iter().find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, *seconds)));
    let (number, seconds) = unit.unwrap_or((text, 1.0));
    within(number, 0.0, 1e7, "a time such as 60s, 10m or 2h")
        .map(|number| Duration::from_secs_f64(number * seconds))
}

/// What a trace is centred on: `op 17`, `message 203`.
pub(crate) fn around(text: &str) -> Result<AroundArgument, String> {
    let (what, number) = text.trim().rsplit_once([' ', '#']).unwrap_or((text, ""));
    match (what.trim(), number.trim().parse()) {
        ("op" | "operation", Ok(index)) => Ok(AroundArgument::Operation(index)),
        ("message" | "", Ok(id)) => Ok(AroundArgument::Message(id)),
        _ => Err("it is \"op 17\" or \"message 203\", in quotes".to_owned()),
    }
}

/// A seed.
pub(crate) fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}

/// How many of something, from 1.
pub(crate) fn count(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(count @ 1..=1_000_000_000) => Ok(count),
        _ => Err("it must be a whole number from 1 to 1000000000".to_owned()),
    }
}

/// How many of something that is held in memory, from 1.
pub(crate) fn small_count(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(count @ 1..=1_000_000) => Ok(count),
        _ => Err("it must be a whole number from 1 to 1000000".to_owned()),
    }
}

/// Milliseconds, fractions allowed.
pub(crate) fn milliseconds(text: &str) -> Result<Duration, String> {
    within(text, 0.0, 1e9, "a number of milliseconds").map(|ms| Duration::from_secs_f64(ms / 1e3))
}

/// A latency: whole milliseconds.
pub(crate) fn latency(text: &str) -> Result<u64, String> {
    let number = within(text, 0.0, 3_600_000.0, "a latency in ms")?;
    if number.fract() != 0.0 {
        return Err("a latency is a whole number of ms".to_owned());
    }
    Ok(number as u64)
}

/// A fraction from 0 to 1.
pub(crate) fn fraction(text: &str) -> Result<f64, String> {
    within(text, 0.0, 1.0, "a fraction")
}

/// Operations per second, or `max`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RateArgument(pub(crate) glomers_sim::Rate);

impl std::str::FromStr for RateArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<RateArgument, String> {
        if text == "max" {
            return Ok(RateArgument(glomers_sim::Rate::Max));
        }
        let rate = within(text, 0.0, 1e6, "a rate")
            .map_err(|error| format!("{error} operations per second, or max"))?;
        Ok(RateArgument(glomers_sim::Rate::PerSecond(rate)))
    }
}

/// How many workers: a number, or with `n` so many for each node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Concurrency {
    Workers(u32),
    PerNode(u32),
}

impl std::str::FromStr for Concurrency {
    type Err = String;

    fn from_str(text: &str) -> Result<Concurrency, String> {
        let (digits, per_node) = match text.strip_suffix('n') {
            Some(digits) => (digits, true),
            None => (text, false),
        };
        match digits.parse() {
            Ok(count @ 1..=1_000_000) if per_node => Ok(Concurrency::PerNode(count)),
            Ok(count @ 1..=1_000_000) => Ok(Concurrency::Workers(count)),
            _ => Err("concurrency is a number from 1 (10), or so many for each node (2n)".into()),
        }
    }
}

/// What `--availability` takes.
pub(crate) fn availability(text: &str) -> Result<glomers_check::Availability, String> {
    match text {
        "total" => return Ok(glomers_check::Availability::Total),
        "answered" => return Ok(glomers_check::Availability::Answered),
        _ => {}
    }
    fraction(text)
        .map(glomers_check::Availability::Fraction)
        .map_err(|_| "availability is total, answered, or a fraction from 0 to 1".to_owned())
}

/// A size in bytes: `32MiB`, `65536`.
pub(crate) fn size(text: &str) -> Result<usize, String> {
    let refuse = || "a size is a number of bytes from 1024, or as in 64KiB, 32MiB".to_owned();
    let (digits, unit) = match text.find(|c: char| !c.is_ascii_digit()) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let unit: usize = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        _ => return Err(refuse()),
    };
    let number: usize = digits.parse().map_err(|_| refuse())?;
    number.checked_mul(unit).filter(|&size| size >= 1024).ok_or_else(refuse)
}
