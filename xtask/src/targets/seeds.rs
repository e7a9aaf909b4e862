//! What must hold in how many seeds, and nodes in other languages.

use std::process::Command;

use crate::build;
use crate::measure::Measured;
use crate::table::{Goal, Row};

use super::{Target, Tools, row, words};

pub(super) const TARGETS: &[Target] = &[
    Target { name: "seeds of flood", is_long: false, measure: flood },
    Target { name: "seeds a second", is_long: true, measure: pace },
    Target { name: "seeds of flood-retry", is_long: true, measure: flood_retry },
    Target { name: "nodes in other languages", is_long: true, measure: other_languages },
];

const SEEDS: u32 = 1000;

/// As the challenges 3a to 3c set it.
fn challenge(id: &str) -> Vec<&'static str> {
    let mut line = words("test -w broadcast --rate 10 --time-limit 20 --store none");
    line.extend(words(if id == "3a" { "--node-count 1" } else { "--node-count 5" }));
    if id == "3c" {
        line.extend(words("--nemesis partition"));
    }
    line
}

/// How many seeds of 3c a core does, and what a second core gives.
fn pace(tools: &Tools) -> Vec<Row> {
    let count = SEEDS.to_string();
    let measured = ["1", "2"].map(|threads| {
        let mut arguments = challenge("3c");
        arguments.extend(["--node", "flood-retry", "--seed", "0", "--test-count", &count]);
        arguments.extend(["--threads", threads]);
        tools.best_of(3, &arguments)
    });
    let [one, two] = &measured;
    let pace = one.as_ref().map(|one| f64::from(SEEDS) / one.cpu).map_err(Clone::clone);
    let both = one.as_ref().and_then(|one| two.as_ref().map(|two| (one, two)));
    let gain = both.map(|(one, two)| one.wall / two.wall).map_err(Clone::clone);
    let note = both.map_or(String::new(), |(one, two)| {
        format!("on the wall; CPU time {:+.0} %", (two.cpu / one.cpu - 1.0) * 100.0)
    });
    vec![
        row("3c with flood-retry, one core", Goal::AtLeast(1000.0), "seeds/s", pace, "best of 3"),
        row("3c on two threads, against one", Goal::AtLeast(1.9), "times", gain, note),
    ]
}

fn flood_retry(tools: &Tools) -> Vec<Row> {
    ["3a", "3b", "3c"]
        .map(|id| {
            let count = SEEDS.to_string();
            let mut arguments = challenge(id);
            arguments.extend(["--node", "flood-retry", "--seed", "0", "--test-count", &count]);
            // The command stops at the first seed that is not valid.
            let run = tools.run(&arguments);
            let valid = |run: &Measured| match run.exit {
                0 => Ok(f64::from(SEEDS)),
                1 => crate::readings::after(&run.output, "\n").map(|runs| runs - 1.0),
                exit => Err(format!("exit {exit}")),
            };
            let figure = run.as_ref().map_err(Clone::clone).and_then(valid);
            let note = run.map_or(String::new(), |run| format!("{:.1} s CPU", run.cpu));
            let what = format!("flood-retry passes {id}, in virtual time");
            row(what, Goal::AtLeast(SEEDS.into()), "seeds", figure, note)
        })
        .into()
}

fn flood(tools: &Tools) -> Vec<Row> {
    let mut failed = 0.0;
    for seed in 0..100 {
        let seed = seed.to_string();
        let mut arguments = challenge("3c");
        arguments.extend(["--node", "flood", "--seed", &seed]);
        match tools.run(&arguments) {
            Ok(run) if run.exit == 1 => failed += 1.0,
            Ok(run) if run.exit == 0 => {}
            Ok(run) => return vec![flood_row(Err(format!("seed {seed}: exit {}", run.exit)))],
            Err(error) => return vec![flood_row(Err(error))],
        }
    }
    vec![flood_row(Ok(failed))]
}

fn flood_row(figure: Result<f64, String>) -> Row {
    row("flood fails 3c, of 100 seeds", Goal::AtLeast(51.0), "seeds", figure, "most are asked for")
}

fn other_languages(tools: &Tools) -> Vec<Row> {
    let example = |name: &str| {
        let path = build::root().join("nodes/examples").join(name);
        path.to_string_lossy().into_owned()
    };
    let (python, shell) = (example("broadcast.py"), example("echo.sh"));
    let has_python = Command::new("python3").arg("--version").output().is_ok();
    let challenge = |id: &str, bin: &str| {
        let run = tools.run(&["challenge", id, "--bin", bin, "--store", "none"])?;
        Ok(f64::from(u8::from(run.exit == 0)))
    };
    let with_python = |id: &str| {
        if has_python { challenge(id, &python) } else { Err("python3 is not installed".into()) }
    };
    let mut rows: Vec<Row> = ["3a", "3b", "3c"]
        .map(|id| {
            let what = format!("broadcast.py passes {id}, as a free process");
            row(what, Goal::AtLeast(1.0), "runs", with_python(id), "real time")
        })
        .into();
    let figure = challenge("1", &shell);
    rows.push(row("echo.sh passes 1", Goal::AtLeast(1.0), "runs", figure, "real time"));
    rows
}
