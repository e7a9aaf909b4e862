//! The soak of damaged stores: whatever happens to a file of a run, no command
//! panics, `recover` spoils nothing that is whole, and no exit status claims more
//! than could be read. Nothing is spawned, so thousands of damages take minutes.
//!
//! `GLOMERS_DAMAGES=20000 cargo test --release -p glomers-cli damage` tries so many;
//! without it there are 500. `GLOMERS_FIRST_DAMAGE=N` begins at another.

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser as _;
use glomers_bench::Interrupt;

use crate::arguments::{Arguments, Command};
use crate::error::CliError;
use crate::{dispatch, out, replay};

/// How many damages are tried unless somebody asks for more.
const DAMAGES: u64 = 500;

/// Runs, of which each has something that the others have not: faults and marks, a
/// verdict that is not valid, several blocks in the journal.
const RUNS: [&str; 3] = [
    "test -w broadcast --node flood-retry --node-count 3 --topology line --rate 5 --latency 50 \
     --time-limit 4 --seed 3 --nemesis partition,kill --nemesis-interval 2",
    "test -w lin-kv --node-count 3 --rate 20 --time-limit 2 --seed 1 --nemesis partition",
    "test -w broadcast --node flood --node-count 3 --rate 160 --time-limit 4 --seed 2",
];

/// Draws that are the same everywhere (SplitMix64).
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    /// A part of something so long, mostly a short one.
    fn part(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length);
        let most = [8, 64, length][self.below(3)];
        start..(start + 1 + self.below(most)).min(length)
    }
}

/// What happened to a file; `None`: it is gone.
fn damaged(bytes: &[u8], draws: &mut Draws) -> (&'static str, Option<Vec<u8>>) {
    let mut new = bytes.to_vec();
    let what = match draws.below(11) {
        0..=2 if !new.is_empty() => {
            let at = draws.below(new.len());
            new[at] ^= 1 << draws.below(8);
            "one bit flipped"
        }
        3 if !new.is_empty() => {
            for _ in 0..2 + draws.below(6) {
                let at = draws.below(new.len());
                new[at] ^= 1 << draws.below(8);
            }
            "some bits flipped"
        }
        4 => {
            new.truncate(draws.below(new.len()));
            "cut"
        }
        5 => {
            let at = draws.below(new.len() + 1);
            let bytes: Vec<u8> = (0..=draws.below(40)).map(|_| draws.next() as u8).collect();
            new.splice(at..at, bytes);
            "bytes inserted"
        }
        6 => {
            let part = new[draws.part(new.len())].to_vec();
            let at = draws.below(new.len() + 1);
            new.splice(at..at, part);
            "a part doubled"
        }
        7 => {
            new.drain(draws.part(bytes.len()));
            "a part taken away"
        }
        8 => {
            let part = draws.part(bytes.len());
            new[part].fill(0);
            "a part made zeros"
        }
        9 => {
            let mut parts: Vec<&[u8]> = bytes.split_inclusive(|&byte| byte == b'\n').collect();
            let (a, b) = (draws.below(parts.len()), draws.below(parts.len()));
            match draws.below(3) {
                _ if parts.is_empty() => {}
                0 => parts.swap(a, b),
                1 => drop(parts.remove(a)),
                _ => parts.insert(b, parts[a]),
            }
            new = parts.concat();
            "lines swapped, taken away or doubled"
        }
        _ if draws.below(3) == 0 => return ("removed", None),
        _ => {
            let (a, b) = (draws.part(bytes.len()), draws.part(bytes.len()));
            let length = a.len().min(b.len());
            let (a, b) = (a.start, b.start);
            new[a..a + length].copy_from_slice(&bytes[b..b + length]);
            new[b..b + length].copy_from_slice(&bytes[a..a + length]);
            "parts swapped"
        }
    };
    (what, Some(new))
}

