//! Reports of many runs: tables that can be sorted and filtered, figures, and links to
//! the runs.

use glomers_protocol::printable;
use maud::{Markup, PreEscaped, html};
use serde_json::Value as Json;

use crate::page::html::frame;

/// A report.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// What it is about.
    pub title: String,
    /// What came of it, in sentences.
    pub summary: Vec<String>,
    /// Its parts.
    pub sections: Vec<Section>,
    /// The command that makes it again, if there is one.
    pub command: Option<String>,
    /// Whether it shows what runs right now: a server tells, as it goes on.
    pub is_live: bool,
}

/// A part of a report.
#[derive(Debug, Clone, Default)]
pub struct Section {
    /// Its title.
    pub title: String,
    /// What is to be known of it.
    pub note: String,
    /// A figure of ours, as SVG.
    pub figure: Option<String>,
    /// Its table.
    pub table: Option<Table>,
}

/// A table.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// The heads of its columns.
    pub columns: Vec<String>,
    /// Its rows, each with a cell for every column.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cell {
    /// What it says.
    pub text: String,
    /// Where it leads: an address relative to the page.
    pub link: Option<String>,
    /// What it is sorted by, if not by its text.
    pub number: Option<f64>,
    /// What it means.
    pub tone: Tone,
}

/// What a cell means, so that it can be seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing of the kind.
    #[default]
    Plain,
    /// It is as it should be.
    Good,
    /// It is not.
    Bad,
    /// It cannot be said.
    Unsure,
}

impl Table {
    /// What is shown in the terminal, for the browser. What begins with a number is sorted
    /// by it.
    pub fn of(table: &comfy_table::Table) -> Table {
        let cells = |row: &comfy_table::Row| -> Vec<String> {
            row.cell_iter().map(comfy_table::Cell::content).collect()
        };
        let rows = table.row_iter().map(|row| cells(row).into_iter().map(Cell::told).collect());
        Table { columns: table.header().map(cells).unwrap_or_default(), rows: rows.collect() }
    }

    /// Objects of JSON, a row each: their fields are the columns.
    pub fn of_objects(objects: &[Json]) -> Table {
        let mut columns: Vec<String> = Vec::new();
        for key in objects.iter().filter_map(Json::as_object).flat_map(|object| object.keys()) {
            if !columns.contains(key) {
                columns.push(key.clone());
            }
        }
        let cell = |value: &Json| match value {
            Json::Null => Cell::default(),
            Json::String(text) => Cell::text(text),
            Json::Bool(is) => Cell::text(if *is { "yes" } else { "no" }),
            Json::Number(number) => match number.as_f64() {
                Some(value) => Cell::number(number.to_string(), value),
                None => Cell::text(number.to_string()),
            },
            Json::Array(values) if values.iter().all(Json::is_string) => {
                let words: Vec<&str> = values.iter().filter_map(Json::as_str).collect();
                Cell::text(words.join(", "))
            }
            other => Cell::text(other.to_string()),
        };
        let row = |object: &Json| columns.iter().map(|column| cell(&object[column])).collect();
        Table { rows: objects.iter().map(row).collect(), columns }
    }
}

impl Cell {
    /// A text that may be a number or a verdict.
    fn told(text: String) -> Cell {
        if matches!(&*text, "valid" | "invalid" | "INVALID" | "unknown") {
            return Cell::verdict(&text);
        }
        let is_number = |letter: char| letter.is_ascii_digit() || matches!(letter, '.' | '-');
        let end = text.find(|letter| !is_number(letter)).unwrap_or(text.len());
        let number = text[..end].parse().ok();
        let tone = if text.contains('✗') { Tone::Bad } else { Tone::Plain };
        Cell { text, number, tone, link: None }
    }

