//! A visitor: a browser with an empty profile, and what it has left behind.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::webdriver::{Driver, Session};

/// Every place of a page's origin in which something can be kept, as one list.
const KEPT_BY_ORIGIN: &str = "
    const kept = [];
    for (const name of Object.keys(localStorage)) kept.push('localStorage ' + name);
    for (const name of Object.keys(sessionStorage)) kept.push('sessionStorage ' + name);
    if (document.cookie) kept.push('cookie ' + document.cookie);
    if (window.name) kept.push('window.name ' + window.name);
    for (const base of await indexedDB.databases()) kept.push('indexedDB ' + base.name);
    for (const name of await caches.keys()) kept.push('caches ' + name);
    const workers = await navigator.serviceWorker.getRegistrations();
    for (const worker of workers) kept.push('serviceWorker ' + worker.scope);
    return kept;";

/// A driver and the profiles of its visitors.
pub struct Browser {
    driver: Driver,
    folder: TempDir,
}

impl Browser {
    pub fn start() -> Browser {
        let folder = tempfile::Builder::new()
            .prefix("pixelkeep-it-browser-")
            .tempdir()
            .unwrap();
        Browser {
            driver: Driver::start(folder.path()),
            folder,
        }
    }

    /// A visitor who has never been anywhere, and whose browser lets cookies through
    /// to other sites' servers.
    pub fn visitor(&self) -> Session<'_> {
        self.visitor_with(true)
    }

    /// The same with a browser that keeps cookies of other sites' servers away, as
    /// most do.
    pub fn careful_visitor(&self) -> Session<'_> {
        self.visitor_with(false)
    }

    fn visitor_with(&self, third_party_cookies: bool) -> Session<'_> {
        let profile = tempfile::Builder::new()
            .prefix("profile-")
            .tempdir_in(self.folder.path())
            .unwrap();
        self.driver.session(&profile.keep(), third_party_cookies)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        end_browsers_of(self.folder.path());
    }
}

/// A driver that was killed leaves its browsers; they are known by the profile
/// folder in their arguments, which nobody else has.
fn end_browsers_of(folder: &Path) {
    let mark = folder.to_string_lossy().into_owned();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(id) = entry
            .file_name()
            .to_str()
            .and_then(|id| id.parse::<u32>().ok())
        else {
            continue;
        };
        let arguments = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let arguments = String::from_utf8_lossy(&arguments).into_owned();
        if arguments.contains(&mark) && arguments.contains("chrom") {
            let _ = std::process::Command::new("kill")
                .args(["-KILL", &id.to_string()])
                .stderr(std::process::Stdio::null())
                .status();
        }
    }
}

/// Everything the origin of this address keeps in the browser. Leaves the browser
/// on that address.
#[track_caller]
pub fn kept_at(visitor: &Session<'_>, url: &str) -> Vec<String> {
    visitor.go(url);
    let script = format!("return (async () => {{ {KEPT_BY_ORIGIN} }})()");
    let Value::Array(kept) = visitor.run(&script) else {
        panic!("the page did not say what it keeps");
    };
    kept.iter()
        .map(|entry| entry.as_str().unwrap_or_default().to_owned())
        .collect()
}

/// Nothing is left in the browser: no cookie of any host, nothing in the storage
/// of these origins.
#[track_caller]
pub fn nothing_is_left(visitor: &Session<'_>, urls: &[&str]) {
    let cookies = visitor.cookies();
    assert!(cookies.is_empty(), "cookies are left: {cookies:#?}");
    for url in urls {
        let kept = kept_at(visitor, url);
        assert!(kept.is_empty(), "{url} left {kept:?}");
    }
}
