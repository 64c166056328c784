//! What the product is built of: known licences, one registry, and nothing that
//! fetches something while it is built.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// As `deny.toml` has them.
const LICENCES: [&str; 13] = [
    "0BSD",
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

/// How many requirements of levels 1 and 2 each section of ASVS 5.0.0 has; they are
/// numbered from 1.
const REQUIREMENTS: [(&str, usize); 72] = [
    ("1.1", 2),
    ("1.2", 9),
    ("1.3", 11),
    ("1.4", 3),
    ("1.5", 2),
    ("2.1", 3),
    ("2.2", 3),
    ("2.3", 4),
    ("2.4", 1),
    ("3.2", 2),
    ("3.3", 4),
    ("3.4", 6),
    ("3.5", 5),
    ("3.7", 2),
    ("4.1", 3),
    ("4.2", 1),
    ("4.3", 2),
    ("4.4", 4),
    ("5.1", 1),
    ("5.2", 3),
    ("5.3", 2),
    ("5.4", 3),
    ("6.1", 3),
    ("6.2", 12),
    ("6.3", 4),
    ("6.4", 4),
    ("6.5", 5),
    ("6.6", 3),
    ("6.8", 4),
    ("7.1", 3),
    ("7.2", 4),
    ("7.3", 2),
    ("7.4", 5),
    ("7.5", 2),
    ("7.6", 2),
    ("8.1", 2),
    ("8.2", 3),
    ("8.3", 1),
    ("8.4", 1),
    ("9.1", 3),
    ("9.2", 4),
    ("10.1", 2),
    ("10.2", 2),
    ("10.3", 4),
    ("10.4", 11),
    ("10.5", 5),
    ("10.6", 2),
    ("10.7", 3),
    ("11.1", 2),
    ("11.2", 3),
    ("11.3", 3),
    ("11.4", 4),
    ("11.5", 1),
    ("11.6", 1),
    ("12.1", 3),
    ("12.2", 2),
    ("12.3", 4),
    ("13.1", 1),
    ("13.2", 5),
    ("13.3", 2),
    ("13.4", 5),
    ("14.1", 2),
    ("14.2", 4),
    ("14.3", 3),
    ("15.1", 3),
    ("15.2", 3),
    ("15.3", 7),
    ("16.1", 1),
    ("16.2", 5),
    ("16.3", 4),
    ("16.4", 3),
    ("16.5", 3),
];

fn house(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Number, state and reference of each row of the checklist.
fn checklist() -> Vec<[String; 3]> {
    let text = std::fs::read_to_string(house("packaging/asvs.md")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| "));
    rows.filter(|row| row.starts_with(|c: char| c.is_ascii_digit()))
        .map(|row| {
            let cells: Vec<&str> = row.split(" | ").collect();
            assert_eq!(cells.len(), 4, "{row}");
            [cells[0], cells[2], cells[3]].map(str::to_owned)
        })
        .collect()
}

#[test]
fn every_requirement_of_the_checklist_has_its_row_and_its_state() {
    let rows = checklist();
    let mut wanted: Vec<String> = REQUIREMENTS
        .iter()
        .flat_map(|(section, count)| (1..=*count).map(move |n| format!("{section}.{n}")))
        .collect();
    wanted.extend(
        [
            "17.1.1", "17.2.1", "17.2.2", "17.2.3", "17.2.4", "17.3.1", "17.3.2",
        ]
        .map(str::to_owned),
    );
    assert_eq!(wanted.len(), 253);
    let numbers: Vec<String> = rows.iter().map(|row| row[0].clone()).collect();
    assert_eq!(numbers, wanted);
    for [number, state, by] in &rows {
        let known = ["met", "partly", "not", "n/a"].contains(&state.as_str());
        assert!(known && by.len() > 5, "{number}: {state}: {by}");
    }
    let count = |wanted: &str| rows.iter().filter(|row| row[1] == wanted).count();
    let said = format!(
        "Of the 253, {} are met, {} partly, {} not, and {} are about what the product has not.",
        count("met"),
        count("partly"),
        count("not"),
        count("n/a")
    );
    let text = std::fs::read_to_string(house("packaging/asvs.md")).unwrap();
    assert!(text.contains(&said), "{said}");
}

/// What stands between backticks and names a file of the repository, or a test in one.
fn named(text: &str) -> Vec<(String, Option<String>)> {
    let roots = [
        "src/",
        "tests/",
        "packaging/",
        "templates/",
        "assets/",
        "README.md",
        "deny.toml",
    ];
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter(|part| roots.iter().any(|root| part.starts_with(root)))
        .map(|part| match part.split_once("::") {
            Some((file, test)) => (file.to_owned(), Some(test.to_owned())),
            None => (part.to_owned(), None),
        })
        .collect()
}

#[test]
fn every_file_and_test_that_the_checklist_names_exists() {
    let mut missing = Vec::new();
    let mut tests = 0;
    for [number, _, by] in checklist() {
        for (file, test) in named(&by) {
            let found = house(&file).exists();
            let Some(test) = test else {
                if !found {
                    missing.push(format!("{number}: {file}"));
                }
                continue;
            };
            tests += 1;
            let text = std::fs::read_to_string(house(&file)).unwrap_or_default();
            if !text.contains(&format!("fn {test}(")) {
                missing.push(format!("{number}: {file}::{test}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(tests > 100, "{tests}");
}
