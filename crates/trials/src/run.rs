//! One run of an embedded node.

use glomers_history::Observer;
use glomers_session::{RunOptions, RunReport, Session, SessionError};
use glomers_sim::Plan;

use crate::embedded::EMBEDDED;

/// Runs a Plan with an embedded node in virtual time and judges the run.
///
/// # Errors
/// If the Plan is invalid or names what does not exist.
pub fn run_plan(
    plan: &Plan,
    options: &RunOptions,
    observer: &mut dyn Observer,
) -> Result<RunReport, SessionError> {
    let session = Session { embedded: &EMBEDDED, judge: options.clone(), ..Session::default() };
    Ok(session.run(plan, observer)?.report)
}
