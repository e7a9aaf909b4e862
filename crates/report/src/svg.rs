//! Just enough SVG. Text stays text, in whatever sans-serif the reader has.

use std::fmt::Write as _;

use glomers_protocol::printable;

/// A drawing that grows element by element.
pub(crate) struct Svg {
    text: String,
    open: Vec<&'static str>,
}

/// Where a text stands in relation to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// A text's looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Font {
    pub(crate) size: f64,
    pub(crate) bold: bool,
    pub(crate) colour: &'static str,
    pub(crate) anchor: Anchor,
}

impl Font {
    pub(crate) const fn new(size: f64, colour: &'static str, anchor: Anchor) -> Font {
        Font { size, bold: false, colour, anchor }
    }

    pub(crate) const fn bold(self) -> Font {
        Font { bold: true, ..self }
    }
}

impl Svg {
    /// A drawing of this size on a white ground, so that it can be read on a dark
    /// page too.
    pub(crate) fn new(width: f64, height: f64, title: &str) -> Svg {
        Svg::with_role("img", width, height, title)
    }

    /// Who cannot see it hears of an image as of one thing, and of a group what is in it:
    /// so one with links is a group.
    pub(crate) fn with_role(role: &str, width: f64, height: f64, title: &str) -> Svg {
        let mut text = String::new();
        let (w, h) = (number(width), number(height));
        let _ = writeln!(
            text,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" \
             width=\"{w}\" height=\"{h}\" font-family=\"sans-serif\" role=\"{role}\">"
        );
        let _ = writeln!(text, "<title>{}</title>", escaped(&printable(title)));
        let mut svg = Svg { text, open: vec!["svg"] };
        svg.rectangle([0.0, 0.0, width, height], "fill=\"#ffffff\"");
        svg
    }

    /// Begins a group; [`Svg::end`] ends it.
    pub(crate) fn group(&mut self, attributes: &str) {
        let _ = writeln!(self.text, "<g {attributes}>");
        self.open.push("g");
    }

    pub(crate) fn end(&mut self) {
        if let Some(tag) = self.open.pop() {
            let _ = writeln!(self.text, "</{tag}>");
        }
    }

    /// What is drawn leads to an operation of the page that it stands on.
    pub(crate) fn linked(&mut self, operation: Option<u64>, draw: impl FnOnce(&mut Svg)) {
        if let Some(operation) = operation {
            let _ = writeln!(self.text, "<a href=\"#op-{operation}\">");
            self.open.push("a");
        }
        draw(self);
        if operation.is_some() {
            self.end();
        }
    }

    /// A rectangle that other things can be cut off at, by its name.
    pub(crate) fn clip(&mut self, name: &str, area: [f64; 4]) {
        let _ = writeln!(self.text, "<clipPath id=\"{name}\">");
        self.rectangle(area, "");
        let _ = writeln!(self.text, "</clipPath>");
    }

    /// A rectangle: left, top, width, height.
    pub(crate) fn rectangle(&mut self, area: [f64; 4], attributes: &str) {
        let [x, y, width, height] = area.map(number);
        let _ = writeln!(
            self.text,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" {attributes}/>"
        );
    }

    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), attributes: &str) {
        self.path(&[from, to], false, attributes);
    }

    /// A line through points, or an area.
    pub(crate) fn path(&mut self, points: &[(f64, f64)], closed: bool, attributes: &str) {
        if points.is_empty() {
            return;
        }
        self.text.push_str("<path d=\"");
        for (at, &(x, y)) in points.iter().enumerate() {
            let command = if at == 0 { "M" } else { "L" };
            let _ = write!(self.text, "{command}{} {}", number(x), number(y));
        }
        let _ = writeln!(self.text, "{}\" {attributes}/>", if closed { "Z" } else { "" });
    }

    pub(crate) fn circle(&mut self, (x, y): (f64, f64), radius: f64, attributes: &str) {
        let [x, y, radius] = [x, y, radius].map(number);
        let _ = writeln!(self.text, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" {attributes}/>");
    }

    /// A text whose base line is at the point.
    pub(crate) fn label(&mut self, (x, y): (f64, f64), text: &str, font: Font) {
        self.write_text((x, y), text, font, "");
    }

    /// A text that reads upwards.
    pub(crate) fn label_upwards(&mut self, (x, y): (f64, f64), text: &str, font: Font) {
        let turned = format!(" transform=\"rotate(-90 {} {})\"", number(x), number(y));
        self.write_text((x, y), text, font, &turned);
    }

    /// A text with a white rim, for places where lines run.
    pub(crate) fn label_on_lines(&mut self, at: (f64, f64), text: &str, font: Font) {
        let rim = " stroke=\"#ffffff\" stroke-width=\"3\" stroke-linejoin=\"round\" \
                   paint-order=\"stroke\"";
        self.write_text(at, text, font, rim);
    }

    fn write_text(&mut self, (x, y): (f64, f64), text: &str, font: Font, more: &str) {
        let anchor = match font.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let bold = if font.bold { " font-weight=\"bold\"" } else { "" };
        let _ = writeln!(
            self.text,
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\" fill=\"{}\" text-anchor=\"{anchor}\"{bold}{more}>{}</text>",
            number(x),
            number(y),
            number(font.size),
            font.colour,
            escaped(&printable(text))
        );
    }

    /// The whole file.
    pub(crate) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.end();
        }
        self.text
    }
}

/// Hundredths of a pixel are finer than any screen, and coarse enough to be the
/// same on every machine.
fn number(number: f64) -> String {
    let text = format!("{number:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closes_what_is_open_and_escapes_what_must_be() {
        let mut svg = Svg::new(10.0, 5.0, "a < b & \"c\"");
        svg.group("id=\"g\"");
        svg.label((1.005, -0.001), "<\u{1}>", Font::new(9.0, "#000", Anchor::End));
        let text = svg.finish();
        assert!(text.ends_with("</g>\n</svg>\n"), "{text}");
        assert!(text.contains("<title>a &lt; b &amp; &quot;c&quot;</title>"), "{text}");
        assert!(text.contains("y=\"0\""), "{text}");
        assert!(text.contains(">&lt;\\u0001&gt;</text>"), "{text}");
    }
}
