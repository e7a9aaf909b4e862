//! The node `hub-timer` as a program.

fn main() -> std::process::ExitCode {
    glomers_nodes::main("hub-timer")
}
