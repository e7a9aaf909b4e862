//! What the tests of the command share: they run the built binary, each in a
//! folder of its own, with a timeout, and look whether anything is left running.

pub(crate) mod book;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The command.
pub(crate) const GLOMERS: &str = env!("CARGO_BIN_EXE_glomers");
/// The node that is wrong in a way that its first argument names.
pub(crate) const BAD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/bad.sh");

/// What is waited for at most. Much more than it takes; only a fault of ours
/// needs so long.
pub(crate) const LONG: Duration = Duration::from_secs(120);

/// How often something is killed: as `GLOMERS_KILLS` says, else so often.
pub(crate) fn kills(otherwise: u64) -> u64 {
    let given = std::env::var("GLOMERS_KILLS").ok();
    given.map_or(otherwise, |text| text.parse().expect("GLOMERS_KILLS is a number"))
}

/// Small pseudo-random numbers: at which moment a signal comes.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % bound.max(1)
    }
}

/// A folder to run the command in. When it is dropped nothing that was started
/// in it may be running.
pub(crate) struct Place {
    pub(crate) folder: tempfile::TempDir,
    mark: String,
}

/// What a command printed, and its exit status.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Place {
    pub(crate) fn new() -> Place {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let mark = format!("mark-{}-{number}-", std::process::id());
        Place { folder: tempfile::tempdir().expect("a folder for temporary files"), mark }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file; an executable one if it begins with `#!`.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.path(name);
        std::fs::write(&path, text).expect("the folder can be written");
        let mode = if text.starts_with("#!") { 0o755 } else { 0o644 };
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
        path
    }

    /// The newest run.
    pub(crate) fn latest(&self) -> PathBuf {
        self.path("store/latest").canonicalize().expect("there is a run")
    }

    pub(crate) fn read_latest(&self, name: &str) -> String {
        let bytes = std::fs::read(self.latest().join(name)).expect(name);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The command, not yet started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(GLOMERS);
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("GLOMERS_TEST_MARK", &self.mark)
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs it to its end, which must come soon.
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        self.run_within(LONG, arguments)
    }

    /// Runs it to its end, which must come before so long.
    pub(crate) fn run_within(&self, limit: Duration, arguments: &[&str]) -> Said {
        let said = assert_cmd::Command::from_std(self.command(arguments))
            .timeout(limit)
            .output()
            .expect("the command is built");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let said =
            Said { code: said.status.code(), out: text(&said.stdout), err: text(&said.stderr) };
        assert!(said.code.is_some(), "it was killed, so it hung: {arguments:?}\n{said:?}");
        assert!(!said.out.contains('\u{1b}') && !said.err.contains('\u{1b}'), "colours: {said:?}");
        assert!(!said.err.contains("panicked"), "{}", said.err);
        said
    }

    /// Runs an echo test on one node that is wrong in some way.
    pub(crate) fn bad(&self, mode: &str, arguments: &[&str]) -> Said {
        let first = ["test", "-w", "echo", "--bin", BAD, "--node-count", "1"];
        let time = ["--time-limit", "0.3", "--rate", "20", "--seed", "1"];
        self.run(&[&first, &time[..], arguments, &["--", mode, GLOMERS]].concat())
    }

    /// Starts it, to be interrupted or killed.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().expect("the command is built")
    }

    /// Processes that this started and that are still there.
    pub(crate) fn left(&self) -> Vec<String> {
        let command = |process: &Path| std::fs::read(process.join("cmdline")).unwrap_or_default();
        let words =
            |process: &PathBuf| String::from_utf8_lossy(&command(process)).replace('\0', " ");
        self.processes().iter().map(words).collect()
    }

    /// Whether one of them is stopped, as by a pause.
    pub(crate) fn has_stopped(&self) -> bool {
        let state = |process: &PathBuf| std::fs::read_to_string(process.join("status"));
        self.processes().iter().any(|p| state(p).is_ok_and(|text| text.contains("State:\tT")))
    }

    /// Their folders in /proc.
    fn processes(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir("/proc").expect("these tests need /proc");
        entries
            .filter_map(|entry| {
                let entry = entry.ok()?;
                entry.file_name().to_str()?.parse::<u32>().ok()?;
                let environment = std::fs::read(entry.path().join("environ")).ok()?;
                let is_ours = environment
                    .windows(self.mark.len())
                    .any(|window| window == self.mark.as_bytes());
                is_ours.then(|| entry.path())
            })
            .collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            wait_until("nothing is left running", || self.left().is_empty());
        }
    }
}

/// Whether programs can be traced here; says if not.
pub(crate) fn can_trace() -> bool {
    let doctor = Command::new(GLOMERS).arg("doctor").output().unwrap();
    if !doctor.status.success() {
        eprintln!("skipped, because programs cannot be traced here; see glomers doctor");
    }
    doctor.status.success()
}

/// Whether a program is on this machine, and can be traced; says if not.
pub(crate) fn can_trace_with(program: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output().unwrap();
    if !found.status.success() {
        eprintln!("skipped, because there is no {program} here");
    }
    found.status.success() && can_trace()
}

/// The interpreter itself: what is called `python3` may be a script that looks for it.
pub(crate) fn python() -> PathBuf {
    let ask = ["-c", "import sys; print(sys.executable)"];
    let output = Command::new("python3").args(ask).output().unwrap();
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}

impl Said {
    /// Asserts the exit status, and that these texts were printed.
    #[track_caller]
    pub(crate) fn shows(self, code: i32, texts: &[&str]) -> Said {
        assert_eq!(self.code, Some(code), "{}\n{}", self.out, self.err);
        for text in texts {
            let found = self.out.contains(text) || self.err.contains(text);
            assert!(found, "no {text:?} in:\n{}\n{}", self.out, self.err);
        }
        self
    }

    /// The last line.
    pub(crate) fn last(&self) -> &str {
        self.out.lines().last().unwrap_or_default()
    }
}

/// Whether a program is installed.
pub(crate) fn has(program: &str) -> bool {
    let version = Command::new(program).arg("--version").output();
    version.is_ok_and(|output| output.status.success())
}

/// Waits until something is so.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let step = Duration::from_millis(10);
    for _ in 0..LONG.as_millis() / step.as_millis() {
        if is_so() {
            return;
        }
        pause(step);
    }
    panic!("still not so: {what}");
}

#[expect(clippy::disallowed_methods, reason = "other processes take their time")]
pub(crate) fn pause(length: Duration) {
    std::thread::sleep(length);
}

/// Sends a signal.
pub(crate) fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let done = Command::new("kill").args(["-s", name, &id]).status().expect("there is kill");
    assert!(done.success());
}

/// Waits for a child and gives what it said.
pub(crate) fn finish(child: Child) -> Said {
    let done = child.wait_with_output().expect("it can be waited for");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said { code: done.status.code(), out: text(&done.stdout), err: text(&done.stderr) }
}

/// Whether a folder has a file whose end was written.
pub(crate) fn has_grown(path: &Path, bytes: u64) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.len() >= bytes)
}

/// Compares with a text beside these tests; `GLOMERS_UPDATE=1` writes it anew.
#[track_caller]
pub(crate) fn snapshot(name: &str, text: &str) {
    let path = format!("{}/tests/snapshots/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("GLOMERS_UPDATE").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == text, "{path} is not what is printed; GLOMERS_UPDATE=1 accepts:\n{text}");
}
