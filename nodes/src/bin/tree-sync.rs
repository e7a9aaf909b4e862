//! The node `tree-sync` as a program.

fn main() -> std::process::ExitCode {
    glomers_nodes::main("tree-sync")
}