    /// A text.
    pub fn text(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), ..Cell::default() }
    }

    /// A number, as it is shown and as it is sorted.
    pub fn number(text: impl Into<String>, number: f64) -> Cell {
        Cell { text: text.into(), number: Some(number), ..Cell::default() }
    }

    /// The same with a link.
    #[must_use]
    pub fn link(self, to: impl Into<String>) -> Cell {
        Cell { link: Some(to.into()), ..self }
    }

    /// The same with what it means.
    #[must_use]
    pub fn tone(self, tone: Tone) -> Cell {
        Cell { tone, ..self }
    }

    /// A verdict in a word.
    pub fn verdict(word: &str) -> Cell {
        let tone = match word {
            "valid" => Tone::Good,
            "invalid" | "INVALID" => Tone::Bad,
            _ => Tone::Unsure,
        };
        Cell::text(word.to_lowercase()).tone(tone)
    }
}

impl Document {
    /// The page. The same data give the same bytes.
    pub fn to_html(&self) -> String {
        let main = html! {
            header.top { h1 { (printable(&self.title)) } }
            main {
                @if !self.summary.is_empty() {
                    section { @for line in &self.summary { p { (printable(line)) } } }
                }
                @if self.is_live { section id="live" data-mount="live" aria-live="polite" {} }
                @for section in &self.sections { (part(section)) }
                @if let Some(command) = &self.command {
                    section id="repeat" {
                        h2 { "Repeat it" }
                        pre.command tabindex="0" { code { (printable(command)) } }
                    }
                }
            }
            footer { "Made by Glomers." }
        };
        frame(&format!("{} · Glomers", printable(&self.title)), &main, &[])
    }
}

fn part(section: &Section) -> Markup {
    html! {
        section {
            h2 { (printable(&section.title)) }
            @if !section.note.is_empty() { p { (printable(&section.note)) } }
            @if let Some(figure) = &section.figure { div.scroll tabindex="0" { (PreEscaped(figure)) } }
            @if let Some(table) = &section.table {
                div.scroll tabindex="0" role="region" aria-label=(printable(&section.title)) {
                    table.sortable {
                        thead { tr { @for column in &table.columns { th scope="col" { (printable(column)) } } } }
                        tbody { @for row in &table.rows { tr { @for cell in row { (one(cell)) } } } }
                    }
                }
            }
        }
    }
}

fn one(cell: &Cell) -> Markup {
    let tone = match cell.tone {
        Tone::Plain => None,
        Tone::Good => Some("good"),
        Tone::Bad => Some("bad"),
        Tone::Unsure => Some("unsure"),
    };
    html! {
        td data-number=[cell.number] class=[tone] {
            @match &cell.link {
                // Only places beside this page: a name must not become a script.
                Some(link) if is_relative(link) => a href=(link) { (printable(&cell.text)) },
                _ => (printable(&cell.text)),
            }
        }
    }
}

/// Whether an address stays where the page is.
fn is_relative(link: &str) -> bool {
    let first = link.split(['/', '?', '#']).next().unwrap_or_default();
    !first.contains(':') && !link.starts_with("//") && !link.contains('\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_is_text() {
        let document = Document {
            title: "<script>alert(1)</script>".to_owned(),
            sections: vec![Section {
                table: Some(Table {
                    columns: vec!["a\u{202e}b".to_owned()],
                    rows: vec![vec![Cell::text("<img src=x>").link("javascript:alert(1)")]],
                }),
                ..Section::default()
            }],
            ..Document::default()
        };
        let text = document.to_html();
        assert!(text.contains("&lt;img src=x&gt;") && !text.contains("<img src=x"));
        assert!(!text.contains("<script>alert(1)") && !text.contains("href=\"javascript"));
        assert!(text.contains("a\\u202eb"));
    }

    #[test]
    fn cells_are_sorted_by_their_numbers() {
        let cell = Cell::number("1,234 ms", 1234.0).link("../run/");
        assert_eq!(
            one(&cell).into_string(),
            "<td data-number=\"1234\"><a href=\"../run/\">1,234 ms</a></td>"
        );
        assert!(one(&Cell::verdict("INVALID")).into_string().contains("class=\"bad\""));
    }
}