/// The files below a directory, by their paths in it.
fn files(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fn walk(root: &Path, directory: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, found);
            } else {
                found.insert(path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(directory, directory, &mut found);
    found
}

/// What a command said.
#[derive(Debug)]
struct Said {
    /// `None`: it was refused.
    code: Option<ExitCode>,
    out: String,
    error: String,
}

impl Said {
    fn is(&self, code: u8) -> bool {
        self.code == Some(ExitCode::from(code))
    }

    /// Whether it says that something cannot be read any more.
    fn admits(&self) -> bool {
        let words = ["is damaged", "was cut off", "was cut short", "is not what the run wrote"];
        words.iter().any(|word| self.out.contains(word) || self.error.contains(word))
    }
}

fn command(words: &[&str]) -> Command {
    Arguments::try_parse_from(std::iter::once(&"glomers").chain(words)).unwrap().command
}

/// Runs a command in this process. `Err`: it panicked.
fn run(words: &[&str], interrupt: &Interrupt) -> Result<Said, String> {
    let (ran, out, mut error) = out::captured::during(|| {
        catch_unwind(AssertUnwindSafe(|| match command(words) {
            Command::Replay(arguments) => replay::run_until(&arguments, interrupt),
            command => dispatch(command),
        }))
    });
    match ran {
        Ok(Ok(code)) => Ok(Said { code: Some(code), out, error }),
        Ok(Err(refused)) => {
            let CliError { message, .. } = &refused;
            let is_told = !message.is_empty();
            error += &refused.to_string();
            if is_told { Ok(Said { code: None, out, error }) } else { Err("no words".to_owned()) }
        }
        Err(panic) => {
            let words = panic.downcast_ref::<String>().map(String::as_str);
            Err(words.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned())
        }
    }
}

/// A run, its files, and what the commands say of it while it is whole.
struct Base {
    whole: PathBuf,
    work: PathBuf,
    files: BTreeMap<PathBuf, Vec<u8>>,
    said: BTreeMap<&'static str, Said>,
}

/// What is asked of each damaged store. `recover` writes, so it comes last.
const COMMANDS: [&str; 6] = ["trace", "report", "export", "replay", "compare", "recover"];

impl Base {
    fn make(root: &Path, number: usize, interrupt: &Interrupt) -> Base {
        let store = root.join(format!("store-{number}"));
        let store = store.to_str().unwrap();
        let words: Vec<&str> = RUNS[number].split_whitespace().chain(["--store", store]).collect();
        run(&words, interrupt).unwrap();
        let whole = Path::new(store).join("latest").canonicalize().unwrap();
        let work = root.join(format!("work-{number}"));
        let mut base = Base { files: files(&whole), whole, work, said: BTreeMap::new() };
        base.restore();
        for command in COMMANDS {
            let said = base.ask(command, interrupt).unwrap();
            assert!(said.code.is_some() && !said.admits(), "{command}: {said:?}");
            base.said.insert(command, said);
        }
        assert!(files(&base.work) == base.files, "recover makes the same files again");
        base
    }

    /// Makes the copy what the run left.
    fn restore(&self) {
        let _ = fs::remove_dir_all(&self.work);
        for (path, bytes) in &self.files {
            let path = self.work.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }

    fn ask(&self, command: &str, interrupt: &Interrupt) -> Result<Said, String> {
        let (work, whole) = (self.work.to_str().unwrap(), self.whole.to_str().unwrap());
        match command {
            "compare" => run(&["compare", work, whole], interrupt),
            "trace" => run(&["trace", work, "--limit", "0", "--clients"], interrupt),
            "report" => run(&["report", work, "--out", "-"], interrupt),
            "export" => {
                let out = self.work.with_extension("export");
                run(&["export", "shiviz", work, "--out", out.to_str().unwrap()], interrupt)
            }
            "check" => unreachable!("it wants a file"),
            command => run(&[command, work], interrupt),
        }
    }

    /// Damages one file and asks all commands; gives what is wrong about their answers.
    fn attempt(&self, draws: &mut Draws, interrupt: &Interrupt) -> Option<String> {
        let place = draws.below(self.files.len());
        let (path, bytes) = self.files.iter().nth(place).unwrap();
        let (what, new) = damaged(bytes, draws);
        let file = self.work.join(path);
        match &new {
            Some(new) => fs::write(&file, new).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
        let is_changed = new.as_ref() != Some(bytes);
        let name = path.to_str().unwrap();
        let mut wrong = Vec::new();
        for command in COMMANDS {
            match self.ask(command, interrupt) {
                Err(panic) => wrong.push(format!("{command} panicked: {panic}")),
                Ok(said) => {
                    let claim = self.claim(command, &said, name, is_changed);
                    wrong.extend(claim.map(|claim| format!("{command}: {claim}: {said:?}")));
                }
            }
        }
        if name.starts_with("history.") && new.is_some() {
            let checked = run(&["check", "-w", "broadcast", file.to_str().unwrap()], interrupt);
            wrong.extend(checked.err().map(|panic| format!("check panicked: {panic}")));
        }
        let now = files(&self.work);
        for (path, bytes) in &self.files {
            let found = now.get(path);
            let is_as_it_was = found == Some(bytes);
            let is_as_damaged = self.work.join(path) == file && found == new.as_ref();
            if !is_as_it_was && !is_as_damaged {
                wrong.push(format!("{} was spoilt by recover", path.display()));
            }
        }
        let others = now.keys().filter(|path| !self.files.contains_key(*path));
        wrong.extend(others.map(|path| format!("{} was left behind", path.display())));
        self.restore();
        (!wrong.is_empty()).then(|| format!("{name}, {what}:\n  {}", wrong.join("\n  ")))
    }

    /// What is wrong with an answer, if the file of this name was changed.
    fn claim(
        &self,
        command: &str,
        said: &Said,
        name: &str,
        is_changed: bool,
    ) -> Option<&'static str> {
        let whole = &self.said[command];
        let is_stream = matches!(name, "history.jsonl" | "journal.bin");
        if said.code.is_none() {
            return match is_changed && is_stream {
                true => None,
                false => Some("it is refused and its streams are whole"),
            };
        }
        if is_changed && is_stream && !said.admits() {
            // The words of a difference do as well.
            return (!(command == "replay" && said.is(1))).then_some("nothing is admitted");
        }
        match command {
            "trace" if !said.admits() || !is_stream => {
                (said.out != whole.out).then_some("another trace")
            }
            "replay" if said.is(0) => {
                // A report is a picture of the rest, which not every run has.
                let is_compared = !name.starts_with("run.") && name != "report.html";
                let claims_all = said.out.contains("byte for byte");
                let is_wrong = is_changed && is_compared && claims_all;
                let is_damaged = said.out.contains("is damaged");
                let is_nothing = said.out.contains(" after 0 events");
                (is_wrong || is_damaged || is_nothing).then_some("it claims more than was compared")
            }
            "compare" => (said.out != whole.out).then_some("another comparison"),
            "recover" if is_stream && is_changed => {
                let verdict = |said: &Said| {
                    let line = said.out.lines().find(|line| line.contains("verdict "));
                    line.unwrap_or_default().to_owned()
                };
                let is_whole = verdict(said) == verdict(whole);
                let is_damage = said.out.contains("is damaged");
                if said.is(0) && is_damage {
                    Some("a valid verdict on a damaged run")
                } else {
                    is_whole.then_some("the verdict of the whole run on a part")
                }
            }
            "recover" => (said.code != whole.code).then_some("another verdict"),
            _ => None,
        }
    }
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

#[test]
fn whatever_is_damaged_nothing_panics_is_spoilt_or_claims_more_than_it_knows() {
    let count = variable("GLOMERS_DAMAGES").unwrap_or(DAMAGES);
    let first = variable("GLOMERS_FIRST_DAMAGE").unwrap_or(0);
    let interrupt = Interrupt::new().unwrap();
    let root = tempfile::tempdir().unwrap();
    let bases: Vec<Base> =
        (0..RUNS.len()).map(|number| Base::make(root.path(), number, &interrupt)).collect();
    let mut wrong = Vec::new();
    for number in first..first + count {
        let mut draws = Draws(number);
        // The last has most, and takes longest.
        let base = [0, 0, 0, 0, 1, 1, 1, 1, 1, 2][draws.below(10)];
        if let Some(what) = bases[base].attempt(&mut draws, &interrupt) {
            wrong.push(format!("damage {number}, run {base}: {what}"));
        }
        assert!(wrong.len() < 10, "{}", wrong.join("\n\n"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
