//! Puts all pages of the book into the library, so that they can be read offline.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let source = root.join("src");
    let mut files = Vec::new();
    collect(&source, &mut files);
    files.sort();
    let mut list = String::from("[\n");
    for file in &files {
        let relative = file.strip_prefix(&source).expect("it was found there");
        let name = relative.with_extension("");
        // Relative to the package, so that the same source gives the same bytes in
        // every folder.
        let _ = writeln!(
            list,
            "    Page {{ name: {:?}, text: include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \
             \"/src/\", {:?})) }},",
            name.to_string_lossy(),
            relative.to_string_lossy()
        );
    }
    list.push(']');
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    std::fs::write(out.join("pages.rs"), list).expect("the output folder can be written");
    println!("cargo:rerun-if-changed=src");
    println!("cargo:rerun-if-changed=build.rs");
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    println!("cargo:rerun-if-changed={}", folder.display());
    for entry in std::fs::read_dir(folder).expect("the pages are there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}
