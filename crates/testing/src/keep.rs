//! Where the run of a failed test is kept, and runs that somebody asks a test for.

use std::path::{Path, PathBuf};

use glomers_session::{Test, WANTED_RUN, WANTED_STORE};

use crate::test_run::TestRun;

/// What cargo puts into the folder of all that it makes.
const TAG: &str = "CACHEDIR.TAG";

/// `target/glomers/<test>/<seed>`.
pub(crate) fn directory(seed: u64) -> PathBuf {
    let name = test_name().replace("::", ".");
    target().join("glomers").join(name).join(seed.to_string())
}

/// The folder of all that cargo makes: the one that this program is in, else that of the
/// package (programs of examples in documentation are elsewhere).
fn target() -> PathBuf {
    let has_tag = |folder: &&Path| folder.join(TAG).is_file();
    let program = std::env::current_exe().unwrap_or_default();
    if let Some(target) = program.ancestors().find(has_tag) {
        return target.to_owned();
    }
    if let Some(target) = std::env::var_os("CARGO_TARGET_DIR") {
        return target.into();
    }
    let here = std::env::current_dir().unwrap_or_default();
    let below = here.ancestors().map(|folder| folder.join("target"));
    let mut below = below.filter(|target| has_tag(&&**target));
    below.next().unwrap_or_else(|| here.join("target"))
}

/// The name of the test that runs on this thread. With one thread for all tests nobody
/// knows it; then it is the program's.
fn test_name() -> String {
    match std::thread::current().name() {
        Some(name) if name != "main" => name.to_owned(),
        _ => {
            let program = std::env::current_exe().unwrap_or_default();
            let stem = program.file_stem().unwrap_or_default().to_string_lossy();
            // Cargo appends a hash.
            stem.rsplit_once('-').map_or(&*stem, |(name, _)| name).to_owned()
        }
    }
}

/// This test, for who wants to do it again.
pub(crate) fn test() -> Option<Test> {
    let thread = std::thread::current();
    Some(Test {
        program: std::env::current_exe().ok()?,
        name: thread.name().filter(|name| *name != "main")?.to_owned(),
        folder: std::env::current_dir().ok()?,
    })
}

/// Stores a run if it is the one that somebody asks this test for.
pub(crate) fn if_wanted(run: &TestRun) {
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    let (Some(wanted), Some(store)) = (variable(WANTED_RUN), variable(WANTED_STORE)) else {
        return;
    };
    let Ok(bytes) = std::fs::read(wanted) else { return };
    if run.kept().is_repeated_by(&bytes) {
        // If that fails, whoever asks sees that there is nothing.
        let _ = run.store_in(&store, Some(bytes));
    }
}
