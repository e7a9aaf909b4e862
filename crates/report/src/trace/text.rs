//! The view as text.

use std::collections::BTreeMap;
use std::fmt::Write;

use glomers_protocol::printable;
use glomers_session::trace::{Event, Message, NodeState, Trace, What};
use unicode_width::UnicodeWidthStr as _;

/// The narrowest column of a node.
const NARROWEST: usize = 6;
/// The longest body, label or value that is shown.
const LONGEST: usize = 60;

/// The view, for a terminal of any width: times in seconds, one event a line.
pub fn to_text(trace: &Trace) -> String {
    let widest = trace.nodes.iter().map(|node| node.width()).max().unwrap_or(0);
    let mut view = View {
        trace,
        width: NARROWEST.max(widest + 2),
        states: vec![NodeState::Up; trace.nodes.len()],
        bars: Vec::new(),
        bar_columns: most_bars(trace),
        text: String::new(),
    };
    view.head();
    for event in &trace.events {
        view.event(event);
    }
    if trace.after > 0 {
        let _ = writeln!(view.text, "… {} more events after these", trace.after);
    }
    view.text
}

/// How many faults are on at once, at most.
fn most_bars(trace: &Trace) -> usize {
    let mut on = 0_usize;
    let counts = trace.events.iter().map(|event| {
        match event.what {
            What::Fault { begins: true, .. } => on += 1,
            What::Fault { .. } => on = on.saturating_sub(1),
            _ => {}
        }
        on
    });
    counts.max().unwrap_or(0)
}

struct View<'a> {
    trace: &'a Trace,
    width: usize,
    states: Vec<NodeState>,
    /// The faults that are on, each in its column.
    bars: Vec<Option<usize>>,
    bar_columns: usize,
    text: String,
}

