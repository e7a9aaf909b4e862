//! The table of broken nodes and their twins.

use glomers_check::Finding;
use glomers_trials::gallery::{Accepted, Case, Caught, in_words, try_broken, try_twin};
use serde_json::{Value as Json, json};

use super::{GalleryArguments, as_list, attempts, had, is_narrow, list};
use crate::error::CliError;
use crate::out;
use crate::progress::Progress;

/// A node and what came of it.
struct Row {
    case: &'static Case,
    caught: Caught,
    twin: Accepted,
    seconds: f64,
}

pub(super) fn run(
    arguments: &GalleryArguments,
    chosen: &[&'static Case],
) -> Result<(bool, Json), CliError> {
    let progress = Progress::of_runs(2 * arguments.seeds * chosen.len() as u64);
    let mut rows = Vec::new();
    for (place, &case) in chosen.iter().enumerate() {
        let is_first = place == 0 || chosen[place - 1].entry().workload != case.entry().workload;
        let (broken, seconds) = attempts(arguments, |seed| {
            let attempt = try_broken(case, seed, arguments.nodes());
            progress.advance();
            attempt
        })?;
        let (right, _) = attempts(arguments, |seed| {
            let attempt = try_twin(case, seed, arguments.nodes());
            progress.advance();
            attempt
        })?;
        let mut row = Row { case, caught: Caught::default(), twin: Accepted::default(), seconds };
        broken.iter().for_each(|attempt| row.caught.add(attempt, case.finding));
        right.iter().for_each(|attempt| row.twin.add(attempt));
        progress.clear_for(|| {
            if place == 0 && !is_narrow() {
                out::line(HEADER.trim_end());
            }
            if is_first {
                out::line(case.entry().workload);
            }
            match is_narrow() {
                true => out::line(as_list(&NAMES, row.cells())),
                false => out::line(row.line().trim_end()),
            }
        });
        rows.push(row);
    }
    progress.clear();
    if let [row] = &*rows {
        out::line("");
        list::print(&[row.case]);
        if let Some((seed, finding)) = &row.caught.first {
            out::line(format_args!("\nwith seed {seed}:\n{finding}"));
        }
    }
    let is_good = rows.iter().all(Row::is_good);
    out::text(&ending(&rows, arguments.seeds));
    let document = json!({
        "version": 1,
        "seeds": arguments.seeds,
        "broken": rows.iter().map(Row::document).collect::<Vec<Json>>(),
    });
    Ok((is_good, document))
}

const HEADER: &str = "  broken node                     seeds  caught  first  seconds  right twin      \
                      accepted  found out by";

/// What the columns are called where the table is a list.
const NAMES: [&str; 8] =
    ["", "seeds", "caught", "first", "seconds", "right twin", "accepted", "found out by"];

impl Row {
    fn is_good(&self) -> bool {
        self.caught.is_enough() && self.twin.is_all()
    }

    fn cells(&self) -> [String; 8] {
        let mark = if self.is_good() { ' ' } else { '✗' };
        let first = self.caught.first.as_ref();
        let found = match first {
            Some((_, finding)) => format!("{}: {}", finding.name, in_short(finding)),
            None => format!("{} was never found", self.case.finding),
        };
        [
            format!("{mark} {}", self.case.name),
            self.caught.seeds.to_string(),
            self.caught.caught.to_string(),
            first.map_or("–".to_owned(), |(seed, _)| seed.to_string()),
            format!("{:.1}", self.seconds),
            self.case.twin.to_owned(),
            self.twin.accepted.to_string(),
            found,
        ]
    }

    fn line(&self) -> String {
        let [name, seeds, caught, first, seconds, twin, accepted, found] = self.cells();
        format!(
            "{name:<32}  {seeds:>5}  {caught:>6}  {first:>5}  {seconds:>7}  {twin:<14}  \
             {accepted:>8}  {found}"
        )
    }

    fn document(&self) -> Json {
        let (case, entry) = (self.case, self.case.entry());
        let first = self.caught.first.as_ref();
        json!({
            "name": entry.name,
            "workload": entry.workload,
            "wrong": entry.wrong,
            "under": in_words(&case.under),
            "minimal": entry.minimal(),
            "finding": case.finding,
            "seeds": self.caught.seeds,
            "caught": self.caught.caught,
            "first_seed": first.map(|(seed, _)| seed),
            "summary": first.map(|(_, finding)| &finding.summary),
            "seconds": self.seconds,
            "twin": case.twin,
            "twin_accepted": self.twin.accepted,
        })
    }

    /// What is wrong with this row, in words.
    fn complaint(&self) -> String {
        let mut text = String::new();
        if !self.caught.is_enough() {
            let missed = self.caught.missed.as_ref().map(had).unwrap_or_default();
            text += &format!(
                "\n✗ {} is not found out often enough: {} in {} of {} seeds; {missed}.",
                self.case.name, self.case.finding, self.caught.caught, self.caught.seeds
            );
        }
        if !self.twin.is_all() {
            let refused = self.twin.refused.as_ref().map(had).unwrap_or_default();
            text += &format!(
                "\n✗ {}, the right twin of {}, is refused in {} of {} seeds; {refused}.",
                self.case.twin,
                self.case.name,
                self.twin.seeds - self.twin.accepted,
                self.twin.seeds
            );
        }
        text
    }
}

/// A finding in few words: its sentence up to where it gives the rule.
fn in_short(finding: &Finding) -> &str {
    let summary = &finding.summary;
    let end = [": ", ". ", ", then"].iter().filter_map(|mark| summary.find(mark)).min();
    summary[..end.unwrap_or(summary.len())].trim_end_matches('.')
}

fn ending(rows: &[Row], seeds: u64) -> String {
    let complaints: String = rows.iter().map(Row::complaint).collect();
    if !complaints.is_empty() {
        return format!("{complaints}\n");
    }
    let nodes = if rows.len() == 1 { "broken node is" } else { "broken nodes are" };
    let seeds = if seeds == 1 { "1 seed".to_owned() } else { format!("{seeds} seeds") };
    format!(
        "\n{} {nodes} found out in 99 % of {seeds} or more, and the right twins accepted in all.\n",
        rows.len()
    )
}
