use std::fmt;

use glomers_session::{ReplayFileError, SessionError};
use glomers_sim::PlanError;

/// What helps where no such folder can be made or written.
pub(crate) const SCRATCH_HINT: &str = "this folder is for what is compared and then removed; the \
                                       environment variable TMPDIR names another place for it";

/// Exit status: the user's mistake.
pub(crate) const USAGE: u8 = 254;
/// Exit status: the machine's or ours.
pub(crate) const CRASHED: u8 = 255;

/// What went wrong, and what to do next.
#[derive(Debug)]
pub(crate) struct CliError {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    pub(crate) exit: u8,
}

impl CliError {
    /// A mistake in what the user asked for.
    pub(crate) fn usage(message: impl Into<String>) -> CliError {
        CliError { message: message.into(), hint: None, exit: USAGE }
    }

    /// Something that the machine refused.
    pub(crate) fn machine(message: impl Into<String>) -> CliError {
        CliError { message: message.into(), hint: None, exit: CRASHED }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> CliError {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, "\n  help: {hint}")?;
        }
        Ok(())
    }
}

impl From<SessionError> for CliError {
    fn from(error: SessionError) -> CliError {
        match error {
            SessionError::Store(error) => error.into(),
            SessionError::Real(error) => error.into(),
            SessionError::Traced(error) => error.into(),
            SessionError::ReplayFile(error) => error.into(),
            SessionError::Scratch { .. } => CliError::machine(error.to_string()).hint(SCRATCH_HINT),
            SessionError::Plan(PlanError::Name { .. }) => CliError::usage(error.to_string())
                .hint("call nodes n1, n2 and so on, as in --nodes n1,n2,n3"),
            SessionError::Plan(PlanError::Faults(_)) => CliError::usage(error.to_string())
                .hint("choose a longer --nemesis-interval or a shorter --time-limit"),
            SessionError::NoDirectory { .. } => CliError::usage(error.to_string())
                .hint("name the directory of a run, such as store/latest"),
            SessionError::Changed { .. } => {
                CliError::usage(error.to_string()).hint("--anyway shows how it runs now")
            }
            _ => CliError::usage(error.to_string()),
        }
    }
}

impl From<ReplayFileError> for CliError {
    fn from(error: ReplayFileError) -> CliError {
        let text = error.to_string();
        match error {
            ReplayFileError::Version { .. } => CliError::usage(text)
                .hint("use the build that made it: its name stands in the file under \"build\""),
            ReplayFileError::Unusable(_) => CliError::usage(text),
        }
    }
}

impl From<glomers_store::StoreError> for CliError {
    fn from(error: glomers_store::StoreError) -> CliError {
        CliError::machine(error.to_string()).hint(
            "--store DIR writes elsewhere, --store none nothing at all; what was written before \
             can still be read, with glomers recover",
        )
    }
}

impl From<glomers_bench::BenchError> for CliError {
    fn from(error: glomers_bench::BenchError) -> CliError {
        if error.is_usage() {
            CliError::usage(error.to_string())
        } else {
            CliError::machine(error.to_string())
        }
    }
}

impl From<glomers_warp::WarpError> for CliError {
    fn from(error: glomers_warp::WarpError) -> CliError {
        match error {
            glomers_warp::WarpError::System(_) => CliError::machine(error.to_string()),
            // These say themselves what to do.
            glomers_warp::WarpError::OpenFiles { .. }
            | glomers_warp::WarpError::BadProgram { .. } => CliError::usage(error.to_string()),
            _ => CliError::usage(error.to_string())
                .hint("leave out --time virtual: in real time any executable runs"),
        }
    }
}
