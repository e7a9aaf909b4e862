//! The node `hub-ft` as a program, which reads an environment variable too.

use glomers_nodes::broadcast::hub_ft::with_environment;

fn main() -> std::process::ExitCode {
    glomers_nodes::main_with("hub-ft", with_environment(std::env::args().skip(1).collect()))
}
