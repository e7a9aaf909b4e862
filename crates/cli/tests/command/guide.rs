//! The guide is whole: its links lead somewhere, and everything that the registries
//! know has its page or row.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::book::{blocks, root};
use glomers_history::{Concern, FindingKind};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The anchors of a page's headings, as mdBook makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let (mut found, mut open) = (BTreeSet::new(), None);
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match (event, &mut open) {
            (Event::Start(Tag::Heading { .. }), _) => open = Some(String::new()),
            (Event::End(TagEnd::Heading(_)), Some(heading)) => {
                let kept = heading.to_lowercase();
                let kept = kept.chars().filter_map(|c| match c {
                    c if c.is_whitespace() => Some('-'),
                    c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
                    _ => None,
                });
                found.insert(kept.collect());
                open = None;
            }
            (Event::Text(text) | Event::Code(text), Some(heading)) => heading.push_str(&text),
            _ => {}
        }
    }
    found
}

/// Where files that the book does not hold can be read.
const REPOSITORY: &str = "https://github.com/glomers/glomers/";

/// Whether a link goes up out of `docs/src`.
fn leaves_the_book(page: &str, link: &str) -> bool {
    let depth = page.matches('/').count() - 2;
    link.matches("../").count() > depth
}

#[test]
fn links_and_anchors_lead_somewhere() {
    let more = ["ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/src/SUMMARY.md"];
    let pages = crate::support::book::pages().into_iter().chain(more.map(str::to_owned));
    let (mut wrong, mut count) = (Vec::new(), 0);
    for page in pages {
        let text = read(&page);
        let folder = root().join(&page).parent().unwrap().to_owned();
        for event in Parser::new_ext(&text, Options::ENABLE_TABLES) {
            let Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) = event
            else {
                continue;
            };
            if let Some(ours) = dest_url.strip_prefix(REPOSITORY) {
                let path = ours.split_once("main/").map_or(ours, |(_, path)| path);
                if !path.is_empty() && !root().join(path).exists() {
                    wrong.push(format!("{page} links to {dest_url}, which is not there"));
                }
            }
            if dest_url.starts_with("https://") {
                continue;
            }
            count += 1;
            if page.starts_with("docs/src/") && leaves_the_book(&page, &dest_url) {
                wrong.push(format!("{page} links to {dest_url}, which the book does not hold"));
            }
            let (file, anchor) = dest_url.split_once('#').unwrap_or((&dest_url, ""));
            let target = if file.is_empty() { root().join(&page) } else { folder.join(file) };
            if !target.exists() {
                wrong.push(format!("{page} links to {dest_url}, which is not there"));
            } else if !anchor.is_empty()
                && !anchors(&std::fs::read_to_string(&target).unwrap()).contains(anchor)
            {
                wrong.push(format!("{page} links to {dest_url}, which has no such heading"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 100, "{count}");
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// What looks like the name of a finding: a word, or several with hyphens.
fn name(text: &str) -> Option<&str> {
    let (name, _) = text.trim_start().strip_prefix('"')?.split_once('"')?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    is_name.then_some(name)
}

/// The names of all findings, as the sources have them.
fn findings() -> BTreeSet<String> {
    let mut files = Vec::new();
    for place in ["check", "sim", "bench", "warp", "session", "testing", "trials"] {
        sources(&root().join("crates").join(place).join("src"), &mut files);
    }
    let mut found = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        // Ways in which findings are made; the name is the first or second argument.
        let made = ["Finding::new(", "Some((\"", "let name = ", "let finding = "];
        for way in made {
            let start = way.trim_end_matches('"');
            for rest in code.split(start).skip(1) {
                let of_host = file.to_string_lossy().contains("warp/src/host")
                    || file.to_string_lossy().contains("engine/blame");
                if way == "Finding::new(" || (way.ends_with('"') && of_host) {
                    found.extend(name(rest).map(str::to_owned));
                }
            }
        }
        for call in [".blame_for(", ".break_off(", ".broke(", ".failed_to_start("] {
            for rest in code.split(call).skip(1) {
                let second = rest.split_once(',').map_or("", |(_, rest)| rest);
                found.extend(name(second).map(str::to_owned));
            }
        }
    }
    // Where the name depends on a kind, a layer or a case.
    let arms = [
        ("check/src/kafka/errors.rs", "Kind::"),
        ("check/src/register/explain.rs", "Layer::"),
        ("bench/src/driver/ends.rs", "\"input\""),
        ("bench/src/driver/ends.rs", "_"),
    ];
    for (file, start) in arms {
        let text = read(&format!("crates/{file}"));
        let arms = text.lines().map(str::trim).filter(|line| line.starts_with(start));
        found.extend(arms.filter_map(|arm| name(arm.split_once(" => ")?.1)).map(str::to_owned));
    }
    found.extend(glomers_trials::gallery::cases().map(|case| case.finding.to_owned()));
    found.extend(
        ["wrong-total", "missing-account", "unexpected-account", "negative-balance"]
            .map(str::to_owned),
    );
    found.extend(["node-crashed", "line-too-long", "endless-computation"].map(str::to_owned));
    // The anomalies of transactions stand where their meaning does.
    let text = read("crates/check/src/txn/meaning.rs");
    let (_, anomalies) = text.split_once("fn of_anomaly").unwrap();
    for line in
        anomalies.lines().filter(|line| line.contains("=>") || line.starts_with("        |"))
    {
        let patterns = line.split("=>").next().unwrap_or_default().split('|');
        found.extend(patterns.filter_map(name).map(str::to_owned));
    }
    // Told among the results, and no finding.
    found.remove("int-send-skip");
    found
}

#[test]
fn every_finding_has_its_page_and_every_page_its_finding() {
    let findings = findings();
    assert!(findings.len() > 60, "{findings:?}");
    let mut kinds = BTreeSet::new();
    for finding in &findings {
        let kind = FindingKind::of(finding);
        let kind = kind.unwrap_or_else(|| panic!("{finding}: a line in history/src/kinds.rs"));
        kinds.insert(kind.name);
    }
    // Made from values, not named in a call.
    kinds.extend(["invariant-violated", "assertion-failed"]);
    let mut pages = BTreeSet::new();
    for FindingKind { name, jepsen, .. } in FindingKind::ALL {
        assert!(kinds.contains(name), "{name} is found nowhere");
        let page = glomers_guide::of_finding(name);
        let page = page.unwrap_or_else(|| panic!("write docs/src/findings/{name}.md"));
        let words = page.text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(&format!("Jepsen's verdict: {jepsen}.")), "{name}: {jepsen}");
        pages.insert(page.name);
    }
    for page in glomers_guide::pages().filter(|page| page.name.starts_with("findings/")) {
        assert!(pages.contains(page.name), "{} is about no finding", page.name);
        let wanted = format!("# `{}`: ", page.short_name());
        assert!(page.text.starts_with(&wanted), "{} begins with {wanted:?}", page.name);
    }
    // The verdict names the page.
    assert!(glomers_guide::of_finding("lost").is_some());
}

/// A page of a finding says what to look at next, as a command.
#[test]
fn every_page_of_a_finding_leads_to_a_command() {
    let commands = ["glomers ", "`cat ", "`grep`", "`echo"];
    for page in glomers_guide::pages().filter(|page| page.name.starts_with("findings/")) {
        let (_, causes) = page.text.split_once("\n## Usual causes\n\n- ").expect(page.name);
        let (_, to_do) = causes.split_once("\n## What to do\n\n- ").expect(page.name);
        assert!(commands.iter().any(|command| to_do.contains(command)), "{}", page.name);
    }
}

/// The table in the chapter on findings.
fn table_of_findings() -> String {
    let mut table = "| what is wrong | findings |\n|---|---|\n".to_owned();
    for concern in Concern::ALL {
        let of = FindingKind::ALL.iter().filter(|kind| kind.concern == concern);
        let links = of.map(|FindingKind { name, .. }| format!("[`{name}`](findings/{name}.md)"));
        table += &format!("| {} | {} |\n", concern.words(), links.collect::<Vec<_>>().join(", "));
    }
    table += "\n| finding | what Jepsen's verdict would be |\n|---|---|\n";
    for FindingKind { name, jepsen, .. } in FindingKind::ALL {
        table += &format!("| `{name}` | {jepsen} |\n");
    }
    table
}

#[test]
fn the_chapter_on_findings_has_all_of_them() {
    const START: &str = "## Which page to read\n\n";
    let path = root().join("docs/src/findings.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, after) = text.split_once(START).unwrap();
    let rest = after.find("\n\n## ").map_or("", |end| &after[end + 1..]);
    let wanted = format!("{before}{START}{}{rest}", table_of_findings());
    if std::env::var_os("GLOMERS_UPDATE").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    } else {
        assert!(text == wanted, "run this test with GLOMERS_UPDATE=1");
    }
}

#[test]
fn every_workload_and_service_has_its_page_with_its_messages() {
    for name in glomers_workload::NAMES {
        let page = glomers_guide::pages().find(|page| page.name == format!("workloads/{name}"));
        let page = page.unwrap_or_else(|| panic!("write docs/src/workloads/{name}.md"));
        assert!(page.text.starts_with(&format!("# `{name}`: ")), "{name}");
    }
    for name in glomers_sim::SERVICES {
        let page = glomers_guide::pages().find(|page| page.name == format!("services/{name}"));
        assert!(page.is_some(), "write docs/src/services/{name}.md");
    }
    // Every message is one, and every request has its reply.
    let folders = ["workloads/", "services/"];
    let ours =
        glomers_guide::pages().filter(|page| folders.iter().any(|f| page.name.starts_with(f)));
    for page in ours {
        let json = blocks(page.text).into_iter().filter(|block| block.language == "json");
        let lines: Vec<String> = json.flat_map(|block| block.lines).map(|(_, line)| line).collect();
        assert!(lines.len() >= 2, "{}: messages", page.name);
        for pair in lines.chunks(2) {
            let [request, reply] = pair else { panic!("{}: {pair:?}", page.name) };
            let message = |line: &str| -> serde_json::Value {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))
            };
            let (request, reply) = (message(request), message(reply));
            assert_eq!(request["src"], reply["dest"], "{request} {reply}");
            assert_eq!(request["dest"], reply["src"], "{request} {reply}");
            assert_eq!(request["body"]["msg_id"], reply["body"]["in_reply_to"], "{request}");
            let (asked, kind) = (&request["body"]["type"], reply["body"]["type"].as_str());
            let wanted = format!("{}_ok", asked.as_str().unwrap());
            assert!(kind == Some(&*wanted) || kind == Some("error"), "{request} {reply}");
        }
    }
}

