//! When a day leaves the trail, reports keep no rare value of it and every total.

use serde_json::{Value, json};

use crate::harness::account::{Account, Shop};
use crate::harness::clock::TestClock;
use crate::harness::eventually_is;
use crate::harness::rows::Report;
use crate::harness::server::Folder;

const DAY: &str = "2026-03-02";

fn report(shop: &Shop, group_by: &str) -> Report {
    shop.report_between("2026-01-01", "2026-12-31", &format!("&group_by={group_by}"))
}

/// Clicks and conversions by the values of a dimension, none as an empty text.
fn values(shop: &Shop, dimension: &str) -> Vec<(String, i64, i64)> {
    let report = report(shop, dimension);
    report.adds_up();
    let rows = report.0["rows"].as_array().unwrap().iter();
    rows.map(|row| {
        let number = |name: &str| row[name].as_i64().unwrap();
        let value = row[dimension].as_str().unwrap_or_default().to_owned();
        (value, number("clicks"), number("conversions"))
    })
    .collect()
}

fn shop(clock: &TestClock, folder: Folder) -> Shop {
    let server = clock.serve(&folder);
    let account = Account::create(&folder, &server);
    let shop = Shop::furnish(folder, server, account, "optout");
    // What was earned is approved by hand, long afterwards.
    let goal = json!({"id": shop.goal, "approval": "pending"});
    shop.patch(
        &format!("campaigns/{}", shop.campaign),
        json!({"goals": [goal]}),
    );
    shop
}

#[test]
fn rare_values_are_counted_together_and_no_total_changes() {
    let folder = Folder::new();
    let clock = TestClock::at(&folder, &format!("{DAY}T10:00:00Z"));
    let shop = shop(&clock, folder);
    for _ in 0..12 {
        shop.click("&source=newsletter&p1=shared");
    }
    let click = shop.click("&source=member-4711&p1=shared");
    shop.pixel(&format!("&click_id={click}&txn_id=A1&sale_amount=10"));
    shop.wait_settled();
    // The rest of what makes the newsletter common comes on another day of the month.
    clock.set("2026-03-20T10:00:00Z");
    for _ in 0..8 {
        shop.click("&source=newsletter&p1=shared");
    }
    eventually_is("clicks", 21, || report(&shop, "day").total("clicks"));
    let groups = [
        "day",
        "hour",
        "campaign,publisher,goal",
        "country,device",
        "p1",
    ];
    let before: Vec<Value> = groups.iter().map(|by| report(&shop, by).0).collect();
    let whole = [("member-4711", 1, 1), ("newsletter", 20, 0)];
    let named = |rows: &[(&str, i64, i64)]| -> Vec<(String, i64, i64)> {
        let own = rows
            .iter()
            .map(|&(text, clicks, sales)| (text.to_owned(), clicks, sales));
        own.collect()
    };
    assert_eq!(values(&shop, "source"), named(&whole));

    // The first day leaves the trail on 1 June; until then nothing is folded.
    clock.set("2026-05-31T23:59:59Z");
    let preview = shop
        .folder
        .json(&["retention", "preview", "--as-of", "2026-06-01"]);
    let items = preview["items"].as_array().unwrap();
    let planned = items.iter().find(|item| item["class"] == "rare_values");
    assert_eq!(planned.unwrap()["at"], "2026-06-01T00:00:00Z");
    shop.folder.json(&["retention", "run"]);
    assert_eq!(values(&shop, "source"), named(&whole));
    clock.set("2026-06-01T00:00:00Z");
    shop.folder.json(&["retention", "run"]);
    let folded = [("(other)", 1, 1), ("newsletter", 20, 0)];
    assert_eq!(values(&shop, "source"), named(&folded));
    for (by, before) in groups.iter().zip(&before) {
        assert_eq!(&report(&shop, by).0, before, "{by}");
    }

    // A sale of that day that is approved now does not bring its value back.
    let sale = shop.conversions().remove(0);
    shop.change_conversion(&sale.id(), json!({"status": "approved"}));
    clock.set("2026-06-01T02:00:00Z");
    shop.folder.json(&["retention", "run"]);
    assert_eq!(values(&shop, "source"), named(&folded));
    let totals = report(&shop, "day");
    assert_eq!((totals.total("approved"), totals.total("pending")), (1, 0));
    let again = shop.folder.json(&["retention", "run"]);
    let jobs = again["jobs"].as_array().unwrap();
    let folding = jobs.iter().find(|job| job["job"] == "folding").unwrap();
    assert_eq!(folding["counts"], json!({}), "{folding}");
    shop.server.assert_calm();
}
