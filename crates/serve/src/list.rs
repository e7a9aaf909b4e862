//! Which runs there are, and what came of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::time::SystemTime;

use glomers_report::tables::{Cell, Document, Section, Table};
use serde_json::Value as Json;

/// A run in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) workload: String,
    pub(crate) name: String,
    pub(crate) verdict: &'static str,
    pub(crate) command: String,
}

/// Of a run: its workload and its name.
type Key = (String, String);

/// Verdicts that were read, by the file and when that was written.
#[derive(Debug, Default)]
pub(crate) struct Verdicts(Mutex<BTreeMap<Key, (SystemTime, &'static str)>>);

/// All runs, the newest first.
pub(crate) fn runs(root: &Path, verdicts: &Verdicts) -> Vec<Run> {
    let mut runs = Vec::new();
    for workload in names(root) {
        for name in names(&root.join(&workload)) {
            let folder = root.join(&workload).join(&name);
            if folder.join("journal.bin").is_file() {
                let verdict = verdicts.of(&folder, &workload, &name);
                runs.push(Run {
                    verdict,
                    command: command(&folder),
                    workload: workload.clone(),
                    name,
                });
            }
        }
    }
    runs.sort_by(|a, b| b.name.cmp(&a.name).then_with(|| a.workload.cmp(&b.workload)));
    runs
}

/// How many runs there are; cheaper than to read what came of them.
pub(crate) fn count(root: &Path) -> usize {
    names(root).iter().map(|workload| names(&root.join(workload)).len()).sum()
}

/// The folders in a folder; links such as `latest` lead to what is listed anyway.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

impl Verdicts {
    fn of(&self, folder: &Path, workload: &str, name: &str) -> &'static str {
        let file = folder.join("results.json");
        let Ok(written) = fs::metadata(&file).and_then(|data| data.modified()) else {
            return "no results";
        };
        let key = (workload.to_owned(), name.to_owned());
        let known = self.0.lock().ok().and_then(|known| known.get(&key).copied());
        if let Some((_, verdict)) = known.filter(|(when, _)| *when == written) {
            return verdict;
        }
        let results =
            fs::read(&file).ok().and_then(|bytes| serde_json::from_slice::<Json>(&bytes).ok());
        let verdict = match results.as_ref().and_then(|results| results.get("valid?")) {
            Some(Json::Bool(true)) => "valid",
            Some(Json::Bool(false)) => "invalid",
            Some(_) => "unknown",
            None => "no results",
        };
        if let Ok(mut known) = self.0.lock() {
            known.insert(key, (written, verdict));
        }
        verdict
    }
}

/// The command that repeats a run.
fn command(folder: &Path) -> String {
    let log = fs::read_to_string(folder.join("run.log")).unwrap_or_default();
    log.lines().find_map(|line| line.strip_prefix("command: ")).unwrap_or_default().to_owned()
}

/// The page that lists them.
pub(crate) fn page(root: &Path, verdicts: &Verdicts) -> String {
    let runs = runs(root, verdicts);
    let invalid = runs.iter().filter(|run| run.verdict == "invalid").count();
    let rows = runs
        .iter()
        .map(|run| {
            let folder = format!("/run/{}/{}/", encoded(&run.workload), encoded(&run.name));
            vec![
                Cell::verdict(run.verdict),
                Cell::text(&run.workload),
                Cell::text(&run.name).link(folder.clone()),
                Cell::text("files").link(format!("{folder}files/")),
                Cell::text(&run.command),
            ]
        })
        .collect();
    let columns = ["verdict", "workload", "run", "files", "command"].map(str::to_owned).to_vec();
    let summary = match runs.len() {
        0 => "There is no run here yet: glomers test makes one.".to_owned(),
        1 => "1 run.".to_owned(),
        count => format!("{count} runs, {invalid} of them invalid."),
    };
    Document {
        title: "Runs".to_owned(),
        summary: vec![summary],
        sections: vec![Section {
            title: "All runs, the newest first".to_owned(),
            note: "Two runs side by side: /compare?a=WORKLOAD/RUN&b=WORKLOAD/RUN".to_owned(),
            table: Some(Table { columns, rows }),
            figure: None,
        }],
        command: None,
        is_live: true,
    }
    .to_html()
}

/// A name as a part of an address.
pub(crate) fn encoded(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    name.bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}
