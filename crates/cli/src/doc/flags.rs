//! The page of all flags, made from what the parser knows. `GLOMERS_UPDATE=1` writes it.

use std::fmt::Write as _;
use std::path::Path;

use clap::{Arg, Command, CommandFactory as _};

use crate::arguments::Arguments;

const BEGINNING: &str = "\
# All commands and flags

This page is made from the program's own help, which `glomers COMMAND --help` shows, too. Flags of Maelstrom keep
their names. Numbers may be fractions (`1/2`); a flag that is given twice counts as given last; arguments of the node
follow its file or `--`.
";

fn page() -> String {
    let mut text = BEGINNING.to_owned();
    let mut whole = Arguments::command();
    whole.build();
    for command in whole.get_subcommands().filter(|command| is_shown(command)) {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let _ = write!(text, "\n## `glomers {}`\n\n{}.\n", command.get_name(), about);
        let arguments: Vec<&Arg> = command
            .get_arguments()
            .filter(|argument| !argument.is_hide_set() && argument.get_id() != "help")
            .collect();
        if arguments.is_empty() {
            continue;
        }
        text.push_str("\n| flag | what it does |\n|---|---|\n");
        for argument in arguments {
            let _ = writeln!(text, "| `{}` | {} |", name(argument), about_argument(argument));
        }
    }
    text
}

fn is_shown(command: &Command) -> bool {
    !command.is_hide_set() && command.get_name() != "help"
}

/// The flag as it is typed, with the name of its value.
fn name(argument: &Arg) -> String {
    let short = argument.get_short().map(|short| format!("-{short}, ")).unwrap_or_default();
    let takes_value = argument.get_action().takes_values();
    let value = argument
        .get_value_names()
        .map(|names| names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
    match (argument.get_long(), value.filter(|_| takes_value)) {
        (Some(long), Some(value)) => format!("{short}--{long} {value}"),
        (Some(long), None) => format!("{short}--{long}"),
        (None, value) => value.unwrap_or_else(|| argument.get_id().to_string().to_uppercase()),
    }
}

fn about_argument(argument: &Arg) -> String {
    let help = argument.get_long_help().or(argument.get_help());
    let help = help.map(ToString::to_string).unwrap_or_default();
    let mut text = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let values: Vec<String> = argument
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    if !values.is_empty() && argument.get_action().takes_values() {
        let _ = write!(text, " ({})", values.join(", "));
    }
    let defaults: Vec<_> =
        argument.get_default_values().iter().filter_map(|v| v.to_str()).collect();
    if !defaults.is_empty() && argument.get_action().takes_values() {
        let _ = write!(text, " [default: {}]", defaults.join(","));
    }
    text.replace('|', "\\|")
}

#[test]
fn the_page_of_flags_is_what_the_parser_knows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/flags.md");
    let page = page();
    if std::env::var_os("GLOMERS_UPDATE").is_some() {
        std::fs::write(&path, &page).expect("the guide can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/src/flags.md is old: GLOMERS_UPDATE=1 cargo test -p glomers-cli"
    );
}
