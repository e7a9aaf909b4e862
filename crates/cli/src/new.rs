//! `glomers new`: a node to begin with.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use glomers_nodes::{EXAMPLES, Example, TEMPLATES, Template};

use crate::error::CliError;
use crate::out;
use crate::shell::quoted;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// One file, no libraries
    Python,
    /// One file, the standard library
    Go,
    /// One file for Node.js, no libraries
    Javascript,
    /// A package with serde_json
    Rust,
}

#[derive(Debug, Args)]
pub(crate) struct NewArguments {
    /// The language of the node
    #[arg(value_enum)]
    language: Language,

    /// The folder to write it to; it must be new or empty
    #[arg(value_name = "DIR")]
    folder: PathBuf,

    /// Write a node that solves a challenge, not one that echoes: in Python broadcast,
    /// durable-broadcast, counter, kafka or registers, in JavaScript counter or kafka
    #[arg(long, value_name = "NAME")]
    example: Option<String>,
}

impl Language {
    fn template(self) -> &'static Template {
        let place = match self {
            Language::Python => 0,
            Language::Go => 1,
            Language::Javascript => 2,
            Language::Rust => 3,
        };
        &TEMPLATES[place]
    }
}

pub(crate) fn run(arguments: &NewArguments) -> Result<ExitCode, CliError> {
    let (template, folder) = (arguments.language.template(), &arguments.folder);
    let example = match &arguments.example {
        Some(name) => Some(example(template.language, name)?),
        None => None,
    };
    if folder.exists() && !is_empty(folder) {
        let error = format!("{} is there already and not an empty folder", folder.display());
        return Err(CliError::usage(error).hint("name a new folder, or one that is empty"));
    }
    let one = example.map(|example| [(example.file, example.text)]);
    let files = one.as_ref().map_or(template.files, |one| &one[..]);
    for (name, text) in files {
        write(&folder.join(name), text).map_err(|error| {
            let place = folder.join(name);
            CliError::machine(format!("{} cannot be written: {error}", place.display()))
        })?;
    }
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    let shown = folder.display();
    let mut text = format!("Written to {shown}: {}\n\nNow try:\n", names.join(", "));
    text += &format!("  cd {}\n", quoted(&folder.to_string_lossy()));
    if let Some(example) = example {
        text += &format!("  glomers test {} --bin ./{}", example.test, example.file);
        text += " --time-limit 10\n\nglomers doc challenges says why it is as it is.\n";
        out::text(&text);
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(build) = template.build {
        text += &format!("  {build}\n");
    }
    text += &format!("  glomers test -w echo --bin {} --time-limit 5\n", template.program);
    text += &format!("\nglomers doc {} goes on from there.\n", template.language);
    out::text(&text);
    Ok(ExitCode::SUCCESS)
}

/// The example of this name in a language.
fn example(language: &str, name: &str) -> Result<&'static Example, CliError> {
    let of_language = || EXAMPLES.iter().filter(|example| example.language == language);
    if let Some(example) = of_language().find(|example| example.name == name) {
        return Ok(example);
    }
    let names: Vec<&str> = of_language().map(|example| example.name).collect();
    let error = CliError::usage(format!("there is no example {name:?} in {language}"));
    Err(match names.is_empty() {
        true => error.hint("there are examples in python and javascript"),
        false => error.hint(format!("there are: {}", names.join(", "))),
    })
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)?;
    if text.starts_with("#!") {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_its_template() {
        for language in Language::value_variants() {
            let name = language.to_possible_value().expect("it is shown").get_name().to_owned();
            assert_eq!(language.template().language, name);
        }
    }

    #[test]
    fn the_help_names_all_examples() {
        use clap::CommandFactory as _;
        let mut command = crate::arguments::Arguments::command();
        let new = command.find_subcommand_mut("new").expect("it is there");
        let help = new.render_long_help().to_string();
        for example in &EXAMPLES {
            assert!(help.contains(example.name), "{}", example.name);
        }
        assert!(example("rust", "kafka").is_err_and(|error| error.hint.is_some()));
    }
}
