//! `cargo xtask dist`: what a release offers. The same source gives the same bytes,
//! in whatever folder it is built.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

use crate::build::{cargo, root};

/// A static program: it runs wherever there is a kernel.
const TARGET: &str = "x86_64-unknown-linux-gnu";
/// What it may weigh.
const MOST_BYTES: u64 = 13_000_000;
const SHELLS: [(&str, &str); 4] = [
    ("bash", "glomers.bash"),
    ("zsh", "_glomers"),
    ("fish", "glomers.fish"),
    ("elvish", "glomers.elv"),
];

/// Builds the archive and its checksum into this folder.
pub(crate) fn run(folder: &Path, twice: bool, with_deb: bool) -> Result<bool, String> {
    let archive = build(&root(), folder)?;
    println!("{}", fs::read_to_string(sum_of(&archive)).map_err(text)?.trim());
    let deb_works = !with_deb || crate::deb::run(folder)?;
    let is_same = !twice || is_the_same_elsewhere(&archive)?;
    Ok(deb_works && is_same)
}

/// Builds once more from a copy of what is committed, in another folder.
fn is_the_same_elsewhere(archive: &Path) -> Result<bool, String> {
    let place = tempfile::tempdir().map_err(text)?;
    let copy = place.path().join("another-folder");
    fs::create_dir_all(&copy).map_err(text)?;
    shell(&root(), &format!("git archive HEAD | tar -x -C {}", quoted(&copy)))?;
    let second = build(&copy, &place.path().join("dist"))?;
    let (first, second) = (fs::read(archive).map_err(text)?, fs::read(second).map_err(text)?);
    let is_same = first == second;
    println!(
        "built again in another folder: {}",
        if is_same { "the same bytes" } else { "OTHER bytes" }
    );
    Ok(is_same)
}

/// Builds the source in `source` and packs it into `folder`. The path of the archive.
fn build(source: &Path, folder: &Path) -> Result<PathBuf, String> {
    let time = shell(&root(), "git log -1 --format=%ct")?;
    let revision = shell(&root(), "git rev-parse --short=12 HEAD")?;
    let program = program(source, revision.trim())?;
    let size = fs::metadata(&program).map_err(text)?.len();
    println!("the program has {:.1} MB", size as f64 / 1e6);
    if size > MOST_BYTES {
        return Err(format!("that is more than {} MB", MOST_BYTES / 1_000_000));
    }
    let metadata = metadata(source)?;
    let version = version(&metadata)?;
    let name = format!("glomers-{version}-{TARGET}");
    let staged = folder.join(&name);
    if staged.exists() {
        fs::remove_dir_all(&staged).map_err(text)?;
    }
    fs::create_dir_all(staged.join("man")).map_err(text)?;
    fs::create_dir_all(staged.join("completions")).map_err(text)?;
    fs::copy(&program, staged.join("glomers")).map_err(text)?;
    for file in ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"] {
        fs::copy(source.join(file), staged.join(file)).map_err(text)?;
    }
    fs::write(staged.join("LICENSES-OF-OTHERS"), licences(&metadata)?).map_err(text)?;
    output(Command::new(&program).arg("__man").arg(staged.join("man")))?;
    for (shell, file) in SHELLS {
        let script = output(Command::new(&program).args(["completions", shell]))?;
        fs::write(staged.join("completions").join(file), script).map_err(text)?;
    }
    // The Debian package takes its files from there (crates/cli/Cargo.toml).
    shell(folder, &format!("ln -sfn {name} package"))?;
    let archive = folder.join(format!("{name}.tar.gz"));
    // Nothing of the hour, the user or the order of a folder goes into it.
    shell(
        folder,
        &format!(
            "tar --sort=name --owner=0 --group=0 --numeric-owner --mode=u+rwX,go+rX,go-w \
             --mtime=@{} --format=ustar -c {name} | gzip -n -9 > {}",
            time.trim(),
            quoted(&archive)
        ),
    )?;
    shell(folder, &format!("sha256sum {name}.tar.gz > {name}.tar.gz.sha256"))?;
    Ok(archive)
}

fn sum_of(archive: &Path) -> PathBuf {
    PathBuf::from(format!("{}.sha256", archive.display()))
}

