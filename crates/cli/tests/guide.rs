//! The commands of the guide run: all lines of its `sh` blocks that begin with
//! `glomers`, chapter by chapter, each chapter in a folder of its own.

mod support;

use std::path::Path;

use support::Place;

/// The commands of a chapter.
fn commands(text: &str) -> Vec<Vec<String>> {
    let blocks = text.split("```sh\n").skip(1);
    let blocks = blocks.map(|rest| rest.split("```").next().unwrap_or_default());
    let lines = blocks.flat_map(str::lines).filter_map(|line| line.strip_prefix("glomers "));
    lines.map(words).collect()
}

/// The words of a line, as a shell takes them apart.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for c in line.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            _ => words.last_mut().expect("there is one").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The same command with less to do, where it would take long.
fn shortened(mut words: Vec<String>) -> Vec<String> {
    let more: &[&str] = match &*words[0] {
        "frontier" => &["--seeds", "1", "--latencies", "400"],
        "gallery" => &["--seeds", "1"],
        _ => &[],
    };
    let missing: Vec<&[&str]> =
        more.chunks(2).filter(|pair| !words.iter().any(|word| word == pair[0])).collect();
    for pair in missing {
        words.extend(pair.iter().map(|word| (*word).to_owned()));
    }
    words
}

#[test]
fn all_commands_of_the_guide_run() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let place = Place::new();
        for command in commands(&std::fs::read_to_string(&path).unwrap()) {
            // What needs a compiler or files of the reader's is not for here.
            if command.iter().any(|word| word == "--bin") {
                continue;
            }
            let arguments = shortened(command);
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let said = place.run(&arguments);
            let is_broken = arguments.iter().any(|word| word.starts_with("broken/"));
            let code = Some(i32::from(is_broken));
            assert_eq!(said.code, code, "{}: {arguments:?}: {said:?}", path.display());
            count += 1;
        }
    }
    assert!(count > 5, "{count}");
}
