//! Nodes that live in this program, by name.

use glomers_sim::{NodeFactory, NodeProgram, Plan};

/// The nodes that live in this program, by name.
pub trait Embedded: Sync {
    /// The factory of the node of this name, with these arguments.
    ///
    /// # Errors
    /// If there is none, or it does not understand its arguments.
    fn factory(&self, name: &str, arguments: &[String]) -> Result<NodeFactory, UnknownNode>;

    /// The executable that is this node, for who runs it as a process; `None`: there is
    /// none.
    fn executable(&self, name: &str, arguments: &[String]) -> Option<NodeProgram> {
        let _ = (name, arguments);
        None
    }
}

/// An embedded node that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnknownNode {
    /// There is none of this name.
    #[error("{text}")]
    Name {
        /// The name.
        name: String,
        /// That in words, with what there is.
        text: String,
    },
    /// It does not understand its arguments.
    #[error("the node {name:?} does not understand its arguments: {reason}")]
    Arguments {
        /// The name.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// The Plan has an executable instead.
    #[error(
        "an executable cannot run in virtual time: it has a clock of its own; use --time real, or \
         an embedded node (--node NAME)"
    )]
    NotEmbedded,
}

/// A program without nodes.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoNodes;

impl Embedded for NoNodes {
    fn factory(&self, name: &str, _arguments: &[String]) -> Result<NodeFactory, UnknownNode> {
        let text = format!("this program has no node {name:?}, nor any other");
        Err(UnknownNode::Name { name: name.to_owned(), text })
    }
}

impl dyn Embedded + '_ {
    /// The factory of the node that a Plan names.
    ///
    /// # Errors
    /// If there is no such node, or it does not understand its arguments.
    pub fn of_plan(&self, plan: &Plan) -> Result<NodeFactory, UnknownNode> {
        match &plan.program {
            NodeProgram::Embedded { name, arguments } => self.factory(name, arguments),
            _ => Err(UnknownNode::NotEmbedded),
        }
    }
}
