//! Goals beside figures.

use comfy_table::{CellAlignment, Table, presets};

/// What a figure should be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    AtLeast(f64),
    AtMost(f64),
    /// A published figure; few per cent from it are allowed.
    About(f64),
}

/// How far from a published figure, as a fraction.
const TOLERANCE: f64 = 0.05;

/// A target with its figure.
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) goal: Goal,
    pub(crate) unit: &'static str,
    /// Or why there is none.
    pub(crate) figure: Result<f64, String>,
    /// How it was measured, or what else to know.
    pub(crate) note: String,
}

impl Goal {
    fn value(self) -> f64 {
        match self {
            Goal::AtLeast(value) | Goal::AtMost(value) | Goal::About(value) => value,
        }
    }

    fn text(self) -> String {
        let sign = match self {
            Goal::AtLeast(_) => "≥",
            Goal::AtMost(_) => "≤",
            Goal::About(_) => "≈",
        };
        format!("{sign} {}", number(self.value()))
    }

    fn is_met(self, figure: f64) -> bool {
        match self {
            Goal::AtLeast(goal) => figure >= goal,
            Goal::AtMost(goal) => figure <= goal,
            Goal::About(goal) => (figure / goal - 1.0).abs() <= TOLERANCE,
        }
    }
}

impl Row {
    pub(crate) fn is_met(&self) -> bool {
        self.figure.as_ref().is_ok_and(|&figure| self.goal.is_met(figure))
    }
}

/// With commas from a thousand on, with as many decimals as say something below.
fn number(value: f64) -> String {
    if value < 10.0 && value.fract() != 0.0 {
        return format!("{value:.2}");
    }
    if value < 100.0 && value.fract() != 0.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The table of all.
pub(crate) fn print(rows: &[Row]) {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header(["target", "goal", "measured", "unit", "of goal", "", "how"]);
    for row in rows {
        let (figure, ratio) = match &row.figure {
            // A goal of nothing has no parts.
            Ok(figure) if row.goal.value() == 0.0 => (number(*figure), "–".to_owned()),
            Ok(figure) => (number(*figure), format!("{:.2}", figure / row.goal.value())),
            Err(_) => ("–".to_owned(), "–".to_owned()),
        };
        let mark = if row.is_met() { "ok" } else { "✗" };
        let note = row.figure.as_ref().err().unwrap_or(&row.note);
        table.add_row([
            &row.what,
            &row.goal.text(),
            &figure,
            row.unit,
            &ratio,
            mark,
            note.lines().next().unwrap_or_default(),
        ]);
    }
    for column in [1, 2, 4] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    println!("{table}");
    let missed = rows.iter().filter(|row| !row.is_met()).count();
    println!("{} targets: {} met, {missed} missed.", rows.len(), rows.len() - missed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_goals() {
        let texts = [0.5, 3.0, 11.83, 150.4, 1_083_391.0].map(number);
        assert_eq!(texts, ["0.50", "3", "11.8", "150", "1,083,391"]);
        assert!(Goal::About(100.0).is_met(95.5) && !Goal::About(100.0).is_met(106.0));
        assert!(Goal::AtMost(4.0).is_met(4.0) && !Goal::AtLeast(4.0).is_met(3.9));
    }
}
