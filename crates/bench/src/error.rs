use std::io;
use std::path::PathBuf;

use glomers_sim::PlanError;

/// Why there was no run, or why it could not go on. Each text says what to do.
///
/// What nodes do wrong is no error but a finding of the run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BenchError {
    /// The Plan is invalid.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The Plan's nodes are no executables.
    #[error(
        "the node {0:?} lives inside Glomers and runs in virtual time only; \
         give an executable to run in real time"
    )]
    Embedded(String),
    /// The Plan is one of virtual time.
    #[error("this Plan lets {0} run in virtual time; the driver of real time cannot")]
    Virtual(String),
    /// A fault that processes cannot suffer.
    #[error(
        "a fault of this run cannot be done to processes: {0}; \
         leave it out, or run an embedded node in virtual time"
    )]
    ImpossibleFault(&'static str),
    /// There is no such file.
    #[error("there is no file {}; build it first, or correct the path", .0.display())]
    NotFound(PathBuf),
    /// It is a directory.
    #[error("{} is a directory; give the executable file itself", .0.display())]
    IsDirectory(PathBuf),
    /// It may not be executed.
    #[error("{path} is not executable; run: chmod +x {path}", path = .0.display())]
    NotExecutable(PathBuf),
    /// A text that does not say what runs it.
    #[error(
        "{} is a script but starts with no #! line; make its first line name what runs it, \
         as in: #!/usr/bin/env python3",
        .0.display()
    )]
    NoInterpreterLine(PathBuf),
    /// A script for an interpreter that is not here.
    #[error(
        "{} is to be run by {interpreter:?} (its first line), which is not on this machine; \
         install it, or correct that line",
        .path.display()
    )]
    MissingInterpreter {
        /// The script.
        path: PathBuf,
        /// What its first line names.
        interpreter: String,
    },
    /// A script whose first line ends as on Windows, which makes the carriage
    /// return a part of the interpreter's name.
    #[error(
        "{path} has line ends of Windows, so its #! line names nothing; run: \
         sed -i 's/\\r$//' {path}",
        path = .0.display()
    )]
    WindowsLineEnds(PathBuf),
    /// The system refused to run it.
    #[error("{} cannot be started: {reason}", .path.display())]
    CannotStart {
        /// The program.
        path: PathBuf,
        /// Why, and what to do.
        reason: String,
    },
    /// The limit of open files is too low for so many nodes.
    #[error(
        "{nodes} nodes need {needed} open files, but at most {allowed} are allowed here; \
         raise the limit (ulimit -n {needed}, or LimitNOFILE= of the service) or use fewer nodes"
    )]
    OpenFiles {
        /// How many nodes.
        nodes: usize,
        /// How many files they need.
        needed: u64,
        /// The hard limit.
        allowed: u64,
    },
    /// A call to the system failed that never should.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: String,
        /// What the system said.
        source: io::Error,
    },
}

impl BenchError {
    /// Whether the user can put it right; else the machine is at fault, or
    /// Glomers itself.
    pub fn is_usage(&self) -> bool {
        !matches!(self, BenchError::System { .. })
    }

    pub(crate) fn system(what: impl Into<String>) -> impl FnOnce(io::Error) -> BenchError {
        let what = what.into();
        move |source| BenchError::System { what, source }
    }
}
