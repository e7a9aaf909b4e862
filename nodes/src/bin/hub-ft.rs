//! The node `hub-ft` as a program.

fn main() -> std::process::ExitCode {
    glomers_nodes::main("hub-ft")
}