/// The table of nodes, as the registry has them.
fn nodes() -> String {
    let mut table = "| node | workload | what it does | survives |\n|---|---|---|---|\n".to_owned();
    for node in &glomers_nodes::NODES {
        let survives: Vec<&str> = node.survives.iter().map(|hazard| hazard.name()).collect();
        table += &format!(
            "| `{}` | [{2}](workloads/{2}.md) | {} | {3} |\n",
            node.name,
            node.about,
            node.workload,
            survives.join(", ")
        );
    }
    table
}

#[test]
fn the_table_of_nodes_is_that_of_the_registry() {
    let path = root().join("docs/src/nodes.md");
    let text = read("docs/src/nodes.md");
    let from = text.find("| node |").expect("there is a table");
    let length = text[from..].find("\n\n").map_or(text.len() - from, |end| end + 1);
    let table = nodes();
    if std::env::var_os("GLOMERS_UPDATE").is_some() {
        let new = format!("{}{table}{}", &text[..from], &text[from + length..]);
        std::fs::write(path, new).unwrap();
        return;
    }
    assert!(text[from..from + length] == table, "GLOMERS_UPDATE=1 writes docs/src/nodes.md anew");
}

/// Findings say where to read: "(protocol: messages)".
#[test]
fn the_protocol_has_the_sections_that_findings_name() {
    let known = anchors(&read("docs/src/protocol.md"));
    let mut files = Vec::new();
    sources(&root().join("crates"), &mut files);
    let mut count = 0;
    for file in files.iter().filter(|file| !file.ends_with("command/guide.rs")) {
        let text = std::fs::read_to_string(file).unwrap();
        for rest in text.split("(protocol: ").skip(1) {
            let section = rest.split(')').next().unwrap_or_default();
            if !section.chars().all(|c| c.is_ascii_lowercase()) {
                continue;
            }
            assert!(known.contains(section), "{}: no section {section:?}", file.display());
            count += 1;
        }
    }
    assert!(count >= 5, "{count}");
}
