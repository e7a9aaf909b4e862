//! How a run in real time is done, apart from what its Plan says.

use std::fmt;
use std::path::PathBuf;

use glomers_sim::Engine;

use crate::interrupt::Interrupt;
use crate::watchdog::WatchdogProgram;

/// A callback that sees how far a run is.
pub type Progress<'a> = Box<dyn FnMut(&Engine<'_>) + 'a>;
/// A callback for remarks that are no findings: for the log of the run.
pub type Note<'a> = Box<dyn FnMut(&str) + 'a>;

/// How a run in real time is done, apart from what its Plan says.
pub struct RealOptions<'a> {
    /// The longest line that a node may print, bytes.
    pub max_line: usize,
    /// How much may wait for a node that does not read, and how much a node may
    /// print faster than it is delivered, bytes. The second is measured as what
    /// was read from the node within one second and twice the mean latency.
    pub max_queued: usize,
    /// Whether what nodes log goes to our standard error, too.
    pub log_stderr: bool,
    /// The folder that gets a folder for each node's data, made known to it as
    /// `GLOMERS_DATA_DIR`. `None`: nodes have none.
    pub data_dir: Option<PathBuf>,
    /// What ends the run early.
    pub interrupt: Option<Interrupt>,
    /// Who cleans up if this process is killed.
    pub watchdog: WatchdogProgram,
    /// Called about ten times a second.
    pub progress: Option<Progress<'a>>,
    /// Called with remarks.
    pub note: Option<Note<'a>>,
}

impl Default for RealOptions<'_> {
    fn default() -> Self {
        RealOptions {
            max_line: 32 << 20,
            max_queued: 256 << 20,
            log_stderr: false,
            data_dir: None,
            interrupt: None,
            watchdog: WatchdogProgram::default(),
            progress: None,
            note: None,
        }
    }
}

impl fmt::Debug for RealOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RealOptions")
            .field("max_line", &self.max_line)
            .field("max_queued", &self.max_queued)
            .field("log_stderr", &self.log_stderr)
            .field("data_dir", &self.data_dir)
            .field("watchdog", &self.watchdog)
            .finish_non_exhaustive()
    }
}
