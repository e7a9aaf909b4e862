//! Operations that would each have to come before the next, in a cycle: what stands
//! in a ring, with an arrow from each to the one after it.

use std::f64::consts::PI;

use crate::svg::{Anchor, Font, Svg};

const INK: &str = "#222222";
const FAINT: &str = "#666666";
const TOP: f64 = 76.0;
const MARGIN: f64 = 30.0;
const LINE: f64 = 17.0;
/// What colours and dashes mean.
const LEGEND: &str = "an arrow: comes before; ww: wrote what the next replaced; wr: wrote what the \
                      next read; rw: read what the next replaced; dashed: time";
/// About how wide a letter is.
const LETTER: f64 = 6.6;
/// The longest line in a box, in letters.
const LONGEST: usize = 34;
/// Between two boxes, so that an arrow and its words have room.
const ROOM: f64 = 120.0;
/// The narrowest figure, so that what stands below it has room.
const NARROWEST: f64 = 820.0;
/// More boxes than this cannot be read: those that are too many become one.
const MOST: usize = 12;

/// Something in the ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// Its name: `T12`.
    pub name: String,
    /// Where it shows in the history.
    pub operation: u64,
    /// What it did, and where and when, a line each.
    pub lines: Vec<String>,
    /// Why it comes before the next: `ww`, `wr`, `rw`, `process`, `realtime`.
    pub edge: &'static str,
    /// What that is about, if anything: `key 3`.
    pub about: String,
}

/// A figure of a circle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circle {
    /// What is wrong, in a few words.
    pub title: String,
    /// Each comes before the next, the last before the first.
    pub stops: Vec<Stop>,
    /// What is written below, a line each.
    pub notes: Vec<String>,
    /// Whether it stands on a page with the whole run, where boxes lead to operations.
    pub is_linked: bool,
}

/// A point.
type Point = (f64, f64);

impl Circle {
    /// The figure as SVG.
    pub fn figure(&self) -> String {
        let stops = self.shown();
        let ring = Ring::new(&stops);
        let notes = self.notes.len() as f64 * LINE;
        let below = self.notes.iter().map(String::as_str).chain([LEGEND]);
        let longest = below.map(|note| note.chars().count()).max().unwrap_or_default();
        let text = 2.0 * MARGIN + longest as f64 * LETTER;
        let width = ring.size.0.max(NARROWEST).max(text);
        let bottom = TOP + ring.size.1;
        let role = if self.is_linked { "group" } else { "img" };
        let mut svg = Svg::with_role(role, width, bottom + notes + 20.0, &self.title);
        svg.label((20.0, 32.0), &self.title, Font::new(17.0, INK, Anchor::Start).bold());
        svg.label((20.0, 53.0), LEGEND, Font::new(12.0, FAINT, Anchor::Start));
        let shift = (width - ring.size.0) / 2.0;
        let centre = (shift + ring.size.0 / 2.0, TOP + ring.size.1 / 2.0);
        let points: Vec<Point> =
            ring.points.iter().map(|&(x, y)| (centre.0 + x, centre.1 + y)).collect();
        for (at, stop) in stops.iter().enumerate() {
            let ends = (points[at], points[(at + 1) % points.len()]);
            arrow(&mut svg, ends, ring.half, centre, stop, points.len() == 2);
        }
        for (stop, &(x, y)) in stops.iter().zip(&points) {
            // What stands for many is no operation.
            let is_linked = self.is_linked && !stop.edge.is_empty();
            svg.linked(is_linked.then_some(stop.operation), |svg| {
                draw(svg, stop, (x, y), ring.half);
            });
        }
        for (number, note) in self.notes.iter().enumerate() {
            let at = (20.0, bottom + LINE * (number as f64 + 0.5));
            svg.label(at, note, Font::new(13.0, INK, Anchor::Start));
        }
        svg.finish()
    }

