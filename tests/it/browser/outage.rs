//! The server is away for a while, and comes back on the same port: a sale made
//! meanwhile arrives, once.

use super::shop::{Answer, Street, Wanted, loaded};
use crate::harness::account::Shop;
use crate::harness::webdriver::Session;
use crate::harness::{eventually, free_port};

/// A street whose tracker can be stopped and started on the same port.
fn street(posture: &str) -> (Street, String) {
    let listen = format!("127.0.0.1:{}", free_port());
    (Street::open_with(posture, &["--listen", &listen]), listen)
}

fn away(tracker: &mut Shop) {
    tracker.server.process.terminate();
    eventually("the tracker to end", || tracker.server.process.ended());
}

fn back(tracker: &mut Shop, listen: &str) {
    tracker.server = tracker.folder.serve_with(&["--listen", listen]);
    tracker.account.api.client = tracker.server.client.clone();
}

/// Sends a sale from the page that is open, and waits until sending has failed.
fn buy_in_vain(visitor: &Session<'_>, order: &str, amount: &str) {
    visitor.run(
        "window.failed = 0; const real = window.fetch;
         window.fetch = (...given) => real(...given).catch(error => { window.failed += 1; throw error; });",
    );
    visitor.run(&format!(
        "pixelkeep('track', 'sale', {{txn_id: '{order}', sale_amount: '{amount}', currency: 'EUR'}})"
    ));
    visitor.until("an attempt to fail", "return window.failed > 0");
}

fn remembers(visitor: &Session<'_>) {
    visitor.until("the SDK to remember", "return localStorage.length > 0");
}

#[test]
fn with_consent_the_sale_waits_in_the_page_and_arrives_once() {
    for (posture, answer, credit) in [
        ("strict", Answer::Consent, "shared_token"),
        ("optout", Answer::Nothing, "click_id"),
    ] {
        let (mut street, listen) = street(posture);
        let link = street.link("");
        let visitor = street.browser.visitor();
        street.land(&visitor, &link, answer);
        remembers(&visitor);
        away(&mut street.tracker);
        buy_in_vain(&visitor, "W1", "60.10");
        back(&mut street.tracker, &listen);
        let sale = street.booked(&Wanted {
            credit,
            publisher: true,
            amount: ("60.10", 6_010),
        });
        assert_eq!(sale.txn(), Some("W1"));
        street.tracker.settled_conversions(1);
    }
}

#[test]
fn with_consent_the_sale_outlives_its_page() {
    let (mut street, listen) = street("strict");
    let link = street.link("");
    let visitor = street.browser.visitor();
    street.land(&visitor, &link, Answer::Consent);
    remembers(&visitor);
    away(&mut street.tracker);
    buy_in_vain(&visitor, "W2", "60.20");
    let elsewhere = format!("{}/empty", street.origin.url());
    visitor.go(&elsewhere);
    back(&mut street.tracker, &listen);
    street.tracker.settled_conversions(0);
    let shop = format!("{}/landing", street.origin.url());
    visitor.go(&shop);
    loaded(&visitor);
    street.booked(&Wanted {
        credit: "shared_token",
        publisher: true,
        amount: ("60.20", 6_020),
    });
    visitor.go(&shop);
    loaded(&visitor);
    street.tracker.settled_conversions(1);
}

#[test]
fn without_consent_the_sale_waits_in_memory_alone() {
    let (mut street, listen) = street("strict");
    let link = street.link("");
    let visitor = street.browser.visitor();
    street.land(&visitor, &link, Answer::Nothing);
    away(&mut street.tracker);
    buy_in_vain(&visitor, "W3", "60.30");
    let kept = visitor.run("return localStorage.length + sessionStorage.length");
    assert_eq!(kept, 0);
    back(&mut street.tracker, &listen);
    street.booked(&Wanted {
        credit: "shared_token",
        publisher: true,
        amount: ("60.30", 6_030),
    });
    street.nothing_is_left(&visitor);
    street.tracker.settled_conversions(1);
}
