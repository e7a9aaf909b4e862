//! The node `kafka-single` as a program.

fn main() -> std::process::ExitCode {
    glomers_nodes::main("kafka-single")
}