    /// The stops, of a long circle the first ones and one for all the others.
    fn shown(&self) -> Vec<Stop> {
        if self.stops.len() <= MOST {
            return self.stops.clone();
        }
        let mut stops = self.stops[..MOST - 1].to_vec();
        let more = self.stops.len() - stops.len();
        let (name, lines) = ("…".to_owned(), vec![format!("and {more} more")]);
        stops.push(Stop { name, operation: 0, lines, edge: "", about: String::new() });
        stops
    }
}

/// Where boxes stand, around (0, 0).
struct Ring {
    points: Vec<Point>,
    /// Half the width and height of a box.
    half: Point,
    /// Of all together.
    size: Point,
}

impl Ring {
    fn new(stops: &[Stop]) -> Ring {
        let letters = stops.iter().flat_map(|stop| &stop.lines).map(|line| line.chars().count());
        let letters = letters.max().unwrap_or_default().clamp(6, LONGEST);
        let lines = stops.iter().map(|stop| stop.lines.len()).max().unwrap_or_default();
        let half = (letters as f64 * LETTER / 2.0 + 10.0, (lines as f64 + 1.0) * LINE / 2.0 + 7.0);
        let count = stops.len().max(1) as f64;
        // Boxes are wide, so the ring is: neighbours keep apart at its sides, too.
        let (across, down) = if stops.len() == 2 {
            (half.0 + ROOM, 0.0)
        } else {
            let step = (2.0 * PI / count).sin().abs().max((PI / count).sin());
            ((2.0 * half.0 + ROOM / 2.0) / step, (2.0 * half.1 + ROOM / 2.0) / (PI / count).sin())
        };
        let down = down / 1.4;
        let start = if stops.len() == 2 { PI } else { -PI / 2.0 };
        let points = (0..stops.len()).map(|at| {
            let angle = start + 2.0 * PI * at as f64 / count;
            (across * angle.cos(), down * angle.sin())
        });
        let size = (2.0 * (across + half.0 + MARGIN), 2.0 * (down + half.1 + MARGIN));
        Ring { points: points.collect(), half, size }
    }
}

fn draw(svg: &mut Svg, stop: &Stop, (x, y): Point, (wide, high): Point) {
    let area = [x - wide, y - high, 2.0 * wide, 2.0 * high];
    svg.rectangle(area, "rx=\"6\" fill=\"#f4f6fb\" stroke=\"#44557a\" stroke-width=\"1.3\"");
    let mut at = y - high + LINE + 1.0;
    svg.label((x, at), &stop.name, Font::new(13.5, INK, Anchor::Middle).bold());
    for line in &stop.lines {
        at += LINE;
        svg.label((x, at), &shortened(line), Font::new(12.0, INK, Anchor::Middle));
    }
}

