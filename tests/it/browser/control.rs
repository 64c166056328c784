//! Proves that what a page leaves behind is seen, wherever it leaves it.

use crate::harness::browser::{Browser, kept_at};
use crate::harness::origin::Origin;

#[test]
fn whatever_a_page_keeps_is_seen() {
    let origin = Origin::start(|_| Some("<!doctype html><title>Page</title>".to_owned()));
    let browser = Browser::start();
    let visitor = browser.visitor();
    let url = origin.url();
    assert!(kept_at(&visitor, &url).is_empty() && visitor.cookies().is_empty());
    for (script, seen) in [
        ("localStorage.a = 1", "localStorage a"),
        ("sessionStorage.b = 1", "sessionStorage b"),
        ("document.cookie = 'c=1'", "cookie c=1"),
        ("return caches.open('d').then(() => 1)", "caches d"),
        (
            "return new Promise(done => { indexedDB.open('e').onsuccess = () => done(1); })",
            "indexedDB e",
        ),
    ] {
        visitor.go(&url);
        visitor.run(script);
        let kept = kept_at(&visitor, &url);
        assert!(
            kept.iter().any(|entry| entry == seen),
            "{seen} is not in {kept:?}"
        );
    }
    assert_eq!(visitor.cookies().len(), 1);
}
