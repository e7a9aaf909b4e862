//! The folder that a hunt leaves behind: `hunt.json` says what it is, `rows.jsonl` has its
//! rows as they come; `rows.parquet`, `weights.json` and `report.json` are made of them.

use std::path::{Path, PathBuf};

use glomers_hunt::files::{FilesError, Log, Manifest, VERSION, write_text};
use glomers_hunt::{Hunt, Row, Tally, table};
use glomers_session::BUILD;
use serde_json::{Value as Json, json};

use super::{Found, HuntArguments};
use crate::error::CliError;
use crate::out;
use crate::shell::quoted;

pub(super) struct Folder {
    path: PathBuf,
    log: Log,
    rows: Vec<Row>,
    part: String,
}

impl From<FilesError> for CliError {
    fn from(error: FilesError) -> CliError {
        CliError::machine(error.to_string()).hint("--out DIR keeps a hunt in another folder")
    }
}

/// What a hunt is.
pub(super) fn manifest(arguments: &HuntArguments, hunt: &Hunt) -> Manifest {
    let families = hunt.families.iter().map(|family| format!("{family:?}"));
    let what = json!({
        "workload": hunt.base.plan.workload.name,
        "families": families.collect::<Vec<String>>(),
        "plan": hunt.base.plan,
        "fixed": format!("{:?}", hunt.base.fixed),
        "nemesis": format!("{:?}", hunt.base.kinds),
        "claims": format!("{:?}", hunt.base.claims),
        "workers_per_node": hunt.base.workers_per_node,
        "availability": format!("{:?}", arguments.fixed.availability.unwrap_or_default()),
        "options": arguments.typed,
        "arguments": arguments.node_arguments,
    });
    Manifest {
        version: VERSION,
        build: BUILD.to_owned(),
        what,
        seeds: hunt.seeds,
        shard: hunt.shard,
        adapts: hunt.adapts,
        weights: hunt.weights.clone(),
    }
}

/// Makes a folder.
pub(super) fn make(path: &Path) -> Result<(), CliError> {
    std::fs::create_dir_all(path).map_err(|error| {
        CliError::machine(format!("the folder {} cannot be made: {error}", path.display()))
            .hint("--out DIR names another")
    })
}

impl Folder {
    /// Begins a hunt, or goes on with one: then its rows are in the tally.
    pub(super) fn open(
        arguments: &HuntArguments,
        hunt: &Hunt,
        tally: &mut Tally,
    ) -> Result<Folder, CliError> {
        let path = arguments.out.clone();
        make(&path)?;
        let ours = manifest(arguments, hunt);
        let (manifest_path, log_path) = (path.join("hunt.json"), path.join("rows.jsonl"));
        let there = Manifest::read(&manifest_path);
        let shown = path.display();
        let (log, rows) = if arguments.resume {
            let Some(there) = there? else {
                return Err(CliError::usage(format!("there is no hunt in {shown} to go on with"))
                    .hint("leave out --resume, or name its folder with --out DIR"));
            };
            if let Some(what) = there.differs(&ours) {
                return Err(CliError::usage(format!(
                    "the hunt in {shown} is another: it has {what}"
                ))
                .hint("repeat the command that began it, with --resume"));
            }
            let (log, rows) = Log::open(&log_path)?;
            check(&rows, hunt, &log_path)?;
            rows.iter().for_each(|row| tally.add(row));
            (log, rows)
        } else {
            if !matches!(there, Ok(None)) && !is_complete(&path) {
                return Err(CliError::usage(format!("the hunt in {shown} is not finished"))
                    .hint("--resume goes on with it; --out DIR begins one in another folder"));
            }
            if matches!(there, Ok(Some(_))) {
                out::note(format_args!(
                    "the finished hunt in {shown} is replaced: its rows, weights and report; \
                     --out DIR begins one in another folder"
                ));
            }
            (Log::create(&log_path)?, Vec::new())
        };
        write_text(&path.join("report.json"), &text(&json!({ "version": 1, "complete": false })))?;
        let part = ours.to_text();
        write_text(&manifest_path, &part)?;
        Ok(Folder { path, log, rows, part })
    }

