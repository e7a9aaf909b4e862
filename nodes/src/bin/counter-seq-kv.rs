//! The node `counter-seq-kv` as a program.

fn main() -> std::process::ExitCode {
    glomers_nodes::main("counter-seq-kv")
}
