//! A clock that is set back an hour and then forward a year: what came later stays
//! later, no figure is negative, and nothing is deleted.

use crate::harness::account::{Account, Shop};
use crate::harness::clock::TestClock;
use crate::harness::eventually;
use crate::harness::rows::MEASURES;
use crate::harness::server::Folder;

const NOON: &str = "2026-03-01T12:00:00Z";
const AN_HOUR_BACK: &str = "2026-03-01T11:00:00Z";
const A_YEAR_ON: &str = "2027-03-01T12:00:00Z";

fn hits(shop: &Shop, name: &str) -> Vec<String> {
    let txns: Vec<String> = (0..5).map(|n| format!("{name}-{n}")).collect();
    for txn in &txns {
        let click = shop.click("&consent=1");
        shop.pixel(&format!(
            "&consent=1&sale_amount=1&txn_id={txn}&click_id={click}"
        ));
    }
    shop.wait_settled();
    txns
}

#[track_caller]
fn whole(shop: &Shop, sent: &[String]) {
    let listed = shop.conversions();
    // Newest first, whatever the clock said.
    let listed: Vec<String> = listed.iter().rev().map(|one| one.text("txn_id")).collect();
    assert_eq!(listed, sent);
    let report = shop.report_between("2026-01-01", "2027-12-31", "&group_by=day");
    for measure in MEASURES {
        assert!(report.total(measure) >= 0, "{measure} is negative");
    }
    assert_eq!(report.total("conversions"), sent.len() as i64);
    assert_eq!(report.total("clicks"), sent.len() as i64);
    let intake = shop.intake();
    assert_eq!(intake.accepted, 2 * sent.len() as u64);
    assert_eq!(intake.waiting, 0);
}

#[test]
fn a_clock_set_back_an_hour_and_forward_a_year_loses_and_disorders_nothing() {
    let folder = Folder::new();
    let clock = TestClock::at(&folder, NOON);
    let server = clock.serve(&folder);
    let account = Account::create(&folder, &server);
    let shop = Shop::furnish(folder, server, account, "strict");
    let mut sent = hits(&shop, "noon");
    for (instant, name) in [(AN_HOUR_BACK, "back"), (A_YEAR_ON, "year"), (NOON, "again")] {
        clock.set(instant);
        shop.folder.json(&["account", "list"]);
        sent.extend(hits(&shop, name));
        whole(&shop, &sent);
    }
    let shop = shop.served_by(
        |server, _| assert_eq!(server.stop(), 0),
        |folder| clock.serve(folder),
    );
    eventually("the jobs of a start to have run", || {
        (shop.intake().waiting == 0).then_some(())
    });
    whole(&shop, &sent);
}