    /// Keeps a row.
    pub(super) fn push(&mut self, row: &Row) -> Result<(), FilesError> {
        self.log.push(row)?;
        self.rows.push(row.clone());
        Ok(())
    }

    /// Writes what is made of the rows.
    pub(super) fn finish(
        &self,
        tally: &Tally,
        found: &[Found],
        is_complete: bool,
    ) -> Result<(), CliError> {
        table::write(&self.path.join("rows.parquet"), &self.rows, &self.part)?;
        let weights = json!(tally.counted());
        write_text(&self.path.join("weights.json"), &text(&weights))?;
        let report = report(tally, found, is_complete);
        write_text(&self.path.join("report.json"), &text(&report))?;
        Ok(())
    }
}

/// For each group the command that runs its smallest run again, shrinks it and stores it;
/// `weights`: the file of those that the hunt began with.
pub(crate) fn commands(manifest: &Manifest, weights: &Path, tally: &Tally) -> Vec<Found> {
    let command = |seed| {
        let mut words = vec!["glomers hunt".to_owned()];
        words.extend(texts(&manifest.what["options"]));
        if !manifest.weights.is_empty() {
            words.push(format!("--weights {}", quoted(&weights.to_string_lossy())));
        }
        words.push(format!("--seeds {seed}"));
        let arguments: Vec<String> = texts(&manifest.what["arguments"]).collect();
        if !arguments.is_empty() {
            words.push(format!("-- {}", arguments.join(" ")));
        }
        words.join(" ")
    };
    let groups = tally.groups().in_order().into_iter();
    groups
        .map(|group| Found {
            signature: group.signature.clone(),
            command: command(group.smallest.seed),
        })
        .collect()
}

/// The words in a list, as a shell takes them.
fn texts(list: &Json) -> impl Iterator<Item = String> {
    list.as_array().into_iter().flatten().filter_map(Json::as_str).map(quoted)
}

/// The report for machines.
pub(crate) fn report(tally: &Tally, found: &[Found], is_complete: bool) -> Json {
    let groups = tally.groups();
    let groups = groups.in_order().into_iter().map(|group| {
        let shown = found.iter().find(|found| found.signature == group.signature);
        let smallest = group.smallest;
        json!({
            "finding": group.signature,
            "runs": group.runs,
            "first_seed": group.first,
            "smallest": {
                "seed": smallest.seed,
                "nodes": smallest.nodes,
                "operations": smallest.operations,
                "messages": smallest.messages,
                "faults": smallest.faults,
            },
            "command": shown.map(|found| &found.command),
        })
    });
    json!({
        "version": 1,
        "complete": is_complete,
        "runs": tally.rows(),
        "unknown": tally.unknown(),
        "findings": groups.collect::<Vec<Json>>(),
    })
}

/// A document as text.
pub(crate) fn text(json: &Json) -> String {
    format!("{json:#}\n")
}

fn is_complete(path: &Path) -> bool {
    let text = std::fs::read_to_string(path.join("report.json")).unwrap_or_default();
    let report: Json = serde_json::from_str(&text).unwrap_or_default();
    report["complete"] == true
}

/// Rows are those of the first seeds, in order.
fn check(rows: &[Row], hunt: &Hunt, path: &Path) -> Result<(), CliError> {
    let mut seeds = hunt.seeds.of(hunt.shard);
    for (at, row) in (1..).zip(rows) {
        if seeds.next() != Some(row.seed) {
            let what = format!(
                "{}: line {at} has seed {}, which is not its turn",
                path.display(),
                row.seed
            );
            return Err(
                CliError::machine(what).hint("begin anew in another folder, with --out DIR")
            );
        }
    }
    Ok(())
}
