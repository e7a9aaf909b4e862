//! Every crate can be published: its fields are there, and CONTRIBUTING.md names them in an
//! order in which each stands after all that it needs.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("it lies in the repository").to_owned()
}

/// The crates that are published.
fn crates() -> Vec<Json> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--no-deps"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Json = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().clone();
    packages.into_iter().filter(|package| package["publish"].is_null()).collect()
}

fn name(package: &Json) -> &str {
    package["name"].as_str().unwrap()
}

#[test]
fn every_crate_has_the_fields_that_a_registry_shows() {
    let crates = crates();
    assert!(crates.len() > 15);
    for package in &crates {
        let name = name(package);
        for field in ["description", "license", "repository", "readme"] {
            let is_there = package[field].as_str().is_some_and(|text| !text.is_empty());
            assert!(is_there, "{name} has no {field}");
        }
        for field in ["keywords", "categories"] {
            let count = package[field].as_array().map_or(0, Vec::len);
            assert!((1..=5).contains(&count), "{name} has {count} {field}");
        }
        assert_eq!(package["rust_version"], crates[0]["rust_version"], "{name}: one MSRV for all");
        let docs = &package["metadata"]["docs"]["rs"];
        assert!(docs["targets"].is_array(), "{name} says nothing to docs.rs");
        let has_features = package["features"].as_object().is_some_and(|map| !map.is_empty());
        assert_eq!(
            docs["all-features"] == true,
            has_features,
            "{name}: docs.rs shows all features"
        );
        for dependency in package["dependencies"].as_array().unwrap() {
            let on = dependency["name"].as_str().unwrap();
            // Those of tests that are ours have none on purpose: packages leave them out.
            let is_needed = dependency["kind"] != "dev";
            let has_version = dependency["req"].as_str().is_some_and(|version| version != "*");
            assert!(has_version || !is_needed, "{name} needs {on} in any version");
        }
    }
}

#[test]
fn the_order_of_publication_is_one() {
    let text = std::fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
    let (_, list) = text.split_once("publishes in this order: ").expect("there is a list");
    let list = list.split('.').next().unwrap_or_default();
    let order: Vec<String> =
        list.split(',').map(|name| format!("glomers-{}", name.trim())).collect();
    let crates = crates();
    assert_eq!(order.len(), crates.len(), "each crate once: {order:?}");
    let place = |name: &str| order.iter().position(|known| known == name);
    for package in &crates {
        let own = place(name(package));
        assert!(own.is_some(), "CONTRIBUTING.md does not publish {}", name(package));
        for dependency in package["dependencies"].as_array().unwrap() {
            let on = dependency["name"].as_str().unwrap();
            let is_ours = dependency["path"].is_string() && dependency["kind"] != "dev";
            assert!(!is_ours || place(on) < own, "{on} comes before {}", name(package));
        }
    }
}
