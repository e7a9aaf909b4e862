//! The Debian package: made of what `dist` has staged, installed into an empty root, tried,
//! and removed again. The machine's own packages are left alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::build::{cargo, root};
use crate::dist::{output, quoted, shell, text};

/// Makes the package in this folder. Whether installing and removing it went well.
pub(crate) fn run(folder: &Path) -> Result<bool, String> {
    let package = make(folder)?;
    println!("{}", package.display());
    if shell(folder, "command -v dpkg").is_err() {
        println!("there is no dpkg here, so the package is not tried");
        return Ok(true);
    }
    try_out(&package)
}

fn make(folder: &Path) -> Result<PathBuf, String> {
    let said = output(
        cargo()
            .current_dir(root())
            .args(["deb", "-p", "glomers-cli", "--no-build", "--no-strip", "--output"])
            .arg(folder),
    );
    said.map_err(|error| format!("{error}\nthe package needs cargo-deb: cargo install cargo-deb"))?;
    let mut packages: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(text)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .collect();
    packages.sort();
    packages.pop().ok_or_else(|| "cargo deb wrote no package".to_owned())
}

/// What the package has to put where.
const INSTALLED: [&str; 6] = [
    "usr/bin/glomers",
    "usr/share/man/man1/glomers.1.gz",
    "usr/share/man/man1/glomers-test.1.gz",
    "usr/share/bash-completion/completions/glomers",
    "usr/share/doc/glomers/copyright",
    "usr/share/doc/glomers/LICENSES-OF-OTHERS",
];

fn try_out(package: &Path) -> Result<bool, String> {
    let place = tempfile::tempdir().map_err(text)?;
    let at = place.path();
    let empty =
        "mkdir -p var/lib/dpkg/info var/lib/dpkg/updates var/log && : > var/lib/dpkg/status";
    shell(at, empty)?;
    #[expect(clippy::disallowed_methods, reason = "this measures real time")]
    let start = Instant::now();
    let dpkg = format!("dpkg --root={} --force-not-root --force-bad-path", quoted(at));
    shell(at, &format!("{dpkg} --install {}", quoted(package)))?;
    for file in INSTALLED {
        if !at.join(file).is_file() {
            return Err(format!("the package does not install {file}"));
        }
    }
    let said = shell(at, "usr/bin/glomers --version && usr/bin/glomers challenge 1 --one-line")?;
    let seconds = start.elapsed().as_secs_f64();
    println!("installed: {}", said.trim().replace('\n', "; "));
    println!("from the package to the first output: {seconds:.1} s");
    shell(at, "rm -rf store")?;
    shell(at, &format!("{dpkg} --purge glomers"))?;
    let left = shell(at, "find . -path ./var -prune -o -type f -print")?;
    println!("removed: {}", if left.is_empty() { "nothing is left" } else { &left });
    Ok(left.is_empty())
}
