//! The five postures of a site, and what must be declared for them.

use serde_json::{Value, json};

use crate::console::Member;
use crate::harness::account::{Account, PASSWORD, Shop};
use crate::harness::server::Folder;

fn declaration(countries: &[&str]) -> Value {
    json!({"countries": countries, "ground": "The law there lets visitors object."})
}

/// Puts the shop's site into this posture.
fn take(shop: &Shop, posture: &str, declaration: Value) -> Value {
    shop.patch(
        &format!("sites/{}", shop.site),
        json!({"posture": posture, "declaration": declaration}),
    )
}

fn words(site: &Value) -> Vec<&str> {
    let warnings = site["warnings"].as_array().unwrap();
    warnings
        .iter()
        .map(|warning| warning["word"].as_str().unwrap())
        .collect()
}

#[test]
fn what_does_more_than_count_needs_a_declaration() {
    let shop = Shop::strict();
    for posture in ["audience", "reward"] {
        let body = json!({"posture": posture});
        let answer = shop.call("PATCH", &format!("sites/{}", shop.site), Some(&body));
        assert_eq!(answer.status, 400, "{answer:?}");
        let site = take(&shop, posture, declaration(&["FR"]));
        assert_eq!(site["posture"], posture);
        assert_eq!(site["declaration"]["countries"], json!(["FR"]));
        assert!(words(&site).is_empty(), "{site}");
    }
    let site = take(&shop, "strict", Value::Null);
    assert_eq!(site["declaration"], Value::Null);
}

#[test]
fn optout_without_a_declaration_is_taken_and_warned_of_and_so_is_one_for_europeans() {
    let shop = Shop::optout();
    let site = shop.get(&format!("sites/{}", shop.site));
    assert_eq!(words(&site), ["declaration_missing"]);
    let site = take(&shop, "optout", declaration(&["us", "DE"]));
    assert_eq!(words(&site), ["optout_where_consent_comes_first"]);
    let site = take(&shop, "optout", declaration(&["US"]));
    assert!(words(&site).is_empty());
    for wrong in [
        json!({"countries": [], "ground": "x"}),
        json!({"countries": ["USA"], "ground": "x"}),
        json!({"countries": ["US"], "ground": " "}),
        json!({"countries": ["US"]}),
    ] {
        let body = json!({"posture": "optout", "declaration": wrong});
        let answer = shop.call("PATCH", &format!("sites/{}", shop.site), Some(&body));
        assert_eq!(answer.status, 400, "{wrong}");
    }
}

const UNDECLARED: &str = "Nobody has declared which countries this site serves";
const ASKING: &str = "must agree before anything is read from or stored in their browser";

