//! The node `lin-kv-proxy` as a program.

fn main() -> std::process::ExitCode {
    glomers_nodes::main("lin-kv-proxy")
}