impl View<'_> {
    fn head(&mut self) {
        if self.trace.before > 0 {
            let _ = match self.trace.before {
                1 => writeln!(self.text, "… 1 event before these"),
                before => writeln!(self.text, "… {before} events before these"),
            };
        }
        let mut head = format!("{:>11} {:bars$} ", "time", "", bars = self.bar_columns);
        for node in &self.trace.nodes {
            let node = printable(node);
            let _ = write!(head, "{node}{:gap$}", "", gap = self.width - node.width());
        }
        self.text.push_str(head.trim_end());
        self.text.push('\n');
    }

    fn event(&mut self, event: &Event) {
        // A receiver without a column cannot show an arrival.
        if let What::Arrived { message, .. } = &event.what
            && self.place(&message.dest).is_none()
        {
            return;
        }
        let mut lanes = self.lanes();
        let bars_before = self.bars.clone();
        let words = match &event.what {
            What::Sent { message, fate, until, body } => {
                self.arrow(&mut lanes, message, fate.is_some());
                let end = match (fate, until) {
                    (Some(fate), _) => format!("{fate}  "),
                    (None, Some(until)) => format!("arrives {}  ", seconds(*until)),
                    (None, None) => "still under way at the end  ".to_owned(),
                };
                format!("{} {end}{}", name(message), short(body))
            }
            What::Arrived { message, sent } => {
                self.put(&mut lanes, &message.dest, '▼');
                format!("{} arrives, sent {}", name(message), seconds(*sent))
            }
            What::Operation { node, text, .. } => {
                if let Some(node) = node {
                    self.put(&mut lanes, node, '◆');
                }
                text.clone()
            }
            What::Fault { number, begins, text } => {
                self.bar(*number, *begins);
                text.clone()
            }
            What::State { nodes, state } => {
                for node in nodes {
                    if let Some(place) = self.place(node) {
                        self.states[place] = *state;
                    }
                }
                lanes = self.lanes();
                let word = match state {
                    NodeState::Up => "runs",
                    NodeState::Paused => "paused",
                    NodeState::Down => "down",
                };
                format!("{}: {word}", nodes.join(" "))
            }
            What::Mark { node, label, value } => {
                self.put(&mut lanes, node, '•');
                format!("{node} {label} {}", short(value))
            }
            What::Finding { node, text } => {
                self.put(&mut lanes, node, '✗');
                format!("{node}: {text}")
            }
        };
        let bars = self.gutter(&bars_before);
        let lanes: String = lanes.into_iter().collect();
        // One event is one line, whatever nodes write.
        let words = printable(&words);
        let _ = writeln!(self.text, "{:>11} {bars} {lanes} {words}", seconds(event.time));
    }

    fn place(&self, node: &str) -> Option<usize> {
        self.trace.nodes.iter().position(|other| other == node)
    }

    /// The lines of life of all nodes.
    fn lanes(&self) -> Vec<char> {
        let mut lanes = vec![' '; self.width * self.states.len()];
        for (place, state) in self.states.iter().enumerate() {
            lanes[place * self.width] = match state {
                NodeState::Up => '│',
                NodeState::Paused => '┊',
                NodeState::Down => ' ',
            };
        }
        lanes
    }

    fn put(&self, lanes: &mut [char], node: &str, sign: char) {
        if let Some(place) = self.place(node) {
            lanes[place * self.width] = sign;
        }
    }

    /// An arrow from column to column; with a cross where it does not arrive. To
    /// and from who has no column it is short.
    fn arrow(&self, lanes: &mut [char], message: &Message, is_dropped: bool) {
        let at = |name: &str| self.place(name).map(|place| place * self.width);
        let (from, to) = match (at(&message.src), at(&message.dest)) {
            (Some(from), Some(to)) => (from, to),
            (Some(from), None) => (from, from + self.width - 2),
            (None, Some(to)) => (to + self.width - 2, to),
            (None, None) => return,
        };
        let last = lanes.len() - 1;
        let (low, high) = (from.min(to), from.max(to).min(last));
        for sign in &mut lanes[low..=high] {
            *sign = match *sign {
                ' ' => '─',
                '│' | '┊' => '┼',
                other => other,
            };
        }
        if from == to {
            lanes[from] = '↺';
            return;
        }
        lanes[from.min(last)] = '●';
        lanes[to.min(last)] = if to > from { '▶' } else { '◀' };
        if is_dropped {
            let middle = (low + high) / 2;
            lanes[middle] = '✗';
        }
    }

    fn bar(&mut self, number: usize, begins: bool) {
        if begins {
            match self.bars.iter().position(Option::is_none) {
                Some(free) => self.bars[free] = Some(number),
                None => self.bars.push(Some(number)),
            }
        } else if let Some(place) = self.bars.iter().position(|bar| *bar == Some(number)) {
            self.bars[place] = None;
        }
    }

    fn gutter(&self, before: &[Option<usize>]) -> String {
        let at = |bars: &[Option<usize>], place: usize| bars.get(place).copied().flatten();
        let sign = |place| match (at(before, place), at(&self.bars, place)) {
            (None, Some(_)) => '╥',
            (Some(_), Some(_)) => '║',
            (Some(_), None) => '╨',
            (None, None) => ' ',
        };
        (0..self.bar_columns).map(sign).collect()
    }
}

fn name(message: &Message) -> String {
    let Message { id, src, dest, kind } = message;
    let kind = if kind.is_empty() { "(no type)" } else { kind };
    format!("#{id} {src} → {dest} {kind}")
}

/// Seconds to the microsecond, without zeros at the end beyond the millisecond.
fn seconds(nanos: i64) -> String {
    let micros = nanos / 1_000;
    let mut text = format!("{:.6}", micros as f64 / 1e6);
    while text.ends_with('0') && text.len() - text.find('.').unwrap_or(0) > 4 {
        text.pop();
    }
    text + " s"
}

/// The beginning of a text, without the reserved fields that the line has anyway.
fn short(text: &str) -> String {
    let fields: Option<BTreeMap<String, serde_json::Value>> = serde_json::from_str(text).ok();
    let text = match fields {
        Some(mut fields) => {
            fields.remove("type");
            if fields.is_empty() {
                return String::new();
            }
            serde_json::to_string(&fields).unwrap_or_default()
        }
        None => text.to_owned(),
    };
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
