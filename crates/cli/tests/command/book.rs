//! Every command of the README and of the guide is run, and every output that they
//! show is what the command before it prints. `GLOMERS_UPDATE=1` writes them anew.
//!
//! A page is played from its beginning to its end in a folder of its own. A block whose
//! fence has a second word is a file of that name. Lines of `sh` blocks are commands:
//! those of `glomers`, and what a shell does with the files of the page. A `text` block
//! belongs to the commands before it. Its lines follow each other in the output; a line
//! `…` stands for any number of lines, ` …` at the end of a line for its rest. Of runs of
//! executables only the form is compared, not the numbers: they differ between machines.

use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use crate::support::book::{blocks, root, words};
use crate::support::{GLOMERS, Place};

/// Programs that are not run here: they build for minutes, change the machine, or need
/// the network.
const NOT_RUN: [&str; 9] =
    ["cargo", "git", "just", "duckdb", "docker", "dpkg", "mdbook", "sudo", "curl"];

/// How long a command may take on a machine that has much else to do.
const MOST: Duration = Duration::from_secs(900);

/// A line without its numbers.
fn form(line: &str) -> String {
    let mut form = String::new();
    for c in line.chars() {
        match (c.is_ascii_digit() || c == '.', form.ends_with('0')) {
            (true, true) => {}
            (true, false) => form.push('0'),
            (false, _) => form.push(c),
        }
    }
    form.split_whitespace().collect::<Vec<&str>>().join(" ")
}

/// Whether a line of the output is the one of the sample.
fn is(sample: &str, line: &str, exactly: bool) -> bool {
    let same = |a: &str, b: &str| if exactly { a == b } else { form(a) == form(b) };
    match sample.strip_suffix(" …") {
        Some(start) if exactly => line.starts_with(start),
        Some(start) => form(line).starts_with(form(start).trim_end_matches('0')),
        None => same(sample, line),
    }
}

/// The lines of the output that the sample shows, one for each of its lines; `None`
/// for `…`. Or the line that is not there.
fn found<'a>(
    sample: &[(usize, String)],
    output: &'a str,
    exactly: bool,
) -> Result<Vec<Option<&'a str>>, String> {
    let lines: Vec<&str> = output.lines().map(str::trim_end).collect();
    let (mut at, mut may_skip, mut shown) = (0, true, Vec::new());
    for (_, wanted) in sample {
        if wanted.trim() == "…" {
            may_skip = true;
            shown.push(None);
            continue;
        }
        let place = lines[at..].iter().position(|line| is(wanted, line, exactly));
        let place = place.filter(|place| may_skip || *place == 0).ok_or_else(|| wanted.clone())?;
        shown.push(Some(lines[at + place]));
        (at, may_skip) = (at + place + 1, false);
    }
    Ok(shown)
}

/// What was run since the last sample.
#[derive(Default)]
struct Pending {
    commands: Vec<String>,
    output: String,
    code: i32,
    /// Whether an executable ran: its numbers are those of this machine.
    is_foreign: bool,
    /// Whether something was left out, so that there is nothing to compare with.
    is_left_out: bool,
}

/// A page while it is played.
struct Play<'a> {
    path: &'a str,
    place: Place,
    pending: Pending,
    can_trace: bool,
}

