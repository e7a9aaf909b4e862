//! Ratios in words.

use super::ratio::{Ratio, Verdict};
use super::{Comparison, Metric};

/// For a cell.
pub(super) fn short(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::A => "A better",
        Verdict::B => "B better",
        Verdict::Noise => "within noise",
        Verdict::Same => "the same",
        Verdict::Unknown => "",
    }
}

pub(super) fn sentences(comparison: &Comparison) -> String {
    let judged: Vec<(&Metric, Ratio)> = comparison
        .metrics
        .iter()
        .filter_map(|metric| Some((metric, Ratio::of(&metric.pairs)?)))
        .collect();
    if judged.is_empty() {
        return "Nothing was measured on both sides.\n".to_owned();
    }
    let of = |wanted: Verdict| judged.iter().filter(move |(_, ratio)| ratio.verdict() == wanted);
    if of(Verdict::Same).count() == judged.len() {
        return "A and B are the same in all of this.\n".to_owned();
    }
    let mut text = String::new();
    for (verdict, begin) in
        [(Verdict::B, "B is better than A in:"), (Verdict::A, "A is better than B in:")]
    {
        let list: Vec<String> = of(verdict).map(|(metric, ratio)| lead(metric, ratio)).collect();
        if !list.is_empty() {
            text += &format!("{begin}\n  {}\n", list.join("\n  "));
        }
    }
    for (verdict, begin) in [
        (Verdict::Noise, "No difference beyond noise in:"),
        (Verdict::Same, "The same:"),
        (Verdict::Unknown, "Whether it is more than noise cannot be said of:"),
    ] {
        let list: Vec<&str> = of(verdict).map(|(metric, _)| metric.name.as_str()).collect();
        if !list.is_empty() {
            text += &format!("{begin} {}.\n", list.join("; "));
        }
    }
    text
}

/// A metric and by how much the better side leads.
fn lead(metric: &Metric, ratio: &Ratio) -> String {
    let ratio = ratio.ratio.unwrap_or(1.0);
    let less = if ratio < 1.0 { ratio } else { 1.0 / ratio };
    let percent = (1.0 - less) * 100.0;
    let decimals = usize::from(percent < 10.0);
    format!("{}: {percent:.decimals$} % less", metric.name)
}
