//! Tables that fit where they are shown.

use comfy_table::Table;
use unicode_width::UnicodeWidthStr as _;

/// A table as text. If it is wider than so many columns it becomes a list: the first
/// cell of each row, and below it a line for each other cell that is not empty.
pub fn fitted(table: &Table, columns: Option<usize>) -> String {
    let text = table.to_string();
    let width = text.lines().map(|line| line.width()).max().unwrap_or(0);
    match columns {
        Some(columns) if width > columns => list(table),
        _ => text,
    }
}

fn list(table: &Table) -> String {
    let header: Vec<String> =
        table.header().into_iter().flat_map(|row| row.cell_iter()).map(cell).collect();
    let widest = header.iter().skip(1).map(|name| name.width()).max().unwrap_or(0);
    let mut text = String::new();
    for row in table.row_iter() {
        let mut cells = row.cell_iter().map(cell);
        text += &format!("{}\n", cells.next().unwrap_or_default());
        for (name, content) in header.iter().skip(1).zip(cells) {
            if !content.trim().is_empty() {
                let pad = widest - name.width();
                text += &format!("  {name}{:pad$}  {content}\n", "");
            }
        }
    }
    text.truncate(text.trim_end().len());
    text
}

fn cell(cell: &comfy_table::Cell) -> String {
    cell.content()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_is_too_wide_becomes_a_list() {
        let mut table = Table::new();
        table.load_style(comfy_table::presets::NOTHING);
        table.set_header(["", "challenge", "ms"]);
        table.add_row(["3d", "broadcast, fast", "296 (< 400)"]);
        table.add_row(["4", "counter", ""]);
        let whole = fitted(&table, Some(80));
        assert_eq!(whole, fitted(&table, None));
        assert_eq!(whole.lines().count(), 3);
        assert_eq!(
            fitted(&table, Some(20)),
            "3d\n  challenge  broadcast, fast\n  ms         296 (< 400)\n4\n  challenge  counter"
        );
    }
}
