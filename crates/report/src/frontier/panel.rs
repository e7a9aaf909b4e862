//! One of the figure's diagrams.

use super::labels;
use crate::scale::LogScale;
use crate::svg::{Anchor, Font, Svg};

/// Colours that people with any colour vision tell apart (Okabe and Ito's, but
/// for yellow), each with a form of its own.
const STYLES: [(&str, Form); 9] = [
    ("#e69f00", Form::Triangle),
    ("#56b4e9", Form::TriangleDown),
    ("#0072b2", Form::Square),
    ("#d55e00", Form::Circle),
    ("#009e73", Form::Diamond),
    ("#cc79a7", Form::Plus),
    ("#8c6d31", Form::Cross),
    ("#333333", Form::Square),
    ("#7f7f7f", Form::Circle),
];

#[derive(Debug, Clone, Copy)]
enum Form {
    Circle,
    Square,
    Diamond,
    Triangle,
    TriangleDown,
    Plus,
    Cross,
}

pub(crate) const INK: &str = "#222222";
pub(crate) const FAINT: &str = "#666666";
pub(crate) const MARK: &str = "#7b3294";
pub(crate) const UNIVERSAL: &str = "stroke=\"#555555\" stroke-width=\"1.4\" fill=\"none\"";
pub(crate) const SHADE: &str = "fill=\"#e4e4e4\"";
pub(crate) const SINGLE_HUB: &str =
    "stroke=\"#555555\" stroke-width=\"1.4\" stroke-dasharray=\"5 3\" fill=\"none\"";

/// A line of an algorithm.
pub(crate) struct Series {
    /// Its place among the algorithms.
    pub(crate) number: usize,
    /// Latency, messages, and whether nobody beats the point.
    pub(crate) points: Vec<(f64, f64, bool)>,
}

/// A diagram: messages against a latency.
pub(crate) struct Panel<'a> {
    pub(crate) name: &'static str,
    pub(crate) title: &'a str,
    pub(crate) x_title: &'a str,
    /// Left, top, width, height.
    pub(crate) area: [f64; 4],
    pub(crate) x: LogScale,
    pub(crate) y: LogScale,
    pub(crate) series: Vec<Series>,
    /// Areas that nobody reaches: their upper rim.
    pub(crate) universal: Option<&'a [(f64, f64)]>,
    pub(crate) single_hub: Option<&'a [(f64, f64)]>,
    /// Number, latency, messages.
    pub(crate) published: Vec<(usize, f64, f64)>,
    /// Name, latency, messages.
    pub(crate) marks: Vec<(&'a str, f64, f64)>,
}

impl Panel<'_> {
    pub(crate) fn draw(&self, svg: &mut Svg) {
        let [left, top, width, height] = self.area;
        svg.clip(self.name, self.area);
        svg.group(&format!("clip-path=\"url(#{})\"", self.name));
        self.bounds(svg);
        self.grid(svg);
        self.rims(svg);
        self.draw_marks(svg);
        for series in &self.series {
            let points: Vec<_> = series.points.iter().map(|point| self.place(*point)).collect();
            svg.path(&points, false, &line(series.number));
        }
        for series in &self.series {
            for point in &series.points {
                marker(svg, series.number, self.place(*point), point.2);
            }
        }
        self.draw_published(svg);
        svg.end();
        svg.rectangle(self.area, "fill=\"none\" stroke=\"#222222\"");
        self.axes(svg);
        let font = Font::new(13.0, INK, Anchor::Start).bold();
        svg.label((left, top - 9.0), self.title, font);
        let font = Font::new(12.0, INK, Anchor::Middle);
        svg.label((left + width / 2.0, top + height + 34.0), self.x_title, font);
        svg.label_upwards((left - 38.0, top + height / 2.0), "messages per operation", font);
    }

    fn place(&self, (x, y, _): (f64, f64, bool)) -> (f64, f64) {
        (self.x.place(x), self.y.place(y))
    }

    fn rim(&self, curve: &[(f64, f64)]) -> Vec<(f64, f64)> {
        curve.iter().map(|&(x, y)| self.place((x, y, false))).collect()
    }

    fn bounds(&self, svg: &mut Svg) {
        let [left, top, width, height] = self.area;
        let Some(curve) = self.universal else { return };
        let rim = self.rim(curve);
        let (Some(first), Some(last)) = (rim.first(), rim.last()) else { return };
        // Left of the curve nothing arrives in time, whatever it costs.
        let mut area = vec![(left, top), (first.0, top)];
        area.extend(&rim);
        let end = last.0.max(left + width);
        area.extend([(end, last.1), (end, top + height), (left, top + height)]);
        svg.path(&area, true, SHADE);
    }

    /// After the grid, so that they are not cut by it.
    fn rims(&self, svg: &mut Svg) {
        if let Some(curve) = self.universal {
            svg.path(&self.rim(curve), false, UNIVERSAL);
        }
        if let Some(curve) = self.single_hub {
            svg.path(&self.rim(curve), false, SINGLE_HUB);
        }
    }

    fn grid(&self, svg: &mut Svg) {
        let [left, top, width, height] = self.area;
        let colour = |written| if written { "#cfcfcf" } else { "#ececec" };
        for (value, written) in self.x.ticks() {
            let x = self.x.place(value);
            let stroke = format!("stroke=\"{}\" stroke-width=\"0.7\"", colour(written));
            svg.line((x, top), (x, top + height), &stroke);
        }
        for (value, written) in self.y.ticks() {
            let y = self.y.place(value);
            let stroke = format!("stroke=\"{}\" stroke-width=\"0.7\"", colour(written));
            svg.line((left, y), (left + width, y), &stroke);
        }
    }

    fn axes(&self, svg: &mut Svg) {
        let [left, top, _, height] = self.area;
        let written = |ticks: Vec<(f64, bool)>| ticks.into_iter().filter(|tick| tick.1);
        let stroke = "stroke=\"#222222\"";
        for (value, _) in written(self.x.ticks()) {
            let (x, y) = (self.x.place(value), top + height);
            svg.line((x, y), (x, y + 4.0), stroke);
            let font = Font::new(11.0, INK, Anchor::Middle);
            svg.label((x, y + 16.0), &value.to_string(), font);
        }
        for (value, _) in written(self.y.ticks()) {
            let y = self.y.place(value);
            svg.line((left - 4.0, y), (left, y), stroke);
            let font = Font::new(11.0, INK, Anchor::End);
            svg.label((left - 7.0, y + 4.0), &value.to_string(), font);
        }
    }

    /// A corner: below and left of it a mark is reached.
    fn draw_marks(&self, svg: &mut Svg) {
        let [left, top, _, height] = self.area;
        let stroke = format!(
            "stroke=\"{MARK}\" stroke-width=\"1.2\" stroke-dasharray=\"2 2.5\" fill=\"none\""
        );
        for &(name, x, y) in &self.marks {
            let (x, y) = (self.x.place(x), self.y.place(y));
            svg.path(&[(left, y), (x, y), (x, top + height)], false, &stroke);
            let font = Font::new(11.0, MARK, Anchor::End).bold();
            // Down here nothing else is: so few messages at so little latency.
            svg.label_on_lines((x - 4.0, top + height - 7.0), name, font);
        }
    }

    fn draw_published(&self, svg: &mut Svg) {
        let at: Vec<_> =
            self.published.iter().map(|&(_, x, y)| self.place((x, y, false))).collect();
        let all = self.series.iter().flat_map(|series| &series.points);
        let obstacles: Vec<_> = all.map(|point| self.place(*point)).collect();
        for (&point, (number, _, _)) in at.iter().zip(&self.published) {
            svg.group(&format!("id=\"{}-published-{number}\"", self.name));
            star(svg, point);
            svg.end();
        }
        for ((x, y), (number, _, _)) in
            labels::place(&at, &obstacles).into_iter().zip(&self.published)
        {
            let font = Font::new(10.0, INK, Anchor::Middle);
            svg.label_on_lines((x, y + 3.5), &number.to_string(), font);
        }
    }
}

