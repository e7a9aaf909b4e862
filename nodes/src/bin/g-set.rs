//! The node `g-set` as a program.

fn main() -> std::process::ExitCode {
    glomers_nodes::main("g-set")
}
