//! A publisher who signs in sees their own figures, and no other publisher's by any way.

use super::join;
use crate::harness::account::Shop;
use crate::harness::api::all_time;

const RIVAL: &str = "Zebra Mail";

#[test]
fn a_publisher_sees_own_figures_only_in_report_and_export() {
    let shop = Shop::optout();
    let rival = shop.create_publisher(RIVAL, &[]);
    let own = shop.click("");
    shop.pixel(&format!("&click_id={own}&txn_id=OWN-1&sale_amount=100"));
    for order in ["R-1", "R-2"] {
        let path = format!("/click?campaign_id={}&pub_id={rival}", shop.campaign);
        let clicked = shop.server.client.get(path);
        let click = clicked.is_redirect().landing_parameter("click_id").unwrap();
        shop.pixel(&format!("&click_id={click}&txn_id={order}&sale_amount=700"));
    }
    shop.settled_conversions(3);
    let role = ["publisher", "--publisher", &shop.publisher];
    let (folder, client) = (&shop.folder, &shop.server.client);
    let pia = join(folder, client, &shop.account.id, "pia@blog.example", &role);
    let (from, to) = all_time();
    let period = format!("from={from}&to={to}");
    let by = |group: &str| format!("{period}&group_by={group}");
    for query in [
        by("publisher"),
        by("day"),
        format!("{}&filter=publisher:{rival}", by("publisher")),
    ] {
        let page = pia.get(&format!("/reports?{query}"));
        assert_eq!(page.status, 200, "{query}: {page:?}");
        for foreign in [RIVAL, "700.00", "1,400.00", "1,500.00"] {
            assert!(!page.text().contains(foreign), "{query}: {foreign}");
        }
    }
    assert!(
        pia.get(&format!("/reports?{}", by("publisher")))
            .text()
            .contains("Blog")
    );
    let csv = pia.get(&format!("/reports.csv?{}", by("publisher")));
    assert_eq!(csv.status, 200, "{csv:?}");
    assert!(csv.text().contains("Blog"), "{csv:?}");
    for foreign in [
        RIVAL,
        rival.as_str(),
        "70000",
        "140000",
        "700.00",
        "1400.00",
    ] {
        assert!(!csv.text().contains(foreign), "{foreign}: {csv:?}");
    }
    for closed in [
        "/conversions",
        "/conversions.csv",
        "/publishers",
        "/campaigns",
        "/audit",
    ] {
        assert_eq!(pia.get(closed).status, 403, "{closed}");
    }
    assert_eq!(pia.get("/").header("location"), Some("/reports"));
}