fn style(number: usize) -> (&'static str, Form) {
    STYLES[number % STYLES.len()]
}

/// The looks of an algorithm's line.
pub(crate) fn line(number: usize) -> String {
    let (colour, _) = style(number);
    format!("stroke=\"{colour}\" stroke-width=\"1.8\" stroke-linejoin=\"round\" fill=\"none\"")
}

/// A point of an algorithm.
pub(crate) fn marker(svg: &mut Svg, number: usize, (x, y): (f64, f64), filled: bool) {
    let (colour, form) = style(number);
    let fill = if filled { colour } else { "#ffffff" };
    let looks = format!(
        "fill=\"{fill}\" stroke=\"{colour}\" stroke-width=\"1.5\" stroke-linejoin=\"round\""
    );
    let shape = |points: &[(f64, f64)]| -> Vec<(f64, f64)> {
        points.iter().map(|(right, down)| (x + right, y + down)).collect()
    };
    match form {
        Form::Circle => svg.circle((x, y), 3.6, &looks),
        Form::Square => svg.rectangle([x - 3.3, y - 3.3, 6.6, 6.6], &looks),
        Form::Diamond => {
            svg.path(&shape(&[(0.0, -4.6), (4.6, 0.0), (0.0, 4.6), (-4.6, 0.0)]), true, &looks);
        }
        Form::Triangle => {
            svg.path(&shape(&[(0.0, -4.4), (4.2, 3.2), (-4.2, 3.2)]), true, &looks);
        }
        Form::TriangleDown => {
            svg.path(&shape(&[(0.0, 4.4), (4.2, -3.2), (-4.2, -3.2)]), true, &looks);
        }
        Form::Plus => svg.path(&shape(&cross(1.5, 4.4)), true, &looks),
        Form::Cross => {
            let turned: Vec<_> =
                cross(1.5, 4.8).iter().map(|(a, b)| ((a - b) * 0.707, (a + b) * 0.707)).collect();
            svg.path(&shape(&turned), true, &looks);
        }
    }
}

/// A plus sign whose arms are twice `half` wide.
fn cross(half: f64, reach: f64) -> [(f64, f64); 12] {
    let (h, r) = (half, reach);
    [
        (-h, -r),
        (h, -r),
        (h, -h),
        (r, -h),
        (r, h),
        (h, h),
        (h, r),
        (-h, r),
        (-h, h),
        (-r, h),
        (-r, -h),
        (-h, -h),
    ]
}

/// A published result.
pub(crate) fn star(svg: &mut Svg, (x, y): (f64, f64)) {
    // Eight corners, by turns far and near.
    let corners = [(0.0, -4.5), (1.3, -1.3), (4.5, 0.0), (1.3, 1.3)];
    let all = corners.iter().copied().chain(corners.iter().map(|(a, b)| (-a, -b)));
    let points: Vec<(f64, f64)> = all.map(|(right, down)| (x + right, y + down)).collect();
    svg.path(&points, true, "fill=\"#111111\" stroke=\"#ffffff\" stroke-width=\"0.6\"");
}
