//! The copy that a visitor fetches: what is in it, in every form, and what is not.

use std::io::Read;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::page::{open, post, subject};
use crate::harness::account::Shop;

/// The files of the copy, by name.
struct Copy(zip::ZipArchive<std::io::Cursor<Vec<u8>>>);

impl Copy {
    fn bytes(&mut self, name: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut file = self.0.by_name(name).unwrap();
        file.read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn text(&mut self, name: &str) -> String {
        String::from_utf8(self.bytes(name)).unwrap()
    }

    fn json(&mut self, name: &str) -> Value {
        serde_json::from_str(&self.text(name)).unwrap()
    }
}

#[test]
fn of_five_hits_before_consent_and_two_after_the_copy_has_two() {
    let shop = Shop::strict();
    let client = &shop.server.client;
    for number in 0..5 {
        let path = shop.click_path(&format!("&p1=before{number}"));
        assert_eq!(client.get(path).is_redirect().cookie(), None);
    }
    let first = client.get(shop.click_path("&consent=1&p1=after0"));
    let cookie = first.is_redirect().cookie().unwrap();
    let again = client.request("GET", shop.click_path("&p1=after1"));
    again.header("cookie", cookie.as_str()).send().is_redirect();
    shop.wait_clicks(7);

    let subject = subject(&open(&shop, &cookie));
    let answer = post(
        &shop,
        "/privacy/download",
        &[("subject", &subject)],
        &cookie,
    );
    assert_eq!(answer.header("content-type"), Some("application/zip"));
    let mut copy = Copy(zip::ZipArchive::new(std::io::Cursor::new(answer.body)).unwrap());

    let data = copy.json("data.json");
    let hits = data["hits"].as_array().unwrap();
    let mut values: Vec<&str> = hits
        .iter()
        .map(|hit| hit["fields"]["p1"].as_str().unwrap())
        .collect();
    values.sort_unstable();
    assert_eq!(values, ["after0", "after1"]);
    assert_eq!(data["conversions"], serde_json::json!([]));
    let csv = copy.text("csv/hits.csv");
    assert_eq!(csv.lines().count(), 3, "{csv}");
    let page = copy.text("index.html");
    assert!(page.contains("2 hits and 0 conversions"), "{page}");
    for name in ["data.json", "csv/hits.csv", "index.html"] {
        let text = copy.text(name);
        assert!(text.contains("after0") && text.contains("after1"), "{name}");
        let before = |number: usize| text.contains(&format!("before{number}"));
        assert!(!(0..5).any(before), "{name}");
    }
    let manifest = copy.json("manifest.json");
    let files = manifest["files"].as_array().unwrap();
    assert_eq!(files.len() + 1, copy.0.len());
    for file in files {
        let bytes = copy.bytes(file["name"].as_str().unwrap());
        let hash: String = Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(file["sha256"], hash, "{file}");
    }
}
