//! The node `kafka-fast` as a program.

fn main() -> std::process::ExitCode {
    glomers_nodes::main("kafka-fast")
}
