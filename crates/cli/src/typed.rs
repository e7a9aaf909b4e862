//! What was typed, made ready for the parser: people come with the command lines
//! of Maelstrom and Jepsen, and what those mean is taken or answered in words.

use std::collections::BTreeSet;

use clap::{ArgAction, Command};

use crate::error::CliError;

/// A command line that the parser can take.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Typed {
    /// All words, the name of the program first.
    pub(crate) words: Vec<String>,
    /// What was done about some of them, in sentences.
    pub(crate) notes: Vec<String>,
}

/// A flag of Maelstrom or Jepsen that means nothing here.
struct Foreign {
    flag: &'static str,
    takes_value: bool,
    about: About,
}

/// What is done about a flag that means nothing here.
enum About {
    /// It is left out; the reason.
    LeftOut(&'static str),
    /// The command is refused; what to type in its place.
    Refused(&'static str),
}

const HERE: &str = "all nodes run on this machine, without ssh";

const fn left_out(flag: &'static str, takes_value: bool, why: &'static str) -> Foreign {
    Foreign { flag, takes_value, about: About::LeftOut(why) }
}

const fn refused(flag: &'static str, takes_value: bool, instead: &'static str) -> Foreign {
    Foreign { flag, takes_value, about: About::Refused(instead) }
}

const FOREIGN: [Foreign; 14] = [
    left_out("--no-ssh", false, HERE),
    left_out("--ssh-private-key", true, HERE),
    left_out("--strict-host-key-checking", false, HERE),
    left_out("--username", true, HERE),
    left_out("--password", true, HERE),
    left_out("--private-key-path", true, HERE),
    left_out("--leave-db-running", false, "nodes end with the run"),
    left_out("--no-snarf", false, "logs of nodes are written straight into the store"),
    left_out("--snarf", false, "logs of nodes are written straight into the store"),
    left_out("--logging-json", false, "run.log is short, and history.jsonl is JSON"),
    left_out("--crash-clients", true, "clients of kafka crash now and then in every run"),
    refused("-n", true, "name all nodes at once, as in --nodes n1,n2,n3, or say --node-count 3"),
    refused("--nodes-file", true, "name the nodes here, as in --nodes n1,n2,n3"),
    refused("--tarball", true, "name the node's program with --bin FILE"),
];

/// Commands of Maelstrom that are missing, and what to type in their place.
const MISSING_COMMANDS: [(&str, &str); 3] = [
    ("demo", "glomers challenge runs the reference nodes; glomers gallery runs broken ones"),
    ("analyze", "glomers recover DIR checks a stored run again; glomers check FILE a history"),
    ("test-all", "glomers challenge runs all challenges; glomers test --test-count N many seeds"),
];

/// Makes a command line ready for the parser.
///
/// # Errors
/// If it holds something that cannot be taken; the message says what to type.
pub(crate) fn prepare(words: Vec<String>, parser: &Command) -> Result<Typed, CliError> {
    let mut typed = Typed { words: Vec::new(), notes: Vec::new() };
    let Some(name) = words.get(1).cloned() else {
        return Ok(Typed { words, ..typed });
    };
    if let Some((_, instead)) = MISSING_COMMANDS.iter().find(|(missing, _)| *missing == name) {
        return Err(CliError::usage(format!("glomers {name} is not here yet")).hint(*instead));
    }
    refuse_without_command(&words, parser)?;
    // What follows the name of a node is the node's.
    let is_ours = |command: &&Command| !command.is_hide_set() && name != "node";
    let Some(command) = parser.find_subcommand(&name).filter(is_ours) else {
        return Ok(Typed { words, ..typed });
    };
    let flags = Flags::of(command);
    let mut node_words: Vec<String> = Vec::new();
    let mut rest = words.into_iter().peekable();
    typed.words.extend(rest.by_ref().take(2));
    while let Some(word) = rest.next() {
        if word == "--" {
            node_words.extend(rest.by_ref());
            break;
        }
        refuse_dashes(&word)?;
        if let Some(foreign) = FOREIGN.iter().find(|foreign| foreign.is(&word, &flags)) {
            let value = match foreign.takes_value && !word.contains('=') {
                true => rest.next_if(|next| !next.starts_with('-')),
                false => None,
            };
            typed.notes.push(foreign.answer(&word, value.as_deref())?);
            continue;
        }
        let known = flags.find(&word);
        typed.words.push(word.clone());
        let Some(values) = known else { continue };
        let mut taken: Vec<String> = rest.by_ref().take(values).collect();
        if word == "--nemesis" {
            // "partition, kill" is one list.
            taken = taken.iter().map(|list| without_blanks(list)).collect();
        }
        let value = taken.first().cloned().or_else(|| split(&word).1.map(str::to_owned));
        typed.words.extend(taken);
        if let ("--bin", Some(program)) = (split(&word).0, value) {
            refuse_command_line(&program)?;
            while let Some(next) = rest.next_if(|next| flags.is_of_node(next)) {
                node_words.push(next);
            }
        }
    }
    if !node_words.is_empty() {
        typed.words.push("--".to_owned());
        typed.words.extend(node_words);
    }
    Ok(typed)
}

/// The flags of a command.
struct Flags {
    /// Each with how many values follow it.
    known: Vec<(String, usize)>,
    /// Words that the command takes without a flag.
    words: BTreeSet<String>,
}

impl Flags {
    fn of(command: &Command) -> Flags {
        let mut known = Vec::new();
        for argument in command.get_arguments() {
            let values = match argument.get_action() {
                ArgAction::Set | ArgAction::Append => {
                    argument.get_num_args().map_or(1, |range| range.min_values().max(1))
                }
                _ => 0,
            };
            known.extend(argument.get_long().map(|long| (format!("--{long}"), values)));
            known.extend(argument.get_short().map(|short| (format!("-{short}"), values)));
        }
        known.extend([("--help".to_owned(), 0), ("-h".to_owned(), 0)]);
        let words = match command.get_name() {
            "challenge" => crate::challenge::ids().map(str::to_owned).collect(),
            "compare" => glomers_nodes::NODES.iter().map(|node| node.name.to_owned()).collect(),
            _ => BTreeSet::new(),
        };
        Flags { known, words }
    }

    /// How many words after this one are its values; `None` if it is no flag of
    /// the command.
    fn find(&self, word: &str) -> Option<usize> {
        let (flag, value) = split(word);
        let (_, values) = self.known.iter().find(|(known, _)| known == flag)?;
        Some(if value.is_some() { 0 } else { *values })
    }

    /// Whether a word that follows `--bin FILE` is an argument of the node. A flag
    /// that looks like one of ours is a slip, which the parser names.
    fn is_of_node(&self, word: &str) -> bool {
        // Of "hub-ft --period 450", in quotes, the first word says what it is.
        let first = word.split(' ').next().unwrap_or(word);
        if word == "--" || self.find(word).is_some() || self.words.contains(first) {
            return false;
        }
        if !word.starts_with('-') {
            return true;
        }
        let known: Vec<&str> = self.known.iter().map(|(flag, _)| flag.as_str()).collect();
        let flag = split(word).0;
        let is_foreign = FOREIGN.iter().any(|foreign| foreign.is(word, self));
        !is_foreign && glomers_workload::nearest(flag, &known).is_none()
    }
}

/// A list without the blanks around its commas.
fn without_blanks(list: &str) -> String {
    list.split(',').map(str::trim).collect::<Vec<&str>>().join(",")
}

/// `--flag=value` taken apart.
fn split(word: &str) -> (&str, Option<&str>) {
    match word.split_once('=') {
        Some((flag, value)) if flag.starts_with("--") => (flag, Some(value)),
        _ => (word, None),
    }
}

impl Foreign {
    fn is(&self, word: &str, flags: &Flags) -> bool {
        let flag = split(word).0;
        // A flag that has come to mean something here is the parser's.
        flag == self.flag && flags.find(flag).is_none()
    }

    fn answer(&self, word: &str, value: Option<&str>) -> Result<String, CliError> {
        let typed = match value {
            Some(value) => format!("{word} {value}"),
            None => word.to_owned(),
        };
        match self.about {
            About::LeftOut(why) => Ok(format!("{typed} has no effect: {why}")),
            About::Refused(instead) => {
                Err(CliError::usage(format!("{typed} is not taken here")).hint(instead))
            }
        }
    }
}

/// Word processors and web pages turn hyphens into dashes.
fn refuse_dashes(word: &str) -> Result<(), CliError> {
    let (dash, hyphens, rest) = match (word.strip_prefix('–'), word.strip_prefix('—')) {
        (Some(rest), _) if rest.chars().count() == 1 => ("an en dash (–)", "-", rest),
        (Some(rest), _) => ("an en dash (–)", "--", rest.trim_start_matches(['-', '–'])),
        (_, Some(rest)) => ("an em dash (—)", "--", rest),
        _ => return Ok(()),
    };
    Err(CliError::usage(format!("{word:?} begins with {dash}, which is no hyphen"))
        .hint(format!("type {hyphens}{rest}")))
}

/// `glomers -w echo` lacks the command.
fn refuse_without_command(words: &[String], parser: &Command) -> Result<(), CliError> {
    let flag = split(&words[1]).0;
    let is_of_test = parser.find_subcommand("test").is_some_and(|test| {
        Flags::of(test).find(flag).is_some() && !["-h", "--help"].contains(&flag)
    });
    if !is_of_test {
        return Ok(());
    }
    let rest: Vec<String> = words[1..].iter().map(|word| crate::shell::quoted(word)).collect();
    Err(CliError::usage(format!("{flag} is an option of a command, and no command was typed"))
        .hint(format!("type: glomers test {}", rest.join(" "))))
}

/// `--bin` takes a file, not a command line.
fn refuse_command_line(program: &str) -> Result<(), CliError> {
    let words: Vec<&str> = program.split_whitespace().collect();
    let [first, rest @ ..] = &*words else { return Ok(()) };
    if rest.is_empty() || std::path::Path::new(program).exists() {
        return Ok(());
    }
    Err(CliError::usage(format!("there is no file {program:?}: --bin takes one file"))
        .hint(format!("its arguments follow after --: --bin {first} -- {}", rest.join(" "))))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::arguments::Arguments;

    fn typed(line: &str) -> Result<(String, Vec<String>), String> {
        let words = line.split(' ').map(|word| word.replace('_', " ")).collect();
        let parser = Arguments::command();
        prepare(words, &parser)
            .map(|typed| (typed.words.join(" "), typed.notes))
            .map_err(|error| error.to_string())
    }

    #[track_caller]
    fn becomes(line: &str, expected: &str) {
        assert_eq!(typed(line).map(|(words, _)| words), Ok(expected.to_owned()));
    }

    #[track_caller]
    fn is_refused(line: &str, with: &str) {
        let error = typed(line).expect_err(line);
        assert!(error.contains(with), "{error}");
    }

    #[test]
    fn arguments_of_the_node_may_follow_its_file() {
        becomes("glomers test --bin python3 a.py", "glomers test --bin python3 -- a.py");
        becomes(
            "glomers test -w echo --bin python3 -u a.py --time-limit 5",
            "glomers test -w echo --bin python3 --time-limit 5 -- -u a.py",
        );
        becomes(
            "glomers test --bin=./a --verbose 3 --rate 10 -- more -w",
            "glomers test --bin=./a --rate 10 -- --verbose 3 more -w",
        );
        becomes("glomers challenge --bin ./a 3c", "glomers challenge --bin ./a 3c");
        becomes(
            "glomers challenge 3c --bin python3 a.py",
            "glomers challenge 3c --bin python3 -- a.py",
        );
        becomes(
            "glomers compare --bin ./a --fanout 3 hub-ft_--period_450 --node-count 5",
            "glomers compare --bin ./a hub-ft --period 450 --node-count 5 -- --fanout 3",
        );
        becomes("glomers frontier --bin ./a b", "glomers frontier --bin ./a -- b");
        // A slip is not an argument of the node.
        becomes("glomers test --bin ./a --nod-count 3", "glomers test --bin ./a --nod-count 3");
    }

    #[test]
    fn values_of_flags_are_left_alone() {
        becomes("glomers test --nemesis partition,_kill", "glomers test --nemesis partition,kill");
        becomes("glomers test --store -n", "glomers test --store -n");
        becomes("glomers trace --between 1s 2s", "glomers trace --between 1s 2s");
        becomes("glomers test -- --no-ssh", "glomers test -- --no-ssh");
        becomes("glomers", "glomers");
        becomes("glomers tset --no-ssh", "glomers tset --no-ssh");
        becomes("glomers node raft -n 3 --no-ssh", "glomers node raft -n 3 --no-ssh");
    }

    #[test]
    fn flags_that_mean_nothing_here_are_left_out_with_a_word() {
        let (words, notes) = typed("glomers test --no-ssh --username root -w echo").unwrap();
        assert_eq!(words, "glomers test -w echo");
        assert_eq!(
            notes,
            [
                "--no-ssh has no effect: all nodes run on this machine, without ssh",
                "--username root has no effect: all nodes run on this machine, without ssh",
            ]
        );
    }

    #[test]
    fn what_is_missing_or_means_another_thing_is_answered_in_words() {
        is_refused("glomers demo", "glomers demo is not here yet");
        is_refused("glomers -w echo", "type: glomers test -w echo");
        is_refused("glomers --bin=./a b", "type: glomers test --bin=./a b");
        becomes("glomers --help", "glomers --help");
        becomes("glomers --version", "glomers --version");
        is_refused("glomers test -n n1", "-n n1 is not taken here\n  help: name all nodes at once");
        is_refused("glomers test --bin python3_node.py", "--bin python3 -- node.py");
        is_refused("glomers test –bin a", "begins with an en dash (–), which is no hyphen");
        is_refused("glomers test –w echo", "help: type -w");
        is_refused("glomers test —bin a", "help: type --bin");
    }
}
