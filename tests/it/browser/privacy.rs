//! The page for visitors in a real browser that runs no script.

use super::shop::Street;
use crate::harness::eventually;
use crate::harness::origin::Origin;

#[test]
fn without_script_a_visitor_sees_what_is_held_and_is_deleted_in_two_clicks() {
    let street = Street::open("strict");
    let visitor = street.browser.visitor();
    visitor.without_script();
    let scripted = Origin::start(|_| {
        Some("<!doctype html><title>off</title><script>document.title='on'</script>".to_owned())
    });
    visitor.go(&scripted.url());
    assert!(
        visitor.source().contains("<title>off</title>"),
        "script runs"
    );

    visitor.go(&street.link("&consent=1&p1=onlymine"));
    street.tracker.wait_clicks(1);
    let privacy = format!("{}/privacy", street.tracker.server.url());
    visitor.go(&privacy);
    assert!(
        visitor.source().contains("onlymine"),
        "{}",
        visitor.source()
    );
    visitor.click("#delete");
    eventually("to be asked whether one is sure", || {
        visitor
            .source()
            .contains("Yes, delete everything")
            .then_some(())
    });
    visitor.click("#sure");
    eventually("to be deleted", || {
        visitor.source().contains("You are deleted").then_some(())
    });
    visitor.go(&privacy);
    let page = visitor.source();
    assert!(!page.contains("onlymine"), "{page}");
    assert!(
        page.contains("is not recognised") && page.contains("You have objected"),
        "{page}"
    );
}
