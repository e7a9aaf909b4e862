//! The node `raft` as a program.

fn main() -> std::process::ExitCode {
    glomers_nodes::main("raft")
}
