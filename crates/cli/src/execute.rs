//! Runs for the command: what is shown while one goes on, and where it is stored.

use std::mem::Discriminant;
use std::path::PathBuf;
use std::sync::Mutex;

use glomers_session::{Executed, Scratch, Session};
use glomers_sim::{Clock, Plan};
use glomers_store::Remark;

use crate::error::{CRASHED, CliError, SCRATCH_HINT};
use crate::log_net::{Show, Shown};
use crate::out;
use crate::progress::Progress;

/// What `--store` says.
pub(crate) fn store_root(argument: &str) -> Result<Option<PathBuf>, CliError> {
    match argument {
        "" => Err(CliError::usage("--store is empty")
            .hint("name a directory, as in --store runs, or say --store none")),
        "none" => Ok(None),
        directory => Ok(Some(PathBuf::from(directory))),
    }
}

/// Runs a Plan, checks it and stores it, and shows what was asked for meanwhile.
pub(crate) fn execute(
    session: &Session<'_>,
    plan: &Plan,
    show: Show,
    progress: &Progress,
) -> Result<Executed, CliError> {
    let is_real = plan.clock == Clock::Real;
    let mut shown = Shown {
        // The driver of real time shows logs as they come.
        show: Show { logs: show.logs && !is_real, ..show },
    };
    let executed = session.run_watched(plan, &mut shown, &|engine| progress.show(engine))?;
    tell(&executed.remarks);
    Ok(executed)
}

/// What failed in a folder of ours: it is no store of the user's, so another piece of
/// advice is needed.
pub(crate) fn blame(scratch: &Scratch, error: CliError) -> CliError {
    let is_here = error.message.contains(&*scratch.path.to_string_lossy());
    if error.exit == CRASHED && is_here { error.hint(SCRATCH_HINT) } else { error }
}

/// Says what the user should know about the store: of many runs once.
fn tell(remarks: &[Remark]) {
    static SAID: Mutex<Vec<Discriminant<Remark>>> = Mutex::new(Vec::new());
    let Ok(mut said) = SAID.lock() else { return };
    for remark in remarks {
        let kind = std::mem::discriminant(remark);
        if !said.contains(&kind) {
            said.push(kind);
            out::error(format_args!("note: {remark}"));
        }
    }
}
