//! Runs that a test has done itself: stored once it is known that they failed, and done
//! again by doing the test again.

use std::path::{Path, PathBuf};
#[cfg(feature = "processes")]
use std::process::{Command, ExitStatus, Stdio};
use std::time::SystemTime;

use glomers_history::{History, Observer, Value};
use glomers_sim::Plan;
use glomers_store::Store;
use serde::{Deserialize, Serialize};
use serde_json::Map;

use crate::error::SessionError;
use crate::judge::RunOptions;
use crate::replay_file::{BUILD, ReplayFile};

/// The field of `run.json`.
const TEST: &str = "test";
/// The variables that ask a test for a run: its `replay.json`, and where to store it.
pub const WANTED_RUN: &str = "GLOMERS_WANTED_RUN";
/// See [`WANTED_RUN`].
pub const WANTED_STORE: &str = "GLOMERS_WANTED_STORE";

/// A run that a test has done.
#[derive(Debug)]
pub struct Kept<'a> {
    /// What was run.
    pub plan: &'a Plan,
    /// How it was judged.
    pub judge: &'a RunOptions,
    /// What clients and nemesis did.
    pub history: &'a History,
    /// What it amounts to ([`results`](crate::results)).
    pub results: &'a Value,
    /// The test, if nodes or workload are the test's own.
    pub test: Option<Test>,
}

/// A test, as its program can be told to do it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Test {
    /// The program.
    pub program: PathBuf,
    /// Its name there.
    pub name: String,
    /// Where it ran.
    pub folder: PathBuf,
}

impl Kept<'_> {
    /// Whether this `replay.json` repeats this run, whichever build wrote it.
    pub fn is_repeated_by(&self, replay: &[u8]) -> bool {
        ReplayFile::read(replay).is_ok_and(|file| {
            let ours = ReplayFile { build: file.build, ..ReplayFile::new(self.plan, self.judge) };
            ours.to_bytes() == replay
        })
    }

    /// Stores the run in this directory, instead of an earlier one; `play` tells an
    /// observer all that happened. `replay` is what is stored as `replay.json`, if it is
    /// not to be made of the Plan.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn store(
        &self,
        directory: &Path,
        replay: Option<Vec<u8>>,
        play: &dyn Fn(&mut dyn Observer),
    ) -> Result<(), SessionError> {
        #[expect(clippy::disallowed_methods, reason = "run.json says when it was stored")]
        let mut store = Store::create_at(directory, SystemTime::now())?;
        let command = self.test.as_ref().map_or(String::new(), |test| {
            format!("{} --exact {}", test.program.display(), test.name)
        });
        store.log(&format!("command: {command}"))?;
        let made = || ReplayFile::new(self.plan, self.judge).to_bytes();
        let mut writer = store.writer(&replay.unwrap_or_else(made))?;
        writer.remember();
        play(&mut writer);
        let written = writer.finish()?;
        store.derive(self.history, written)?;
        store.save_results(self.results)?;
        let mut facts = Map::new();
        facts.insert("build".into(), BUILD.into());
        facts.insert("command".into(), command.into());
        facts.insert("time".into(), "virtual".into());
        if let Some(test) = &self.test {
            let test = serde_json::to_value(test).expect("names are always JSON");
            facts.insert(TEST.into(), test);
        }
        Ok(store.save_run(facts)?)
    }
}

impl Test {
    /// The test that did a stored run.
    pub fn of(directory: &Path) -> Option<Test> {
        let bytes = std::fs::read(directory.join("run.json")).ok()?;
        let mut run: Map<String, serde_json::Value> = serde_json::from_slice(&bytes).ok()?;
        serde_json::from_value(run.remove(TEST)?).ok()
    }

    /// Does the test again, and has it store the run that this `replay.json` repeats in
    /// a directory; `false` if it has no such run any more.
    ///
    /// # Errors
    /// If the program cannot be started.
    #[cfg(feature = "processes")]
    pub fn run_again(&self, replay: &Path, directory: &Path) -> Result<bool, SessionError> {
        let refuse = |error: std::io::Error| SessionError::Test {
            program: self.program.clone(),
            reason: error.to_string(),
        };
        let _: ExitStatus = Command::new(&self.program)
            .args(["--exact", &self.name])
            .env(WANTED_RUN, std::path::absolute(replay).map_err(refuse)?)
            .env(WANTED_STORE, std::path::absolute(directory).map_err(refuse)?)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .map_err(refuse)?;
        // Whether it fails is not what is asked.
        Ok(directory.join("run.json").is_file())
    }
}
