//! The page as HTML.

use glomers_check::{Finding, Validity};
use glomers_protocol::{printable, printable_lines};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Page;
use super::links;
use super::pictures::Pictures;

/// The script, deflated, in base64.
const SCRIPT: &str = include_str!("../../web/dist/page.js.deflated");
/// What unpacks and starts it.
const LOADER: &str = include_str!("../../web/dist/loader.js");
const STYLE: &str = include_str!("../../web/dist/page.css");
/// The hashes of the three, which allow them and nothing else to run.
const LOADER_HASH: &str = include_str!("../../web/dist/loader.js.sha256");
const SCRIPT_HASH: &str = include_str!("../../web/dist/page.js.sha256");
const STYLE_HASH: &str = include_str!("../../web/dist/page.css.sha256");

/// Workloads of sets, whose values have a table.
const SETS: [&str; 2] = ["broadcast", "g-set"];

/// The most findings of a kind that are shown at once; the others are behind a click.
const SHOWN_OF_KIND: usize = 3;

/// What a page may do, as a Content-Security-Policy: run its own script and nothing else.
pub fn policy() -> String {
    format!(
        "default-src 'none'; script-src 'sha256-{}' 'sha256-{}'; style-src 'sha256-{}'; \
         img-src data:; \
         connect-src 'self'; base-uri 'none'; form-action 'none'",
        LOADER_HASH.trim(),
        SCRIPT_HASH.trim(),
        STYLE_HASH.trim()
    )
}

/// A page with a script's data; `main` is what can be read without scripts.
pub(crate) fn frame(title: &str, main: &Markup, data: &[(&str, &str, &str)]) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (main)
                @for (id, kind, text) in data {
                    script id=(id) type=(kind) { (PreEscaped(text.replace('<', "\\u003c"))) }
                }
                script id="script" type="application/octet-stream" { (PreEscaped(SCRIPT)) }
                script { (PreEscaped(LOADER)) }
            }
        }
    }
    .into_string()
}

pub(super) fn page(page: &Page<'_>) -> String {
    let about = page.about;
    let (meta, packed) = page.data();
    let word = word(about.validity);
    let title = format!("{word}: {} · Glomers", printable(&about.title));
    let main = html! {
        header.top {
            h1 { span.verdict data-verdict=(word) { (word) } " " (printable(&about.title)) }
            nav aria-label="Parts of this report" {
                a href="#findings" { "Findings" }
                a href="#trace" { "Trace" }
                @if is_of_sets(page) { a href="#values" { "Values" } }
                @if page.lags.is_some() { a href="#lags" { "Consumers" } }
                a href="#plots" { "Plots" }
                @if page.journal.has_messages() { a href="#links" { "Links" } }
                @if !page.logs.is_empty() { a href="#logs" { "Logs" } }
                a href="#repeat" { "Repeat" }
            }
        }
        main {
            @if !about.missing.is_empty() {
                section.missing id="missing" aria-labelledby="missing-title" {
                    h2 id="missing-title" { "This is not the whole run" }
                    ul { @for line in &about.missing { li { (printable(line)) } } }
                }
            }
            section id="findings" aria-labelledby="findings-title" {
                h2 id="findings-title" { (heading(about.validity, about.findings)) }
                (findings(page))
                (facts(page))
            }
            (drawn("trace", "Trace: all messages"))
            @if is_of_sets(page) { (drawn("values", "Values: which node had what, and when")) }
            @if page.lags.is_some() { (drawn("lags", "Consumers: how far behind, of which log, and when")) }
            (drawn("plots", "Plots"))
            @if page.journal.has_messages() { (drawn("links", "Links: messages from whom to whom")) }
            @if !page.logs.is_empty() { (logs(page)) }
            section id="repeat" aria-labelledby="repeat-title" {
                h2 id="repeat-title" { "Repeat it" }
                @if about.store.is_some() {
                    p { "This command runs the same again:" }
                } @else {
                    p { "This command judges the history again:" }
                }
                pre.command tabindex="0" { code { (printable(&about.command)) } }
                @if let Some(store) = &about.store {
                    p { "The run is stored in " code { (printable(store)) } "." }
                }
            }
        }
        footer { "Made by Glomers. This page needs no network, and sends nothing." }
    };
    frame(
        &title,
        &main,
        &[
            ("meta", "application/json", &meta.to_string()),
            ("packed", "application/octet-stream", &packed),
        ],
    )
}

