//! Sample output in the README is what the command above it prints. `GLOMERS_UPDATE=1`
//! writes the numbers anew.
//!
//! A `text` block belongs to the `sh` block before it. Its lines follow each other in
//! the output; a line `…` stands for any number of lines, ` …` at the end of a line for
//! its rest. Of runs in real time only the form is compared, not the numbers.

mod support;

use std::path::{Path, PathBuf};

use support::Place;

fn readme() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")
}

/// A command and the sample that follows it.
struct Sample {
    commands: Vec<Vec<String>>,
    /// The lines of the sample, by their numbers in the file.
    lines: Vec<(usize, String)>,
}

impl Sample {
    /// The seed that it names.
    fn seed(&self) -> String {
        let named = self.lines.iter().find_map(|(_, line)| line.split_once("seed "));
        let digits = named.map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit));
        digits.map_or_else(|| "1".to_owned(), |digits| digits.collect())
    }
}

/// All samples of a file; commands without a sample run before the next that has one.
fn samples(text: &str) -> Vec<Sample> {
    let (mut samples, mut commands) = (Vec::new(), Vec::new());
    let (mut language, mut block): (Option<&str>, Vec<(usize, String)>) = (None, Vec::new());
    for (number, line) in text.lines().enumerate() {
        match (language, line.strip_prefix("```")) {
            (None, Some(name)) => language = Some(name),
            (Some(name), Some(_)) => {
                match name {
                    "sh" => commands.extend(block.iter().filter_map(|(_, line)| command(line))),
                    "text" => samples.push(Sample {
                        commands: std::mem::take(&mut commands),
                        lines: std::mem::take(&mut block),
                    }),
                    _ => {}
                }
                (language, block) = (None, Vec::new());
            }
            (Some(_), None) => block.push((number, line.to_owned())),
            (None, None) => {}
        }
    }
    samples
}

/// The arguments of a command that runs `glomers`.
fn command(line: &str) -> Option<Vec<String>> {
    let rest = ["cargo run --release -- ", "glomers "].iter().find_map(|s| line.strip_prefix(s))?;
    let parts = rest.split('"').enumerate().flat_map(|(place, part)| match place % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect::<Vec<String>>(),
        _ => vec![part.to_owned()],
    });
    Some(parts.collect())
}

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

#[test]
fn samples_in_the_readme_are_what_the_commands_print() {
    let mut text = std::fs::read_to_string(readme()).unwrap();
    let update = std::env::var_os("GLOMERS_UPDATE").is_some();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let place = Place::new();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut compared = 0;
    for sample in samples(&text) {
        let mut output = String::new();
        let seed = sample.seed();
        let is_real = sample.commands.iter().flatten().any(|word| word == "--bin");
        for command in &sample.commands {
            let words: Vec<String> = command
                .iter()
                .map(|word| match word.starts_with("nodes/") || word.starts_with("crates/") {
                    true => root.join(word).to_string_lossy().into_owned(),
                    false => word.clone(),
                })
                .collect();
            let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
            if is_real {
                if !support::has("python3") {
                    println!("left out, as there is no python3: {command:?}");
                    continue;
                }
                // The seed decides which faults there are.
                words.extend(["--time-limit", "6", "--recovery", "2", "--seed", &seed]);
            }
            output += &place.run(&words).out;
        }
        if output.is_empty() {
            continue;
        }
        compared += 1;
        let exactly = !is_real && !update;
        let shown = found(&sample.lines, &output, exactly).unwrap_or_else(|line| {
            panic!("{:?} does not print, or not there:\n{line}\n\n{output}", sample.commands)
        });
        for ((number, old), new) in sample.lines.iter().zip(shown) {
            if let Some(new) = new.filter(|_| !is_real) {
                lines[*number] = match old.strip_suffix(" …") {
                    Some(start) => {
                        let length = start.chars().count();
                        format!("{} …", new.chars().take(length).collect::<String>().trim_end())
                    }
                    None => new.to_owned(),
                };
            }
        }
    }
    assert!(compared >= 3, "{compared}");
    if update {
        text = lines.join("\n") + "\n";
        std::fs::write(readme(), text).unwrap();
    }
}
