//! The node `echo` as a program.

fn main() -> std::process::ExitCode {
    glomers_nodes::main("echo")
}
