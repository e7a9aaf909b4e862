//! Operations in time: a row for each process, a bar for each operation.
//!
//! The axis shows the order of beginnings and ends, with their times, and is not
//! to scale: what matters is what overlaps, and a millisecond beside a minute
//! could not be seen.

use crate::svg::{Anchor, Font, Svg};

const INK: &str = "#222222";
const FAINT: &str = "#666666";
const ROW: f64 = 40.0;
const BAR: f64 = 24.0;
const TOP: f64 = 84.0;
const LEFT: f64 = 110.0;
const RIGHT: f64 = 40.0;
/// Between a beginning or an end and the next.
const STEP: f64 = 16.0;
/// The narrowest figure, so that what stands below it has room.
const NARROWEST: f64 = 820.0;
const LINE: f64 = 19.0;
/// What colours and dashes mean.
const LEGEND: &str = "red: what is wrong; blue: what it is measured by; dashed: nobody knows \
                      whether it happened; grey: failed";
/// About how wide a letter of a label is.
const LETTER: f64 = 6.6;
/// The longest label, in letters.
const LABEL: usize = 28;

/// What a bar is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It is what is wrong.
    Culprit,
    /// It is named where the reason is told.
    Evidence,
    /// It is there to see what happened around.
    Context,
}

/// An operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// Where in the history it begins; `None` if that is not recorded.
    pub begin: Option<u64>,
    /// Where in the history it ends; `None` if nobody knows whether it happened.
    pub end: Option<u64>,
    /// Where it shows in the history.
    pub operation: u64,
    /// What it did, in few words.
    pub label: String,
    /// What it is there for.
    pub role: Role,
    /// Whether it is known not to have happened.
    pub failed: bool,
}

/// The operations of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The name of the process, and of the node that it asks if that is known.
    pub name: String,
    /// The operations, of which none overlaps another.
    pub bars: Vec<Bar>,
}

/// A figure of operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operations {
    /// What is wrong, in a few words.
    pub title: String,
    /// The processes, from the top.
    pub rows: Vec<Row>,
    /// For a place in the history what is written at the axis: its time.
    pub times: Vec<(u64, String)>,
    /// What is written below, a line each.
    pub notes: Vec<String>,
    /// Whether it stands on a page with the whole run, where bars lead to operations.
    pub is_linked: bool,
}

impl Operations {
    /// The figure as SVG.
    pub fn figure(&self) -> String {
        let axis = Axis::new(self);
        let notes: f64 = self.notes.len() as f64 * LINE;
        let bottom = TOP + ROW * self.rows.len() as f64;
        let below = self.notes.iter().map(String::as_str).chain([LEGEND]);
        let longest = below.map(|note| note.chars().count()).max().unwrap_or_default();
        let text = LEFT + RIGHT + longest as f64 * LETTER;
        let width = (axis.right + RIGHT).max(NARROWEST).max(text);
        let role = if self.is_linked { "group" } else { "img" };
        let mut svg = Svg::with_role(role, width, bottom + 62.0 + notes + 12.0, &self.title);
        svg.label((20.0, 32.0), &self.title, Font::new(17.0, INK, Anchor::Start).bold());
        svg.label((20.0, 53.0), LEGEND, Font::new(12.0, FAINT, Anchor::Start));
        self.draw_axis(&mut svg, &axis, bottom);
        for (number, row) in self.rows.iter().enumerate() {
            let y = TOP + ROW * number as f64;
            let name = Font::new(12.5, INK, Anchor::End);
            svg.label((LEFT - 12.0, y + ROW / 2.0 + 4.0), &row.name, name);
            for bar in &row.bars {
                svg.linked(self.is_linked.then_some(bar.operation), |svg| {
                    draw_bar(svg, bar, &axis, y + (ROW - BAR) / 2.0);
                });
            }
        }
        let below = bottom + 58.0;
        for (number, note) in self.notes.iter().enumerate() {
            let at = (20.0, below + LINE * (number as f64 + 0.5));
            svg.label(at, note, Font::new(13.0, INK, Anchor::Start));
        }
        svg.finish()
    }

    fn draw_axis(&self, svg: &mut Svg, axis: &Axis, bottom: f64) {
        for number in 0..self.rows.len() {
            let y = TOP + ROW * (number as f64 + 0.5);
            svg.line((LEFT, y), (axis.right, y), "stroke=\"#e4e4e4\" stroke-width=\"1\"");
        }
        svg.line((LEFT, bottom), (axis.right, bottom), "stroke=\"#888888\" stroke-width=\"1\"");
        // Times that would stand upon each other are left out.
        let mut free = LEFT - 40.0;
        for (place, time) in &self.times {
            let Some(x) = axis.at(*place) else { continue };
            let tick = "stroke=\"#888888\" stroke-width=\"1\"";
            svg.line((x, bottom), (x, bottom + 4.0), tick);
            let half = time.chars().count() as f64 * LETTER / 2.0;
            if x - half >= free {
                svg.label((x, bottom + 18.0), time, Font::new(11.0, FAINT, Anchor::Middle));
                free = x + half + 8.0;
            }
        }
        let about = Font::new(11.0, FAINT, Anchor::Start);
        svg.label((LEFT, bottom + 36.0), "time, in order and not to scale", about);
    }
}

