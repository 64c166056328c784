//! What the product is built of: known licences, one registry, and nothing that
//! fetches something while it is built.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// As `deny.toml` has them.
const LICENCES: [&str; 12] = [
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Crates that fetch or that bind to a TLS library of the system.
const NETWORK: [&str; 9] = [
    "ureq",
    "reqwest",
    "hyper",
    "curl",
    "git2",
    "attohttpc",
    "minreq",
    "native-tls",
    "openssl-sys",
];

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Whether one side of each `AND` is allowed through one side of each `OR`.
fn is_allowed(expression: &str) -> bool {
    let plain = expression.replace('/', " OR ").replace(['(', ')'], " ");
    plain.split(" AND ").all(|part| {
        let mut choices = part.split(" OR ").map(str::trim);
        choices.any(|choice| LICENCES.contains(&choice))
    })
}

#[test]
fn every_dependency_has_a_licence_that_is_allowed_and_comes_from_the_registry() {
    assert!(is_allowed("(MIT OR Apache-2.0) AND Unicode-3.0"));
    assert!(!is_allowed("GPL-3.0-or-later") && !is_allowed("MIT AND GPL-2.0"));
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 50);
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let licence = package["license"].as_str().unwrap_or("none");
        assert!(is_allowed(licence), "{name}: {licence}");
        if name != "pixelkeep" {
            assert_eq!(package["source"].as_str(), Some(REGISTRY), "{name}");
        }
    }
}

#[test]
fn the_product_is_built_without_a_crate_that_fetches() {
    let metadata = metadata();
    let resolve = &metadata["resolve"];
    let nodes = resolve["nodes"].as_array().unwrap();
    let mut waiting = vec![resolve["root"].as_str().unwrap()];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(id) = waiting.pop() {
        if !seen.insert(id) {
            continue;
        }
        let node = nodes.iter().find(|node| node["id"] == id).unwrap();
        for dependency in node["deps"].as_array().unwrap() {
            let kinds = dependency["dep_kinds"].as_array().unwrap();
            if kinds.iter().any(|kind| kind["kind"] != "dev") {
                waiting.push(dependency["pkg"].as_str().unwrap());
            }
        }
    }
    for package in metadata["packages"].as_array().unwrap() {
        if seen.contains(package["id"].as_str().unwrap()) {
            let name = package["name"].as_str().unwrap();
            assert!(!NETWORK.contains(&name), "{name} can reach the network");
        }
    }
}

#[test]
fn the_rules_of_cargo_deny_name_the_same_licences() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deny.toml");
    let rules = std::fs::read_to_string(path).unwrap();
    for licence in LICENCES {
        assert!(rules.contains(&format!("\"{licence}\"")), "{licence}");
    }
    assert!(!rules.contains("GPL"));
}
