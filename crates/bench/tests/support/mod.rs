//! What the tests of runs share.
#![allow(dead_code, unreachable_pub, reason = "each test file uses another part of this")]

#[path = "../../fixture/workload.rs"]
pub mod workload;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use glomers_bench::{BenchError, RealOptions, WatchdogProgram, run_real};
use glomers_history::{Event, Observer, SECOND, Time, Value};
use glomers_sim::{Outcome, Plan};
use workload::EchoLoad;

/// The program that plays nodes.
pub const FIXTURE: &str = env!("CARGO_BIN_EXE_glomers-bench-fixture");

/// What is waited for at most. Much more than it takes; only a fault of ours
/// needs so long.
pub const LONG: Duration = Duration::from_secs(60);

/// A script beside these tests.
pub fn script(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/");
    format!("{folder}{name}")
}

/// A word that no other process has among its arguments.
pub fn tag() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("tag-{}-{}-", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Processes whose file `what` in /proc holds the text.
pub fn processes(what: &str, text: &str) -> Vec<i32> {
    let entries = std::fs::read_dir("/proc").expect("these tests need /proc");
    entries
        .filter_map(|entry| {
            let id: i32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let bytes = std::fs::read(format!("/proc/{id}/{what}")).ok()?;
            let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
            (found && id as u32 != std::process::id()).then_some(id)
        })
        .collect()
}

/// Lets time pass.
#[expect(clippy::disallowed_methods, reason = "other processes take their time")]
pub fn sleep(length: Duration) {
    std::thread::sleep(length);
}

/// Waits until something is so.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let step = Duration::from_millis(5);
    for _ in 0..LONG.as_millis() / step.as_millis() {
        if is_so() {
            return;
        }
        sleep(step);
    }
    panic!("still not so: {what}");
}

/// What a run left.
pub struct Ran {
    pub outcome: Outcome,
    pub seen: Seen,
    pub notes: Vec<String>,
}

/// What an observer saw.
#[derive(Default)]
pub struct Seen {
    /// The last lines that nodes logged.
    pub logged: Vec<(Time, String, String)>,
    pub log_bytes: usize,
    pub sent: usize,
    pub ticks: usize,
}

impl Observer for Seen {
    fn event(&mut self, time: Time, event: &Event<'_>) {
        match *event {
            Event::Sent { .. } => self.sent += 1,
            Event::Logged { node, line } => {
                self.log_bytes += line.len() + 1;
                if self.logged.len() < 1000 {
                    self.logged.push((time, node.name.to_owned(), line.to_owned()));
                }
            }
            Event::Tick => self.ticks += 1,
            _ => {}
        }
    }
}

/// Options as the tests need them.
pub fn options<'a>() -> RealOptions<'a> {
    RealOptions {
        watchdog: WatchdogProgram::Program(PathBuf::from(FIXTURE)),
        ..RealOptions::default()
    }
}

/// Runs a Plan with the echo workload.
pub fn run_with(plan: &Plan, value: Value, options: RealOptions<'_>) -> Result<Ran, BenchError> {
    let notes = std::cell::RefCell::new(Vec::new());
    let mut seen = Seen::default();
    let mut options: RealOptions<'_> = options;
    options.note = Some(Box::new(|note| notes.borrow_mut().push(note.to_owned())));
    let outcome = run_real(plan, &mut EchoLoad(value), &mut seen, options)?;
    Ok(Ran { outcome, seen, notes: notes.into_inner() })
}

/// Runs one node in a mode of the fixture, long enough that only a broken node
/// ends the run.
pub fn run_mode(mode: &[&str], change: impl FnOnce(&mut RealOptions<'_>)) -> Ran {
    let tag = tag();
    let mut plan = workload::plan(1, FIXTURE, &[mode, &[&tag]].concat());
    plan.time_limit = LONG.as_secs() * SECOND;
    let mut options = options();
    change(&mut options);
    let ran = run_with(&plan, Value::Int(1), options).expect("the fixture can be started");
    assert_eq!(processes("cmdline", &tag), [] as [i32; 0], "nothing may be left");
    ran
}

/// The only finding, its name and words.
pub fn finding(ran: &Ran) -> (String, String) {
    let findings = &ran.outcome.findings;
    assert_eq!(findings.len(), 1, "{findings:?}");
    let finding = &findings[0];
    let words = format!("{} | {}", finding.summary, finding.evidence.join(" | "));
    (finding.name.to_string(), words)
}
