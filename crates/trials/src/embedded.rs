//! Embedded nodes by name: reference nodes, and broken ones as `broken/NAME`.

use glomers_node::Process;
use glomers_nodes::Make;
use glomers_session::{Embedded, UnknownNode};
use glomers_sim::{NodeFactory, NodeProgram, Plan};
use glomers_workload::nearest;

/// Names of broken nodes begin with this.
const BROKEN: &str = "broken/";

/// All embedded nodes: reference nodes, and broken ones as `broken/NAME`.
#[derive(Debug, Clone, Copy)]
pub struct AllNodes;

/// All embedded nodes.
pub const EMBEDDED: AllNodes = AllNodes;

impl Embedded for AllNodes {
    fn factory(&self, name: &str, arguments: &[String]) -> Result<NodeFactory, UnknownNode> {
        // Mistakes are reported before anything runs.
        make_embedded(name, arguments)?;
        let (make, arguments) = (maker(name)?, arguments.to_vec());
        Ok(Box::new(move |_| make(&arguments)))
    }

    /// The command `glomers`, which this is unless a test runs it.
    fn executable(&self, name: &str, arguments: &[String]) -> Option<NodeProgram> {
        let path = std::env::current_exe().ok()?.to_str()?.to_owned();
        let words = ["node", name].into_iter().map(str::to_owned);
        Some(NodeProgram::Program { path, arguments: words.chain(arguments.to_vec()).collect() })
    }
}

/// What is said of a name that no node has.
fn unknown(name: &str) -> String {
    if let Some(broken) = name.strip_prefix(BROKEN) {
        return unknown_broken(broken);
    }
    let known: Vec<&str> = glomers_nodes::NODES.iter().map(|entry| entry.name).collect();
    let near = match nearest(name, &known) {
        Some(near) => format!("; did you mean {near:?}? Known"),
        None => "; known".to_owned(),
    };
    format!(
        "there is no embedded node {name:?}{near}: {}. Programs are run with --bin FILE.",
        known.join(", ")
    )
}

fn unknown_broken(name: &str) -> String {
    let known: Vec<&str> = glomers_broken_nodes::entries().map(|entry| entry.name).collect();
    let near = nearest(name, &known)
        .map_or(String::new(), |near| format!("; did you mean \"{BROKEN}{near}\"?"));
    format!("there is no broken node {name:?}{near} \"glomers gallery --list\" shows all.")
}

/// The factory of the embedded node that a Plan names.
///
/// # Errors
/// If there is no such node, or it does not understand its arguments.
pub fn embedded_factory(plan: &Plan) -> Result<NodeFactory, UnknownNode> {
    (&EMBEDDED as &dyn Embedded).of_plan(plan)
}

/// Makes an embedded node.
///
/// # Errors
/// If there is none of this name, or it does not understand its arguments.
pub fn make_embedded(name: &str, arguments: &[String]) -> Result<Box<dyn Process>, UnknownNode> {
    let refused = |reason| UnknownNode::Arguments { name: name.to_owned(), reason };
    maker(name)?(arguments).map_err(refused)
}

/// The workload that an embedded node is for, if there is one of this name.
pub(crate) fn workload_of(name: &str) -> Option<&'static str> {
    match name.strip_prefix(BROKEN) {
        Some(broken) => glomers_broken_nodes::entry(broken).map(|entry| entry.workload),
        None => glomers_nodes::entry(name).map(|entry| entry.workload),
    }
}

fn maker(name: &str) -> Result<Make, UnknownNode> {
    let make = match name.strip_prefix(BROKEN) {
        Some(broken) => glomers_broken_nodes::entry(broken).map(|entry| entry.make),
        None => glomers_nodes::entry(name).map(|entry| entry.make),
    };
    make.ok_or_else(|| UnknownNode::Name { name: name.to_owned(), text: unknown(name) })
}
