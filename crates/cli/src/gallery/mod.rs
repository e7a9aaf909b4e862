//! `glomers gallery`: broken nodes must be found out, right ones accepted.

mod broken;
mod claims;
mod hunt;
mod list;
mod shrink;
mod twins;

use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use glomers_broken_nodes::entries;
use glomers_report::tables::{Document, Section, Table};
use glomers_session::SessionError;
use glomers_trials::gallery::{Attempt, Case, Nodes, cases};
use glomers_workload::nearest;

use crate::error::CliError;
use crate::{number, out, report};

const EXAMPLES: &str = "\
Examples:
  glomers gallery                         all broken nodes, 100 seeds each
  glomers gallery --only ids-from-clock   one of them, with its finding in full
  glomers gallery --only kafka,raft-no-sync-of-log --seeds 10
                                          those of a workload, and another one
  glomers gallery --twins-only --seeds 1000
                                          reference nodes under all that they claim to survive
  glomers gallery --hunt --only lin-kv --repetitions 5 --cap 500
                                          how many seeds hunts take to find each
  glomers gallery --hunt --twins-only --cap 10000
                                          hunts for reference nodes, which must find nothing
  glomers gallery --shrink --only broadcast
                                          what each is found by, made as small as possible
  glomers test -w unique-ids --node broken/ids-from-clock --rate 500
                                          a broken node in a test of your own

Exit status: 0 all as expected, 1 a broken node is found out by its finding in less than 99 % of
the seeds, or a right one refused (with --hunt --twins-only: something is found); 130 interrupted,
254 usage, 255 machine. --hunt for broken nodes measures, and says 0 when the table is whole.";

#[derive(Debug, Args)]
#[command(allow_negative_numbers = true, after_help = EXAMPLES)]
pub(crate) struct GalleryArguments {
    /// How many seeds each node is tried with
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = number::count)]
    seeds: u64,

    /// Only the nodes of these names, or those of these workloads
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    only: Vec<String>,

    /// Run only reference nodes, each under all faults that it claims to survive. With --hunt
    /// a hunt of as many seeds as --cap says must find nothing in any
    #[arg(long)]
    twins_only: bool,

    /// Say what is wrong with each broken node, and run nothing
    #[arg(long, conflicts_with_all = ["twins_only", "json"])]
    list: bool,

    /// Hunt for each broken node as glomers hunt does, without knowing what is wrong:
    /// how many seeds it takes with the usual options and one kind of fault or all, with
    /// the family swarm, and with all that a hunt does
    #[arg(long, conflicts_with_all = ["list", "seeds"])]
    hunt: bool,

    /// Shrink the first run of each broken node that has its finding, and print how large it
    /// was and is; --seeds says how many are tried for one
    #[arg(long, conflicts_with_all = ["list", "hunt", "twins_only", "traced"])]
    shrink: bool,

    /// For how long each is shrunk at most
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = number::span,
          requires = "shrink")]
    budget: Duration,

    /// How many hunts there are for each node and strategy
    #[arg(
        long, value_name = "N", default_value_t = 20, value_parser = number::count,
        requires = "hunt", conflicts_with = "twins_only"
    )]
    repetitions: u64,

    /// How many seeds a hunt has at most
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = number::count, requires = "hunt")]
    cap: u64,

    /// Run each node as a program in virtual time, not as a part of this one; what needs
    /// disks is left out, as programs have none that Glomers could break
    #[arg(long, conflicts_with = "hunt")]
    traced: bool,

    /// How many runs go on at once [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,

    /// Also write the table as JSON into this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Also write the table as a page for the browser into this file
    #[arg(long, value_name = "FILE", conflicts_with = "list")]
    report: Option<PathBuf>,
}

impl GalleryArguments {
    fn nodes(&self) -> Nodes {
        if self.traced { Nodes::Traced } else { Nodes::Embedded }
    }
}

