//! The table on the terminal.

use comfy_table::{CellAlignment, Table, presets};

use super::document::{Document, Latencies, Row};
use super::figure;
use crate::layout::fitted;
use crate::tables::{self, Section};

const HEADER: [&str; 13] = [
    "algorithm",
    "D ms",
    "msgs/op",
    "true ms",
    "observed ms",
    "msgs/op M",
    "observed M",
    "hottest",
    "bytes/op",
    "lost",
    "× any",
    "× hub",
    "frontier",
];

const NOTES: &str = "\
Medians over the seeds of each run's figure. D: the latency that the node was
asked for. Latencies are median / maximum of a value's time to all nodes: true,
from what nodes note, and observed, as readers see it. M: with Maelstrom's
inbox; all else with an ideal one. hottest: messages that the busiest node sends
and receives per operation. bytes/op: JSON of bodies between nodes. lost:
values, in all runs.";

const BOUNDS: &str = "\
× any, × hub: messages over the lower bound for any algorithm, and for any with
one hub, at the row's own true maximum.";

const FRONTIER: &str = "\
frontier: no other row has fewer messages at no more latency, give or take 1 %
(of the true maximum, of the true median).";

/// The rows as a table, or as a list where so many columns are too few, with an
/// explanation.
pub fn table(document: &Document, columns: Option<usize>) -> String {
    let table = fitted(&rows(document), columns);
    format!("{}\n{table}\n{}\n", document.network.text(), notes(document))
}

/// The same for the browser, with the figure.
pub fn page(document: &Document) -> String {
    let section = Section {
        title: "Algorithms".to_owned(),
        note: notes(document).replace('\n', " "),
        figure: Some(figure(document)),
        table: Some(tables::Table::of(&rows(document))),
    };
    tables::Document {
        title: "The broadcast family: messages against latency".to_owned(),
        summary: vec![document.network.text()],
        sections: vec![section],
        ..tables::Document::default()
    }
    .to_html()
}

fn rows(document: &Document) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header(HEADER);
    for row in &document.rows {
        table.add_row(cells(row));
    }
    for column in table.column_iter_mut().skip(1).take(HEADER.len() - 2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// What is to be known of the columns.
fn notes(document: &Document) -> String {
    let mut text = format!("{NOTES}\n");
    if document.bounds.is_empty() {
        text += "No lower bounds: they are known for links of constant latency only.\n";
    } else {
        text += &format!("{BOUNDS}\n");
    }
    text += FRONTIER;
    if document.interrupted {
        text += "\nInterrupted: rows that were not finished are missing.";
    }
    text
}

fn cells(row: &Row) -> Vec<String> {
    let none = || "–".to_owned();
    let pair = |latencies: Option<Latencies>| {
        latencies.map_or_else(none, |found| format!("{:.0} / {:.0}", found.median, found.max))
    };
    let ratio = |ratio: Option<f64>| ratio.map_or_else(none, |ratio| format!("{ratio:.2}"));
    let frontier = match (row.frontier_max, row.frontier_median) {
        (true, true) => "max, median",
        (true, false) => "max",
        (false, true) => "median",
        (false, false) => "",
    };
    vec![
        row.algorithm.clone(),
        row.wanted_ms.map_or_else(none, |wanted| format!("{wanted:.0}")),
        messages(row.ideal.messages_per_operation),
        pair(row.ideal.true_ms),
        pair(row.ideal.observed_ms),
        messages(row.maelstrom.messages_per_operation),
        pair(row.maelstrom.observed_ms),
        row.ideal.hottest_per_operation.map_or_else(none, messages),
        format!("{:.0}", row.ideal.bytes_per_operation),
        match (row.lost_values, row.invalid_seeds.len()) {
            (lost, 0) => lost.to_string(),
            (lost, runs) => format!("✗ {lost} ({runs} runs)"),
        },
        ratio(row.over_universal),
        ratio(row.over_single_hub),
        frontier.to_owned(),
    ]
}

/// Three digits.
fn messages(number: f64) -> String {
    let decimals = match number {
        n if n >= 100.0 => 0,
        n if n >= 10.0 => 1,
        n if n >= 1.0 => 2,
        _ => 3,
    };
    format!("{number:.decimals$}")
}