/// Where beginnings and ends stand.
struct Axis {
    places: Vec<(u64, f64)>,
    right: f64,
}

impl Axis {
    /// In their order, each bar as wide as its label.
    fn new(chart: &Operations) -> Axis {
        let bars = || chart.rows.iter().flat_map(|row| &row.bars);
        let mut events: Vec<u64> = bars().flat_map(|bar| [bar.begin, bar.end]).flatten().collect();
        events.sort_unstable();
        events.dedup();
        let mut axis = Axis { places: Vec::new(), right: LEFT };
        for event in events {
            let mut x = axis.right + STEP;
            for bar in bars().filter(|bar| bar.end == Some(event)) {
                x = x.max(axis.begin(bar) + width(&bar.label));
            }
            axis.places.push((event, x));
            axis.right = x;
        }
        let open = bars().filter(|bar| bar.end.is_none());
        let ends = open.map(|bar| axis.begin(bar) + width(&bar.label));
        axis.right = ends.fold(axis.right, f64::max) + STEP;
        axis
    }

    fn at(&self, place: u64) -> Option<f64> {
        let found = self.places.binary_search_by_key(&place, |(event, _)| *event);
        found.ok().map(|at| self.places[at].1)
    }

    fn begin(&self, bar: &Bar) -> f64 {
        bar.begin.and_then(|place| self.at(place)).unwrap_or(LEFT)
    }
}

/// A label that is not too long.
fn clipped(label: &str) -> String {
    match label.char_indices().nth(LABEL) {
        Some((at, _)) => format!("{}…", &label[..at]),
        None => label.to_owned(),
    }
}

fn width(label: &str) -> f64 {
    14.0 + LETTER * clipped(label).chars().count() as f64
}

fn draw_bar(svg: &mut Svg, bar: &Bar, axis: &Axis, top: f64) {
    let left = axis.begin(bar);
    let right = bar.end.and_then(|place| axis.at(place)).unwrap_or(axis.right);
    let (fill, stroke) = match (bar.role, bar.failed) {
        (Role::Culprit, _) => ("#fbd5d5", "#c02020"),
        (Role::Evidence, _) => ("#d6e6fa", "#2060b0"),
        (Role::Context, true) => ("#ededed", "#a0a0a0"),
        (Role::Context, false) => ("#f4f1e6", "#8a8060"),
    };
    let dashes = if bar.end.is_none() { " stroke-dasharray=\"5 3\"" } else { "" };
    let thick = if bar.role == Role::Culprit { 2.2 } else { 1.2 };
    let looks =
        format!("rx=\"3\" fill=\"{fill}\" stroke=\"{stroke}\" stroke-width=\"{thick}\"{dashes}");
    svg.rectangle([left, top, right - left, BAR], &looks);
    let colour = if bar.failed { FAINT } else { INK };
    let font = Font::new(12.0, colour, Anchor::Start);
    let font = if bar.role == Role::Culprit { font.bold() } else { font };
    svg.label((left + 7.0, top + BAR / 2.0 + 4.0), &clipped(&bar.label), font);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(begin: u64, end: Option<u64>, label: &str, role: Role) -> Bar {
        let operation = end.unwrap_or(begin);
        Bar { begin: Some(begin), end, operation, label: label.to_owned(), role, failed: false }
    }

    fn chart() -> Operations {
        Operations {
            title: "a < b".to_owned(),
            rows: vec![
                Row {
                    name: "0 at n0".to_owned(),
                    bars: vec![
                        bar(0, Some(1), "wrote 1", Role::Evidence),
                        bar(4, Some(5), "returned 2", Role::Culprit),
                    ],
                },
                Row {
                    name: "1 at n1".to_owned(),
                    bars: vec![bar(2, None, "may have written 3", Role::Context)],
                },
            ],
            times: vec![(0, "0.000 s".to_owned()), (5, "0.200 s".to_owned())],
            notes: vec!["when it ended it could only hold 1".to_owned()],
            is_linked: false,
        }
    }

    #[test]
    fn bars_keep_their_order_and_are_as_wide_as_their_labels() {
        let chart = chart();
        let axis = Axis::new(&chart);
        for row in &chart.rows {
            let mut free = 0.0;
            for bar in &row.bars {
                let end = bar.end.and_then(|place| axis.at(place)).unwrap_or(axis.right);
                assert!(axis.begin(bar) >= free && end >= axis.begin(bar) + width(&bar.label));
                free = end;
            }
        }
        assert!(axis.places.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1));
    }

    #[test]
    fn the_culprit_is_red_and_what_is_unknown_dashed() {
        let text = chart().figure();
        assert_eq!(text.matches("#c02020").count(), 1, "{text}");
        assert_eq!(text.matches("stroke-dasharray").count(), 1, "{text}");
        for part in ["a &lt; b", "returned 2", "1 at n1", "0.200 s", "could only hold 1"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let tags = |name: &str| text.matches(&format!("<{name}")).count();
        assert_eq!(tags("rect"), 1 + 3, "the ground and three bars: {text}");
    }
}
