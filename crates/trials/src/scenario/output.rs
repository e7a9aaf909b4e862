//! What the commands that look at a run print.

use std::collections::BTreeMap;

use glomers_history::journal::{Disturbance, DropReason};
use glomers_history::{Time, edn};
use glomers_session::RunReport;
use glomers_sim::{Operations, Outcome, Plan};
use unicode_width::UnicodeWidthStr as _;

use super::record::{End, Note, Recording, Sent};

/// What a command prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum OutputKind {
    History,
    Messages,
    AllMessages,
    Marks,
    Logs,
    Net,
    Verdict,
    Faults,
}

impl OutputKind {
    pub(super) fn named(name: &str, everything: bool) -> OutputKind {
        match name {
            "history" => OutputKind::History,
            "messages" if everything => OutputKind::AllMessages,
            "messages" => OutputKind::Messages,
            "marks" => OutputKind::Marks,
            "logs" => OutputKind::Logs,
            "net" => OutputKind::Net,
            "verdict" => OutputKind::Verdict,
            "faults" => OutputKind::Faults,
            other => unreachable!("{other} is in the list of outputs"),
        }
    }
}

/// A command that prints, and when: ns of the main phase.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    pub(super) kind: OutputKind,
    pub(super) moment: u64,
}

/// A run that is over, looked at moment by moment.
pub(super) struct View<'a> {
    pub(super) plan: &'a Plan,
    pub(super) report: &'a RunReport,
    pub(super) outcome: &'a Outcome,
    pub(super) recording: &'a Recording,
    main_start: Time,
    /// Up to where each kind of output was printed: times from the beginning.
    printed: BTreeMap<OutputKind, Time>,
}

impl<'a> View<'a> {
    pub(super) fn new(plan: &'a Plan, report: &'a RunReport, recording: &'a Recording) -> View<'a> {
        View {
            main_start: recording.main_start(plan.nodes.len() as u32),
            plan,
            report,
            outcome: &report.outcome,
            recording,
            printed: BTreeMap::new(),
        }
    }

    /// What one command prints.
    pub(super) fn print(&mut self, output: Output) -> Vec<String> {
        let until = Time(self.main_start.0 + output.moment);
        let before = self.printed.insert(output.kind, until);
        let is_new = |time: Time| time <= until && before.is_none_or(|before| time > before);
        let lines = match output.kind {
            OutputKind::History => self.history(is_new),
            OutputKind::Messages | OutputKind::AllMessages => {
                self.messages(output.kind == OutputKind::AllMessages, until, is_new)
            }
            OutputKind::Marks => self.notes(&self.recording.marks, is_new),
            OutputKind::Logs => self.notes(&self.recording.logs, is_new),
            OutputKind::Net => self.net(until),
            OutputKind::Verdict => self.verdict(until),
            OutputKind::Faults => self.faults(until),
        };
        match lines.is_empty() {
            true => vec!["(nothing)".to_owned()],
            false => lines,
        }
    }

    /// A moment of the run as scenarios count: ms of the main phase.
    pub(super) fn ms(&self, time: Time) -> String {
        let sign = if time < self.main_start { "-" } else { "" };
        let micros = time.0.abs_diff(self.main_start.0) / 1000;
        let (whole, part) = (micros / 1000, micros % 1000);
        if part == 0 {
            return format!("{sign}{whole} ms");
        }
        let text = format!("{sign}{whole}.{part:03}");
        format!("{} ms", text.trim_end_matches('0'))
    }

    /// A time of the history as one of the run.
    pub(super) fn absolute(&self, time: Time) -> Time {
        Time(time.0 + self.outcome.origin.0)
    }

    fn history(&self, is_new: impl Fn(Time) -> bool) -> Vec<String> {
        let is_listed = self.plan.operations != Operations::Generated;
        let context = &self.outcome.context;
        let new = self.outcome.history.ops().iter().filter(|op| is_new(self.absolute(op.time)));
        table(new.map(|op| {
            let node = context.node_of(op).filter(|_| is_listed).unwrap_or_default();
            vec![
                self.ms(self.absolute(op.time)),
                op.process.to_string(),
                node.to_owned(),
                op.kind.name().to_owned(),
                op.f.to_string(),
                edn::to_string(&op.value),
                op.error.as_ref().map(edn::to_string).unwrap_or_default(),
            ]
        }))
    }

    /// Messages that were sent or came to their end since the last look.
    fn messages(&self, all: bool, until: Time, is_new: impl Fn(Time) -> bool) -> Vec<String> {
        let begin_of_workers = 2 * self.plan.nodes.len() as u32;
        let shown = |message: &Sent| match message.client() {
            None => true,
            // Not those of the start, which are always the same.
            Some(client) => all && client >= begin_of_workers,
        };
        let new = |message: &Sent| {
            let ends = [message.end, message.copy_end];
            is_new(message.time) || ends.into_iter().flatten().any(|(time, _)| is_new(time))
        };
        let messages = (0..).zip(&self.recording.messages);
        table(
            messages
                .filter(|(_, message)| shown(message) && new(message))
                .map(|(id, message)| self.message(id, message, until)),
        )
    }

    fn message(&self, id: u64, message: &Sent, until: Time) -> Vec<String> {
        let seen = |end: Option<(Time, End)>| end.filter(|(time, _)| *time <= until);
        let is_doubled = message.disturbances.iter().any(|(_, how)| *how == Disturbance::Doubled);
        let mut fate = self.fate(seen(message.end));
        if is_doubled {
            fate += &format!(", again {}", self.fate(seen(message.copy_end)));
        }
        vec![
            self.ms(message.time),
            format!("#{id}"),
            format!("{} → {}", message.src, message.dest),
            message.body.clone(),
            fate,
        ]
    }

    fn fate(&self, end: Option<(Time, End)>) -> String {
        match end {
            None => "in flight".to_owned(),
            Some((time, End::Received)) => format!("delivered at {}", self.ms(time)),
            Some((time, End::Dropped(reason))) => {
                let reason = match reason {
                    DropReason::Loss => "lost",
                    DropReason::Partition => "cut",
                    DropReason::NodeDown => "node down",
                    DropReason::Override => "dropped",
                    DropReason::ClientGone => "client gone",
                    DropReason::Fault => "lost to a fault",
                };
                format!("{reason} at {}", self.ms(time))
            }
        }
    }

    fn notes(&self, notes: &[Note], is_new: impl Fn(Time) -> bool) -> Vec<String> {
        let new = notes.iter().filter(|(time, _, _)| is_new(*time));
        table(new.map(|(time, node, text)| vec![self.ms(*time), node.to_string(), text.clone()]))
    }
}

/// Rows with their columns aligned; columns that are empty everywhere are left
/// out.
pub(super) fn table(rows: impl IntoIterator<Item = Vec<String>>) -> Vec<String> {
    let rows: Vec<Vec<String>> = rows.into_iter().collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.width()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).filter(|(_, width)| **width > 0);
        let padded = cells.enumerate().map(|(column, (cell, &width))| {
            // Times stand under each other by their ends.
            let gap = " ".repeat(width - cell.width());
            match column == 0 && cell.ends_with(" ms") {
                true => gap + cell,
                false => cell.clone() + &gap,
            }
        });
        let text = padded.collect::<Vec<String>>().join("  ");
        text.trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}
