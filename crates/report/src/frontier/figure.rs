//! The figure: three diagrams and a legend.

use super::document::{Document, Latencies, Published, Row};
use super::legend;
use super::panel::{FAINT, INK, Panel, Series};
use super::pareto::on_frontier;
use crate::scale::{LogScale, range};
use crate::svg::{Anchor, Font, Svg};

const WIDTH: f64 = 1080.0;
const HEIGHT: f64 = 900.0;
const LEFT: [f64; 2] = [66.0, 600.0];
const TOP: [f64; 2] = [94.0, 508.0];
const SIZE: (f64, f64) = (460.0, 336.0);

/// What a diagram shows of a row.
struct View {
    name: &'static str,
    title: &'static str,
    x_title: &'static str,
    /// Latency and messages.
    point: fn(&Row) -> Option<(f64, f64)>,
    /// What of others' results can be set beside, if any can.
    published: Option<fn(f64, f64) -> f64>,
    has_bounds: bool,
}

const VIEWS: [View; 3] = [
    View {
        name: "true-max",
        title: "a  Truth: the last node has the value",
        x_title: "true maximum latency, ms (ideal inbox)",
        point: |row| {
            let latency = row.ideal.true_ms?.max;
            Some((latency, row.ideal.messages_per_operation))
        },
        published: None,
        has_bounds: true,
    },
    View {
        name: "observed-max",
        title: "b  As Maelstrom reports it: maximum",
        x_title: "observed maximum stable latency, ms (Maelstrom’s inbox)",
        point: |row| observed(row, |latencies| latencies.max),
        published: Some(|_, max| max),
        has_bounds: false,
    },
    View {
        name: "observed-median",
        title: "c  As Maelstrom reports it: median",
        x_title: "observed median stable latency, ms (Maelstrom’s inbox)",
        point: |row| observed(row, |latencies| latencies.median),
        published: Some(|median, _| median),
        has_bounds: false,
    },
];

fn observed(row: &Row, which: fn(&Latencies) -> f64) -> Option<(f64, f64)> {
    let latency = which(row.maelstrom.observed_ms.as_ref()?);
    Some((latency, row.maelstrom.messages_per_operation))
}

/// The figure as SVG.
pub fn figure(document: &Document) -> String {
    let title = "Broadcast: messages between nodes per operation, against latency";
    let mut svg = Svg::new(WIDTH, HEIGHT, title);
    svg.label((LEFT[0], 34.0), title, Font::new(18.0, INK, Anchor::Start).bold());
    let interrupted = if document.interrupted { "; interrupted, not complete" } else { "" };
    let network = format!("{}; medians over seeds{interrupted}", document.network.text());
    svg.label((LEFT[0], 55.0), &network, Font::new(12.5, FAINT, Anchor::Start));
    let areas = [
        [LEFT[0], TOP[0], SIZE.0, SIZE.1],
        [LEFT[1], TOP[0], SIZE.0, SIZE.1],
        [LEFT[0], TOP[1], SIZE.0, SIZE.1],
    ];
    let scales = Scales::of(document);
    let within = document.published.iter();
    let within = within.filter(|one| scales.shows(one.max_ms) && scales.shows(one.median_ms));
    let shown: Vec<(usize, &Published)> = (1..).zip(within).collect();
    for (view, area) in VIEWS.iter().zip(areas) {
        panel(document, view, area, &scales, &shown).draw(&mut svg);
    }
    let [left, top, width, height] = [LEFT[1], TOP[1], SIZE.0, SIZE.1];
    legend::draw(&mut svg, document, &shown, [left - 34.0, top, width + 34.0, height]);
    svg.finish()
}

/// The ranges that all diagrams share, so that they can be compared.
struct Scales {
    latency: (f64, f64),
    messages: (f64, f64),
}

impl Scales {
    fn of(document: &Document) -> Scales {
        let points: Vec<(f64, f64)> =
            VIEWS.iter().flat_map(|view| document.rows.iter().filter_map(view.point)).collect();
        let marks = &document.marks;
        let latencies = points.iter().map(|point| point.0);
        let latencies = latencies.chain(marks.iter().map(|mark| mark.max_ms));
        let messages = points.iter().map(|point| point.1);
        let messages = messages.chain(marks.iter().map(|mark| mark.messages_per_operation));
        let latency = range(latencies, 1.12).unwrap_or((100.0, 2000.0));
        // Of the bound only what lies below the points: above they end the scale.
        let bounds = document.bounds.iter().flat_map(|curve| &curve.points);
        let bounds = bounds.filter(|point| point.0 <= latency.1).map(|point| point.1);
        let messages = range(messages, 1.25).unwrap_or((0.1, 100.0));
        let lowest = bounds.fold(messages.0, f64::min);
        Scales { latency, messages: (lowest.max(messages.0 / 4.0), messages.1) }
    }

    fn shows(&self, latency: f64) -> bool {
        (self.latency.0..=self.latency.1).contains(&latency)
    }
}

fn panel<'a>(
    document: &'a Document,
    view: &View,
    area: [f64; 4],
    scales: &Scales,
    shown: &[(usize, &Published)],
) -> Panel<'a> {
    let [left, top, width, height] = area;
    let sound = |row: &Row| (view.point)(row).filter(|_| row.is_sound());
    let best = on_frontier(&document.rows.iter().map(sound).collect::<Vec<_>>());
    let series = document.algorithms().into_iter().enumerate().map(|(number, name)| {
        let rows = document.rows.iter().zip(&best).filter(|(row, _)| row.algorithm == name);
        let point = |(row, best): (&Row, &bool)| {
            (view.point)(row).map(|(latency, messages)| (latency, messages, *best))
        };
        Series { number, points: rows.filter_map(point).collect() }
    });
    let bound = |name: &str| {
        let curve = document.bounds.iter().find(|curve| curve.name == name);
        curve.filter(|_| view.has_bounds).map(|curve| curve.points.as_slice())
    };
    let latency_of = view.published;
    Panel {
        name: view.name,
        title: view.title,
        x_title: view.x_title,
        area,
        x: LogScale::new(scales.latency, (left, left + width)),
        y: LogScale::new(scales.messages, (top + height, top)),
        series: series.collect(),
        universal: bound("universal"),
        single_hub: bound("single-hub"),
        published: latency_of.map_or_else(Vec::new, |latency| {
            let one = |&(number, one): &(usize, &Published)| {
                (number, latency(one.median_ms, one.max_ms), one.messages_per_operation)
            };
            shown.iter().map(one).collect()
        }),
        marks: latency_of.map_or_else(Vec::new, |latency| {
            let marks = document.marks.iter();
            marks
                .map(|mark| {
                    let latency = latency(mark.median_ms, mark.max_ms);
                    (mark.name.as_str(), latency, mark.messages_per_operation)
                })
                .collect()
        }),
    }
}