impl Play<'_> {
    fn run(&mut self, line: &str, seed: &str) {
        // `(cd folder && program)`: in a folder.
        let inner = line.trim_start_matches('(');
        let inner = match inner.strip_prefix("cd ").and_then(|rest| rest.split_once("&& ")) {
            Some((_, inner)) => inner,
            None => inner,
        };
        let first = inner.split_whitespace().next().unwrap_or_default();
        self.pending.commands.push(line.to_owned());
        let ours = ["cargo run --release -- ", "glomers "];
        if let Some(rest) = ours.iter().find_map(|start| line.strip_prefix(start)) {
            return self.glomers(rest, seed);
        }
        if NOT_RUN.contains(&first) || (line.contains("virtual") && !self.can_trace) {
            self.pending.is_left_out = true;
            return;
        }
        let is_here = Command::new("sh").args(["-c", &format!("command -v {first}")]).output();
        if !is_here.is_ok_and(|found| found.status.success()) && !first.contains('/') {
            println!("{}: left out, as there is no {first}: {line}", self.path);
            self.pending.is_left_out = true;
            return;
        }
        let folder = std::path::Path::new(GLOMERS).parent().expect("it lies in a folder");
        let path = std::env::var("PATH").unwrap_or_default();
        let done = Command::new("sh")
            .args(["-c", line])
            .current_dir(self.place.folder.path())
            .env("PATH", format!("{}:{path}", folder.display()))
            .env("HOME", self.place.folder.path())
            .env("GOCACHE", self.place.path(".cache"))
            .output()
            .expect("there is a shell");
        let (out, err) =
            (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert!(done.status.success(), "{}: {line}: {out}\n{err}", self.path);
        self.pending.output += &out;
    }

    fn glomers(&mut self, rest: &str, seed: &str) {
        let root = root();
        let in_root =
            |word: &String| ["nodes/", "crates/"].iter().any(|folder| word.starts_with(folder));
        let mut arguments: Vec<String> = words(rest)
            .into_iter()
            .map(|word| match in_root(&word) {
                true => root.join(word).to_string_lossy().into_owned(),
                false => word,
            })
            .collect();
        let given = arguments.clone();
        let value = |flag: &str| {
            let at = given.iter().position(|word| word == flag);
            at.and_then(|at| given.get(at + 1)).cloned()
        };
        if let Some(file) = value("--bin") {
            let is_virtual = value("--time").is_some_and(|time| time == "virtual");
            let is_python = file.ends_with(".py");
            let is_here = self.place.folder.path().join(&file).exists();
            if !is_here
                || (is_virtual && !self.can_trace)
                || (is_python && !crate::support::has("python3"))
            {
                println!("{}: left out on this machine: {rest}", self.path);
                self.pending.is_left_out = true;
                return;
            }
            self.pending.is_foreign = true;
            if arguments[0] == "challenge" {
                return self.finish(&arguments, rest);
            }
            let limit = value("--time-limit").and_then(|limit| limit.parse().ok());
            let limit = limit.unwrap_or(60.0_f64).min(if is_virtual { 60.0 } else { 6.0 });
            let mut more: Vec<String> = vec!["--time-limit".to_owned(), limit.to_string()];
            if !is_virtual {
                more.extend(["--recovery", "2"].map(str::to_owned));
            }
            if value("--seed").is_none() {
                // The seed decides which faults there are.
                more.extend(["--seed", seed].map(str::to_owned));
            }
            insert(&mut arguments, more);
        }
        // What takes minutes is run with less to do.
        let less: &[&str] = match &*arguments[0] {
            "frontier" => &["--seeds", "1", "--latencies", "400"],
            "gallery" if value("--only").is_none() => &["--seeds", "1"],
            "challenge" if arguments.len() == 1 => &["1", "2", "3a", "3b"],
            _ => &[],
        };
        for pair in less.chunks(2).filter(|pair| value(pair[0]).is_none()) {
            arguments.extend(pair.iter().map(|word| (*word).to_owned()));
        }
        // These tell how long they took.
        self.pending.is_foreign |= ["gallery", "frontier"].contains(&&*arguments[0]);
        self.finish(&arguments, rest);
    }

    fn finish(&mut self, arguments: &[String], rest: &str) {
        let said =
            self.place.run_within(MOST, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
        let code = said.code.unwrap_or(-1);
        assert!(matches!(code, 0..=2), "{}: {rest}: {code}\n{}\n{}", self.path, said.out, said.err);
        // A command that finds something shows what; only broken nodes need no words.
        self.pending.code = if rest.contains("broken/") { 0 } else { code };
        self.pending.output += &said.out;
    }

    /// Compares what was run with what the page shows, and gives the lines as they
    /// should be.
    fn compare(
        &mut self,
        sample: &[(usize, String)],
        update: bool,
    ) -> Result<Vec<(usize, String)>, String> {
        let pending = std::mem::take(&mut self.pending);
        if pending.is_left_out {
            return Ok(Vec::new());
        }
        let exactly = !pending.is_foreign && !update;
        let shown = found(sample, &pending.output, exactly).map_err(|line| {
            format!(
                "{}: {:#?} does not print, or not there:\n{line}\n\n{}",
                self.path, pending.commands, pending.output
            )
        })?;
        if pending.is_foreign {
            return Ok(Vec::new());
        }
        let mut lines = Vec::new();
        for ((number, old), new) in sample.iter().zip(shown) {
            let Some(new) = new else { continue };
            let line = match old.strip_suffix(" …") {
                Some(start) => {
                    let length = start.chars().count();
                    format!("{} …", new.chars().take(length).collect::<String>().trim_end())
                }
                None => new.to_owned(),
            };
            lines.push((*number, line));
        }
        Ok(lines)
    }
}

/// Puts options before what is for the node.
fn insert(arguments: &mut Vec<String>, more: Vec<String>) {
    let end = arguments.iter().position(|word| word == "--").unwrap_or(arguments.len());
    arguments.splice(end..end, more);
}

/// The seed that a sample names.
fn seed(lines: &[(usize, String)]) -> String {
    let named = lines.iter().find_map(|(_, line)| line.split_once("seed "));
    let digits = named.map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit));
    digits.map_or_else(|| "1".to_owned(), |digits| digits.collect())
}

