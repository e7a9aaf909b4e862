//! Reference nodes by name.

use glomers_sim::{NodeFactory, NodeProgram, Plan};
use glomers_workload::nearest;

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

impl std::error::Error for UnknownNode {}

/// The factory of the embedded node that a Plan names.
///
/// # Errors
/// If there is no such node, or it does not understand its arguments.
pub fn embedded_factory(plan: &Plan) -> Result<NodeFactory, UnknownNode> {
    let NodeProgram::Embedded { name, arguments } = &plan.program else {
        return Err(UnknownNode::NotEmbedded);
    };
    let Some(entry) = glomers_nodes::entry(name) else {
        return Err(UnknownNode::Name { name: name.clone() });
    };
    let refused = |reason| UnknownNode::Arguments { name: name.clone(), reason };
    (entry.make)(arguments).map_err(refused)?;
    let arguments = arguments.clone();
    Ok(Box::new(move |_| (entry.make)(&arguments)))
}
