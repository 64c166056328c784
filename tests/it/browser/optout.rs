//! Where silence counts as consent until the visitor objects.

use super::shop::{Answer, Street, Via, Wanted};
use crate::harness::account::COUPON;

#[test]
fn plain_pixels_are_credited_by_the_sealed_cookie() {
    let street = Street::open("optout");
    for (n, via) in [Via::Image, Via::Frame].into_iter().enumerate() {
        let visitor = street.browser.visitor();
        let amount = [("50.01", 5_001), ("50.02", 5_002)][n];
        visitor.go(&street.link(""));
        visitor.go(&format!("{}/landing?hand=0", street.origin.url()));
        street.buy(&visitor, via, &format!("O{n}"), amount.0, "");
        let sale = street.booked(&Wanted {
            credit: "cookie",
            publisher: true,
            amount,
        });
        assert_eq!(sale.txn(), Some(format!("O{n}").as_str()));
    }
    street.tracker.settled_conversions(2);
}

#[test]
fn pixels_that_carry_the_click_id_are_credited_by_it() {
    let street = Street::open("optout");
    for (n, via) in [Via::Image, Via::Frame].into_iter().enumerate() {
        let visitor = street.browser.visitor();
        let amount = [("51.01", 5_101), ("51.02", 5_102)][n];
        street.land(&visitor, &street.link(""), Answer::Nothing);
        street.buy(&visitor, via, &format!("P{n}"), amount.0, "");
        street.booked(&Wanted {
            credit: "click_id",
            publisher: true,
            amount,
        });
    }
    street.tracker.settled_conversions(2);
}

#[test]
fn the_sdk_remembers_the_click_without_being_asked() {
    let street = Street::open("optout");
    let visitor = street.browser.visitor();
    street.land(&visitor, &street.link(""), Answer::Nothing);
    visitor.until("the SDK to remember", "return localStorage.length > 0");
    visitor.go(&format!("{}/empty", street.origin.url()));
    visitor.go(&format!("{}/landing", street.origin.url()));
    street.buy(&visitor, Via::Sdk, "Q1", "52.00", "");
    street.booked(&Wanted {
        credit: "click_id",
        publisher: true,
        amount: ("52.00", 5_200),
    });
    street.tracker.settled_conversions(1);
}

#[test]
fn a_coupon_works_here_too() {
    let street = Street::open("optout");
    let visitor = street.browser.visitor();
    visitor.go(&format!("{}/landing", street.origin.url()));
    street.buy(&visitor, Via::Image, "R1", "53.00", COUPON);
    street.booked(&Wanted {
        credit: "coupon",
        publisher: true,
        amount: ("53.00", 5_300),
    });
}

#[test]
fn after_an_objection_nothing_is_left() {
    let street = Street::open("optout");
    for (n, via) in [Via::Image, Via::Frame, Via::Sdk].into_iter().enumerate() {
        let visitor = street.browser.visitor();
        let amount = [("54.01", 5_401), ("54.02", 5_402), ("54.03", 5_403)][n];
        street.land(&visitor, &street.link("&consent=0"), Answer::Refusal);
        street.buy(&visitor, via, &format!("V{n}"), amount.0, "");
        street.booked(&Wanted {
            credit: "shared_token",
            publisher: true,
            amount,
        });
        street.nothing_is_left(&visitor);
    }
    street.tracker.settled_conversions(3);
}
