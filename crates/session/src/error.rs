//! Why something cannot be done with a Plan or a store.

use std::path::PathBuf;

use glomers_sim::PlanError;
use glomers_store::StoreError;
use glomers_workload::UnknownName;

use crate::embedded::UnknownNode;
use crate::replay_file::ReplayFileError;

/// Why something cannot be done with a Plan or a store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The Plan is invalid.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// It names a workload or an option that does not exist.
    #[error(transparent)]
    Workload(#[from] UnknownName),
    /// It names a node that does not exist.
    #[error(transparent)]
    Node(#[from] UnknownNode),
    /// It wants an embedded node as a process, and no executable is that node.
    #[error("no executable is this node: the path of this program cannot be found")]
    NoProgram,
    /// It wants executables, and this build of the crate runs none.
    #[error("this program was built without the feature that runs executables")]
    NoProcesses,
    /// A run cannot be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A stored run cannot be opened.
    #[error(transparent)]
    Open(StoreError),
    /// This is no directory, or is not there.
    #[error("{} {}", path.display(), if *exists { "is no directory" } else { "is not there" })]
    NoDirectory {
        /// What was named.
        path: PathBuf,
        /// Whether there is something else.
        exists: bool,
    },
    /// A `replay.json` cannot be used.
    #[error(transparent)]
    ReplayFile(#[from] ReplayFileError),
    /// What a stored run ran is another now.
    #[error(
        "{path} {} since this run, so the nodes may do otherwise now",
        if *exists { "has changed" } else { "is gone" }
    )]
    Changed {
        /// The file.
        path: String,
        /// Whether it is still there.
        exists: bool,
    },
    /// A test cannot be done again.
    #[error("the test program {} cannot be started: {reason}", program.display())]
    Test {
        /// Its program.
        program: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// There is no room for what nobody keeps.
    #[error("{what}")]
    Scratch {
        /// What failed, in words.
        what: String,
    },
    /// Executables in real time cannot be run so.
    #[cfg(feature = "processes")]
    #[error(transparent)]
    Real(#[from] glomers_bench::BenchError),
    /// Executables in virtual time cannot be run so.
    #[cfg(feature = "processes")]
    #[error(transparent)]
    Traced(#[from] glomers_warp::WarpError),
}
