//! Tells the command which source it was built from, so that a stored run can
//! say which build repeats it.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=GLOMERS_REVISION");
    // A release is built from a copy without git.
    let given = std::env::var("GLOMERS_REVISION").ok().filter(|given| !given.is_empty());
    let revision = given.unwrap_or_else(of_git);
    println!("cargo:rustc-env=GLOMERS_REVISION={revision}");
    println!("cargo:rerun-if-changed=../../.git/HEAD");
    println!("cargo:rerun-if-changed=../../.git/refs/heads");
}

fn of_git() -> String {
    Command::new("git")
        .args(["rev-parse", "--short=12", "HEAD"])
        .output()
        .ok()
        .filter(|output| output.status.success())
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .map_or_else(|| "unknown".to_owned(), |text| text.trim().to_owned())
}
