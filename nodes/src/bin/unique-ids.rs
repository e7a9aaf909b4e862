//! The node `unique-ids` as a program.

fn main() -> std::process::ExitCode {
    glomers_nodes::main("unique-ids")
}
