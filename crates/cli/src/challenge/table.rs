//! What came of a challenge, as a row of the table.

use comfy_table::{Table, presets};
use glomers_check::Validity;
use glomers_sim::Plan;
use glomers_testing::{RunOptions, RunReport};

use super::list::Challenge;
use crate::summary;

/// What the columns are, below the table.
pub(super) const LEGEND: &str = "\
msgs/op: messages between servers per operation. Latencies: median and maximum of the stable
latencies, observed by reads with Maelstrom's inbox, for which the marks (in parentheses) were set;
beside them observed with an ideal inbox, and true: when the last node had the value. 5c may need
half of the messages that the reference node of 5b needs.";

/// A challenge that was run.
pub(super) struct Attempt<'a> {
    pub(super) challenge: &'a Challenge,
    pub(super) plan: &'a Plan,
    pub(super) report: &'a RunReport,
    /// The same with an ideal inbox.
    pub(super) ideal: Option<&'a RunReport>,
    pub(super) judge: &'a RunOptions,
    /// Messages per operation of the challenge of which this one may need half.
    pub(super) other: Option<f64>,
}

pub(super) fn empty() -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header([
        "",
        "challenge",
        "node",
        "verdict",
        "msgs/op",
        "median ms",
        "max ms",
        "ideal inbox",
        "true",
    ]);
    table
}

/// A figure with what it must stay below, if anything.
fn marked(text: String, mark: Option<(bool, String)>) -> String {
    match mark {
        Some((true, mark)) => format!("{text} ({mark})"),
        Some((false, mark)) => format!("{text} ✗ ({mark})"),
        None => text,
    }
}

impl Attempt<'_> {
    pub(super) fn passes(&self) -> bool {
        let marks = self.challenge.marks.is_none_or(|marks| {
            let latencies = summary::latencies(self.report, "stable-latencies");
            latencies
                .is_some_and(|[median, _, _, max]| median < marks.median_ms && max < marks.max_ms)
        });
        let is_frugal = self.message_mark().is_none_or(|(holds, _)| holds);
        self.report.validity(self.judge) == Validity::Valid && marks && is_frugal
    }

    /// Whether the messages per operation are few enough, and what few is.
    fn message_mark(&self) -> Option<(bool, String)> {
        let found = self.report.outcome.net.servers_per_operation();
        if let Some(other) = self.other {
            return Some((found <= other / 2.0, format!("≤ {other:.2} / 2")));
        }
        let mark = self.challenge.marks?.messages_per_operation;
        Some((found < mark, format!("< {mark:.0}")))
    }

    pub(super) fn row(&self) -> Vec<String> {
        let observed = summary::latencies(self.report, "stable-latencies");
        let latency = |place: usize, mark: Option<i64>| {
            let Some(found) = observed else { return "–".to_owned() };
            let mark = mark.map(|mark| (found[place] < mark, format!("< {mark}")));
            marked(found[place].to_string(), mark)
        };
        let pair = |report: &RunReport, field: &str| {
            summary::latencies(report, field)
                .map_or_else(|| "–".to_owned(), |[median, _, _, max]| format!("{median} / {max}"))
        };
        let marks = self.challenge.marks;
        let per_operation = self.report.outcome.net.servers_per_operation();
        vec![
            self.challenge.id.to_owned(),
            self.challenge.about.to_owned(),
            summary::program(self.plan),
            match self.report.validity(self.judge) {
                Validity::Valid => "valid".to_owned(),
                other => format!("✗ {}", summary::word(other)),
            },
            marked(format!("{per_operation:.2}"), self.message_mark()),
            latency(0, marks.map(|marks| marks.median_ms)),
            latency(3, marks.map(|marks| marks.max_ms)),
            self.ideal.map_or_else(|| "–".to_owned(), |ideal| pair(ideal, "stable-latencies")),
            pair(self.ideal.unwrap_or(self.report), "true-latencies"),
        ]
    }
}
