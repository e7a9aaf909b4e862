//! The node `crdt-counter` as a program.

fn main() -> std::process::ExitCode {
    glomers_nodes::main("crdt-counter")
}
