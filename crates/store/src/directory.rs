//! The directory of one run, while it is written.

use std::fmt;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use glomers_history::{History, Value};
use serde_json::{Map, Value as Json};

use crate::derive;
use crate::files::{self, NODE_LOGS, REPLAY, RUN, RUN_LOG, Replace};
use crate::journal::Journal;
use crate::node_logs;
use crate::timestamp::{rfc3339, timestamp};
use crate::{StoreError, StoreWriter, Written, links, lock};

/// How many runs of one workload may begin in one millisecond.
const SAME_MOMENT: u32 = 10_000;

/// By how much clocks of runs that begin at once may differ.
const SAME_CLOCK: Duration = Duration::from_secs(60);

/// Something about a store that hinders no run, but that its user should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// This is a file or directory of its own where a link to the newest run
    /// should be.
    NotALink(PathBuf),
    /// An earlier run has a later time.
    ClockWentBack {
        /// The earlier run.
        earlier: PathBuf,
        /// The new run.
        new: PathBuf,
    },
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Remark::NotALink(path) => write!(
                f,
                "{0} is not a link, so it is left alone and does not lead to this run: move it \
                 away, and the next run makes {0} a link",
                path.display()
            ),
            Remark::ClockWentBack { earlier, new } => write!(
                f,
                "the clock of this machine was set back: {} was made before {}, and has a later \
                 time; `latest` leads to the run that was made last, but in the order of names it \
                 comes first",
                earlier.display(),
                new.display()
            ),
        }
    }
}

/// The directory of one run: `ROOT/<workload>/<timestamp>/`.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    directory: PathBuf,
    /// From the root, for the link `current`.
    relative: PathBuf,
    started: SystemTime,
    log: File,
    remarks: Vec<Remark>,
}

impl Store {
    /// Makes the directory of a run that begins `now`, and points the links
    /// `ROOT/latest`, `ROOT/<workload>/latest` and `ROOT/current` to it. If a run
    /// of the same millisecond is there, `-2` is appended, or the next number.
    ///
    /// # Errors
    /// If the root cannot be written, is no directory or its disk is full, or
    /// the workload's name cannot be that of a directory.
    pub fn create(root: &Path, workload: &str, now: SystemTime) -> Result<Store, StoreError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if !workload.starts_with(|c: char| c.is_ascii_alphanumeric())
            || !workload.chars().all(plain)
        {
            return Err(StoreError::BadName { name: workload.to_owned() });
        }
        make_directory(root)?;
        let runs = root.join(workload);
        make_directory(&runs)?;

