//! `cargo xtask runtimes --soak N`: many runs, some of them killed. None may hang, and
//! none may leave a process behind.

#![expect(
    clippy::disallowed_methods,
    reason = "whether a run hangs is seen on the clock on the wall"
)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{EVERY, FAULTS, LOAD, Runtime};

/// A run that takes longer counts as one that hangs. The longest here take seconds.
const LONGEST: Duration = Duration::from_secs(300);
/// One run of so many is killed before it ends.
const KILLED: u64 = 5;
/// How long the kernel may take to end the processes of a run that was killed.
const END: Duration = Duration::from_secs(10);

/// Runs these nodes in turn, `runs` in all. Whether all was well.
pub(super) fn soak(
    glomers: &Path,
    nodes: &[(&Runtime, PathBuf)],
    folder: &Path,
    runs: u64,
) -> Result<bool, String> {
    let (mut hung, mut left, mut killed, mut failed) = (0, 0, 0, 0);
    for run in 0..runs {
        let (runtime, node) = &nodes[run as usize % nodes.len()];
        let seed = run / nodes.len() as u64;
        let fault = FAULTS[seed as usize % FAULTS.len()];
        let store = folder.join(format!("soak-{run}"));
        let mark = format!("glomers-soak-{}-{run}", std::process::id());
        let mut command = Command::new(glomers);
        command.args(["test", "-w", runtime.workload, "--bin"]).arg(node);
        command.args(LOAD.split_whitespace());
        if runtime.workload == "broadcast" {
            command.args(["--topology", "tree4"]);
        }
        command.args(["--seed", &seed.to_string(), "--node-count", "5", "--store"]).arg(&store);
        if fault != "none" {
            command.args(["--nemesis", fault]).args(EVERY);
        }
        // Its nodes inherit this, so that they can be told from others.
        command.env("SOAK_MARK", &mark).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        let is_killed = run % KILLED == KILLED - 1;
        let most = if is_killed { Duration::from_millis(50 + run * 37 % 700) } else { LONGEST };
        let code = wait(&mut child, most)?;
        if code.is_none() {
            let _ = child.kill();
            let _ = child.wait();
        }
        match code {
            None if is_killed => killed += 1,
            None => {
                hung += 1;
                println!("{}, seed {seed}, {fault}: hangs", runtime.name);
            }
            // A fault may make a node wrong; it may not make Glomers fail.
            Some(code) if code > 1 => {
                failed += 1;
                println!("{}, seed {seed}, {fault}: ended with status {code}", runtime.name);
            }
            Some(_) => {}
        }
        let orphans = orphans(&mark);
        if !orphans.is_empty() {
            left += 1;
            println!("{}, seed {seed}, {fault}: left {orphans:?} behind", runtime.name);
        }
        let _ = std::fs::remove_dir_all(store);
    }
    println!(
        "{runs} runs over {} runtimes, {killed} of them killed: {hung} hung, {failed} failed, \
         {left} left a process behind",
        nodes.len()
    );
    Ok(hung + left + failed == 0)
}

/// The status with which a process ends; `None`: it has not ended in this time.
fn wait(child: &mut Child, most: Duration) -> Result<Option<i32>, String> {
    let begin = Instant::now();
    while begin.elapsed() < most {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            return Ok(Some(status.code().unwrap_or(255)));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(None)
}

/// Processes with this mark in their environment that do not end.
fn orphans(mark: &str) -> Vec<String> {
    let begin = Instant::now();
    loop {
        let found = marked(mark);
        if found.is_empty() || begin.elapsed() > END {
            return found;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn marked(mark: &str) -> Vec<String> {
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let has_mark = |entry: &std::fs::DirEntry| {
        let text = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        text.windows(mark.len()).any(|window| window == mark.as_bytes())
    };
    all.filter(has_mark).map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