/// What `doctor` says of the sites' postures.
fn examined(folder: &Folder) -> (bool, String) {
    let found = folder.command(&["doctor", "--json"]).stdout;
    let found: Value = serde_json::from_str(&found).unwrap();
    let checks = found["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["check"] == "consent");
    let check = check.unwrap();
    let text = check["text"].as_str().unwrap().to_owned();
    (check["ok"] == true, text)
}

#[test]
fn what_is_warned_of_stands_in_the_console_and_whoever_runs_the_server_is_told() {
    let folder = Folder::new();
    let server = folder.serve();
    let owner = "ann@harbour.example";
    let account = Account::create_with(&folder, &server, &[], "Harbour lights", owner);
    let shop = Shop::furnish(folder, server, account, "strict");
    let member = Member::enter(&shop.server.client, owner, PASSWORD);
    let (list, form) = ("/sites", format!("/sites/{}", shop.site));
    let new = member.get("/sites/new").text();
    assert!(new.contains("EEA") && new.contains("Switzerland"), "{new}");
    // Of what neither list, form nor doctor says anything.
    let calm = || {
        assert!(!member.get(list).text().contains("Needs a look"));
        let page = member.get(&form).text();
        for sentence in [UNDECLARED, ASKING] {
            assert!(!page.contains(sentence), "{page}");
        }
        assert!(examined(&shop.folder).0);
    };
    let warned = |sentence: &str| {
        assert!(member.get(list).text().contains("Needs a look"));
        let page = member.get(&form).text();
        assert!(page.contains(sentence), "{page}");
        let (ok, text) = examined(&shop.folder);
        assert!(
            !ok && text.contains(&format!("1 of {}", shop.account.id)),
            "{text}"
        );
        assert!(!text.contains("The shop"), "{text}");
    };
    calm();
    take(&shop, "optout", Value::Null);
    warned(UNDECLARED);
    take(&shop, "optout", declaration(&["us", "DE", "CH", "GB"]));
    warned(ASKING);
    take(&shop, "optout", declaration(&["US"]));
    calm();
}

#[test]
fn where_nothing_may_be_counted_nothing_is_until_a_visitor_agrees() {
    let shop = Shop::open(Folder::new(), "nothing", "UTC");
    let client = &shop.server.client;
    let ignored = "ignored; consent_missing";
    client.get(shop.click_path("")).is(302, ignored);
    for more in ["", "&consent=0", "&coupon_code=X"] {
        let answer = client.get(shop.pixel_path(&format!("&txn_id=1&sale_amount=5{more}")));
        answer.is(200, ignored);
    }
    let view = |consent: Value| {
        let hits = json!([{"id": "d".repeat(32), "type": "view"}]);
        let body = json!({"site": shop.site_key, "consent": consent, "hits": hits});
        client.event(&body).json()["verdicts"][0].clone()
    };
    assert_eq!(view(Value::Null)["reason"], "consent_missing");
    assert_eq!(view(json!("denied"))["verdict"], "ignored");
    let intake = shop.wait_settled();
    assert_eq!((intake.accepted, intake.refused("consent_missing")), (0, 0));
    shop.pixel("&txn_id=2&sale_amount=5&consent=1");
    assert_eq!(view(json!("granted"))["verdict"], "stored");
    shop.click("&consent=1");
    shop.wait_clicks(1);
    let report = shop.report("");
    assert_eq!((report.total("views"), report.total("conversions")), (1, 1));
}

#[test]
fn a_reward_finds_its_click_and_recognises_nobody() {
    let shop = Shop::strict();
    take(&shop, "reward", declaration(&["GB"]));
    let reward = shop.post(
        "publishers",
        json!({"name": "Cashback club", "coupon_codes": [], "reward": true}),
    );
    let reward = reward["id"].as_str().unwrap();
    let client = &shop.server.client;
    let click = |publisher: &str| {
        let path = format!(
            "/click?campaign_id={}&pub_id={publisher}&p1=member-7",
            shop.campaign
        );
        client.get(path)
    };
    let member = click(reward);
    let id = member.landing_parameter("click_id").unwrap();
    assert_eq!(id.len(), 63);
    let other = click(&shop.publisher);
    assert_ne!(other.landing_parameter("click_id").unwrap().len(), 63);
    assert_eq!(other.header("set-cookie"), None);
    shop.pixel(&format!("&txn_id=1&sale_amount=10&click_id={id}"));
    let cookie = member.cookie().unwrap();
    let path = shop.pixel_path("&txn_id=2&sale_amount=10");
    client
        .request("GET", path)
        .header("cookie", cookie)
        .send()
        .is(200, "stored");
    let sales = shop.settled_conversions(2);
    for sale in &sales {
        assert_eq!(
            sale.id_of("publisher").as_deref(),
            Some(reward),
            "{sale:#?}"
        );
    }
    shop.wait_clicks(2);
    let report = shop.report("");
    assert_eq!(report.total("unique_clicks"), 0);
    assert_eq!(report.total("unidentified_clicks"), 2);
    // A refusal outweighs the reward.
    let refused = client.get(format!(
        "/click?campaign_id={}&pub_id={reward}&consent=0",
        shop.campaign
    ));
    assert_ne!(refused.landing_parameter("click_id").unwrap().len(), 63);
}