/// Runs a page. How many commands it has, or what is wrong.
fn play(path: &str, can_trace: bool, update: bool) -> Result<usize, String> {
    let file = root().join(path);
    let text = std::fs::read_to_string(&file).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let blocks = blocks(&text);
    let mut play = Play { path, place: Place::new(), pending: Pending::default(), can_trace };
    let mut count = 0;
    for (place, block) in blocks.iter().enumerate() {
        if let Some(name) = &block.file {
            if let Some(folder) = play.place.path(name).parent() {
                std::fs::create_dir_all(folder).unwrap();
            }
            play.place.write(name, &block.text());
        }
        match &*block.language {
            "sh" if block.file.is_none() => {
                let sample = blocks.get(place + 1).filter(|next| next.language == "text");
                let seed = sample.map_or_else(|| "1".to_owned(), |sample| seed(&sample.lines));
                let whole = block.text().replace("\\\n", " ");
                let commands = whole.lines().map(|line| line.split(" # ").next().unwrap_or(line));
                for line in commands.filter(|line| !line.trim().is_empty()) {
                    play.run(line.trim(), &seed);
                    count += 1;
                }
                if sample.is_none() {
                    let pending = std::mem::take(&mut play.pending);
                    if pending.code != 0 {
                        let said = pending.output;
                        return Err(format!("{path}: {:?}\n{said}", pending.commands));
                    }
                }
            }
            "text" if !play.pending.commands.is_empty() => {
                for (number, line) in play.compare(&block.lines, update)? {
                    lines[number] = line;
                }
            }
            _ => {}
        }
    }
    if update {
        std::fs::write(&file, lines.join("\n") + "\n").unwrap();
    }
    Ok(count)
}

#[test]
fn commands_of_the_readme_and_the_guide_print_what_they_show() {
    let update = std::env::var_os("GLOMERS_UPDATE").is_some();
    let only = std::env::var("GLOMERS_PAGE").unwrap_or_default();
    let doctor = Command::new(GLOMERS).arg("doctor").output().unwrap();
    let can_trace = doctor.status.success();
    let pages: Vec<String> = crate::support::book::pages()
        .into_iter()
        .filter(|page| page.contains(&only))
        .rev()
        .collect();
    let (pages, wrong, count) = (Mutex::new(pages), Mutex::new(Vec::new()), Mutex::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some(page) = pages.lock().unwrap().pop() else { return };
                    // What is wrong with one page is no reason not to look at the others.
                    match std::panic::catch_unwind(|| play(&page, can_trace, update)) {
                        Ok(Ok(commands)) => *count.lock().unwrap() += commands,
                        Ok(Err(error)) => wrong.lock().unwrap().push(error),
                        Err(_) => wrong.lock().unwrap().push(format!("{page}: see above")),
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(
        wrong.is_empty(),
        "GLOMERS_UPDATE=1 writes numbers anew, GLOMERS_PAGE=name plays one page\n{}",
        wrong.join("\n\n")
    );
    let count = count.into_inner().unwrap();
    assert!(count > 100 || !only.is_empty(), "{count}");
}
