//! `glomers doc`: the guide in the terminal.

#[cfg(test)]
mod flags;
mod plain;

use std::process::ExitCode;

use clap::Args;
use glomers_guide::Page;

use crate::error::CliError;
use crate::out;

/// How many columns a text has where the output is no terminal, and at most.
const COLUMNS: usize = 100;

#[derive(Debug, Args)]
pub(crate) struct DocArguments {
    /// The page: a chapter, a finding, a workload, a service [default: the list of pages]
    page: Vec<String>,

    /// Print the page as Markdown
    #[arg(long, requires = "page")]
    markdown: bool,
}

pub(crate) fn run(arguments: &DocArguments) -> Result<ExitCode, CliError> {
    let columns = out::columns().map_or(COLUMNS, |columns| columns.min(COLUMNS));
    // A name of several words is written with hyphens, or as it is spoken.
    let name = &arguments.page.join("-");
    if name.is_empty() {
        out::text(&contents(columns));
        return Ok(ExitCode::SUCCESS);
    }
    let found = glomers_guide::find(name);
    let Some((page, others)) = found.split_first() else {
        return Err(unknown(name));
    };
    if arguments.markdown {
        out::text(page.text);
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = plain::text(page.text, columns).trim_end().to_owned() + "\n";
    for other in others {
        text += &format!("\nAnother page of that name: glomers doc {}\n", other.name);
    }
    out::text(&text);
    Ok(ExitCode::SUCCESS)
}

/// The list of pages, in the order of the book.
fn contents(columns: usize) -> String {
    let mut text = "The guide. Read a page with glomers doc PAGE.\n".to_owned();
    let mut heading = None;
    for line in glomers_guide::summary().lines() {
        if let Some(part) = line.strip_prefix("# ").filter(|part| *part != "Summary") {
            heading = Some(part);
        }
        let link = line.split_once("](").and_then(|(_, rest)| rest.split_once(".md)"));
        let Some(page) = link.and_then(|(name, _)| page(name)) else { continue };
        if let Some(part) = heading.take() {
            text += &format!("\n{part}\n");
        }
        let name = typed(page);
        let room = columns.saturating_sub(34).max(20);
        let title = plain::inline(page.title());
        let title = title.strip_prefix(&format!("`{name}`: ")).unwrap_or(&title);
        let mut lines = plain::wrapped(title, room).into_iter();
        text += &format!("  {name:<30}  {}\n", lines.next().unwrap_or_default());
        text.extend(lines.map(|line| format!("{:34}{line}\n", "")));
    }
    text
}

fn page(name: &str) -> Option<&'static Page> {
    glomers_guide::pages().find(|page| page.name == name)
}

/// The shortest name that shows this page.
pub(crate) fn typed(page: &Page) -> &'static str {
    let first = glomers_guide::find(page.short_name()).first().map(|first| first.name);
    if first == Some(page.name) { page.short_name() } else { page.name }
}

fn unknown(name: &str) -> CliError {
    let names: Vec<&str> = glomers_guide::pages().map(typed).collect();
    let near = glomers_check::nearest(name, &names).filter(|_| !name.trim().is_empty());
    let error = CliError::usage(format!("the guide has no page {name:?}"));
    let with_the_word = mentioning(name);
    match near {
        Some(near) => error.hint(format!("did you mean {near:?}? glomers doc lists all pages")),
        None if with_the_word.is_empty() => error.hint("glomers doc lists all pages"),
        None => error.hint(format!("pages with this word: {}", with_the_word.join(", "))),
    }
}

/// How many pages are named that have a word.
const NAMED: usize = 8;

/// The pages that have this word, first those that have it most often.
fn mentioning(word: &str) -> Vec<&'static str> {
    let word = word.to_lowercase();
    if word.trim().is_empty() {
        return Vec::new();
    }
    let count = |page: &Page| page.text.to_lowercase().matches(&word).count();
    let mut pages: Vec<(usize, &str)> =
        glomers_guide::pages().map(|page| (count(page), typed(page))).collect();
    pages.retain(|(count, _)| *count > 0);
    pages.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    pages.into_iter().take(NAMED).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_can_be_read_in_a_terminal() {
        for page in glomers_guide::pages() {
            for columns in [60, 100] {
                let text = plain::text(page.text, columns);
                assert!(text.len() * 2 > page.text.len(), "{}: something is missing", page.name);
                assert!(!text.contains('\u{1b}'), "{}", page.name);
            }
            assert_eq!(glomers_guide::find(typed(page))[0].name, page.name);
        }
        let text = contents(80);
        for page in glomers_guide::pages() {
            assert!(text.contains(&format!("  {} ", typed(page))), "{}", page.name);
        }
    }

    #[test]
    fn an_unknown_page_is_answered_with_the_nearest() {
        let error = unknown("losst").to_string();
        assert!(error.contains("did you mean \"lost\"?"), "{error}");
        assert!(unknown("qqqqqqqq").to_string().contains("glomers doc lists all pages"));
        let error = unknown("nemesis-interval").to_string();
        assert!(error.contains("pages with this word: faults, "), "{error}");
    }
}
