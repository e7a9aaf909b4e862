//! Markdown as plain text for a terminal of so many columns.

use comfy_table::{ContentArrangement, Table, presets};
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::{page, typed};

/// The text of a page. Code is never wrapped.
pub(crate) fn text(markdown: &str, columns: usize) -> String {
    let mut writer = Writer { columns, ..Writer::default() };
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        writer.event(event);
    }
    writer.out
}

/// A text in one line, without marks of emphasis.
pub(crate) fn inline(markdown: &str) -> String {
    text(markdown, usize::MAX).trim().to_owned()
}

/// The lines of a text.
pub(crate) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let options = textwrap::Options::new(columns).break_words(false);
    let lines = textwrap::wrap(text, options.word_splitter(textwrap::WordSplitter::NoHyphenation));
    lines.into_iter().map(|line| line.trim_end().to_owned()).collect()
}

#[derive(Default)]
struct Writer {
    columns: usize,
    out: String,
    /// The paragraph, heading, item or cell that is being read.
    open: String,
    /// What stands at the beginning of its first line, before the indent of the others.
    bullet: Option<String>,
    /// For each list that is open the number of its next item.
    lists: Vec<Option<u64>>,
    code: Option<String>,
    /// Where the text of a link began, and where it leads to.
    link: Option<(usize, String)>,
    row: Vec<String>,
    table: Option<Table>,
}

impl Writer {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match &mut self.code {
                Some(code) => code.push_str(&text),
                None => self.open.push_str(&text),
            },
            Event::Code(code) => self.open.push_str(&format!("`{code}`")),
            Event::SoftBreak => self.open.push(' '),
            Event::HardBreak => self.open.push('\n'),
            Event::Rule => self.block(&["* * *".to_owned()]),
            // Nothing else is in the guide; what is unknown is shown as it is.
            Event::Html(text) | Event::InlineHtml(text) => self.open.push_str(&text),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::CodeBlock(kind) => {
                self.paragraph();
                // After the language comes the name of the file.
                if let CodeBlockKind::Fenced(info) = kind
                    && let Some((_, file)) = info.split_once(' ')
                {
                    self.block(&[format!("    ── {file} ──")]);
                }
                self.code = Some(String::new());
            }
            Tag::List(first) => {
                self.paragraph();
                self.lists.push(first);
            }
            Tag::Item => {
                self.bullet = Some(match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    }
                    _ => "• ".to_owned(),
                });
            }
            Tag::Link { dest_url, .. } => {
                self.link = Some((self.open.len(), dest_url.into_string()));
            }
            Tag::Image { .. } => self.open.push_str("[picture: "),
            Tag::Table(_) => {
                self.paragraph();
                let mut table = Table::new();
                table.load_style(presets::UTF8_HORIZONTAL_ONLY);
                if self.columns < usize::from(u16::MAX) {
                    table.set_width(self.columns as u16);
                    table.set_content_arrangement(ContentArrangement::Dynamic);
                }
                self.table = Some(table);
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(level) => self.heading(level),
            TagEnd::Paragraph => self.paragraph(),
            TagEnd::Item => self.paragraph(),
            TagEnd::List(_) => {
                self.lists.pop();
                if self.lists.is_empty() {
                    self.separate();
                }
            }
            TagEnd::CodeBlock => {
                let code = self.code.take().unwrap_or_default();
                let lines: Vec<String> = code.lines().map(|line| format!("    {line}")).collect();
                self.block(&lines);
            }
            TagEnd::Link => self.end_link(),
            TagEnd::Image => self.open.push(']'),
            TagEnd::TableCell => self.row.push(std::mem::take(&mut self.open)),
            TagEnd::TableHead | TagEnd::TableRow => {
                let row = std::mem::take(&mut self.row);
                if let Some(table) = &mut self.table {
                    if matches!(tag, TagEnd::TableHead) {
                        table.set_header(row);
                    } else {
                        table.add_row(row);
                    }
                }
            }
            TagEnd::Table => {
                let table = self.table.take().map(|table| table.to_string()).unwrap_or_default();
                let lines: Vec<String> = table.lines().map(|l| l.trim_end().to_owned()).collect();
                self.block(&lines);
            }
            _ => {}
        }
    }

    fn heading(&mut self, level: HeadingLevel) {
        let text = std::mem::take(&mut self.open);
        let mut lines = wrapped(&text, self.columns);
        let width = lines.iter().map(|line| textwrap::core::display_width(line)).max().unwrap_or(0);
        let under = match level {
            HeadingLevel::H1 => "═",
            HeadingLevel::H2 => "─",
            _ => "",
        };
        if !under.is_empty() {
            lines.push(under.repeat(width));
        }
        self.block(&lines);
    }

    /// Writes the paragraph or item that is open.
    fn paragraph(&mut self) {
        let text = std::mem::take(&mut self.open);
        if text.trim().is_empty() {
            return;
        }
        let bullet = self.bullet.take();
        let depth = self.lists.len();
        let indent = "  ".repeat(depth.saturating_sub(1));
        let first = format!("{indent}{}", bullet.as_deref().unwrap_or(""));
        let rest = if depth > 0 { indent + "  " } else { String::new() };
        let room = self.columns.saturating_sub(rest.len()).max(20);
        let lines: Vec<String> = wrapped(&text, room)
            .into_iter()
            .enumerate()
            .map(|(number, line)| match number {
                0 if bullet.is_some() => format!("{first}{line}"),
                _ => format!("{rest}{line}"),
            })
            .collect();
        if depth > 0 {
            lines.iter().for_each(|line| self.line(line));
        } else {
            self.block(&lines);
        }
    }

    fn end_link(&mut self) {
        let Some((from, target)) = self.link.take() else { return };
        let text = self.open[from..].replace('`', "");
        if target.starts_with("http") {
            if !target.contains(text.trim()) {
                self.open.push_str(&format!(" ({target})"));
            }
            return;
        }
        // Folders of the book are not known here; names are enough.
        let file = target.split('#').next().unwrap_or_default();
        let name = file.trim_start_matches("../").trim_end_matches(".md");
        let found = page(name).or_else(|| glomers_guide::find(name).first().copied());
        if let Some(page) = found.filter(|_| file.ends_with(".md"))
            && !text.eq_ignore_ascii_case(typed(page))
        {
            self.open.push_str(&format!(" (glomers doc {})", typed(page)));
        }
    }

    /// Lines with a blank line after them.
    fn block(&mut self, lines: &[String]) {
        lines.iter().for_each(|line| self.line(line));
        self.separate();
    }

    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn separate(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_is_shown_as_text() {
        let markdown = "# A *title*\n\nSome words that are\nwrapped, and a [link](faults.md), \
                        [another](https://example.org).\n\n- one\n- two, which is a longer item\n\n\
                        ```sh file.sh\nglomers doc\n```\n\n| a | b |\n|--|--|\n| 1 | `2` |\n";
        let expected = "A title\n═══════\n\nSome words that are wrapped, and a link\n(glomers doc \
                        faults), another\n(https://example.org).\n\n• one\n• two, which is a longer \
                        item\n\n    ── file.sh ──\n\n    glomers doc\n\n";
        let text = text(markdown, 40);
        assert!(text.starts_with(expected), "{text}");
        assert!(text.contains(" 1 ") && text.contains(" `2`"), "{text}");
    }

    #[test]
    fn a_title_stays_one_line() {
        assert_eq!(inline("`lost`: a *value*"), "`lost`: a value");
    }
}
