//! What the signs of the figure mean.

use super::document::{Document, Published};
use super::panel::{FAINT, INK, MARK, SHADE, SINGLE_HUB, UNIVERSAL, line, marker, star};
use crate::svg::{Anchor, Font, Svg};

const ROW: f64 = 18.0;
const SMALL_ROW: f64 = 14.5;

/// Draws the legend into an area of its own: left, top, width, height.
pub(crate) fn draw(
    svg: &mut Svg,
    document: &Document,
    shown: &[(usize, &Published)],
    [left, top, width, _]: [f64; 4],
) {
    let font = Font::new(12.0, INK, Anchor::Start);
    let sample = left + 26.0;
    let text = left + 34.0;
    let half = width / 2.0;
    let algorithms = document.algorithms();
    let rows = algorithms.len().div_ceil(2);
    svg.group("id=\"legend\"");
    for (number, name) in algorithms.iter().enumerate() {
        let shift = if number >= rows { half } else { 0.0 };
        let y = top + 8.0 + (number % rows.max(1)) as f64 * ROW;
        svg.line((left + shift, y), (sample + shift, y), &line(number));
        marker(svg, number, (left + 13.0 + shift, y), true);
        svg.label((text + shift, y + 4.0), name, font);
    }
    let mut y = top + 8.0 + rows as f64 * ROW + 6.0;
    let note = Font::new(11.0, FAINT, Anchor::Start);
    svg.label(
        (left, y),
        "Filled: no other point has fewer messages at no more latency (± 1 %).",
        note,
    );
    y += ROW + 2.0;
    for curve in &document.bounds {
        if curve.name == "universal" {
            svg.rectangle([left, y - 1.0, 26.0, 8.0], SHADE);
            svg.line((left, y - 1.0), (sample, y - 1.0), UNIVERSAL);
        } else {
            svg.line((left, y), (sample, y), SINGLE_HUB);
        }
        svg.label((text, y + 4.0), &curve.about, font);
        y += ROW;
    }
    if !document.marks.is_empty() {
        let stroke = format!("stroke=\"{MARK}\" stroke-width=\"1.2\" stroke-dasharray=\"2 2.5\"");
        svg.line((left, y), (sample, y), &stroke);
        let names: Vec<&str> = document.marks.iter().map(|mark| mark.name.as_str()).collect();
        let about = format!("marks of challenges {}: stay below and left", names.join(" and "));
        svg.label((text, y + 4.0), &about, font);
        y += ROW;
    }
    if !shown.is_empty() {
        star(svg, (left + 13.0, y));
        svg.label((text, y + 4.0), "published: messages per operation at median/max ms", font);
        y += ROW - 1.0;
        draw_published(svg, shown, left, y, width * 0.53);
    }
    svg.end();
}

fn draw_published(svg: &mut Svg, shown: &[(usize, &Published)], left: f64, top: f64, column: f64) {
    let rows = shown.len().div_ceil(2);
    let font = Font::new(10.0, INK, Anchor::Start);
    for (at, (number, one)) in shown.iter().enumerate() {
        let x = left + if at >= rows { column } else { 0.0 };
        let y = top + 4.0 + (at % rows) as f64 * SMALL_ROW;
        svg.label((x + 14.0, y), &number.to_string(), Font { anchor: Anchor::End, ..font });
        let challenge = match one.challenge.as_str() {
            "" => String::new(),
            name => format!(", {name}"),
        };
        let text = format!(
            "{}{challenge}: {} at {}/{}",
            one.source, one.messages_per_operation, one.median_ms, one.max_ms
        );
        svg.label((x + 19.0, y), &text, font);
    }
}
