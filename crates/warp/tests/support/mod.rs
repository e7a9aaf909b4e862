//! A node by itself, driven step by step; programs for it.

// Not every test uses all of it.
#![expect(dead_code, reason = "each test is a crate of its own and uses a part")]

use std::path::{Path, PathBuf};
use std::process::Command;

use glomers_history::Time;
use glomers_node::{Effect, Payload};
use glomers_sim::{NodeProgram, Plan, Schedule, StepInput, StepOutput, SteppedHost};
use glomers_warp::{Report, TracedHost, TracedOptions};

/// Whether programs can be traced here; says if not.
pub(crate) fn can_trace() -> bool {
    let forbidden = glomers_warp::probe().into_iter().find_map(|probe| match probe.pin {
        None => probe.absent.map(|reason| format!("{}: {reason}", probe.name)),
        Some(_) => None,
    });
    if let Some(reason) = &forbidden {
        eprintln!("skipped, because programs cannot be traced here ({reason})");
    }
    forbidden.is_none()
}

/// A program in C, compiled; `None` where there is no compiler.
pub(crate) fn compiled(folder: &Path, name: &str, source: &str, more: &[&str]) -> Option<PathBuf> {
    let (file, program) = (folder.join(format!("{name}.c")), folder.join(name));
    std::fs::write(&file, source).unwrap();
    let result = Command::new("cc")
        .args(["-O1", "-w", "-pthread", "-o"])
        .args([&program, &file])
        .args(more)
        .output();
    match result {
        Ok(output) if output.status.success() => Some(program),
        Ok(output) => panic!("{}", String::from_utf8_lossy(&output.stderr)),
        Err(_) => {
            eprintln!("skipped, because there is no cc here");
            None
        }
    }
}

/// A script that may be run.
pub(crate) fn script(folder: &Path, name: &str, text: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let file = folder.join(name);
    std::fs::write(&file, text).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    file
}

/// One node, n0.
pub(crate) struct Lab {
    pub(crate) host: TracedHost,
    pub(crate) now: Time,
    /// Lines of standard output, and when.
    pub(crate) lines: Vec<(Time, String)>,
    /// Lines of standard error, and when.
    pub(crate) log: Vec<(Time, String)>,
    pub(crate) crashed: Option<String>,
    pub(crate) broke: Option<(&'static str, String)>,
    pub(crate) last_words: Vec<String>,
    pub(crate) next_wake: Option<Time>,
    next_id: u64,
}

/// A Plan of a traced program.
pub(crate) fn traced(seed: u64, program: NodeProgram, schedule: Schedule) -> Plan {
    let mut builder = Plan::builder(seed, program, "echo");
    builder.host(glomers_sim::Host::Traced { schedule }).build().unwrap()
}

impl Lab {
    /// The node's program has started and is quiet.
    pub(crate) fn new(program: &Path, arguments: &[&str], seed: u64) -> Lab {
        Lab::with(program, arguments, seed, Schedule::Fifo, TracedOptions::default())
    }

    pub(crate) fn with(
        program: &Path,
        arguments: &[&str],
        seed: u64,
        schedule: Schedule,
        options: TracedOptions,
    ) -> Lab {
        let program = NodeProgram::Program {
            path: program.to_str().unwrap().to_owned(),
            arguments: arguments.iter().map(|&word| word.to_owned()).collect(),
        };
        let mut plan = traced(seed, program, schedule);
        plan.set_node_count(1);
        let mut lab = Lab {
            host: TracedHost::new(&plan, options).unwrap(),
            now: Time::ZERO,
            lines: Vec::new(),
            log: Vec::new(),
            crashed: None,
            broke: None,
            last_words: Vec::new(),
            next_wake: None,
            next_id: 0,
        };
        lab.start(0);
        lab
    }

    pub(crate) fn start(&mut self, incarnation: u32) {
        self.host.start(0, incarnation, self.now).unwrap();
        let mut output = StepOutput::default();
        assert!(self.host.started(0, self.now, &mut output));
        self.take(output);
    }

    fn take(&mut self, output: StepOutput) {
        for (offset, line) in output.lines {
            self.lines.push((self.now + offset, String::from_utf8(line).unwrap()));
        }
        for (offset, _, effect) in output.effects {
            let Effect::Log(line) = effect else { panic!("{effect:?}") };
            self.log.push((self.now + offset, line.to_string()));
        }
        self.crashed = self.crashed.take().or(output.crashed);
        self.broke = self.broke.take().or(output.broke);
        self.next_wake = output.next_wake;
        if !output.last_words.is_empty() {
            self.last_words = output.last_words;
        }
    }

    /// Says something to the node, now.
    pub(crate) fn say(&mut self, body: &str) {
        let payload = Payload::from_json(body).unwrap();
        let input = StepInput::Message { id: self.next_id, key: 0, src: "c0".into(), payload };
        self.next_id += 1;
        let mut output = StepOutput::default();
        self.host.step(0, self.now, input, &mut output);
        self.take(output);
    }

    /// Lets time go by until this many milliseconds after the start, or until the
    /// node is over.
    pub(crate) fn run_to(&mut self, millis: u64) {
        let end = Time(millis * 1_000_000);
        while self.crashed.is_none()
            && self.broke.is_none()
            && let Some(at) = self.next_wake.filter(|&at| at <= end)
        {
            self.now = at.max(self.now);
            let mut output = StepOutput::default();
            self.host.step(0, self.now, StepInput::Wake, &mut output);
            self.take(output);
        }
        self.now = end;
    }

    pub(crate) fn report(&self) -> Report {
        self.host.report()
    }

    /// The line of the log that begins so, without that.
    pub(crate) fn logged(&self, start: &str) -> &str {
        let found = self.log.iter().find_map(|(_, line)| line.strip_prefix(start));
        found.unwrap_or_else(|| panic!("{start:?} is not in {:#?} {:?}", self.log, self.crashed))
    }
}
