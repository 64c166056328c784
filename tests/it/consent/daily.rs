//! The visitors of one day, told apart without a cookie, where the posture allows it.

use serde_json::json;

use crate::harness::account::Shop;

fn shop() -> Shop {
    let shop = Shop::strict();
    shop.patch(
        &format!("sites/{}", shop.site),
        json!({"posture": "audience", "declaration": {
            "countries": ["FR"], "ground": "Exemption for audience measurement",
        }}),
    );
    shop
}

const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 \
     (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";

#[test]
fn a_visitor_counts_once_a_day_without_any_id() {
    let shop = shop();
    let client = &shop.server.client;
    for _ in 0..3 {
        let answer = client.get(shop.click_path(""));
        assert_eq!(answer.is_redirect().cookie(), None);
    }
    let phone = client
        .request("GET", shop.click_path(""))
        .header("user-agent", PHONE);
    phone.send().is_redirect();
    shop.wait_clicks(4);
    let measures = ["clicks", "unique_clicks", "unidentified_clicks"];
    assert_eq!(shop.report("").totals(measures), [4, 2, 0]);
    assert_eq!(
        shop.report("&group_by=device").adds_up().totals(measures),
        [4, 2, 0]
    );

    // Whoever objects or refuses is not even hashed.
    let objecting = client
        .request("GET", shop.click_path(""))
        .header("sec-gpc", "1");
    objecting.send().is_redirect();
    client.get(shop.click_path("&consent=0")).is_redirect();
    shop.wait_clicks(6);
    assert_eq!(shop.report("").totals(measures), [6, 2, 2]);

    // The salt lives in memory alone: a new process knows nobody.
    let shop = shop.restarted();
    shop.server.client.get(shop.click_path("")).is_redirect();
    shop.wait_clicks(7);
    assert_eq!(shop.report("").totals(measures), [7, 3, 2]);
}
