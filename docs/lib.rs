//! The pages of the guide, in Markdown. The same files are a book (mdBook).

/// A page of the guide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Its name, with its folder if it has one: `faults`, `findings/lost`.
    pub name: &'static str,
    /// Its text in Markdown.
    pub text: &'static str,
}

/// All files, sorted by name.
static FILES: &[Page] = &include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// The table of contents: a list in Markdown with a link to each page.
const SUMMARY: &str = "SUMMARY";

/// The folder with a page for each finding.
const FINDINGS: &str = "findings/";

/// What people call something that a page explains under another name.
const OTHER_NAMES: [(&str, &str); 22] = [
    ("deadlock", "findings/stopped-reading"),
    ("hang", "findings/stopped-reading"),
    ("hangs", "findings/stopped-reading"),
    ("stuck", "findings/stopped-reading"),
    ("blocked", "findings/stopped-reading"),
    ("busy-loop", "findings/endless-computation"),
    ("infinite-loop", "findings/endless-computation"),
    ("endless-loop", "findings/endless-computation"),
    ("timeout", "findings/unavailable"),
    ("timeouts", "findings/unavailable"),
    ("crash", "findings/node-crashed"),
    ("crashed", "findings/node-crashed"),
    ("stale-read", "findings/not-linearizable"),
    ("linearizability", "findings/not-linearizable"),
    ("write-skew", "findings/G2-item"),
    ("dirty-read", "findings/G1a"),
    ("dirty-write", "findings/G0"),
    ("nemesis", "faults"),
    ("partition", "faults"),
    ("grading", "teachers"),
    ("simulation", "own-nodes"),
    ("topology", "workloads/broadcast"),
];

impl Page {
    /// Its first heading.
    pub fn title(&self) -> &'static str {
        let heading = self.text.lines().find_map(|line| line.strip_prefix("# "));
        heading.unwrap_or(self.name)
    }

    /// The name without its folder: what is typed to see it.
    pub fn short_name(&self) -> &'static str {
        self.name.rsplit_once('/').map_or(self.name, |(_, last)| last)
    }
}

/// All pages, sorted by name. The table of contents is none.
pub fn pages() -> impl Iterator<Item = &'static Page> {
    FILES.iter().filter(|page| page.name != SUMMARY)
}

/// The table of contents in Markdown.
pub fn summary() -> &'static str {
    FILES.iter().find(|page| page.name == SUMMARY).map_or("", |page| page.text)
}

/// The pages that a name may mean, the most likely first: the page of that name,
/// else those with that name in a folder. Upper and lower case are the same, and
/// `.md` may follow. Where there is none, the page that explains what people call so.
pub fn find(name: &str) -> Vec<&'static Page> {
    let name = name.trim_end_matches(".md");
    let found = named(name);
    if !found.is_empty() {
        return found;
    }
    let other = OTHER_NAMES.iter().find(|(other, _)| is(other, name));
    other.map_or(Vec::new(), |(_, page)| named(page))
}

fn named(name: &str) -> Vec<&'static Page> {
    let mut found: Vec<&Page> = pages().filter(|page| is(page.name, name)).collect();
    found.extend(
        pages().filter(|page| page.name != page.short_name() && is(page.short_name(), name)),
    );
    // Workloads are asked for more often than the services that have the same names.
    found[..].sort_by_key(|page| (!is(page.name, name), !page.name.starts_with("workloads/")));
    found
}

/// The page about a kind of finding, if there is one.
pub fn of_finding(kind: &str) -> Option<&'static Page> {
    pages().find(|page| page.name.strip_prefix(FINDINGS) == Some(kind))
}

fn is(name: &str, typed: &str) -> bool {
    name.eq_ignore_ascii_case(typed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_found_by_name() {
        let names = |name: &str| find(name).iter().map(|page| page.name).collect::<Vec<_>>();
        assert_eq!(names("faults"), ["faults"]);
        assert_eq!(names("Findings/LOST.md"), ["findings/lost"]);
        assert_eq!(names("lost"), ["findings/lost"]);
        assert_eq!(names("g1A"), ["findings/G1a"]);
        assert_eq!(names("nothing-of-the-kind"), [""; 0]);
        assert_eq!(names("SUMMARY"), [""; 0]);
        assert_eq!(names("Deadlock"), ["findings/stopped-reading"]);
        for (other, page) in OTHER_NAMES {
            assert_eq!(names(other), [page], "{other} has a page of its own by now");
        }
    }

    #[test]
    fn every_page_has_a_title_and_stands_in_the_table_of_contents() {
        for page in pages() {
            assert!(page.text.starts_with("# "), "{} begins with its title", page.name);
            let link = format!("({}.md)", page.name);
            let count = summary().matches(&link).count();
            assert_eq!(count, 1, "{} must stand in docs/src/SUMMARY.md once", page.name);
        }
    }
}
