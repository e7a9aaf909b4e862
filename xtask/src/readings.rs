//! Figures, read from what commands and benchmarks print.

/// The number after `name` in a line `name NUMBER`.
pub(crate) fn named(output: &str, name: &str) -> Result<f64, String> {
    output
        .lines()
        .find_map(|line| line.trim().strip_prefix(name)?.trim().parse().ok())
        .ok_or_else(|| format!("there is no figure {name:?} in {output:?}"))
}

/// The number that follows `before` first, wherever that is.
pub(crate) fn after(output: &str, before: &str) -> Result<f64, String> {
    let refuse = || format!("there is no number after {before:?} in {output:?}");
    let (_, rest) = output.split_once(before).ok_or_else(refuse)?;
    let digits = |c: char| c.is_ascii_digit() || c == '.';
    let rest = rest.trim_start();
    let end = rest.find(|c| !digits(c)).unwrap_or(rest.len());
    rest[..end].trim_end_matches('.').parse().map_err(|_| refuse())
}

/// The fastest time of a row of divan's table, in ns.
pub(crate) fn divan(output: &str, row: &str) -> Result<f64, String> {
    let refuse = || format!("there is no row {row:?} in {output:?}");
    let line = output.lines().find(|line| line.contains(row)).ok_or_else(refuse)?;
    let (_, rest) = line.split_once(row).ok_or_else(refuse)?;
    let mut words = rest.split_whitespace();
    nanos(words.next(), words.next()).ok_or_else(refuse)
}

/// The slowest of the fastest times of all rows of divan's table, in ns.
pub(crate) fn slowest(output: &str) -> Result<f64, String> {
    let fastest = output.lines().filter_map(|line| {
        // The tree at the left is drawn with the bars of the table.
        let row = line.trim_start_matches(['│', '├', '╰', '─', ' ']);
        let (first, _) = row.split_once('│')?;
        let mut words = first.split_whitespace().rev();
        let unit = words.next();
        nanos(words.next(), unit)
    });
    fastest.reduce(f64::max).ok_or_else(|| format!("there are no times in {output:?}"))
}

fn nanos(number: Option<&str>, unit: Option<&str>) -> Option<f64> {
    let unit = match unit? {
        "ns" => 1.0,
        "µs" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        _ => return None,
    };
    Some(number?.parse::<f64>().ok()? * unit)
}

/// Four quantiles of latencies as the command prints them, in ms.
pub(crate) fn latencies(output: &str) -> Result<[f64; 4], String> {
    let (_, rest) =
        output.split_once("stable latenc").ok_or_else(|| format!("no latencies in {output:?}"))?;
    Ok([after(rest, "median")?, after(rest, "0.95")?, after(rest, "0.99")?, after(rest, "max")?])
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANY: &str = "20 runs, seeds 1 to 20: all valid.\n  means: 11.827 messages between \
        servers per operation; stable latencies: median 379 ms, 0.95 487 ms, 0.99 496 ms, \
        max 499 ms\n";

    #[test]
    fn what_many_runs_print() {
        assert_eq!(after(MANY, "means:"), Ok(11.827));
        assert_eq!(latencies(MANY), Ok([379.0, 487.0, 496.0, 499.0]));
        assert!(after(MANY, "medians:").is_err());
    }

    #[test]
    fn what_benchmarks_print() {
        assert_eq!(named("a-b 7\n a 8.5\n", "a "), Ok(8.5));
        assert_eq!(divan("├─ (1000, 100)     420.5 µs  │ 521 µs", "(1000, 100)"), Ok(420_500.0));
        assert!(divan("├─ (1000, 100)     420.5 h", "(1000, 100)").is_err());
        let table = "register  fastest │ slowest\n├─ kafka       │      │\n│  ├─ 10  1.5 ms │ 9 s\n\
                     │  ╰─ 20   2.5 µs │ 3 s\n";
        assert_eq!(slowest(table), Ok(1_500_000.0));
        assert!(slowest("nothing").is_err());
    }
}
