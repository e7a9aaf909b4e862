//! The node `push-pull` as a program.

fn main() -> std::process::ExitCode {
    glomers_nodes::main("push-pull")
}
