//! What came of a challenge, as a row of the table.

use comfy_table::{Table, presets};
use glomers_check::{Quantiles, Validity};
use glomers_session::{RunOptions, RunReport};
use glomers_sim::{Ended, Plan};

use super::list::Challenge;
use crate::summary;

/// What the columns are, below the table.
pub(super) const LEGEND: &str = "\
msgs/op: messages between servers per operation. Latencies: median and maximum
of the stable latencies, observed by reads with Maelstrom's inbox, for which the
marks (in parentheses) were set; then observed with an ideal inbox, and
true: when the last node had the value. 5c may need half of the messages that
the reference node of 5b needs.";

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
        self.report.validity(self.judge) == Validity::Valid
            && self.report.outcome.ended == Ended::Completed
            && self.missed().is_empty()
    }

    /// The marks that it misses: `median 480 ms (< 400)`.
    pub(super) fn missed(&self) -> Vec<String> {
        let mut missed = Vec::new();
        if self.has_marks() && !self.was_asked() {
            return vec!["there were no operations, so nothing was measured".to_owned()];
        }
        if let Some(marks) = self.challenge.marks {
            match self.report.verdict.measured.observed {
                Some(Quantiles { median, max, .. }) => {
                    for (name, found, mark) in
                        [("median", median, marks.median_ms), ("maximum", max, marks.max_ms)]
                    {
                        if found >= mark {
                            missed.push(format!("{name} {found} ms (< {mark})"));
                        }
                    }
                }
                None => missed.push("there are no latencies".to_owned()),
            }
        }
        if let Some((false, mark)) = self.message_mark() {
            let found = self.report.outcome.net.servers_per_operation();
            missed.push(format!("{found:.2} messages per operation ({mark})"));
        }
        missed
    }

    fn has_marks(&self) -> bool {
        self.challenge.marks.is_some() || self.other.is_some()
    }

    /// Whether clients asked anything: without that a figure of 0 meets no mark.
    fn was_asked(&self) -> bool {
        self.report.outcome.net.operations > 0
    }

    /// Whether the messages per operation are few enough, and what few is.
    fn message_mark(&self) -> Option<(bool, String)> {
        if !self.was_asked() {
            return None;
        }
        let found = self.report.outcome.net.servers_per_operation();
        if let Some(other) = self.other {
            return Some((found <= other / 2.0, format!("≤ {other:.2} / 2")));
        }
        let mark = self.challenge.marks?.messages_per_operation;
        Some((found < mark, format!("< {mark:.0}")))
    }

    pub(super) fn row(&self) -> Vec<String> {
        let measured = |report: &RunReport| report.verdict.measured;
        let latency = |of: fn(Quantiles) -> u64, mark: Option<u64>| {
            let Some(found) = measured(self.report).observed.map(of) else {
                return "–".to_owned();
            };
            marked(found.to_string(), mark.map(|mark| (found < mark, format!("< {mark}"))))
        };
        let pair = |found: Option<Quantiles>| {
            found
                .map_or_else(|| "–".to_owned(), |found| format!("{} / {}", found.median, found.max))
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
            match self.was_asked() {
                true => marked(format!("{per_operation:.2}"), self.message_mark()),
                false => "–".to_owned(),
            },
            latency(|found| found.median, marks.map(|marks| marks.median_ms)),
            latency(|found| found.max, marks.map(|marks| marks.max_ms)),
            pair(self.ideal.and_then(|ideal| measured(ideal).observed)),
            pair(measured(self.ideal.unwrap_or(self.report)).truth),
        ]
    }
}

#[cfg(test)]
mod tests {
    use glomers_history::Unobserved;
    use glomers_sim::{Inbox, NodeProgram};
    use glomers_trials::run_plan;

    use super::super::list::named;
    use super::*;

    #[test]
    fn what_is_valid_and_misses_its_marks_does_not_pass() {
        let challenge = named("3d");
        let program = NodeProgram::Embedded { name: "flood-retry".into(), arguments: Vec::new() };
        let plan = challenge.plan(program, 1, Inbox::Maelstrom).build().unwrap();
        let judge = challenge.judge();
        let report = run_plan(&plan, &judge, &mut Unobserved).unwrap();
        let attempt = Attempt {
            challenge,
            plan: &plan,
            report: &report,
            ideal: None,
            judge: &judge,
            other: Some(1.0),
        };
        assert!(report.validity(&judge) == Validity::Valid && !attempt.passes());
        let missed = attempt.missed().join("; ");
        assert!(missed.contains(" ms (< ") && missed.contains("(≤ 1.00 / 2)"), "{missed}");
    }

    /// 0 messages per operation would be fewer than any mark asks for.
    #[test]
    fn without_operations_no_figure_counts_as_met() {
        for (id, other) in [("3d", None), ("5c", Some(6.44))] {
            let challenge = named(id);
            let mut plan = challenge.plan(challenge.embedded(), 1, Inbox::Maelstrom);
            let plan = plan.rate(glomers_sim::Rate::PerSecond(0.0)).build().unwrap();
            let judge = challenge.judge();
            let report = run_plan(&plan, &judge, &mut Unobserved).unwrap();
            let mut report = report;
            // As after a node that fails at its start.
            report.outcome.net.operations = 0;
            let plan = &plan;
            let attempt =
                Attempt { challenge, plan, report: &report, ideal: None, judge: &judge, other };
            assert!(!attempt.passes());
            assert_eq!(attempt.row()[4], "–");
            assert_eq!(attempt.missed(), ["there were no operations, so nothing was measured"]);
        }
    }
}
