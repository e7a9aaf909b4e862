//! The node `plumtree` as a program.

fn main() -> std::process::ExitCode {
    glomers_nodes::main("plumtree")
}
