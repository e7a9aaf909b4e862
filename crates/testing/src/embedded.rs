//! Embedded nodes by name: reference nodes, and broken ones as `broken/NAME`.

use glomers_node::Process;
use glomers_nodes::Make;
use glomers_sim::{NodeFactory, NodeProgram, Plan};
use glomers_workload::nearest;

/// Names of broken nodes begin with this.
const BROKEN: &str = "broken/";

/// An embedded node that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnknownNode {
    /// There is none of this name.
    Name {
        /// The name.
        name: String,
    },
    /// It does not understand its arguments.
    Arguments {
        /// The name.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// The Plan has an executable instead.
    NotEmbedded,
}

impl std::fmt::Display for UnknownNode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            UnknownNode::Name { name } => {
                if let Some(broken) = name.strip_prefix(BROKEN) {
                    return unknown_broken(broken, f);
                }
                let known: Vec<&str> =
                    glomers_nodes::NODES.iter().map(|entry| entry.name).collect();
                write!(f, "there is no embedded node {name:?}")?;
                if let Some(near) = nearest(name, &known) {
                    write!(f, "; did you mean {near:?}? Known")?;
                } else {
                    f.write_str("; known")?;
                }
                write!(f, ": {}. Programs are run with --bin FILE.", known.join(", "))
            }
            UnknownNode::Arguments { name, reason } => {
                write!(f, "the node {name:?} does not understand its arguments: {reason}")
            }
            UnknownNode::NotEmbedded => f.write_str(
                "an executable cannot run in virtual time: it has a clock of its own; \
                 use --time real, or an embedded node (--node NAME)",
            ),
        }
    }
}

fn unknown_broken(name: &str, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    let known: Vec<&str> = glomers_broken_nodes::ENTRIES.iter().map(|entry| entry.name).collect();
    write!(f, "there is no broken node {name:?}")?;
    if let Some(near) = nearest(name, &known) {
        write!(f, "; did you mean \"{BROKEN}{near}\"?")?;
    }
    f.write_str(" \"glomers gallery --list\" shows all.")
}

impl std::error::Error for UnknownNode {}

/// The factory of the embedded node that a Plan names.
///
/// # Errors
/// If there is no such node, or it does not understand its arguments.
pub fn embedded_factory(plan: &Plan) -> Result<NodeFactory, UnknownNode> {
    let NodeProgram::Embedded { name, arguments } = &plan.program else {
        return Err(UnknownNode::NotEmbedded);
    };
    // Mistakes are told before anything runs.
    make_embedded(name, arguments)?;
    let (make, arguments) = (maker(name)?, arguments.clone());
    Ok(Box::new(move |_| make(&arguments)))
}

/// Makes an embedded node.
///
/// # Errors
/// If there is none of this name, or it does not understand its arguments.
pub fn make_embedded(name: &str, arguments: &[String]) -> Result<Box<dyn Process>, UnknownNode> {
    let refused = |reason| UnknownNode::Arguments { name: name.to_owned(), reason };
    maker(name)?(arguments).map_err(refused)
}

fn maker(name: &str) -> Result<Make, UnknownNode> {
    let make = match name.strip_prefix(BROKEN) {
        Some(broken) => glomers_broken_nodes::entry(broken).map(|entry| entry.make),
        None => glomers_nodes::entry(name).map(|entry| entry.make),
    };
    make.ok_or_else(|| UnknownNode::Name { name: name.to_owned() })
}
