//! The node `hub-sync` as a program.

fn main() -> std::process::ExitCode {
    glomers_nodes::main("hub-sync")
}