fn shortened(line: &str) -> String {
    if line.chars().count() <= LONGEST {
        return line.to_owned();
    }
    line.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// The arrow from a box to the next, with its words on the outer side. Of two that
/// lead to and fro each keeps to its side.
fn arrow(
    svg: &mut Svg,
    (from, to): (Point, Point),
    half: Point,
    centre: Point,
    stop: &Stop,
    is_pair: bool,
) {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy).max(1.0);
    let (dx, dy) = (dx / length, dy / length);
    let aside = if is_pair { half.1.min(18.0) } else { 0.0 };
    let moved = |(x, y): Point| (x + dy * aside, y - dx * aside);
    let inside = edge_of((dx, dy), half, aside);
    let (from, to) = (moved(from), moved(to));
    let begin = (from.0 + dx * inside, from.1 + dy * inside);
    let tip = (to.0 - dx * (inside + 2.0), to.1 - dy * (inside + 2.0));
    let (colour, dash) = match stop.edge {
        "rw" => ("#b3261e", ""),
        "wr" => ("#1a56b0", ""),
        "ww" => ("#222222", ""),
        _ => ("#777777", " stroke-dasharray=\"6 4\""),
    };
    svg.line(begin, tip, &format!("stroke=\"{colour}\" stroke-width=\"1.8\"{dash}"));
    let back = (tip.0 - dx * 10.0, tip.1 - dy * 10.0);
    let head =
        [tip, (back.0 - dy * 4.5, back.1 + dx * 4.5), (back.0 + dy * 4.5, back.1 - dx * 4.5)];
    svg.path(&head, true, &format!("fill=\"{colour}\" stroke=\"none\""));
    let middle = ((begin.0 + tip.0) / 2.0, (begin.1 + tip.1) / 2.0);
    let (ox, oy) = if is_pair { (dy, -dx) } else { (middle.0 - centre.0, middle.1 - centre.1) };
    let out = ox.hypot(oy).max(1.0);
    let at = (middle.0 + ox / out * 18.0, middle.1 + oy / out * 18.0 + 4.0);
    let words = if stop.about.is_empty() {
        stop.edge.to_owned()
    } else {
        format!("{}: {}", stop.edge, stop.about)
    };
    let anchor = match ox / out {
        side if side > 0.4 => Anchor::Start,
        side if side < -0.4 => Anchor::End,
        _ => Anchor::Middle,
    };
    svg.label_on_lines(at, &words, Font::new(12.5, colour, anchor));
}

/// How far from its middle a line leaves a box, if it runs beside the middle.
fn edge_of((dx, dy): Point, (wide, high): Point, aside: f64) -> f64 {
    let (wide, high) = (wide - aside * dy.abs(), high - aside * dx.abs());
    let across = if dx.abs() < 1e-9 { f64::MAX } else { wide / dx.abs() };
    let down = if dy.abs() < 1e-9 { f64::MAX } else { high / dy.abs() };
    across.min(down).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circle(count: usize) -> Circle {
        let edges = ["wr", "rw", "ww", "realtime"];
        let stops = (0..count).map(|at| Stop {
            name: format!("T{at}"),
            operation: at as u64,
            lines: vec![format!("r {at} <nil>"), "at n0, 1.5 s".to_owned()],
            edge: edges[at % 4],
            about: if at % 4 == 3 { String::new() } else { format!("key {at}") },
        });
        Circle {
            title: "G1c".to_owned(),
            stops: stops.collect(),
            notes: vec!["why".to_owned()],
            is_linked: false,
        }
    }

    #[test]
    fn each_stop_and_each_reason_is_there_once() {
        for count in 2..=12 {
            let svg = circle(count).figure();
            for at in 0..count {
                assert_eq!(svg.matches(&format!(">T{at}<")).count(), 1, "{svg}");
            }
            assert_eq!(svg.matches("stroke=\"none\"").count(), count);
            assert!(svg.contains("r 0 &lt;nil&gt;") && svg.contains("wr: key 0"), "{svg}");
        }
    }

    #[test]
    fn no_two_boxes_of_a_ring_touch() {
        for count in 2..=MOST {
            let ring = Ring::new(&circle(count).stops);
            for (at, a) in ring.points.iter().enumerate() {
                for b in &ring.points[..at] {
                    let (dx, dy) = ((a.0 - b.0).abs(), (a.1 - b.1).abs());
                    assert!(
                        dx > 2.0 * ring.half.0 || dy > 2.0 * ring.half.1,
                        "{count}: {a:?} {b:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn on_a_page_boxes_lead_to_operations() {
        assert!(!circle(3).figure().contains("href"));
        let svg = Circle { is_linked: true, ..circle(40) }.figure();
        assert_eq!(svg.matches("<a href=\"#op-").count(), MOST - 1, "{svg}");
        assert_eq!(svg.matches("</a>").count(), MOST - 1, "{svg}");
    }

    #[test]
    fn a_long_circle_is_cut_short() {
        let svg = circle(40).figure();
        assert!(svg.contains("and 29 more") && svg.contains(">T10<") && !svg.contains(">T11<"));
    }
}
