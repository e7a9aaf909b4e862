//! The node `flood` as a program.

fn main() -> std::process::ExitCode {
    glomers_nodes::main("flood")
}
