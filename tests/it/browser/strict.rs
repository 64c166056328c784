//! Where silence is no consent.

use super::shop::{Answer, Street, Via, Wanted};
use crate::harness::account::COUPON;
use crate::harness::eventually_is;

const WAYS: [Via; 3] = [Via::Image, Via::Frame, Via::Sdk];

#[test]
fn without_an_answer_the_sale_finds_its_publisher_and_nothing_is_left() {
    without_consent(Answer::Nothing);
}

#[test]
fn after_a_refusal_the_sale_finds_its_publisher_and_nothing_is_left() {
    without_consent(Answer::Refusal);
}

/// The shop hands the shared token on; each of the three ways carries it.
fn without_consent(answer: Answer) {
    let street = Street::open("strict");
    for (n, via) in WAYS.into_iter().enumerate() {
        let visitor = street.browser.visitor();
        let amount = [("10.01", 1_001), ("10.02", 1_002), ("1,010.03", 101_003)][n];
        street.land(&visitor, &street.link(""), answer);
        street.buy(&visitor, via, &format!("N{n}"), amount.0, "");
        let sale = street.booked(&Wanted {
            credit: "shared_token",
            publisher: true,
            amount,
        });
        assert_eq!(sale.txn(), None, "{via:?}: kept without consent");
        street.nothing_is_left(&visitor);
    }
    street.tracker.settled_conversions(WAYS.len());
}

#[test]
fn with_consent_on_the_link_plain_pixels_are_credited_by_the_sealed_cookie() {
    let street = Street::open("strict");
    for (n, via) in [Via::Image, Via::Frame].into_iter().enumerate() {
        let visitor = street.browser.visitor();
        let amount = [("20.01", 2_001), ("20.02", 2_002)][n];
        visitor.go(&street.link("&consent=1"));
        // The shop has lost the click id; the pixel alone has to do.
        visitor.go(&format!("{}/landing?hand=0&consent=1", street.origin.url()));
        street.buy(&visitor, via, &format!("C{n}"), amount.0, "");
        let sale = street.booked(&Wanted {
            credit: "cookie",
            publisher: true,
            amount,
        });
        assert_eq!(sale.txn(), Some(format!("C{n}").as_str()));
        let cookies = visitor.cookies();
        assert_eq!(cookies.len(), 1, "{cookies:#?}");
        assert_eq!(
            cookies[0]["name"],
            format!("pk_{}", street.tracker.account.id)
        );
        assert_eq!(cookies[0]["domain"], "127.0.0.1");
        assert_eq!(cookies[0]["httpOnly"], true);
    }
    street.tracker.settled_conversions(2);
}

#[test]
fn a_browser_that_keeps_foreign_cookies_away_needs_the_click_id_on_the_pixel() {
    let street = Street::open("strict");
    let visitor = street.browser.careful_visitor();
    visitor.go(&street.link("&consent=1"));
    visitor.go(&format!("{}/landing?hand=0&consent=1", street.origin.url()));
    street.buy(&visitor, Via::Image, "F1", "21.01", "");
    street.booked(&Wanted {
        credit: "unattributed",
        publisher: false,
        amount: ("21.01", 2_101),
    });
    street.land(&visitor, &street.link("&consent=1"), Answer::Consent);
    street.buy(&visitor, Via::Image, "F2", "21.02", "");
    street.booked(&Wanted {
        credit: "click_id",
        publisher: true,
        amount: ("21.02", 2_102),
    });
}

#[test]
fn with_consent_on_the_page_the_sdk_remembers_the_click() {
    let street = Street::open("strict");
    let visitor = street.browser.visitor();
    street.land(&visitor, &street.link("&consent=1"), Answer::Consent);
    visitor.until("the SDK to remember", "return localStorage.length > 0");
    // Later, and without any parameter: the shop's first-party storage has it.
    visitor.go(&format!("{}/empty", street.origin.url()));
    visitor.go(&format!("{}/landing", street.origin.url()));
    street.buy(&visitor, Via::Sdk, "S1", "30.05", "");
    let sale = street.booked(&Wanted {
        credit: "click_id",
        publisher: true,
        amount: ("30.05", 3_005),
    });
    assert_eq!(sale.txn(), Some("S1"));
    assert!(street.tracker.report("").total("views") >= 2);
    street.tracker.settled_conversions(1);
}

#[test]
fn a_page_loaded_twice_counts_once() {
    let street = Street::open("strict");
    let visitor = street.browser.visitor();
    let arrived = |wanted: u64| {
        eventually_is("sales and duplicates", wanted, || {
            let sales = street.tracker.conversions().len() as u64;
            sales + street.tracker.intake().refused("duplicate")
        });
    };
    let mut sent = 0;
    for via in WAYS {
        visitor.go(&format!("{}/landing", street.origin.url()));
        street.buy(&visitor, via, "T1", "31.00", "");
        arrived(sent + 1);
        visitor.go(&visitor.address());
        arrived(sent + 2);
        sent += 2;
    }
    street.booked(&Wanted {
        credit: "unattributed",
        publisher: false,
        amount: ("31.00", 3_100),
    });
    street.tracker.settled_conversions(1);
}

#[test]
fn a_coupon_credits_its_publisher_where_nothing_else_can() {
    let street = Street::open("strict");
    for (n, via) in WAYS.into_iter().enumerate() {
        let visitor = street.browser.visitor();
        let amount = [("40.01", 4_001), ("40.02", 4_002), ("40.03", 4_003)][n];
        // No link, no consent, no click id: only the code.
        visitor.go(&format!("{}/landing", street.origin.url()));
        super::shop::loaded(&visitor);
        visitor.click("#consent-refuse");
        street.buy(
            &visitor,
            via,
            &format!("K{n}"),
            amount.0,
            &COUPON.to_lowercase(),
        );
        street.booked(&Wanted {
            credit: "coupon",
            publisher: true,
            amount,
        });
        street.nothing_is_left(&visitor);
    }
    street.tracker.settled_conversions(WAYS.len());
}

#[test]
fn consent_withdrawn_leaves_nothing_on_the_page() {
    let street = Street::open("strict");
    let visitor = street.browser.visitor();
    street.land(&visitor, &street.link(""), Answer::Consent);
    visitor.until("the SDK to remember", "return localStorage.length > 0");
    visitor.run("pixelkeep('consent', 'denied')");
    visitor.until("the SDK to forget", "return localStorage.length == 0");
    street.nothing_is_left(&visitor);
}