/// Builds the static program. The linker keeps one of several equal functions, and writes
/// the places that depend on the program's address in short.
fn program(source: &Path, revision: &str) -> Result<PathBuf, String> {
    let home = std::env::var("CARGO_HOME")
        .or_else(|_| std::env::var("HOME").map(|home| format!("{home}/.cargo")))
        .map_err(text)?;
    let target = source.join("target");
    let flags = format!(
        "-C target-feature=+crt-static -C link-arg=-Wl,--icf=all \
         -C link-arg=-Wl,-z,pack-relative-relocs --remap-path-prefix={}=/glomers \
         --remap-path-prefix={home}=/cargo",
        source.display()
    );
    let maps =
        format!("-ffile-prefix-map={}=/glomers -ffile-prefix-map={home}=/cargo", source.display());
    eprintln!("building the static program; this takes minutes");
    let status = cargo()
        .current_dir(source)
        .args(["build", "--locked", "--quiet", "--profile", "packaged", "--package", "glomers-cli"])
        .args(["--target", TARGET])
        .env("CARGO_TARGET_DIR", &target)
        .env("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS", flags)
        .env("CFLAGS", maps)
        .env("GLOMERS_REVISION", revision)
        .status()
        .map_err(text)?;
    if !status.success() {
        return Err("the program was not built".to_owned());
    }
    Ok(target.join(TARGET).join("packaged/glomers"))
}

fn metadata(source: &Path) -> Result<Json, String> {
    let said = output(cargo().current_dir(source).args([
        "metadata",
        "--format-version",
        "1",
        "--locked",
        "--filter-platform",
        TARGET,
    ]))?;
    serde_json::from_slice(&said).map_err(text)
}

fn version(metadata: &Json) -> Result<String, String> {
    let packages = metadata["packages"].as_array().ok_or("no packages")?;
    let ours = packages.iter().find(|package| package["name"] == "glomers-cli");
    let version = ours.and_then(|package| package["version"].as_str());
    version.map(str::to_owned).ok_or_else(|| "glomers-cli has no version".to_owned())
}

/// The licences of all that is in the program, with their texts.
fn licences(metadata: &Json) -> Result<String, String> {
    let packages = metadata["packages"].as_array().ok_or("no packages")?;
    let nodes = metadata["resolve"]["nodes"].as_array().ok_or("nothing is resolved")?;
    let id = |name: &str| packages.iter().find(|p| p["name"] == name).map(|p| p["id"].clone());
    let mut open = vec![id("glomers-cli").ok_or("there is no glomers-cli")?];
    let mut found = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !found.insert(id.to_string()) {
            continue;
        }
        let node = nodes.iter().find(|node| node["id"] == id).ok_or("not resolved")?;
        for dependency in node["deps"].as_array().into_iter().flatten() {
            let kinds = dependency["dep_kinds"].as_array().into_iter().flatten();
            if kinds.into_iter().any(|kind| kind["kind"].is_null()) {
                open.push(dependency["pkg"].clone());
            }
        }
    }
    let mut used: Vec<&Json> = packages
        .iter()
        .filter(|package| found.contains(&package["id"].to_string()))
        .filter(|package| package["source"].is_string())
        .collect();
    used.sort_by_key(|package| (package["name"].to_string(), package["version"].to_string()));
    let mut whole = "The program holds code of these packages, under these licences.\n".to_owned();
    for package in used {
        let field = |name: &str| package[name].as_str().unwrap_or_default();
        whole += &format!("\n==== {} {}: {}\n", field("name"), field("version"), field("license"));
        let folder = Path::new(field("manifest_path")).parent().ok_or("no folder")?;
        let mut files: Vec<PathBuf> = fs::read_dir(folder)
            .map_err(text)?
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.is_file() && is_licence(path))
            .collect();
        files.sort();
        for file in files {
            whole += &format!("\n{}", fs::read_to_string(&file).unwrap_or_default());
        }
    }
    Ok(whole)
}

fn is_licence(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
    ["LICENSE", "LICENCE", "COPYING", "UNLICENSE", "NOTICE"]
        .iter()
        .any(|word| name.starts_with(word))
}

pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>, String> {
    let done = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if !done.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&done.stderr)));
    }
    Ok(done.stdout)
}

pub(crate) fn shell(folder: &Path, line: &str) -> Result<String, String> {
    let said = output(Command::new("sh").args(["-c", line]).current_dir(folder))?;
    Ok(String::from_utf8_lossy(&said).into_owned())
}

pub(crate) fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "'\\''"))
}

pub(crate) fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