/// Two runs side by side.
pub(super) fn pair(left: &Page<'_>, right: &Page<'_>) -> String {
    let (left_meta, left_packed) = left.data();
    let (right_meta, right_packed) = right.data();
    let names = (printable(&left.about.title), printable(&right.about.title));
    let sides = [("a", left), ("b", right)];
    let main = html! {
        header.top {
            h1 { "Two runs side by side" }
            nav aria-label="Parts of this report" {
                a href="#difference" { "First difference" }
                a href="#trace" { "Traces" }
                a href="#runs" { "The two runs" }
            }
        }
        main {
            @for (side, page) in &sides {
                @if !page.about.missing.is_empty() {
                    section.missing {
                        h2 { "This is not the whole run " (side) }
                        ul { @for line in &page.about.missing { li { (printable(line)) } } }
                    }
                }
            }
            (drawn("difference", "Where they differ first"))
            (drawn("trace", "Traces, moved together"))
            section id="runs" aria-labelledby="runs-title" {
                h2 id="runs-title" { "The two runs" }
                div.pair {
                    @for (side, page) in &sides {
                        article {
                            @let word = word(page.about.validity);
                            h3 { (side) ": " span.verdict data-verdict=(word) { (word) } " " (printable(&page.about.title)) }
                            @for finding in page.about.findings.iter().take(SHOWN_OF_KIND) {
                                p.finding { strong { (printable(&finding.name)) } ": " (printable_lines(&finding.summary)) }
                            }
                            (facts(page))
                            pre.command tabindex="0" { code { (printable(&page.about.command)) } }
                        }
                    }
                }
            }
        }
        footer { "Made by Glomers. This page needs no network, and sends nothing." }
    };
    frame(
        &format!("{} | {} · Glomers", names.0, names.1),
        &main,
        &[
            ("meta", "application/json", &left_meta.to_string()),
            ("packed", "application/octet-stream", &left_packed),
            ("meta-b", "application/json", &right_meta.to_string()),
            ("packed-b", "application/octet-stream", &right_packed),
        ],
    )
}

fn is_of_sets(page: &Page<'_>) -> bool {
    // Without nodes there is nobody who could have a value.
    SETS.contains(&page.about.workload) && !page.about.nodes.is_empty()
}

/// A section that the script draws.
fn drawn(id: &str, title: &str) -> Markup {
    let title_id = format!("{id}-title");
    html! {
        section id=(id) aria-labelledby=(title_id) {
            h2 id=(title_id) { (title) }
            div.mount data-mount=(id) { (without_script()) }
        }
    }
}

fn without_script() -> Markup {
    html! { p.waiting { "A script draws this. If nothing comes, scripts are switched off." } }
}

pub(crate) fn word(validity: Validity) -> &'static str {
    match validity {
        Validity::Valid => "valid",
        Validity::Unknown => "unknown",
        Validity::Invalid => "invalid",
    }
}

fn heading(validity: Validity, findings: &[Finding]) -> String {
    match (validity, findings.len()) {
        (Validity::Valid, _) => "Nothing wrong was found".to_owned(),
        (Validity::Unknown, _) => "It cannot be said whether this is right".to_owned(),
        (Validity::Invalid, 0) => "Something is wrong".to_owned(),
        (Validity::Invalid, 1) => "What is wrong: 1 finding".to_owned(),
        (Validity::Invalid, count) => format!("What is wrong: {count} findings"),
    }
}

fn findings(page: &Page<'_>) -> Markup {
    let mut kinds: Vec<(&str, Vec<(usize, &Finding)>)> = Vec::new();
    for (number, finding) in page.about.findings.iter().enumerate() {
        match kinds.iter_mut().find(|(name, _)| *name == finding.name) {
            Some((_, all)) => all.push((number, finding)),
            None => kinds.push((&finding.name, vec![(number, finding)])),
        }
    }
    let pictures = Pictures::new(page);
    html! {
        @for (name, all) in &kinds {
            @let (shown, more) = all.split_at(all.len().min(SHOWN_OF_KIND));
            @for (number, finding) in shown {
                (one(page, *number, finding, &pictures.of(finding)))
            }
            @if !more.is_empty() {
                details {
                    summary { (more.len()) " more of the kind " (printable(name)) }
                    @for (number, finding) in more.iter().take(200) {
                        (one(page, *number, finding, &html! {}))
                    }
                }
            }
        }
    }
}