pub(crate) fn run(arguments: &GalleryArguments) -> Result<ExitCode, CliError> {
    let (is_good, document) = if arguments.twins_only && arguments.hunt {
        twins::run(arguments)?
    } else if arguments.twins_only {
        claims::run(arguments)?
    } else {
        let chosen = chosen(&arguments.only)?;
        if arguments.list {
            list::print(&chosen);
            return Ok(ExitCode::SUCCESS);
        }
        match (arguments.hunt, arguments.shrink) {
            (true, _) => hunt::run(arguments, &chosen)?,
            (false, true) => shrink::run(arguments, &chosen)?,
            (false, false) => broken::run(arguments, &chosen)?,
        }
    };
    if let Some(file) = &arguments.json {
        let text = format!("{document:#}\n");
        std::fs::write(file, text).map_err(|error| {
            CliError::machine(format!("{} cannot be written: {error}", file.display()))
        })?;
    }
    if let Some(file) = &arguments.report {
        report::write(file, &page(&document))?;
        out::line(format_args!("Wrote {}.", file.display()));
    }
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// The tables of a document for the browser.
fn page(document: &serde_json::Value) -> String {
    let lists = document.as_object().into_iter().flatten();
    let sections = lists.filter_map(|(name, list)| {
        Some(Section {
            title: name.replace('_', " "),
            table: Some(Table::of_objects(list.as_array()?)),
            ..Section::default()
        })
    });
    let sections = match document.as_array() {
        Some(list) => {
            vec![Section { table: Some(Table::of_objects(list)), ..Section::default() }]
        }
        None => sections.collect(),
    };
    Document { title: "The gallery".to_owned(), sections, ..Document::default() }.to_html()
}

/// The broken nodes of these names or workloads, or all if there are none.
fn chosen(only: &[String]) -> Result<Vec<&'static Case>, CliError> {
    let names = || only.iter().map(|name| name.strip_prefix("broken/").unwrap_or(name));
    let fits = |case: &Case, name: &str| case.name == name || case.entry().workload == name;
    if let Some(name) = names().find(|name| !cases().any(|case| fits(case, name))) {
        let known: Vec<&str> = entries().map(|entry| entry.name).collect();
        return Err(unknown("broken node or workload", name, &known, "--list"));
    }
    let wanted = |case: &&'static Case| only.is_empty() || names().any(|name| fits(case, name));
    Ok(cases().filter(wanted).collect())
}

fn unknown(what: &str, name: &str, known: &[&str], lists: &str) -> CliError {
    let error = CliError::usage(format!("there is no {what} {name:?}"));
    error.hint(match nearest(name, known) {
        Some(near) => format!("did you mean {near:?}? glomers gallery {lists} shows all"),
        None => format!("glomers gallery {lists} shows all"),
    })
}

/// The attempts of all seeds, in order, and the seconds that they took one core.
fn attempts(
    arguments: &GalleryArguments,
    attempt: impl Fn(u64) -> Result<Attempt, SessionError> + Sync,
) -> Result<(Vec<Attempt>, f64), CliError> {
    #[expect(clippy::disallowed_methods, reason = "the table tells how long it took")]
    let timed = |seed| {
        let clock = Instant::now();
        attempt(seed).map(|attempt| (attempt, clock.elapsed().as_secs_f64()))
    };
    let threads = arguments.threads.map(usize::from).and_then(NonZero::new);
    let runs = glomers_session::all(arguments.seeds, threads, timed)
        .map_err(|error| CliError::machine(error.to_string()))?;
    let seconds = runs.iter().map(|(_, seconds)| seconds).sum();
    Ok((runs.into_iter().map(|(attempt, _)| attempt).collect(), seconds))
}

/// The width of the tables: in a narrower terminal each row is a list.
const WIDTH: usize = 130;

/// Whether the tables do not fit.
fn is_narrow() -> bool {
    out::columns().is_some_and(|columns| columns < WIDTH)
}

/// A table, whose first row is its header.
fn print_table(rows: Vec<Vec<String>>) {
    let mut rows = rows.into_iter();
    let mut table = comfy_table::Table::new();
    table.set_header(rows.next().unwrap_or_default());
    table.add_rows(rows);
    out::line(glomers_report::layout::fitted(&table, out::columns()));
}

/// A row as a list of its cells.
fn as_list<const N: usize>(names: &[&str; N], cells: [String; N]) -> String {
    let mut table = comfy_table::Table::new();
    table.set_header(names);
    table.add_row(cells);
    glomers_report::layout::fitted(&table, Some(0))
}

/// "seed 3 had wrong-echo", "seed 3 had nothing".
fn had((seed, names): &(u64, Vec<String>)) -> String {
    let names = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
    format!("seed {seed} had {names}")
}
