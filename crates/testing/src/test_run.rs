//! A run of a simulation that is over: its verdict in words, its trace and its store.

use std::path::{Path, PathBuf};

use glomers_check::{Validity, Verdict};
use glomers_history::Value;
use glomers_session::{Kept, RunOptions, SessionError};
use glomers_sim::{Outcome, Plan};

use crate::keep;
use crate::trace::Trace;

/// A run that is over.
pub struct TestRun {
    /// What was run.
    pub plan: Plan,
    /// What happened.
    pub outcome: Outcome,
    /// What it amounts to.
    pub verdict: Verdict,
    /// Faults that touched nothing, in words.
    pub warnings: Vec<String>,
    pub(crate) options: RunOptions,
    pub(crate) results: Value,
    pub(crate) trace: Trace,
}

impl TestRun {
    /// Whether nothing wrong was found.
    pub fn is_valid(&self) -> bool {
        self.verdict.strict == Validity::Valid
    }

    /// Every message, mark and operation as text.
    pub fn trace(&self) -> String {
        self.trace.to_text()
    }

    /// Stores the run for `glomers trace` and `glomers replay`, in
    /// `target/glomers/<test>/<seed>`; gives the directory.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn store(&self) -> Result<PathBuf, SessionError> {
        let directory = keep::directory(self.plan.seed);
        self.store_in(&directory, None)?;
        Ok(directory)
    }

    pub(crate) fn store_in(
        &self,
        directory: &Path,
        replay: Option<Vec<u8>>,
    ) -> Result<(), SessionError> {
        self.kept().store(directory, replay, &|observer| self.trace.play(observer))
    }

    pub(crate) fn kept(&self) -> Kept<'_> {
        Kept {
            plan: &self.plan,
            judge: &self.options,
            history: &self.outcome.history,
            results: &self.results,
            test: keep::test(),
        }
    }

    /// Fails the test unless the run is valid. Then the run is stored, see
    /// [`TestRun::store`].
    ///
    /// # Panics
    /// If it is not: with the seed, the verdict in words, and the commands that repeat it
    /// and show what happened.
    #[track_caller]
    pub fn assert_valid(&self) {
        if !self.is_valid() {
            let mut text = self.complaint();
            if let Some(test) = keep::test() {
                text += &format!("\nrepeat with: cargo test {}", test.name);
            }
            panic!("{}", glomers_protocol::printable_lines(&text));
        }
    }

    /// What the first difference is between two runs that should be the same.
    pub(crate) fn difference(&self, other: &TestRun) -> Option<String> {
        let (ours, theirs) = (self.trace(), other.trace());
        let (mut a, mut b) = (ours.lines(), theirs.lines());
        for number in 1.. {
            let (one, two) = (a.next(), b.next());
            if one == two {
                one?;
                continue;
            }
            let shown = |line: Option<&str>| line.unwrap_or("(the run is over)").trim().to_owned();
            return Some(format!(
                "line {number} of the trace is\n  {}\nthe first time, and\n  {}\nthe second",
                shown(one),
                shown(two)
            ));
        }
        None
    }

    /// Whether its operations were listed one by one, as in what is left of a shrunken run.
    pub(crate) fn is_listed(&self) -> bool {
        matches!(self.plan.operations, glomers_sim::Operations::Listed(_))
    }

    /// The verdict in words, with the seed and the path of the trace.
    pub(crate) fn complaint(&self) -> String {
        let verdict = match self.verdict.strict {
            Validity::Unknown => "of unknown validity",
            _ => "invalid",
        };
        let mut text = format!("the run with seed {} is {verdict}\n", self.plan.seed);
        for finding in &self.verdict.findings {
            text += &format!("{finding}\n");
        }
        for note in self.verdict.notes.iter().chain(&self.warnings) {
            text += &format!("note: {note}\n");
        }
        match self.store() {
            Ok(directory) => {
                let directory = directory.display();
                text += &format!(
                    "store: {directory}\nto see what happened:\n  glomers trace {directory}\n  \
                     glomers replay {directory} --trust"
                );
            }
            Err(error) => text += &format!("(the run could not be stored: {error})"),
        }
        text
    }
}