fn one(page: &Page<'_>, number: usize, finding: &Finding, picture: &Markup) -> Markup {
    html! {
        article.finding id={ "finding-" (number) } {
            h3 { (printable(&finding.name)) }
            p { (linked(page, &finding.summary)) }
            @if !finding.evidence.is_empty() {
                ul.evidence {
                    @for line in &finding.evidence {
                        // What belongs to the line before it is indented.
                        li.sub[line.starts_with(' ')] { (linked(page, line.trim_start())) }
                    }
                }
            }
            (picture)
            p.where {
                @if let Some(node) = &finding.node { "at node " (printable(node)) }
                @if finding.node.is_some() && finding.time.is_some() { " · " }
                @if let Some(time) = finding.time {
                    a href={ "#t-" (super::micros(time.0 as i64)) } { "see " (time) " in the trace" }
                }
            }
        }
    }
}

/// A text with its links.
fn linked(page: &Page<'_>, line: &str) -> Markup {
    let is_set = is_of_sets(page);
    let pieces = links::pieces(line, page.history.len(), is_set, |id| page.never_arrived(id));
    html! {
        @for piece in &pieces {
            @match &piece.to {
                Some(to) => a href={ "#" (to) } { (printable_lines(&piece.text)) },
                None => (printable_lines(&piece.text)),
            }
        }
    }
}

fn facts(page: &Page<'_>) -> Markup {
    html! {
        h3 { "The run in figures" }
        table.facts {
            tbody {
                @for (name, value) in &page.about.facts {
                    tr { th scope="row" { (printable(name)) } td { (printable(value)) } }
                }
            }
        }
    }
}

fn logs(page: &Page<'_>) -> Markup {
    html! {
        section id="logs" aria-labelledby="logs-title" {
            h2 id="logs-title" { "What nodes logged" }
            @for log in &page.logs {
                details {
                    summary { (printable(&log.node)) }
                    pre tabindex="0" { (printable_lines(&log.text)) }
                    @if log.left_out > 0 {
                        p { (log.left_out) " bytes more are in the store: node-logs/" (printable(&log.node)) ".log" }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Texts that would break a page that does not escape them, drawn as numbers say.
    fn hostile(mut draw: u64) -> String {
        const BITS: [&str; 16] = [
            "<script>alert(1)</script>",
            "</script>",
            "<!--",
            "-->",
            "]]>",
            "\"onload=\"alert(1)",
            "'",
            "<img src=x onerror=alert(1)>",
            "&lt;",
            "\u{202e}",
            "\u{0}",
            "\u{1b}[2J",
            "\u{2028}",
            "</style>",
            "</SCRIPT >",
            "\\",
        ];
        let mut text = String::new();
        for _ in 0..6 {
            draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            text.push_str(BITS[(draw >> 60) as usize]);
        }
        text
    }

    /// How often a page begins or ends a script, and how often markup.
    fn counts(page: &str) -> [usize; 4] {
        let low = page.to_lowercase();
        ["<script", "</script", "<!--", "<img"].map(|tag| low.matches(tag).count())
    }

    #[test]
    fn ten_thousand_hostile_texts_stay_texts() {
        let make = |text: &str| {
            let main = html! { p title=(printable(text)) { (printable_lines(text)) } };
            let data = json!({ text: [text, {"inner": text}] }).to_string();
            let page = frame(&printable(text), &main, &[("meta", "application/json", &data)]);
            // Without the style and the script of our own, which are always the same.
            let [start, end] = [STYLE, SCRIPT].map(|own| page.find(&own[..200]).unwrap());
            (page[start + STYLE.len()..end].to_owned(), data)
        };
        let (plain, _) = make("plain");
        for draw in 0..10_000 {
            let text = hostile(draw);
            let (page, data) = make(&text);
            assert_eq!(counts(&page), counts(&plain), "{text:?}");
            let start = page.find("application/json\">").unwrap() + "application/json\">".len();
            let end = start + page[start..].find("</script>").unwrap();
            let read: serde_json::Value = serde_json::from_str(&page[start..end]).unwrap();
            assert_eq!(read.to_string(), data, "the script reads what was written");
            let shown = &page[page.find("<p ").unwrap()..page.find("</p>").unwrap()];
            assert!(!shown.contains(['\u{202e}', '\u{0}', '\u{1b}', '\u{2028}']), "{text:?}");
        }
    }
}