        let (name, directory) = make_run(&runs, &timestamp(now))?;
        let log_path = directory.join(RUN_LOG);
        let log = File::create(&log_path).map_err(StoreError::at(&log_path, "created"))?;
        lock::try_lock(&log, &directory)?;
        let relative = Path::new(workload).join(&name);
        let mut remarks = Vec::new();
        let latest = runs.join("latest");
        if let Ok(earlier) = fs::read_link(&latest)
            && earlier.to_str() > Some(&timestamp(now + SAME_CLOCK))
        {
            remarks.push(Remark::ClockWentBack {
                earlier: runs.join(earlier),
                new: directory.clone(),
            });
        }
        let mut store =
            Store { root: root.to_owned(), directory, relative, started: now, log, remarks };
        let links = store.links().into_iter().map(|(link, _)| link);
        let taken = links.filter(|link| links::is_taken(link));
        store.remarks.extend(taken.map(Remark::NotALink));
        Ok(store)
    }

    /// The links to the newest run, and what they point to. A run that was not made
    /// below a root has none.
    fn links(&self) -> Vec<(PathBuf, PathBuf)> {
        let (Some(name), Some(runs)) = (self.relative.file_name(), self.directory.parent()) else {
            return Vec::new();
        };
        vec![
            (runs.join("latest"), name.into()),
            (self.root.join("latest"), self.relative.clone()),
            (self.root.join("current"), self.relative.clone()),
        ]
    }

    /// Makes this directory that of a run that begins `now`, without links to it. What
    /// is there is removed, if it is a run.
    ///
    /// # Errors
    /// If the directory cannot be written, or is something else than a run.
    pub fn create_at(directory: &Path, now: SystemTime) -> Result<Store, StoreError> {
        if directory.join(REPLAY).is_file() {
            fs::remove_dir_all(directory).map_err(StoreError::at(directory, "removed"))?;
        }
        if fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(StoreError::NotARun { path: directory.to_owned(), missing: REPLAY });
        }
        make_directory(directory)?;
        let log_path = directory.join(RUN_LOG);
        let log = File::create(&log_path).map_err(StoreError::at(&log_path, "created"))?;
        lock::try_lock(&log, directory)?;
        Ok(Store {
            root: directory.to_owned(),
            directory: directory.to_owned(),
            relative: PathBuf::new(),
            started: now,
            log,
            remarks: Vec::new(),
        })
    }

    /// What the user should know about the store.
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }

    /// The run's directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Writes `replay.json` and opens the two streams. Called once, before the
    /// run. Only now do links point here: who follows them after a kill finds a run.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn writer(&self, replay: &[u8]) -> Result<StoreWriter, StoreError> {
        files::replace_with(&self.directory, REPLAY, replay, Replace::Always)?;
        let mut writer = StoreWriter::create(&self.directory)?;
        writer.replay(replay);
        for (link, target) in self.links() {
            links::point(&link, &target);
        }
        Ok(writer)
    }

    /// The file for what a node process writes to its stderr; its directory is
    /// made. (Lines of nodes inside the workbench go through the writer.)
    ///
    /// # Errors
    /// If the directory cannot be made.
    pub fn node_log(&self, node: &str) -> Result<PathBuf, StoreError> {
        let directory = self.directory.join(NODE_LOGS);
        make_directory(&directory)?;
        Ok(directory.join(node_logs::file_name(node)))
    }

    /// Appends a line to `run.log`, at once. What it says may depend on the
    /// machine and the hour.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn log(&mut self, line: &str) -> Result<(), StoreError> {
        let mut text = String::with_capacity(line.len() + 1);
        text.push_str(line);
        text.push('\n');
        self.log
            .write_all(text.as_bytes())
            .map_err(|error| StoreError::io(&self.directory.join(RUN_LOG), "written", error))
    }

    /// Writes the files that follow from the history and the journal:
    /// `history.edn`, `history.txt`, `messages.parquet` and, if there are marks,
    /// `marks.parquet`. The history must be the one that the writer saw.
    ///
    /// # Errors
    /// If the journal cannot be read or a file not be written.
    pub fn derive(&self, history: &History, written: Written) -> Result<(), StoreError> {
        let journal = written.0.map_or_else(|| Journal::scan(&self.directory), Ok)?;
        derive::write_all(&self.directory, history, &journal, Replace::Always).map(drop)
    }

    /// Writes `results.edn` and, the same with `"schema_version": 1`,
    /// `results.json`.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn save_results(&self, results: &Value) -> Result<(), StoreError> {
        derive::write_results(&self.directory, results, Replace::Always).map(drop)
    }

    /// Writes `run.json`: when the run began, the system it ran on and the
    /// version of Glomers, and what the caller knows besides.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn save_run(&self, facts: Map<String, Json>) -> Result<(), StoreError> {
        let mut run = Map::new();
        run.insert("started".into(), rfc3339(self.started).into());
        run.insert("os".into(), std::env::consts::OS.into());
        run.insert("arch".into(), std::env::consts::ARCH.into());
        run.insert("glomers_version".into(), env!("CARGO_PKG_VERSION").into());
        run.extend(facts);
        let mut json = serde_json::to_vec_pretty(&run).expect("a map is always JSON");
        json.push(b'\n');
        files::replace_with(&self.directory, RUN, &json, Replace::Always).map(drop)
    }
}

impl Drop for Store {
    /// The run is over, well or not: `current` points to it no more.
    fn drop(&mut self) {
        links::remove(&self.root.join("current"), &self.relative);
    }
}

fn make_directory(path: &Path) -> Result<(), StoreError> {
    match fs::create_dir_all(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(StoreError::NotADirectory { path: path.to_owned() })
        }
        Err(error) => Err(StoreError::io(path, "created", error)),
    }
}

/// Makes a directory that was not there; the system sees to it that two runs
/// never get the same one.
fn make_run(runs: &Path, moment: &str) -> Result<(String, PathBuf), StoreError> {
    let mut name = moment.to_owned();
    let mut number = 1;
    loop {
        let directory = runs.join(&name);
        match fs::create_dir(&directory) {
            Ok(()) => return Ok((name, directory)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && number < SAME_MOMENT => {
                number += 1;
                name = format!("{moment}-{number}");
            }
            Err(error) => return Err(StoreError::io(&directory, "created", error)),
        }
    }
}
