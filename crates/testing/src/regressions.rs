//! Failures of tests that are run first from then on, in a file beside the test.

use std::path::{Path, PathBuf};

use glomers_sim::Plan;
use serde::{Deserialize, Serialize};

/// What the head of the file says.
const HEAD: &str = "\
# Seeds that failed, and what was left of their runs when they were shrunk. Tests run them
# first. Keep this file under version control; take a line out when it says nothing any more.
";

/// The file of a test file.
#[derive(Debug)]
pub(crate) struct Regressions {
    path: PathBuf,
    lines: Vec<Line>,
}

/// One failure: a line of JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Line {
    test: String,
    seed: u64,
    finding: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    plan: Option<Plan>,
}

/// A failure that is known.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) seed: u64,
    pub(crate) plan: Option<Plan>,
}

impl Regressions {
    /// The file beside this source file, as the compiler names it: seen from the root of a
    /// workspace, while tests run in the folder of their package.
    pub(crate) fn beside(source: &str) -> Regressions {
        let source = Path::new(source);
        let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let package = package.unwrap_or_default();
        let parts: Vec<&std::ffi::OsStr> = source.iter().collect();
        let below =
            (0..parts.len()).map(|from| package.join(parts[from..].iter().collect::<PathBuf>()));
        let found = below.into_iter().find(|path| path.is_file());
        let path = found.unwrap_or_else(|| source.to_owned()).with_extension("regressions");
        Regressions::read(path)
    }

    /// Reads a file; that there is none means that nothing is known.
    pub(crate) fn read(path: PathBuf) -> Regressions {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        // A line that another version wrote says nothing here.
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let lines = lines.filter_map(|line| serde_json::from_str(line).ok()).collect();
        Regressions { path, lines }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What is known of a test.
    pub(crate) fn of(&self, test: &str) -> Vec<Known> {
        let lines = self.lines.iter().filter(|line| line.test == test);
        lines.map(|line| Known { seed: line.seed, plan: line.plan.clone() }).collect()
    }

    /// Writes down a failure, in place of what is known of this test and seed; the file, if
    /// it could be written.
    pub(crate) fn add(
        &self,
        test: &str,
        seed: u64,
        finding: &str,
        plan: Option<&Plan>,
    ) -> Option<PathBuf> {
        let (test, finding) = (test.to_owned(), finding.to_owned());
        let line = Line { test, seed, finding, plan: plan.cloned() };
        let mut text = std::fs::read_to_string(&self.path).unwrap_or_else(|_| HEAD.to_owned());
        let is_replaced = |text: &str| {
            serde_json::from_str::<Line>(text)
                .is_ok_and(|known| (&known.test, known.seed) == (&line.test, line.seed))
        };
        if text.lines().any(is_replaced) {
            let others = text.lines().filter(|text| !is_replaced(text));
            text = others.map(|line| format!("{line}\n")).collect();
        }
        text += &serde_json::to_string(&line).ok()?;
        text.push('\n');
        std::fs::write(&self.path, text).ok()?;
        Some(self.path.clone())
    }
}
