//! What was made is read back as it was given, changed in parts, and listed.

use serde_json::{Value, json};

use crate::harness::account::{HOST, Shop, goal};
use crate::harness::api::member;

#[test]
fn what_is_made_answers_201_with_its_place_and_reads_back() {
    let shop = Shop::strict();
    let campaign = json!({
        "name": "Autumn", "site_id": shop.site, "landing_url": "https://shop.example/?c={click_id}",
        "attribution_days": 7,
        "goals": [{
            "name": "sale", "approval": "pending",
            "revenue": {"kind": "percent", "percent": 12.3456},
            "payout": {"kind": "percent", "percent": "0.0001"},
        }],
    });
    for (path, body) in [
        (
            "sites",
            json!({"name": "Second", "hosts": ["https://B.example/x"], "posture": "optout"}),
        ),
        (
            "publishers",
            json!({"name": "Magazine", "coupon_codes": ["ten", "TEN "]}),
        ),
        ("campaigns", campaign),
    ] {
        let answer = shop.call("POST", path, Some(&body));
        assert_eq!(answer.status, 201, "{answer:?}");
        let made = answer.json();
        let place = answer.header("location").unwrap();
        assert_eq!(place, format!("/api/v1/{path}/{}", member(&made, "id")));
        let read = shop.get(place.strip_prefix("/api/v1/").unwrap());
        assert_eq!(read, made);
        match path {
            "sites" => assert_eq!(read["hosts"], json!(["b.example"])),
            "publishers" => assert_eq!(read["coupon_codes"], json!(["TEN"])),
            _ => {
                let text = read["goals"][0].to_string();
                assert!(
                    text.contains("12.3456") && text.contains("0.0001"),
                    "{text}"
                );
                assert_eq!(read["status"], "running");
            }
        }
    }
}

#[test]
fn a_change_touches_only_what_it_names() {
    let shop = Shop::strict();
    let path = format!("campaigns/{}", shop.campaign);
    let before = shop.get(&path);
    let paused = shop.patch(&path, json!({"status": "paused"}));
    let mut wanted = before.clone();
    wanted["status"] = json!("paused");
    assert_eq!(paused, wanted);

    let more = shop.patch(&path, json!({"goals": [goal("lead")]}));
    let goals = more["goals"].as_array().unwrap();
    assert_eq!((goals.len(), &goals[0]), (2, &before["goals"][0]));
    let renamed = json!({"goals": [{"id": goals[1]["id"], "name": "sign-up"}]});
    let renamed = shop.patch(&path, renamed);
    assert_eq!(renamed["goals"][1]["name"], "sign-up");
    assert_eq!(renamed["goals"][1]["payout"], goals[1]["payout"]);
    let twice = shop.call("PATCH", &path, Some(&json!({"goals": [goal("SIGN-UP")]})));
    assert_eq!(twice.status, 400, "{twice:?}");

    let site = format!("sites/{}", shop.site);
    let changed = shop.patch(&site, json!({"posture": "optout"}));
    assert_eq!(
        (&changed["posture"], &changed["hosts"]),
        (&json!("optout"), &json!([HOST]))
    );
}

#[test]
fn a_list_comes_page_by_page_without_gap_or_repeat() {
    let shop = Shop::strict();
    for n in 0..6 {
        shop.create_publisher(&format!("Partner {n}"), &[]);
    }
    let ids = |path: &str| -> Vec<String> {
        shop.list(path)
            .iter()
            .map(|item| member(item, "id"))
            .collect()
    };
    let mut all = ids("publishers?limit=500");
    assert_eq!(all.len(), 7);
    assert_eq!(ids("publishers?limit=3"), all);
    assert_eq!(ids("publishers?limit=7"), all);
    all.dedup();
    assert_eq!(all.len(), 7);
    for wrong in ["limit=0", "limit=501", "limit=many", "cursor=!"] {
        assert!(
            shop.call("GET", &format!("publishers?{wrong}"), None)
                .status
                >= 400,
            "{wrong}"
        );
    }
}

#[test]
fn conversions_are_filtered_and_paged() {
    let shop = Shop::strict();
    for n in 0..7 {
        let status = if n % 2 == 0 { "" } else { "&status=pending" };
        shop.pixel(&format!("&txn_id={n}&sale_amount={n}{status}"));
    }
    let all = shop.settled_conversions(7);
    let find = |query: &str| -> Vec<Value> { shop.list(&format!("conversions?limit=2{query}")) };
    let paged: Vec<Value> = find("");
    assert_eq!(
        paged,
        all.iter().map(|one| one.0.clone()).collect::<Vec<_>>()
    );
    assert_eq!(find("&status=pending").len(), 3);
    assert_eq!(
        find(&format!(
            "&campaign_id={}&goal_id={}",
            shop.campaign, shop.goal
        ))
        .len(),
        7
    );
    assert_eq!(find(&format!("&publisher_id={}", shop.publisher)).len(), 0);
    assert_eq!(find("&from=2099-01-01").len(), 0);
    assert_eq!(find("&from=2020-01-01&to=2099-01-01").len(), 7);
    assert_eq!(find("&to=2020-01-01").len(), 0);
    for wrong in ["campaign_id=zzzzzzzz", "publisher_id=x", "goal_id=zzzzzzzz"] {
        assert_eq!(
            shop.call("GET", &format!("conversions?{wrong}"), None)
                .status,
            404,
            "{wrong}"
        );
    }
    let one = shop.get(&format!("conversions/{}", all[0].id()));
    assert_eq!(one, all[0].0);
}

#[test]
fn the_account_shows_a_security_token_once_and_no_secret_after() {
    let shop = Shop::strict();
    let on = shop.patch("account", json!({"acquisition": true}));
    assert!(member(&on, "security_token").len() >= 40);
    let read = shop.get("account");
    assert_eq!(read["acquisition"], true);
    assert!(read.get("security_token").is_none(), "{read}");
    let again = shop.patch("account", json!({"acquisition": true}));
    assert_ne!(on["security_token"], again["security_token"]);
    let off = shop.patch("account", json!({"acquisition": false}));
    assert!(off.get("security_token").is_none(), "{off}");
}

#[test]
fn the_account_keeps_rates_exactly_and_forgets_them_on_null() {
    let shop = Shop::strict();
    let rates = json!({"USD": "0.92", "JPY": 0.00612345, "chf": 1});
    let set = shop.patch(
        "account",
        json!({"rates": rates, "timezone": "Asia/Kathmandu"}),
    );
    assert_eq!(
        set["rates"],
        json!({"CHF": "1", "JPY": "0.00612345", "USD": "0.92"})
    );
    assert_eq!(set["timezone"], "Asia/Kathmandu");
    let fewer = shop.patch("account", json!({"rates": {"USD": null}}));
    assert_eq!(fewer["rates"], json!({"CHF": "1", "JPY": "0.00612345"}));
    let own = shop.call("PATCH", "account", Some(&json!({"rates": {"EUR": "1"}})));
    assert_eq!(own.status, 400, "{own:?}");
}
