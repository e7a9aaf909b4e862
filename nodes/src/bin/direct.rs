//! The node `direct` as a program.

fn main() -> std::process::ExitCode {
    glomers_nodes::main("direct")
}
