//! Two sides, measured over the same seeds.
//!
//! For each metric the ratio B/A: the geometric mean of the ratios of all seeds,
//! with a 95 % confidence interval from Student's t on their logarithms. Paired,
//! because a seed fixes load and faults for both sides, so that what they share
//! cancels out. Ratios rather than differences, because costs and latencies vary
//! in proportion to their size.

mod ratio;
mod words;

use comfy_table::{CellAlignment, Table, presets};

pub use ratio::{Ratio, Verdict};

use crate::layout::fitted;
use crate::tables::{self, Section};

/// A metric of which less is better.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Its name: `messages per operation`.
    pub name: String,
    /// How many decimals its values are shown with.
    pub decimals: usize,
    /// For each seed its values on side A and on side B.
    pub pairs: Vec<(f64, f64)>,
}

/// Two sides and what was measured of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// What side A is.
    pub a: String,
    /// What side B is.
    pub b: String,
    /// All metrics.
    pub metrics: Vec<Metric>,
}

impl Comparison {
    /// The table of ratios, or a list where so many columns are too few.
    pub fn table(&self, columns: Option<usize>) -> String {
        fitted(&self.rows(), columns)
    }

    /// The table and what it says for the browser; `about`: what was run.
    pub fn page(&self, about: &str) -> String {
        let summary = [format!("A: {}", self.a), format!("B: {}", self.b), about.to_owned()];
        let words = self.words();
        tables::Document {
            title: "Two sides compared".to_owned(),
            summary: summary.into_iter().chain(words.lines().map(str::to_owned)).collect(),
            sections: vec![Section {
                title: "Metrics, of which less is better".to_owned(),
                note:
                    "B/A: geometric mean over seeds of B's value over A's, and its 95 % interval."
                        .to_owned(),
                figure: None,
                table: Some(tables::Table::of(&self.rows())),
            }],
            ..tables::Document::default()
        }
        .to_html()
    }

    fn rows(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::UTF8_BORDERS_ONLY);
        table.set_header(["mean over seeds of", "A", "B", "B/A", "95 % interval", ""]);
        for metric in &self.metrics {
            let Some(ratio) = Ratio::of(&metric.pairs) else {
                table.add_row([metric.name.as_str(), "–", "–", "–", "–", ""]);
                continue;
            };
            let decimals = metric.decimals;
            let interval = match ratio.interval {
                Some((low, high)) => format!("{low:.3} … {high:.3}"),
                None => "–".to_owned(),
            };
            table.add_row([
                metric.name.clone(),
                format!("{:.decimals$}", ratio.mean_a),
                format!("{:.decimals$}", ratio.mean_b),
                ratio.ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.3}")),
                interval,
                words::short(ratio.verdict()).to_owned(),
            ]);
        }
        for column in table.column_iter_mut().skip(1).take(4) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }

    /// Which side is better where, in sentences.
    pub fn words(&self) -> String {
        words::sentences(self)
    }
}
