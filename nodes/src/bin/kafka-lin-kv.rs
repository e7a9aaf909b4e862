//! The node `kafka-lin-kv` as a program.

fn main() -> std::process::ExitCode {
    glomers_nodes::main("kafka-lin-kv")
}
