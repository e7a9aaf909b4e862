//! The file of `--link-latency`.

use std::path::Path;

use glomers_sim::{Distribution, Latency, LinkRule};
use glomers_workload::nearest;

use crate::error::CliError;
use crate::number;

/// Reads rules, one a line: `n0 -> n1 300 uniform`. `*` is any node, the
/// distribution may be left out, `#` begins a comment.
pub(crate) fn read(file: &Path, nodes: &[String]) -> Result<Vec<LinkRule>, CliError> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        CliError::usage(format!("--link-latency: {} cannot be read: {error}", file.display()))
    })?;
    parse(&text, nodes).map_err(|(line, reason)| {
        CliError::usage(format!("{}, line {line}: {reason}", file.display())).hint(
            "a line is FROM -> TO MS [HOW], with HOW as for --latency-dist, as in: n0 -> n1 300",
        )
    })
}

fn parse(text: &str, nodes: &[String]) -> Result<Vec<LinkRule>, (usize, String)> {
    let mut rules = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or_default();
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.is_empty() {
            continue;
        }
        rules.push(rule(&words, nodes).map_err(|reason| (number, reason))?);
    }
    Ok(rules)
}

fn rule(words: &[&str], nodes: &[String]) -> Result<LinkRule, String> {
    let (src, dest, mean, distribution) = match words {
        [src, "->", dest, mean] => (src, dest, mean, Distribution::Constant),
        [src, "->", dest, mean, name] => (src, dest, mean, name.parse()?),
        _ => return Err("this is no rule for a link".to_owned()),
    };
    let latency = Latency { mean_ms: number::latency(mean)?, distribution };
    Ok(LinkRule {
        src: place(src, nodes)?,
        dest: place(dest, nodes)?,
        latency: Some(latency),
        loss: None,
    })
}

fn place(name: &str, nodes: &[String]) -> Result<Option<u32>, String> {
    if name == "*" {
        return Ok(None);
    }
    if let Some(place) = nodes.iter().position(|node| node == name) {
        return Ok(Some(place as u32));
    }
    let known: Vec<&str> = nodes.iter().map(String::as_str).collect();
    let near =
        nearest(name, &known).map_or(String::new(), |near| format!("; did you mean {near}?"));
    Err(format!("there is no node {name:?}{near}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_rules_and_says_what_is_wrong_with_a_line() {
        let nodes: Vec<String> = (0..3).map(|i| format!("n{i}")).collect();
        let rules = parse("# far away\nn0 -> n1 300\n\n* -> n2 50 exponential\n", &nodes).unwrap();
        assert_eq!((rules[0].src, rules[0].dest), (Some(0), Some(1)));
        assert_eq!(rules[0].latency.unwrap().mean_ms, 300);
        assert_eq!((rules[1].src, rules[1].dest), (None, Some(2)));
        assert_eq!(rules[1].latency.unwrap().distribution, Distribution::Exponential);
        let said = |text: &str| parse(text, &nodes).unwrap_err();
        assert_eq!(said("n0 -> n1 1\nn0 -> n9 1").0, 2);
        assert!(said("n0 -> n9 1").1.contains("no node \"n9\""));
        assert!(said("n0 n1 1").1.contains("no rule"));
        assert!(said("n0 -> n1 -5").1.contains("from 0"));
        assert!(said("n0 -> n1 5 gauss").1.contains("no distribution"));
    }
}
