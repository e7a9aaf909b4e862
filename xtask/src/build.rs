//! What `cargo` builds, and where it lies.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value as Json;

/// The cargo that runs this.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let package = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    package.parent().map_or(package.clone(), PathBuf::from)
}

/// Builds one executable and gives its path: `words` are those after `cargo`.
pub(crate) fn executable(words: &[&str], target: &str) -> Result<PathBuf, String> {
    eprintln!("cargo {}", words.join(" "));
    let output = cargo()
        .args(words)
        .args(["--quiet", "--message-format=json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo cannot be run: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo {} failed", words.join(" ")));
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Json>(line).ok())
        .find(|message| message["target"]["name"] == target && message["executable"].is_string())
        .and_then(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| format!("cargo {} made no {target}", words.join(" ")))
}

/// The command `glomers`, built with this profile.
pub(crate) fn glomers(profile: &str) -> Result<PathBuf, String> {
    executable(&["build", "--profile", profile, "--package", "glomers-cli"], "glomers")
}
