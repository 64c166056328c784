//! The seeds of the fuzz targets, for tests: what a fuzzer begins with must pass
//! everywhere, with no fuzzer at hand.

use std::path::Path;

/// Calls `target` with each seed in `fuzz/seeds/<name>`; there must be some.
pub fn for_each(name: &str, target: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/seeds")
        .join(name);
    let mut count = 0;
    for seed in std::fs::read_dir(&folder).unwrap() {
        target(&std::fs::read(seed.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 0, "{} is empty", folder.display());
}
